"""Films: signed as the brand without a new encode, read back, probed, and held at the gate."""

from __future__ import annotations

import hashlib
import io
import struct
import tempfile
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from brandmodel.assets import egress, identity, provenance
from brandmodel.assets.identity import Identity
from brandmodel.assets.probe import probe
from brandmodel.assets.remux import tidied
from brandmodel.assets.streams import check as check_stream
from brandmodel.errors import InvalidRequestError, RunError
from brandmodel.local.cut.assemble import assemble
from brandmodel.local.desk import Desk
from brandmodel.local.motion.pipe import encode
from brandmodel.tasks import Assemble, Asset, Call, ShotOnFilm, Sign, Signed, Target

FILM = "video/mp4"
WIDTH, HEIGHT, FPS, FRAMES = 128, 72, 24, 36


@pytest.fixture(scope="module")
def aurelia(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity.ensure(tmp_path_factory.mktemp("identity"), "Aurelia")


def made(*, tags: bool = True) -> bytes:
    """A film as others make it: with tags, dates, and the encoder's name in the stream."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        # A file, since ffmpeg opens it a second time to move its index to the front.
        with av.open(str(path), "w", options={"movflags": "faststart"}) as film:
            if tags:
                film.metadata["title"] = "Foreign Maker 3"
                film.metadata["comment"] = "made by Foreign Maker 3"
            video = film.add_stream("libx264", rate=FPS)
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            audio = film.add_stream("aac", rate=48_000, layout="mono")
            random = np.random.default_rng(3)
            for _ in range(FRAMES):
                pixels = random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
                film.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            film.mux(video.encode())
            wave = np.zeros((1, 1024 * 71), np.float32)
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
            film.mux(audio.encode(frame))
            film.mux(audio.encode())
        return path.read_bytes()


@pytest.fixture(scope="module")
def foreign() -> bytes:
    return made()


@pytest.fixture(scope="module")
def signed_film(aurelia: Identity, foreign: bytes) -> bytes:
    return signed(aurelia, foreign)


def asset(data: bytes, media_type: str = FILM) -> Asset:
    return Asset(sha256=hashlib.sha256(data).hexdigest(), media_type=media_type, size=len(data))


def signed(by: Identity, data: bytes, **fields: object) -> bytes:
    request = Sign.model_validate({"asset": asset(data), "prompt": "a film", "seed": 7} | fields)
    return provenance.sign_bytes(data, FILM, identity=by, request=request)


def frames(data: bytes) -> list[np.ndarray]:
    with av.open(io.BytesIO(data)) as film:
        return [f.to_ndarray(format="rgb24") for f in film.decode(video=0)]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def test_a_signed_film_is_trusted_by_whoever_has_the_brands_root(
    aurelia: Identity, signed_film: bytes
):
    found = provenance.verify(signed_film, FILM, anchors=aurelia.anchors)
    assert (found.state, found.signer) == ("Trusted", "Aurelia")
    assert found.source_type == "algorithmicMedia"
    assert found.assertions["org.brandmodel.recipe"] == {"prompt": "a film", "seed": 7}
    assert provenance.verify(signed_film, FILM).state == "Valid"


def test_an_unsigned_film_says_so(foreign: bytes):
    assert provenance.verify(foreign, FILM).state == "Unsigned"


@pytest.mark.parametrize("where", [0.3, 0.6, 0.95])
def test_one_flipped_bit_is_found_out(aurelia: Identity, signed_film: bytes, where: float):
    changed = bytearray(signed_film)
    changed[int(len(changed) * where)] ^= 1
    assert provenance.verify(bytes(changed), FILM, anchors=aurelia.anchors).state == "Invalid"


def test_signing_keeps_every_picture_and_sound(foreign: bytes, signed_film: bytes):
    for one, other in zip(frames(foreign), frames(signed_film), strict=True):
        assert np.array_equal(one, other)
    with av.open(io.BytesIO(foreign)) as before, av.open(io.BytesIO(signed_film)) as after:
        sounds = [
            np.concatenate([f.to_ndarray() for f in film.decode(audio=0)], 1)
            for film in (before, after)
        ]
    assert np.array_equal(*sounds)


def test_nothing_of_the_makers_is_left(foreign: bytes, signed_film: bytes):
    assert b"Foreign Maker 3" in foreign
    assert b"x264" in foreign
    for name in (b"Foreign", b"x264", b"Lavc", b"Lavf", b"udta"):
        assert name not in signed_film


def test_a_clean_film_is_signed_as_it_is(aurelia: Identity):
    """No ffmpeg is needed, and the streams' bytes stay where they are told to be."""
    clean = bytes(signed(aurelia, made(tags=False)))
    again = signed(aurelia, clean, prompt="another")
    assert provenance.verify(again, FILM).assertions["org.brandmodel.recipe"]["prompt"] == "another"
    assert b"a film" not in again


def test_a_signed_film_still_starts_at_once(signed_film: bytes):
    assert signed_film.index(b"moov") < signed_film.index(b"mdat")


# --- the gate --------------------------------------------------------------------------------


def test_the_gate_lets_the_brands_own_films_out(aurelia: Identity, signed_film: bytes):
    egress.check(signed_film, FILM)
    egress.check(signed_film, FILM, signer=aurelia.fingerprint)


def test_the_gate_holds_back_films_of_others(
    aurelia: Identity, foreign: bytes, signed_film: bytes, tmp_path: Path
):
    with pytest.raises(RunError, match="may not leave"):
        egress.check(foreign, FILM)
    other = identity.ensure(tmp_path, "Other")
    with pytest.raises(RunError, match="another certificate"):
        egress.check(signed_film, FILM, signer=other.fingerprint)


def test_the_encoders_name_in_the_stream_is_found(foreign: bytes):
    """All boxes may be in order, and the picture's stream still says who made it."""
    quiet = tidied(made(tags=False))
    assert b"x264 - core" in quiet
    with pytest.raises(RunError, match="messages beside the picture"):
        egress.check(quiet, FILM)


def in_movie(film: bytes, extra: bytes) -> bytes:
    """The film with a box more at the beginning of moov; offsets are left wrong."""
    at = film.index(b"moov") - 4
    (length,) = struct.unpack_from(">I", film, at)
    longer = struct.pack(">I", length + len(extra))
    return film[:at] + longer + film[at + 4 : at + 8] + extra + film[at + 8 :]


CHANGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "tags": (lambda f: in_movie(f, box(b"udta", b"made by somebody")), "'udta'"),
    "a tag behind": (lambda f: f + box(b"meta", b"made by somebody"), "'meta'"),
    "a foreign box": (lambda f: f + box(b"uuid", bytes(16) + b"x"), "somebody else"),
    "words in free space": (lambda f: f + box(b"free", b"made by somebody"), "not empty"),
    "more data": (lambda f: f + box(b"mdat", b"made by somebody"), "belong to no track"),
    "an unknown box": (lambda f: f + box(b"wide", b""), "'wide'"),
    "cut off": (lambda f: f[:-9], "cut off"),
    "only a beginning": (lambda f: f[:40], "cut off"),
    "bytes behind": (lambda f: f + b"\0\0\0", "cut off"),
    "a foreign brand": (lambda f: f.replace(b"isomiso2", b"isomXAVC", 1), "of a brand"),
    "a named track": (lambda f: f.replace(b"VideoHandler", b"Foreign Make", 1), "has a name"),
    "a picture": (lambda f: b"\x89PNG\r\n\x1a\n" + f, "not what it is announced as"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_gate_knows_every_box(signed_film: bytes, change: str):
    made_so, why = CHANGES[change]
    changed = made_so(signed_film)
    assert changed != signed_film
    with pytest.raises(RunError, match=why):
        egress.check(changed, FILM)


def test_a_date_in_the_header_is_found(signed_film: bytes):
    at = signed_film.index(b"mvhd") + 8
    dated = signed_film[:at] + struct.pack(">I", 3_900_000_000) + signed_film[at + 4 :]
    with pytest.raises(RunError, match="when it was made"):
        egress.check(dated, FILM)


def test_any_damage_is_refused_and_never_crashes(signed_film: bytes):
    """Boxes cut and bytes changed at many places: refused or let through, but never a crash."""
    random = np.random.default_rng(5)
    head = signed_film.index(b"mdat")
    for _ in range(400):
        data = bytearray(signed_film)
        for at in random.integers(0, head, 3):
            data[at] = int(random.integers(0, 256))
        egress.is_clean(bytes(data), FILM)
        egress.is_clean(signed_film[: int(random.integers(0, len(signed_film)))], FILM)


def test_captions_as_text_may_leave():
    egress.check(b"1\n00:00:00,000 --> 00:00:01,000\nHello\n", "application/x-subrip")
    egress.check(b"WEBVTT\n", "text/vtt")


@pytest.mark.parametrize("data", [b"", b"no film", b"\0\0\0\x18ftypisom", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_film_cannot_be_signed_as_one(aurelia: Identity, data: bytes):
    with pytest.raises(InvalidRequestError, match="video/mp4"):
        signed(aurelia, data)


# --- other codecs --------------------------------------------------------------------------------


def assembled(codec: str) -> bytes:
    """A second of film with sound, as the local studio cuts it."""
    picture = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    clip = encode([picture] * FPS, width=WIDTH, height=HEIGHT, fps=FPS)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setparams((1, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(bytes(range(1, 97)) * 1_000)
    files = {asset(data).sha256: data for data in (clip, stream.getvalue())}
    desk = Desk(lambda wanted: files[wanted.sha256])
    shot = ShotOnFilm(id="a", clip=asset(clip), start_s=0, duration_s=1)
    request = Assemble.model_validate(
        {"width": WIDTH, "height": HEIGHT, "fps": FPS, "duration_s": 1, "shots": (shot,)}
        | {"sound": asset(stream.getvalue(), "audio/wav"), "codec": codec}
    )
    return desk.made[assemble(request, desk).video.sha256]


@pytest.mark.parametrize(("codec", "entry"), [("vp9", b"vp09"), ("av1", b"av01")])
def test_the_studios_films_of_every_codec_are_signed_and_may_leave(
    aurelia: Identity, codec: str, entry: bytes
):
    film = assembled(codec)
    assert entry in film
    out = signed(aurelia, film)
    egress.check(out, FILM, signer=aurelia.fingerprint)
    assert provenance.verify(out, FILM).state == "Valid"
    assert len(frames(out)) == FPS
    assert probe(out).duration_s == pytest.approx(1, abs=1e-9)
    changed = bytearray(out)
    changed[-500] ^= 1
    assert provenance.verify(bytes(changed), FILM).state == "Invalid"


def test_an_encoder_that_signs_in_the_head_of_the_stream_is_found_and_taken_out(aurelia: Identity):
    """x265 writes its name and settings in front of the samples, where no sample's look comes by."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.mp4")
        with av.open(str(path), "w") as film:
            video = film.add_stream("libx265", rate=FPS, options={"x265-params": "log-level=none"})
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for _ in range(4):
                film.mux(video.encode(av.VideoFrame(WIDTH, HEIGHT, "yuv420p")))
            film.mux(video.encode())
        theirs = path.read_bytes()
    quiet, at = tidied(theirs), theirs.index(b"hvcC")
    told = quiet[:at] + theirs[at : at + 2500] + quiet[at + 2500 :]
    assert b"x265 (build" in told
    with pytest.raises(RunError, match="messages beside the picture"):
        egress.check(told, FILM)
    out = signed(aurelia, theirs)
    assert b"x265" not in out
    assert len(frames(out)) == 4
    egress.check(out, FILM)


def test_a_film_in_another_container_is_signed_as_mp4(aurelia: Identity, foreign: bytes):
    moved = io.BytesIO()
    with av.open(io.BytesIO(foreign)) as film, av.open(moved, "w", format="matroska") as other:
        video = film.streams.video[0]
        copy = other.add_stream_from_template(video)
        for packet in film.demux(video):
            if packet.dts is not None:
                packet.stream = copy
                other.mux(packet)
    assert b"x264" in moved.getvalue()
    out = signed(aurelia, moved.getvalue())
    assert b"x264" not in out
    assert len(frames(out)) == FRAMES
    egress.check(out, FILM)


@pytest.mark.parametrize("unit", [b"\x2a\x05\x04made", b"\x7a\x04made", b"\x28\x04made"])
def test_messages_in_av1_are_found(unit: bytes):
    """Metadata, padding, and metadata without a length, behind a delimiter."""
    sample, head = b"\x12\0" + unit, {b"av1C": b"\x81\0\0\0"}
    check_stream(b"av01", sample, [(0, 2)], head)
    with pytest.raises(ValueError, match="messages beside the picture"):
        check_stream(b"av01", sample, [(0, len(sample))], head)
    with pytest.raises(ValueError, match="messages beside the picture"):
        check_stream(b"av01", sample, [(0, 2)], {b"av1C": head[b"av1C"] + unit})


# --- probing and the provider --------------------------------------------------------------------


def test_size_and_length_are_told_exactly(foreign: bytes, signed_film: bytes):
    for data in (foreign, signed_film):
        found = probe(data)
        assert (found.media_type, found.width, found.height) == (FILM, WIDTH, HEIGHT)
        assert found.duration_s == pytest.approx(FRAMES / FPS, abs=1e-9)


class Shelf:
    """Blobs in memory."""

    def __init__(self, data: bytes) -> None:
        self.held = {asset(data).sha256: data}

    async def read(self, wanted: Asset) -> bytes:
        return self.held[wanted.sha256]

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        kept = asset(data, probe(data, name=name).media_type)
        self.held[kept.sha256] = data
        return kept


@pytest.mark.anyio
async def test_the_provider_signs_films(aurelia: Identity, foreign: bytes, tmp_path: Path):
    shelf = Shelf(foreign)
    target = Target(id="house/sign", provider="house", model="sign", tasks=frozenset({"Sign"}))
    call = Call(Sign(asset=asset(foreign), brand="Aurelia"), target, shelf)
    done = await provenance.ProvenanceProvider(tmp_path, "Aurelia").start(call)
    assert isinstance(done.result, Signed)
    out = shelf.held[done.result.asset.sha256]
    assert done.result.asset.media_type == FILM
    assert provenance.verify(out, FILM).state == "Valid"
    egress.check(out, FILM)
