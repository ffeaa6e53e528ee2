"""Signing as the brand, reading it back, the identity behind it, and the gate."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image, PngImagePlugin

import brandmodel
from brandmodel.assets import egress, identity, provenance
from brandmodel.assets.identity import CERTIFICATE, PRIVATE_KEY, Identity
from brandmodel.errors import (
    ConfigError,
    InvalidRequestError,
    MissingExtraError,
    RunError,
    StorageError,
)
from brandmodel.tasks import Asset, Call, Moderate, Sign, Signed, Target

ROOT = Path(brandmodel.__file__).parents[1]
PICTURES = ("image/png", "image/jpeg", "image/webp")
TARGET = Target(id="house/sign", provider="house", model="sign", tasks=frozenset({"Sign"}))


@pytest.fixture(scope="module")
def aurelia(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity.ensure(tmp_path_factory.mktemp("identity"), "Aurelia")


def noise(mode: str = "RGB", size: int = 48) -> Image.Image:
    bands = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(7).integers(0, 256, (size, size, bands), dtype=np.uint8)
    return Image.fromarray(values.squeeze(), mode)


def saved(image: Image.Image, form: str = "PNG", **how: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **how)
    return stream.getvalue()


def asset(data: bytes, media_type: str = "image/png") -> Asset:
    return Asset(sha256=hashlib.sha256(data).hexdigest(), media_type=media_type, size=len(data))


def request(data: bytes = b"", **fields: object) -> Sign:
    return Sign.model_validate({"asset": asset(data), "prompt": "a bottle", "seed": 7} | fields)


def signed(by: Identity, data: bytes, media_type: str = "image/png", **fields: object) -> bytes:
    return provenance.sign_bytes(data, media_type, identity=by, request=request(data, **fields))


def foreign() -> bytes:
    """A PNG that tells where it is from in every way that Pillow can write."""
    exif = Image.Exif()
    exif[0x0131] = "Foreign Maker 3"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Software", "Foreign Maker 3")
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta>Foreign Maker 3</x:xmpmeta>")
    return saved(noise(), pnginfo=texts, exif=exif, dpi=(300, 300))


# --- signing and reading back ---------------------------------------------------------------


@pytest.mark.parametrize("media_type", PICTURES)
def test_a_signed_picture_is_trusted_by_whoever_has_the_brands_root(
    aurelia: Identity, media_type: str
):
    out = signed(aurelia, saved(noise()), media_type, brand="Aurelia", prompt="Überraschung")
    found = provenance.verify(out, media_type, anchors=aurelia.anchors)
    assert (found.state, found.signer, found.source_type) == (
        "Trusted",
        "Aurelia",
        "algorithmicMedia",
    )
    assert found.assertions["org.brandmodel.recipe"] == {"prompt": "Überraschung", "seed": 7}
    work = found.assertions["stds.schema-org.CreativeWork"]
    assert [author["name"] for author in work["author"]] == ["Aurelia"]
    assert provenance.verify(out, media_type).state == "Valid"


@pytest.mark.parametrize("media_type", PICTURES)
def test_one_flipped_bit_of_the_picture_is_found_out(aurelia: Identity, media_type: str):
    out = bytearray(signed(aurelia, saved(noise()), media_type))
    begins = {"image/png": b"IDAT", "image/jpeg": b"\xff\xda", "image/webp": b"VP8 "}[media_type]
    pixels = out.rindex(begins) + 60
    out[pixels] ^= 1
    assert provenance.verify(bytes(out), media_type, anchors=aurelia.anchors).state == "Invalid"


@pytest.mark.parametrize("media_type", PICTURES)
def test_a_changed_prompt_in_the_claim_is_found_out(aurelia: Identity, media_type: str):
    out = signed(aurelia, saved(noise()), media_type, prompt="a quiet bottle")
    changed = out.replace(b"a quiet bottle", b"a loud! bottle")
    assert changed != out
    assert provenance.verify(changed, media_type).state == "Invalid"


def test_another_brands_root_does_not_make_it_trusted(aurelia: Identity, tmp_path: Path):
    other = identity.ensure(tmp_path, "Other")
    out = signed(aurelia, saved(noise()))
    assert provenance.verify(out, "image/png", anchors=other.anchors).state == "Valid"


@pytest.mark.parametrize("media_type", PICTURES)
def test_an_unsigned_picture_says_so(media_type: str):
    form = media_type.partition("/")[2].upper()
    assert provenance.verify(saved(noise(), form), media_type).state == "Unsigned"


def test_the_source_type_is_the_full_iptc_address(aurelia: Identity):
    out = signed(aurelia, saved(noise()), source_type="trainedAlgorithmicMedia")
    found = provenance.verify(out, "image/png")
    assert found.source_type == "trainedAlgorithmicMedia"
    (action,) = found.assertions["c2pa.actions.v2"]["actions"]
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"] == (
        "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    )


# --- what becomes of the pixels and the metadata --------------------------------------------


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_png_keeps_its_pixels(aurelia: Identity, mode: str):
    image = noise(mode)
    out = Image.open(io.BytesIO(signed(aurelia, saved(image))))
    assert np.array_equal(np.asarray(out.convert("RGBA")), np.asarray(image.convert("RGBA")))


@pytest.mark.parametrize("media_type", PICTURES)
def test_nothing_of_the_makers_metadata_is_left(aurelia: Identity, media_type: str):
    data = foreign()
    assert b"Foreign Maker 3" in data
    out = signed(aurelia, data, media_type)
    assert b"Foreign" not in out
    picture = Image.open(io.BytesIO(out))
    assert not picture.getexif()
    assert not {"XML:com.adobe.xmp", "xmp", "Software", "icc_profile", "dpi"} & set(picture.info)


def test_a_manifest_of_somebody_else_does_not_stay(aurelia: Identity, tmp_path: Path):
    other = identity.ensure(tmp_path, "Other")
    theirs = signed(other, saved(noise()), prompt="their secret prompt")
    ours = signed(aurelia, theirs)
    assert b"their secret prompt" not in ours
    assert provenance.verify(ours, "image/png").signer == "Aurelia"


def test_an_invisible_picture_is_laid_on_white_for_jpeg(aurelia: Identity):
    clear = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    out = Image.open(io.BytesIO(signed(aurelia, saved(clear), "image/jpeg")))
    assert out.getpixel((8, 8)) == (255, 255, 255)


def test_text_goes_out_as_it_is(aurelia: Identity):
    words = "# Für Cafés\n\n18 Stunden [1]\n".encode()
    assert signed(aurelia, words, "text/markdown") == words
    with pytest.raises(InvalidRequestError, match="is not text"):
        signed(aurelia, saved(noise()), "text/plain")


@pytest.mark.parametrize("media_type", ["image/gif", "image/svg+xml", "video/mp4"])
def test_what_cannot_be_signed_is_refused(aurelia: Identity, media_type: str):
    with pytest.raises(InvalidRequestError, match=media_type.replace("+", r"\+")):
        signed(aurelia, saved(noise()), media_type)


def test_a_cut_off_picture_is_refused(aurelia: Identity):
    with pytest.raises(InvalidRequestError):
        signed(aurelia, saved(noise())[:-400])


# --- the provider ---------------------------------------------------------------------------


class Shelf:
    """Blobs in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def put(self, data: bytes, *, name: str = "") -> Asset:
        kind = Image.open(io.BytesIO(data)).get_format_mimetype()
        assert kind
        kept = asset(data, kind)
        self.held[kept.sha256] = data
        return kept

    async def read(self, wanted: Asset) -> bytes:
        return self.held[wanted.sha256]

    def path(self, wanted: Asset) -> Path:
        raise NotImplementedError


