"""Hooks as vendors sign them: their own clients agree with each that is taken here."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import openai
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from elevenlabs.client import ElevenLabs
from elevenlabs.errors import BadRequestError
from replicate.webhook import Webhooks, WebhookSigningSecret, WebhookValidationError

from brandmodel.errors import BrandModelError, ConfigError, InvalidRequestError, MissingExtraError
from brandmodel.providers._webhooks import Scheme, Seen, verify

KEY = base64.b64encode(bytes(range(1, 33))).decode()
SECRET = f"whsec_{KEY}"
PLAIN = "wsec_0123456789abcdef"
NOW = 1_790_000_000
EVENT = json.dumps({"id": "evt_1", "type": "response.completed", "data": {"id": "resp_1"}}).encode()
PREDICTION = (
    b'{"id": "pred-1", "status": "succeeded", "output": ["https://a.example/\xc3\xa4.png"]}'
)
FAL = b'{"request_id": "r-1", "gateway_request_id": "g-1", "status": "OK", "payload": {}}'
HEARD = json.dumps(
    {"type": "speech_to_text_transcription", "data": {"request_id": "stt-1", "text": "Hi"}}
).encode()
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
Headers = dict[str, str]


def standard(body: bytes, *, at: int = NOW, hook_id: str = "msg_1", key: str = KEY) -> Headers:
    mac = hmac.new(base64.b64decode(key), f"{hook_id}.{at}.".encode() + body, hashlib.sha256)
    return {
        "Webhook-Id": hook_id,
        "Webhook-Timestamp": str(at),
        "Webhook-Signature": f"v1,{base64.b64encode(mac.digest()).decode()}",
    }


def elevenlabs(body: bytes, *, at: int = NOW) -> Headers:
    mac = hmac.new(PLAIN.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"ElevenLabs-Signature": f"t={at},v0={mac}"}


def fal(body: bytes, *, at: int = NOW, signer: Ed25519PrivateKey = SIGNER) -> Headers:
    digest = hashlib.sha256(body).hexdigest()
    signature = signer.sign(f"r-1\nuser-1\n{at}\n{digest}".encode())
    return {
        "X-Fal-Webhook-Request-Id": "r-1",
        "X-Fal-Webhook-User-Id": "user-1",
        "X-Fal-Webhook-Timestamp": str(at),
        "X-Fal-Webhook-Signature": signature.hex(),
    }


def jwk(signer: Ed25519PrivateKey) -> dict[str, str]:
    raw = base64.urlsafe_b64encode(signer.public_key().public_bytes_raw()).decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": raw.rstrip("="), "kid": "1"}


JWKS = {"keys": [{"kty": "RSA", "n": "x"}, {"kty": "OKP", "crv": "Ed25519", "x": "!"},
                 jwk(OTHER), jwk(SIGNER)]}  # fmt: skip
Sign = Callable[..., Headers]
KINDS: dict[Scheme, tuple[Sign, bytes, str | Mapping[str, Any], int]] = {
    "standard": (standard, EVENT, SECRET, 300),
    "fal": (fal, FAL, JWKS, 300),
    "elevenlabs": (elevenlabs, HEARD, PLAIN, 1800),
}
ALL = pytest.mark.parametrize("scheme", KINDS)


def checked(scheme: Scheme, headers: Headers, body: bytes, **more: Any) -> Any:
    secret = more.pop("secret", KINDS[scheme][2])
    return verify(scheme, headers, body, secret, now=more.pop("now", float(NOW)))


# ---- what is taken


@pytest.mark.parametrize(
    ("scheme", "body", "hook_id", "job"),
    [
        ("standard", EVENT, "msg_1", "resp_1"),
        ("standard", PREDICTION, "msg_1", "pred-1"),
        ("standard", b'{"id": "evt_2", "data": {}}', "msg_1", ""),
        ("fal", FAL, "r-1", "r-1"),
        ("elevenlabs", HEARD, hashlib.sha256(HEARD).hexdigest(), "stt-1"),
    ],
)
def test_a_hook_that_is_sound(scheme: Scheme, body: bytes, hook_id: str, job: str) -> None:
    hook = checked(scheme, KINDS[scheme][0](body), body)
    assert (hook.id, hook.job, hook.timestamp) == (hook_id, job, NOW)
    assert hook.body == json.loads(body)


def test_svix_has_other_names_for_the_same() -> None:
    headers = {name.replace("Webhook", "svix"): v for name, v in standard(EVENT).items()}
    assert checked("standard", headers, EVENT).id == "msg_1"


def test_a_secret_without_its_beginning_is_taken_as_it_is() -> None:
    headers = standard(EVENT, key=base64.b64encode(PLAIN.encode()).decode())
    assert checked("standard", headers, EVENT, secret=PLAIN).job == "resp_1"


def test_any_of_several_signatures_is_enough() -> None:
    headers = standard(EVENT)
    headers["Webhook-Signature"] = f"v1,AAAA v1a,xyz {headers['Webhook-Signature']} junk"
    assert checked("standard", headers, EVENT).id == "msg_1"


def test_keys_may_come_as_json() -> None:
    assert checked("fal", fal(FAL), FAL, secret=json.dumps(JWKS)).job == "r-1"


# ---- the vendors' own clients


def openai_takes(headers: Headers, body: bytes) -> bool:
    try:
        openai.OpenAI(api_key="x", webhook_secret=SECRET).webhooks.verify_signature(body, headers)
    except (openai.InvalidWebhookSignatureError, ValueError):
        return False
    return True


def replicate_takes(headers: Headers, body: bytes) -> bool:
    try:
        Webhooks.validate(
            headers=headers,
            body=body.decode(),
            secret=WebhookSigningSecret(key=SECRET),
            tolerance=300,
        )
    except WebhookValidationError:
        return False
    return True


def elevenlabs_takes(headers: Headers, body: bytes) -> bool:
    client = ElevenLabs(api_key="x", base_url="http://127.0.0.1:9")
    try:
        client.webhooks.construct_event(body.decode(), headers["ElevenLabs-Signature"], PLAIN)
    except BadRequestError:
        return False
    return True


def ours_takes(scheme: Scheme, headers: Headers, body: bytes) -> bool:
    try:
        checked(scheme, headers, body, now=time.time())
    except InvalidRequestError:
        return False
    return True


@pytest.mark.parametrize(
    ("scheme", "client"),
    [
        ("standard", openai_takes),
        ("standard", replicate_takes),
        ("elevenlabs", elevenlabs_takes),
    ],
)
def test_the_vendors_own_client_agrees(
    scheme: Scheme, client: Callable[[Headers, bytes], bool]
) -> None:
    sign, body, _, oldest = KINDS[scheme]
    now = int(time.time())
    cases = [
        (sign(body, at=now), body),
        (sign(body, at=now - oldest + 60), body),
        (sign(body, at=now - oldest - 60), body),
        (sign(body, at=now), body + b" "),
        (sign(body + b" ", at=now), body),
    ]
    verdicts = [client(headers, data) for headers, data in cases]
    assert verdicts == [True, True, False, False, False]
    assert [ours_takes(scheme, headers, data) for headers, data in cases] == verdicts


# ---- what is refused


@ALL
def test_a_changed_body_is_refused(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    for other in (body + b" ", body[:-1], b""):
        with pytest.raises(InvalidRequestError, match="signature is wrong"):
            checked(scheme, sign(body), other)


@ALL
def test_every_header_is_signed(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    headers = sign(body)
    for name, value in headers.items():
        changed = value[:-1] + ("1" if value[-1] != "1" else "2")
        if scheme == "standard" and name.endswith("Signature"):
            changed = f"v1,{value[4:]}"
        with pytest.raises(InvalidRequestError, match="signature is wrong"):
            checked(scheme, {**headers, name: changed}, body)


def test_only_signatures_of_the_known_version_count() -> None:
    headers = standard(EVENT)
    for version in ("v2", "v1a"):
        other = headers["Webhook-Signature"].replace("v1", version)
        with pytest.raises(InvalidRequestError, match="signature is wrong"):
            checked("standard", {**headers, "Webhook-Signature": other}, EVENT)


@ALL
def test_another_secret_is_refused(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    other = {"keys": [jwk(OTHER)]} if scheme == "fal" else "another secret"
    with pytest.raises(InvalidRequestError, match="signature is wrong"):
        checked(scheme, sign(body), body, secret=other)


@ALL
def test_every_header_is_needed(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    headers = sign(body)
    for name in headers:
        for without in ({k: v for k, v in headers.items() if k != name}, {**headers, name: " "}):
            with pytest.raises(InvalidRequestError, match="lacks its"):
                checked(scheme, without, body)


@ALL
def test_no_message_names_a_vendor(scheme: Scheme) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        checked(scheme, {}, b"")
    assert not {"fal", "eleven", "openai"} & set(str(caught.value).replace("-", " ").split())


@pytest.mark.parametrize("value", ["t=1", "v0=ab", "", "t=,v0=", "nonsense"])
def test_a_signature_without_its_parts_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequestError, match="lacks its"):
        checked("elevenlabs", {"elevenlabs-signature": value}, HEARD)


@ALL
@pytest.mark.parametrize(
    ("offset", "verdict"), [(0, ""), (1, "too old"), (-1, "")], ids=["just", "old", "younger"]
)
def test_old_hooks_are_refused(scheme: Scheme, offset: int, verdict: str) -> None:
    sign, body, _, oldest = KINDS[scheme]
    headers = sign(body, at=NOW - oldest - offset)
    if not verdict:
        assert checked(scheme, headers, body).timestamp == NOW - oldest - offset
        return
    with pytest.raises(InvalidRequestError, match=verdict):
        checked(scheme, headers, body)


@ALL
def test_hooks_from_the_future_are_refused(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    assert checked(scheme, sign(body, at=NOW + 300), body).timestamp == NOW + 300
    with pytest.raises(InvalidRequestError, match="future"):
        checked(scheme, sign(body, at=NOW + 301), body)


@pytest.mark.parametrize("stamp", ["soon", "1_790_000_000", "-5", "1790000000.5", "٣", "9" * 40])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    headers = {**standard(EVENT), "Webhook-Timestamp": stamp}
    mac = hmac.new(base64.b64decode(KEY), f"msg_1.{stamp}.".encode() + EVENT, hashlib.sha256)
    headers["Webhook-Signature"] = f"v1,{base64.b64encode(mac.digest()).decode()}"
    with pytest.raises(InvalidRequestError, match="time is none"):
        checked("standard", headers, EVENT)


@ALL
def test_strange_headers_are_refused_and_break_nothing(scheme: Scheme) -> None:
    sign, body, *_ = KINDS[scheme]
    headers = sign(body)
    for name in headers:
        for strange in ("\udcff", "ä", "v1,", "v1,%%%", "t=\udcff,v0=\udcff", "0x", "é" * 64):
            with pytest.raises(InvalidRequestError):
                checked(scheme, {**headers, name: strange}, body)


@ALL
@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_signed_body_that_is_no_object_is_refused(scheme: Scheme, body: bytes) -> None:
    with pytest.raises(InvalidRequestError, match="body"):
        checked(scheme, KINDS[scheme][0](body), body)


@pytest.mark.parametrize(
    ("scheme", "secret"),
    [
        ("standard", ""),
        ("standard", "whsec_"),
        ("standard", "whsec_???secret"),
        ("standard", JWKS),
        ("elevenlabs", " "),
        ("fal", {}),
        ("fal", {"keys": "none"}),
        ("fal", {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, 3]}),
        ("fal", "not json secret"),
        ("fal", "[]"),
    ],
)
def test_a_secret_that_is_none_is_our_mistake_and_is_not_shown(
    scheme: Scheme, secret: str | Mapping[str, Any]
) -> None:
    sign, body, *_ = KINDS[scheme]
    with pytest.raises(ConfigError) as caught:
        checked(scheme, sign(body), body, secret=secret)
    assert "???" not in str(caught.value)
    assert "not json" not in str(caught.value)


def test_public_keys_need_a_part_that_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "cryptography.hazmat.primitives.asymmetric.ed25519"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError) as caught:
        checked("fal", fal(FAL), FAL)
    assert "brandmodel[local]" in caught.value.hint
    assert checked("standard", standard(EVENT), EVENT).id == "msg_1", "the others need nothing"


# ---- sent again


def test_a_hook_that_is_sent_again_is_known() -> None:
    seen = Seen()
    assert seen.first(checked("standard", standard(EVENT), EVENT).id)
    assert not seen.first(checked("standard", standard(EVENT, at=NOW + 60), EVENT).id)
    assert seen.first(checked("standard", standard(EVENT, hook_id="msg_2"), EVENT).id)


def test_one_without_an_id_is_known_by_what_it_says() -> None:
    seen = Seen()
    assert seen.first(checked("elevenlabs", elevenlabs(HEARD), HEARD).id)
    assert not seen.first(checked("elevenlabs", elevenlabs(HEARD, at=NOW + 60), HEARD).id)


def test_only_the_latest_are_remembered() -> None:
    seen = Seen(most=2)
    hooks = [checked("standard", standard(EVENT, hook_id=f"msg_{i}"), EVENT) for i in range(3)]
    assert [seen.first(hooks[i].id) for i in (0, 1, 0, 2)] == [True, True, False, True]
    assert not seen.first(hooks[0].id), "it came again, so it is younger than the second"
    assert seen.first(hooks[1].id), "it was the oldest"


def test_secrets_and_bodies_are_in_no_repr() -> None:
    hook = checked("standard", standard(EVENT), EVENT)
    assert "response.completed" not in repr(hook)
    for scheme, (_, body, secret, _) in KINDS.items():
        with pytest.raises(BrandModelError) as caught:
            checked(scheme, {}, body)
        assert str(secret) not in repr(caught.value)
