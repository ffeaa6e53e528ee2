"""Sounds: signed as the brand, read back, probed, and held at the gate."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest

from brandmodel.assets import egress, identity, provenance
from brandmodel.assets.identity import Identity
from brandmodel.assets.probe import Probed, probe
from brandmodel.errors import InvalidRequestError, MissingExtraError, RunError
from brandmodel.tasks import Asset, Call, Sign, Signed, Target

WAVE, AAC, MP3 = SOUNDS = ("audio/wav", "audio/mp4", "audio/mpeg")
NAME = b"Foreign Maker 3"
RATE = 48_000
SAMPLES = 24_001
"""An odd number: half a second and one sample."""


@pytest.fixture(scope="module")
def aurelia(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity.ensure(tmp_path_factory.mktemp("identity"), "Aurelia")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) & 1)


def riff(*chunks: bytes) -> bytes:
    return struct.pack("<4sI4s", b"RIFF", 4 + len(b"".join(chunks)), b"WAVE") + b"".join(chunks)


def fmt(code: int = 1, channels: int = 1, bits: int = 16, more: bytes = b"") -> bytes:
    block = channels * bits // 8
    plain = struct.pack("<HHIIHH", code, channels, RATE, RATE * block, block, bits)
    return chunk(b"fmt ", plain + more)


def samples(count: int = SAMPLES) -> bytes:
    """A tone that swells, with a little noise: 16 bits, one channel."""
    t = np.arange(count) / RATE
    noise = np.random.default_rng(3).normal(0, 0.01, count)
    return ((np.sin(2 * np.pi * 440 * t) * t + noise) * 20_000).astype("<i2").tobytes()


def foreign_wave() -> bytes:
    """A WAV as others make it: it tells of its maker in every chunk that is usual for that."""
    tags = b"INFO" + chunk(b"ISFT", NAME) + chunk(b"ICMT", NAME)
    return riff(
        chunk(b"bext", NAME.ljust(602, b"\0")),
        chunk(b"LIST", tags),
        fmt(),
        chunk(b"iXML", b"<BWFXML>" + NAME),
        chunk(b"data", samples()),
        chunk(b"cue ", struct.pack("<I", 0)),
        chunk(b"id3 ", b"ID3\4\0\0" + NAME),
        chunk(b"vnDr", NAME),
    )


def plain_wave() -> bytes:
    return riff(fmt(), chunk(b"data", samples()))


def foreign(media_type: str) -> bytes:
    """A sound with its maker's name in it, as PyAV writes it."""
    if media_type == WAVE:
        return foreign_wave()
    codec, form = {AAC: ("aac", "mp4"), MP3: ("libmp3lame", "mp3")}[media_type]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"sound.{form}")
        with av.open(str(path), "w") as file:
            file.metadata["title"] = NAME.decode()
            stream = file.add_stream(codec, rate=RATE, layout="mono")
            wave = np.frombuffer(samples(), "<i2")[None].astype(np.float32) / 32_768
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate = RATE
            file.mux(stream.encode(frame))
            file.mux(stream.encode())
        tail = b"TAG" + NAME.ljust(125, b"\0") if media_type == MP3 else b""
        return path.read_bytes() + tail


def heard(data: bytes) -> np.ndarray:
    """(channels, samples) as a player hears them."""
    with av.open(io.BytesIO(data)) as file:
        return np.concatenate([f.to_ndarray() for f in file.decode(audio=0)], 1)


def asset(data: bytes, media_type: str = WAVE) -> Asset:
    return Asset(sha256=hashlib.sha256(data).hexdigest(), media_type=media_type, size=len(data))


def signed(by: Identity, data: bytes, media_type: str = WAVE, **fields: object) -> bytes:
    request = Sign.model_validate({"asset": asset(data), "prompt": "a jingle", "seed": 7} | fields)
    return provenance.sign_bytes(data, media_type, identity=by, request=request)


@pytest.fixture(scope="module")
def own(aurelia: Identity) -> dict[str, bytes]:
    """The same WAV, signed in all three forms."""
    return {media_type: signed(aurelia, foreign_wave(), media_type) for media_type in SOUNDS}


# --- signing and reading back -------------------------------------------------------------------