async def served(folder: Path, shelf: Shelf, sign: Sign) -> Signed:
    provider = provenance.ProvenanceProvider(folder, "Aurelia")
    done = await provider.start(Call(request=sign, target=TARGET, blobs=shelf))
    await provider.aclose()
    assert isinstance(done.result, Signed)
    return done.result


@pytest.mark.anyio
async def test_the_provider_signs_and_keeps(tmp_path: Path):
    shelf = Shelf()
    picture = await shelf.put(saved(noise("RGBA")))
    sign = Sign(asset=picture, media_type="image/jpeg", brand="Aurelia")
    result = await served(tmp_path, shelf, sign)
    assert result.asset.media_type == "image/jpeg"
    assert result.notes == ("JPEG has no transparency: the picture was laid on white",)
    known = identity.fingerprint(tmp_path, "Aurelia")
    egress.check(shelf.held[result.asset.sha256], "image/jpeg", signer=known)


@pytest.mark.anyio
async def test_a_picture_keeps_its_kind_unless_that_cannot_be_signed(tmp_path: Path):
    shelf = Shelf()
    for form, becomes in (("WEBP", "image/webp"), ("GIF", "image/png")):
        picture = await shelf.put(saved(noise(), form))
        assert (await served(tmp_path, shelf, Sign(asset=picture))).asset.media_type == becomes


