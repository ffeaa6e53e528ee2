from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import fal_client
import fal_client.client
import pytest
import replicate
from PIL import Image
from replicate.exceptions import ReplicateError

from tests.testing.counter import Counter


@pytest.fixture
def fal(vendors: Counter, monkeypatch: pytest.MonkeyPatch) -> Iterator[fal_client.SyncClient]:
    """The client has its hosts in constants, with https."""
    for name, path in (("QUEUE_URL_FORMAT", "/fal/"), ("REST_URL", "/fal"), ("CDN_URL", "/fal")):
        monkeypatch.setattr(fal_client.client, name, vendors.url + path)
    client = fal_client.SyncClient(key=vendors.keys["fal"])
    yield client
    client._client.close()


@pytest.fixture
def cog(vendors: Counter) -> Iterator[replicate.Client]:
    url = f"{vendors.url}/replicate"
    client = replicate.Client(api_token=vendors.keys["replicate"], base_url=url)
    yield client
    client._client.close()


def _size(url: str) -> tuple[int, int]:
    with urlopen(url) as reply:
        return Image.open(io.BytesIO(reply.read())).size


def _job(vendors: Counter, id_: str) -> dict[str, Any]:
    return next((job for job in vendors.jobs() if job["job_id"] == id_), {})


def test_fal_makes_a_picture_through_its_queue(
    fal: fal_client.SyncClient, vendors: Counter
) -> None:
    size = {"width": 320, "height": 256}
    handle = fal.submit("fake/picture", {"prompt": "A blue bottle", "image_size": size, "seed": 7})
    made = handle.get()
    assert isinstance(handle.status(), fal_client.Completed)
    assert (made["seed"], _size(made["images"][0]["url"])) == (7, (320, 256))
    assert _job(vendors, handle.request_id)["usd"] == 0.025


# The client leaves the connection of its upload open.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_fal_takes_files_and_makes_them_larger(fal: fal_client.SyncClient) -> None:
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "navy").save(data, "PNG")
    url = fal.upload(data.getvalue(), "image/png")
    made = fal.subscribe("fake/upscale", {"image_url": url, "upscale_factor": 4})
    assert _size(made["image"]["url"]) == (128, 128)


def test_fal_stops_a_job(fal: fal_client.SyncClient, vendors: Counter) -> None:
    vendors.fault("never-finishes", "fal")
    handle = fal.submit("fake/picture", {"prompt": "A bottle"})
    assert isinstance(handle.status(), fal_client.InProgress)
    assert _job(vendors, handle.request_id)["state"] == "running"
    handle.cancel()
    assert _job(vendors, handle.request_id) == {}


def test_fal_refuses(fal: fal_client.SyncClient, vendors: Counter) -> None:
    before = len(vendors.jobs())
    vendors.fault("refusal", "fal")
    with pytest.raises(fal_client.FalClientHTTPError, match="flagged"):
        fal.submit("fake/picture", {"prompt": "A bottle"})
    with pytest.raises(fal_client.FalClientHTTPError, match="not exist"):
        fal.submit("fake/gone", {"prompt": "A bottle"})
    assert len(vendors.jobs()) == before


def test_an_address_expires(fal: fal_client.SyncClient, vendors: Counter) -> None:
    vendors.fault("expired", "fal")
    made = fal.subscribe("fake/picture", {"prompt": "A blue bottle"})
    with pytest.raises(HTTPError) as error:
        urlopen(made["images"][0]["url"])
    error.value.close()
    assert error.value.code in (403, 404)


def test_replicate_runs_and_waits(cog: replicate.Client) -> None:
    given = {"prompt": "A blue bottle", "width": 320, "height": 256}
    output: Any = cog.run("fake/picture", input=given, use_file_output=False)
    assert _size(output[0]) == (320, 256)


def test_replicate_follows_finds_and_stops_a_prediction(
    cog: replicate.Client, vendors: Counter
) -> None:
    vendors.fault("never-finishes", "replicate")
    given = {"prompt": "A lighthouse"}
    begun = cog.models.predictions.create("fake/picture", input=given, wait=False)
    assert begun.status == "processing"
    assert cog.predictions.list().results[0].id == begun.id
    begun.cancel()
    begun.reload()
    assert begun.status == "canceled"
    assert _job(vendors, begun.id) == {}


def test_a_lost_prediction_is_billed_and_found_again(
    cog: replicate.Client, vendors: Counter
) -> None:
    vendors.fault("lost-reply", "replicate")
    given = {"prompt": "A harbour in the fog", "width": 64, "height": 64}
    with pytest.raises(Exception, match="[Dd]isconnect|closed|reset"):
        cog.models.predictions.create("fake/picture", input=given)
    latest = cog.predictions.list().results[0]
    assert latest.input == given
    latest.wait()
    assert latest.status == "succeeded"
    assert _job(vendors, latest.id)["usd"] == 0.03


def test_replicate_takes_files(cog: replicate.Client) -> None:
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "navy").save(data, "PNG")
    kept = cog.files.create(io.BytesIO(data.getvalue()))
    given = {"image_url": kept.urls["get"], "upscale_factor": 3}
    output: Any = cog.run("fake/upscale", input=given, use_file_output=False)
    assert _size(output) == (96, 96)


def test_replicate_refuses(cog: replicate.Client, vendors: Counter) -> None:
    vendors.fault("no-credit", "replicate")
    with pytest.raises(ReplicateError, match="credit"):
        cog.models.predictions.create("fake/picture", input={"prompt": "?"})
    with pytest.raises(ReplicateError, match="does not exist"):
        cog.models.predictions.create("fake/gone", input={"prompt": "?"})