@pytest.mark.parametrize("media_type", SOUNDS)
def test_a_signed_sound_is_trusted_by_whoever_has_the_brands_root(
    aurelia: Identity, own: dict[str, bytes], media_type: str
):
    found = provenance.verify(own[media_type], media_type, anchors=aurelia.anchors)
    assert (found.state, found.signer) == ("Trusted", "Aurelia")
    assert found.source_type == "algorithmicMedia"
    assert found.assertions["org.brandmodel.recipe"] == {"prompt": "a jingle", "seed": 7}
    assert provenance.verify(own[media_type], media_type).state == "Valid"
    egress.check(own[media_type], media_type, signer=aurelia.fingerprint)


@pytest.mark.parametrize("media_type", SOUNDS)
def test_one_changed_byte_of_the_sound_is_found_out(own: dict[str, bytes], media_type: str):
    changed = bytearray(own[media_type])
    # The manifest of a WAV stands at its end, those of the others at their beginning.
    changed[len(changed) // 2 if media_type == WAVE else -200] ^= 1
    assert provenance.verify(bytes(changed), media_type).state == "Invalid"


@pytest.mark.parametrize("media_type", SOUNDS)
def test_an_unsigned_sound_says_so(media_type: str):
    assert provenance.verify(foreign(media_type), media_type).state == "Unsigned"


@pytest.mark.parametrize("media_type", SOUNDS)
def test_nothing_of_the_makers_is_left(aurelia: Identity, media_type: str):
    data = foreign(media_type)
    assert NAME in data
    out = signed(aurelia, data, media_type)
    for name in (b"Foreign", b"Lav", b"3.100", b"udta", b"LIST"):
        assert name not in out
    egress.check(out, media_type, signer=aurelia.fingerprint)


@pytest.mark.parametrize("media_type", SOUNDS)
def test_signing_again_leaves_one_manifest(
    aurelia: Identity, own: dict[str, bytes], media_type: str
):
    again = signed(aurelia, own[media_type], media_type, prompt="another")
    recipe = provenance.verify(again, media_type).assertions["org.brandmodel.recipe"]
    assert recipe["prompt"] == "another"
    assert b"a jingle" not in again
    assert np.array_equal(heard(again), heard(own[media_type]))


# --- what becomes of the sound ------------------------------------------------------------------


def test_a_wave_keeps_every_sample(own: dict[str, bytes]):
    assert heard(own[WAVE]).tobytes() == samples()


CODES = bytes.fromhex("000000001000800000aa00389b71")
"""How the extensible format ends the names of the plain codes."""
FORMS = {
    "eight bits": (fmt(bits=8), 1),
    "24 bits, two channels": (fmt(channels=2, bits=24), 6),
    "floating point": (fmt(3, bits=32, more=b"\0\0"), 4),
    "mu-law": (fmt(7, bits=8, more=b"\0\0"), 1),
    "six channels": (
        fmt(0xFFFE, 6, 24, struct.pack("<HHIH", 22, 24, 0x3F, 1) + CODES),
        18,
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_plain_form_of_wave_is_kept(aurelia: Identity, form: str):
    head, block = FORMS[form]
    sound = np.random.default_rng(1).bytes(block * 999)
    out = signed(aurelia, riff(head, chunk(b"LIST", NAME), chunk(b"data", sound)))
    assert head in out
    assert chunk(b"data", sound) in out
    egress.check(out, WAVE)
    assert provenance.verify(out, WAVE).state == "Valid"


def test_a_stream_that_left_its_length_open_is_signed_whole(aurelia: Identity):
    sound = samples()
    wave = b"RIFF\xff\xff\xff\xffWAVE" + fmt() + b"data\xff\xff\xff\xff" + sound + b"\0"
    out = signed(aurelia, wave)
    assert heard(out).tobytes() == sound
    egress.check(out, WAVE)


@pytest.mark.parametrize(("media_type", "codec"), [(AAC, "aac"), (MP3, "mp3")])
def test_a_wave_becomes_a_smaller_file_of_the_same_sound_and_length(
    own: dict[str, bytes], media_type: str, codec: str
):
    with av.open(io.BytesIO(own[media_type])) as file:
        assert file.streams.audio[0].codec_context.name.startswith(codec)
        assert not file.streams.video
    before = np.frombuffer(samples(), "<i2") / 32_768
    after = heard(own[media_type])[0]
    assert abs(len(after) - SAMPLES) < 1200
    # Loud parts stand where they stood, sample by sample, and are as loud.
    window = slice(4_800, 23_000)
    assert np.abs(after[window] - before[window]).max() < 0.03


@pytest.mark.parametrize("media_type", [AAC, MP3])
def test_what_is_coded_already_is_not_coded_anew(aurelia: Identity, media_type: str):
    data = foreign(media_type)
    assert np.array_equal(heard(signed(aurelia, data, media_type)), heard(data))


@pytest.mark.parametrize("media_type", SOUNDS)
def test_length_is_told_exactly(own: dict[str, bytes], media_type: str):
    found = probe(own[media_type])
    assert (found.media_type, found.width, found.height) == (media_type, None, None)
    assert found.duration_s == pytest.approx(SAMPLES / RATE, abs=1e-6)


def test_an_mp4_with_sound_alone_is_a_sound_whatever_its_brand(own: dict[str, bytes]):
    renamed = own[AAC].replace(b"ftypM4A ", b"ftypisom", 1)
    assert probe(renamed) == Probed(AAC, duration_s=SAMPLES / RATE)


def test_an_mp3_that_breaks_off_is_signed_up_to_there(aurelia: Identity):
    whole = foreign(MP3)
    out = signed(aurelia, whole[: len(whole) // 2], MP3)
    egress.check(out, MP3)
    assert 9_000 < heard(out).shape[1] < 14_000


def test_a_sound_in_fragments_is_put_together(aurelia: Identity):
    made = io.BytesIO()
    with av.open(made, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, RATE), np.float32), "fltp", "mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    out = signed(aurelia, made.getvalue(), AAC)
    egress.check(out, AAC)
    assert probe(out).duration_s == pytest.approx(1, abs=0.05)


# --- the gate -----------------------------------------------------------------------------------


def in_riff(sound: bytes, extra: bytes) -> bytes:
    """The WAV with a chunk more in front, and its length put right."""
    (length,) = struct.unpack_from("<I", sound, 4)
    return b"RIFF" + struct.pack("<I", length + len(extra)) + b"WAVE" + extra + sound[12:]


def with_header(sound: bytes, more: bytes) -> bytes:
    """The WAV with more bytes in its header than it needs."""
    rest = sound[12 + len(fmt()) :]
    return in_riff(b"RIFF" + struct.pack("<I", 4 + len(rest)) + b"WAVE" + rest, fmt(more=more))


CHANGES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "tags": (WAVE, lambda s: in_riff(s, chunk(b"LIST", NAME)), "chunk 'LIST'"),
    "broadcast notes": (WAVE, lambda s: in_riff(s, chunk(b"bext", NAME)), "chunk 'bext'"),
    "an unknown chunk": (WAVE, lambda s: in_riff(s, chunk(b"vnDr", NAME)), "chunk 'vnDr'"),
    "a header twice": (WAVE, lambda s: in_riff(s, fmt()), "twice"),
    "words in the header": (WAVE, lambda s: with_header(s, b"\4\0word"), "more than a header"),
    "a wrong count": (WAVE, lambda s: in_riff(s, chunk(b"fact", b"word")), "more than a header"),
    "behind a wave": (WAVE, lambda s: s + NAME, "hangs on"),
    "half a wave": (WAVE, lambda s: s[: len(s) // 2], "cut off"),
    "a wave's last byte": (WAVE, lambda s: s[:-1], "cut off"),
    "no wave": (WAVE, lambda s: b"\x89PNG" + s, "not what it is announced as"),
    "an id3 tag": (MP3, lambda s: b"ID3\4\0\0\0\0\0\x0f" + NAME + s, "holds tags"),
    "an old tag": (MP3, lambda s: s + b"TAG" + NAME.ljust(125, b"\0"), "hangs on"),
    "half an mp3": (MP3, lambda s: s[:-99], "cut off"),
    "words between samples": (MP3, lambda s: s[:-8] + b"Foreign!", "words beside"),
    "words in the index": (MP3, lambda s: s.replace(b"LAME\0\0\0", b"LAMEabc"), "words beside"),
    "no mp3": (MP3, lambda s: b"\x89PNG" + s, "not what it is announced as"),
    "a box": (AAC, lambda s: s + struct.pack(">I4s", 23, b"meta") + NAME, "'meta'"),
    "half an mp4": (AAC, lambda s: s[: len(s) // 2], "cut off"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_gate_knows_every_part(own: dict[str, bytes], change: str):
    media_type, made_so, why = CHANGES[change]
    changed = made_so(own[media_type])
    assert changed != own[media_type]
    with pytest.raises(RunError, match=why):
        egress.check(changed, media_type)


@pytest.mark.parametrize("media_type", SOUNDS)
def test_the_gate_holds_back_sounds_of_others(
    aurelia: Identity, own: dict[str, bytes], tmp_path: Path, media_type: str
):
    with pytest.raises(RunError, match="may not leave"):
        egress.check(foreign(media_type), media_type)
    other = identity.ensure(tmp_path, "Other")
    with pytest.raises(RunError, match="another certificate"):
        egress.check(own[media_type], media_type, signer=other.fingerprint)


def test_the_gate_holds_back_a_manifest_of_another_maker(aurelia: Identity):
    info = c2pa.C2paSignerInfo(b"es256", aurelia.chain.encode(), aurelia.key.encode(), b"")
    info.ta_url = None
    created = {"action": "c2pa.created", "digitalSourceType": "http://example.com/x"}
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]}
    out = io.BytesIO()
    with c2pa.Context(signer=c2pa.Signer.from_info(info)) as context:
        c2pa.Builder(json.dumps(manifest), context).sign(WAVE, io.BytesIO(plain_wave()), out)
    with pytest.raises(RunError, match="manifest of somebody else"):
        egress.check(out.getvalue(), WAVE)


def test_a_sound_may_not_leave_as_a_film(own: dict[str, bytes]):
    with pytest.raises(RunError, match="not what it is announced as"):
        egress.check(own[AAC], "video/mp4")


@pytest.mark.parametrize("media_type", SOUNDS)
def test_any_damage_is_refused_and_never_crashes(
    aurelia: Identity, own: dict[str, bytes], media_type: str
):
    random = np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(own[media_type])
        for at in (*random.integers(0, 64, 2), *random.integers(0, len(data), 2)):
            data[at] = int(random.integers(0, 256))
        egress.is_clean(bytes(data), media_type)
        whole = own[media_type]
        assert not egress.is_clean(whole[: int(random.integers(0, len(data)))], media_type)


# --- what cannot be signed ----------------------------------------------------------------------


@pytest.mark.parametrize("media_type", SOUNDS)
@pytest.mark.parametrize("data", [b"", b"no sound", b"RIFF\4\0\0\0WAVE", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_sound_cannot_be_signed_as_one(aurelia: Identity, media_type: str, data: bytes):
    with pytest.raises(InvalidRequestError, match=media_type):
        signed(aurelia, data, media_type)


def test_a_kind_of_sound_that_has_no_place_is_refused_with_what_has(aurelia: Identity):
    with pytest.raises(InvalidRequestError, match="audio/ogg") as caught:
        signed(aurelia, plain_wave(), "audio/ogg")
    assert "audio/mpeg" in (caught.value.hint or "")


def test_an_ffmpeg_without_mp3_is_said_so(
    aurelia: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho \"Unknown encoder 'libmp3lame'\" >&2; exit 8\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(MissingExtraError, match="cannot write audio/mpeg"):
        signed(aurelia, plain_wave(), MP3)


# --- the provider -------------------------------------------------------------------------------


class Shelf:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def read(self, wanted: Asset) -> bytes:
        return self.held[wanted.sha256]

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        kept = asset(data, probe(data, name=name).media_type)
        self.held[kept.sha256] = data
        return kept


async def served(folder: Path, shelf: Shelf, data: bytes, **fields: str) -> Signed:
    target = Target(id="house/sign", provider="house", model="sign", tasks=frozenset({"Sign"}))
    sign = Sign.model_validate({"asset": await shelf.put(data), "brand": "Aurelia"} | fields)
    done = await provenance.ProvenanceProvider(folder, "Aurelia").start(Call(sign, target, shelf))
    assert isinstance(done.result, Signed)
    return done.result


@pytest.mark.anyio
async def test_the_provider_signs_sounds_in_the_form_that_is_asked(tmp_path: Path):
    shelf = Shelf()
    for asked, becomes in (({}, WAVE), ({"media_type": MP3}, MP3)):
        result = await served(tmp_path, shelf, foreign_wave(), **asked)
        assert result.asset.media_type == becomes
        egress.check(shelf.held[result.asset.sha256], becomes)
    with pytest.raises(InvalidRequestError, match="audio/wav cannot become image/png"):
        await served(tmp_path, shelf, plain_wave(), media_type="image/png")


@pytest.mark.anyio
async def test_a_sound_that_has_no_place_for_a_signature_becomes_a_wave(tmp_path: Path):
    made = io.BytesIO()
    with av.open(made, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=RATE, layout="mono")
        wave = np.frombuffer(samples(), "<i2")[None]
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate = RATE
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    shelf = Shelf()
    result = await served(tmp_path, shelf, made.getvalue())
    assert result.asset.media_type == WAVE
    assert heard(shelf.held[result.asset.sha256]).tobytes() == samples()