@pytest.mark.anyio
async def test_text_is_handed_on_with_a_note(tmp_path: Path):
    text = asset(b"words", "text/markdown")
    result = await served(tmp_path, Shelf(), Sign(asset=text))
    assert result.asset == text
    assert "no place for a signature" in result.notes[0]
    with pytest.raises(InvalidRequestError, match="text/markdown cannot become image/png"):
        await served(tmp_path, Shelf(), Sign(asset=text, media_type="image/png"))


@pytest.mark.anyio
async def test_a_certificate_that_changed_meanwhile_is_not_used_silently(tmp_path: Path):
    shelf = Shelf()
    picture = await shelf.put(saved(noise()))
    with pytest.raises(ConfigError, match="certificate was changed"):
        await served(tmp_path, shelf, Sign(asset=picture, signer="0" * 64))


@pytest.mark.anyio
async def test_other_tasks_are_not_served(tmp_path: Path):
    provider = provenance.ProvenanceProvider(tmp_path, "Aurelia")
    with pytest.raises(InvalidRequestError, match="Moderate"):
        await provider.start(Call(request=Moderate(), target=TARGET, blobs=Shelf()))


@pytest.mark.parametrize("module", ["c2pa", "cryptography"])
def test_a_missing_extra_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, aurelia: Identity, module: str
):
    for loaded in [m for m in sys.modules if m == module or m.startswith(module + ".")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    needed_by = {
        "c2pa": lambda: signed(aurelia, saved(noise())),
        "cryptography": lambda: identity.ensure(tmp_path, "Aurelia"),
    }
    with pytest.raises(MissingExtraError) as caught:
        needed_by[module]()
    assert caught.value.hint == "pip install 'brandmodel[local]'"


# --- the identity ---------------------------------------------------------------------------


def test_the_identity_is_kept_privately_and_found_again(tmp_path: Path):
    folder = tmp_path / "signing"
    assert identity.fingerprint(folder, "Aurelia") == ""
    first = identity.ensure(folder, "Aurelia")
    assert identity.ensure(folder, "Aurelia") == first
    assert identity.fingerprint(folder, "Aurelia") == first.fingerprint
    files = list(folder.rglob("*.pem"))
    assert len(files) == 4
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert {stat.S_IMODE(d.stat().st_mode) for d in (folder, files[0].parent)} == {0o700}
    assert identity.ensure(folder, "Other").fingerprint != first.fingerprint


@pytest.mark.parametrize("name", ["", "Æon & Söhne / Zürich", "株式会社", "x" * 300, "../../up"])
def test_any_name_gives_an_identity_inside_the_folder(tmp_path: Path, name: str):
    folder = tmp_path / "signing"
    made = identity.ensure(folder, name)
    assert [p.parent for p in folder.iterdir()] == [folder]
    out = signed(made, saved(noise()))
    assert provenance.verify(out, "image/png", anchors=made.anchors).state == "Trusted"


def test_processes_that_come_at_once_end_with_one_identity(tmp_path: Path):
    code = (
        "import sys, pathlib; from brandmodel.assets.identity import ensure;"
        "print(ensure(pathlib.Path(sys.argv[1]), 'Aurelia').fingerprint)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "signing")]
    at_once = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)
    ]
    said = {process.communicate()[0].strip() for process in at_once}
    assert said == {identity.fingerprint(tmp_path / "signing", "Aurelia")}
    assert len(list((tmp_path / "signing").iterdir())) == 1


def test_the_private_key_is_never_shown(tmp_path: Path):
    made = identity.ensure(tmp_path, "Aurelia")
    secret = made.key.splitlines()[1]
    assert secret not in repr(made)
    assert "PRIVATE" not in repr(made)
    (place,) = tmp_path.iterdir()
    # One letter less: the parser's own complaint must not quote the key.
    (place / PRIVATE_KEY).write_text(made.key.replace(secret, secret[1:]))
    with pytest.raises(ConfigError, match="holds no private key that can be read") as caught:
        identity.ensure(tmp_path, "Aurelia")
    assert secret[1:20] not in str(caught.value)
    assert caught.value.__suppress_context__


def own(folder: Path, made: Identity) -> None:
    (folder / CERTIFICATE).write_text(made.chain)
    (folder / PRIVATE_KEY).write_text(made.key)


def test_a_certificate_that_the_brand_brings_is_used(tmp_path: Path):
    brought = identity.ensure(tmp_path / "elsewhere", "Aurelia Ltd")
    folder = tmp_path / "signing"
    folder.mkdir()
    own(folder, brought)
    used = identity.ensure(folder, "Aurelia")
    assert used.fingerprint == brought.fingerprint == identity.fingerprint(folder, "Aurelia")
    assert sorted(p.name for p in folder.iterdir()) == [CERTIFICATE, PRIVATE_KEY]
    out = signed(used, saved(noise()))
    found = provenance.verify(out, "image/png", anchors=brought.anchors)
    assert (found.state, found.signer) == ("Trusted", "Aurelia Ltd")


def issued(folder: Path, key: object, *, days: int = 30) -> None:
    """A self-made pair of the kind that a certificate authority would give."""
    authority = ec.generate_private_key(ec.SECP256R1())
    since = datetime.now(UTC) - timedelta(days=60)
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, each),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, each),
            ]
        )
        for each in ("Brought", "Authority")
    ]
    public = key.public_key()  # type: ignore[attr-defined]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=60 + days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False),
            critical=True,
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .sign(authority, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / CERTIFICATE).write_bytes(certificate.public_bytes(pem))
    (folder / PRIVATE_KEY).write_bytes(
        key.private_bytes(  # type: ignore[attr-defined]
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "es256"),
        (ec.generate_private_key(ec.SECP384R1()), "es384"),
        (ec.generate_private_key(ec.SECP521R1()), "es512"),
        (ed25519.Ed25519PrivateKey.generate(), "ed25519"),
        (rsa.generate_private_key(65537, 2048), "ps256"),
    ],
)
def test_every_kind_of_key_that_is_taken_makes_signatures_that_hold(
    tmp_path: Path, key: object, algorithm: str
):
    issued(tmp_path, key)
    brought = identity.ensure(tmp_path, "Aurelia")
    assert brought.algorithm == algorithm
    found = provenance.verify(signed(brought, saved(noise())), "image/png")
    assert (found.state, found.signer) == ("Valid", "Brought")


def test_a_key_that_c2pa_has_no_signature_for_is_refused(tmp_path: Path):
    issued(tmp_path, ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(ConfigError, match="no signature for a secp256k1 key"):
        identity.ensure(tmp_path, "Aurelia")


def test_an_expired_certificate_is_refused(tmp_path: Path):
    issued(tmp_path, ec.generate_private_key(ec.SECP256R1()), days=-1)
    with pytest.raises(ConfigError, match="certificate expired on 20"):
        identity.ensure(tmp_path, "Aurelia")


@pytest.mark.parametrize(
    ("certificate", "key", "says"),
    [
        ("chain", None, "cannot be read"),
        (None, "key", "has no certificate.pem beside it"),
        ("not a certificate", "key", "holds no certificate"),
        ("chain", "other", "is not the key of certificate.pem"),
        ("chain", "locked", "locked with a password"),
    ],
)
def test_a_pair_that_does_not_work_is_refused(
    tmp_path: Path, certificate: str | None, key: str | None, says: str
):
    brought = identity.ensure(tmp_path / "a", "A")
    loaded = serialization.load_pem_private_key(brought.key.encode(), None)
    locked = loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    ).decode()
    keys = {"key": brought.key, "other": identity.ensure(tmp_path / "b", "B").key, "locked": locked}
    folder = tmp_path / "signing"
    folder.mkdir()
    if certificate:
        (folder / CERTIFICATE).write_text({"chain": brought.chain}.get(certificate, certificate))
    if key:
        (folder / PRIVATE_KEY).write_text(keys[key])
    with pytest.raises(ConfigError, match=says):
        identity.ensure(folder, "A")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file/signing"):
        identity.ensure(tmp_path / "file" / "signing", "Aurelia")


# --- the gate -------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", PICTURES)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_gate_lets_out_what_was_signed_by_the_brand_alone(
    aurelia: Identity, tmp_path: Path, media_type: str, mode: str
):
    out = signed(aurelia, saved(noise(mode, 200)), media_type)
    egress.check(out, media_type, signer=aurelia.fingerprint)
    other = identity.ensure(tmp_path, "Other")
    with pytest.raises(RunError, match="another certificate"):
        egress.check(out, media_type, signer=other.fingerprint)


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_the_gate_lets_out_pictures_without_metadata(form: str, how: dict[str, object]):
    data = saved(noise(), form, **how)
    assert egress.is_clean(data, f"image/{form.lower()}")
    assert not egress.is_clean(data[:-1], f"image/{form.lower()}")
    with pytest.raises(RunError, match="hangs on behind its end"):
        egress.check(data + b"made by a vendor", f"image/{form.lower()}")


def exif() -> bytes:
    data = Image.Exif()
    data[0x010F] = "Maker"
    return data.tobytes()


def texts() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_text("Software", "Maker")
    return made


def international() -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    made.add_itxt("XML:com.adobe.xmp", "<x/>")
    return made


@pytest.mark.parametrize(
    ("form", "how"),
    [
        ("PNG", {"pnginfo": texts()}),
        ("PNG", {"pnginfo": international()}),
        ("PNG", {"exif": exif()}),
        ("PNG", {"icc_profile": b"a profile"}),
        ("JPEG", {"exif": exif()}),
        ("JPEG", {"xmp": b"<x:xmpmeta/>"}),
        ("JPEG", {"comment": b"Maker"}),
        ("JPEG", {"icc_profile": b"a profile"}),
        ("WEBP", {"exif": exif()}),
        ("WEBP", {"xmp": b"<x:xmpmeta/>"}),
        ("WEBP", {"icc_profile": b"a profile"}),
    ],
)
def test_the_gate_holds_back_what_tells_of_its_maker(form: str, how: dict[str, object]):
    with pytest.raises(RunError, match="may not leave: it holds"):
        egress.check(saved(noise(), form, **how), f"image/{form.lower()}")


def signer_info(by: Identity) -> object:
    import c2pa

    info = c2pa.C2paSignerInfo(b"es256", by.chain.encode(), by.key.encode(), b"")
    info.ta_url = None
    return info


def test_the_gate_holds_back_a_manifest_of_another_maker(aurelia: Identity):
    import c2pa

    info = signer_info(aurelia)
    created = {"action": "c2pa.created", "digitalSourceType": "http://example.com/x"}
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]}
    for media_type in PICTURES:
        out = io.BytesIO()
        with c2pa.Context(signer=c2pa.Signer.from_info(info)) as context:
            data = saved(noise(), media_type.partition("/")[2].upper())
            c2pa.Builder(json.dumps(manifest), context).sign(media_type, io.BytesIO(data), out)
        with pytest.raises(RunError, match="manifest of somebody else"):
            egress.check(out.getvalue(), media_type)


def test_the_gate_holds_back_a_manifest_that_carries_others_along(aurelia: Identity):
    import c2pa

    theirs = signed(aurelia, saved(noise()))
    info = signer_info(aurelia)
    out = io.BytesIO()
    with c2pa.Context(signer=c2pa.Signer.from_info(info)) as context:
        builder = c2pa.Builder(json.dumps({"assertions": []}), context)
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        builder.sign("image/png", io.BytesIO(theirs), out)
    with pytest.raises(RunError, match="manifests of others"):
        egress.check(out.getvalue(), "image/png")


def test_the_gate_knows_a_chunk_by_its_name_even_where_no_reader_looks():
    data = saved(noise())
    chunk = b"vnDr" + b"job 4711"
    hidden = struct.pack(">I", 8) + chunk + struct.pack(">I", zlib.crc32(chunk))
    with pytest.raises(RunError, match="chunk 'vnDr'"):
        egress.check(data[:-12] + hidden + data[-12:], "image/png")


@pytest.mark.parametrize(
    ("data", "media_type", "why"),
    [
        (b"", "image/png", "not what it is announced as"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "cut off"),
        (b"\xff\xd8", "image/jpeg", "cut off"),
        (b"RIFF\xff\x00\x00\x00WEBPVP8 ", "image/webp", "cut off"),
        (b"\xff\xd8\xff\xd9", "image/png", "not what it is announced as"),
        (b"\x89PNG", "text/plain", "is not text"),
        (b"<svg/>", "image/svg+xml", "nobody can look into"),
        (b"....ftypqt  ", "video/quicktime", "nobody can look into"),
    ],
)
def test_the_gate_holds_back_what_it_does_not_know(data: bytes, media_type: str, why: str):
    with pytest.raises(RunError, match=why):
        egress.check(data, media_type)


@pytest.mark.parametrize("media_type", ["text/markdown", "text/plain", "application/json"])
def test_the_gate_lets_out_text(media_type: str):
    egress.check('{"text": "für Cafés"}'.encode(), media_type)


def test_the_gate_loads_no_library():
    code = (
        "import sys, brandmodel.assets.egress;"
        "sys.exit(bool({'PIL', 'numpy', 'c2pa', 'cryptography'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
