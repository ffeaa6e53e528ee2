from __future__ import annotations

import io
import struct
import subprocess
import sys
import wave
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

import brandmodel
from brandmodel.assets.probe import Probed, check_picture, normalised, probe
from brandmodel.errors import InvalidRequestError


def _photo(width: int = 60, height: int = 40) -> Image.Image:
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(
        np.stack([x * 255 // width, y * 255 // height, 255 - x * 255 // width], -1).astype(np.uint8)
    )


def _file(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _read(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _raw_png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", header)
        + _png_chunk(b"IDAT", zlib.compress(rows))
        + _png_chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True, "comment": b"x" * 500}, "image/jpeg"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}, "image/webp"),
        ("GIF", {}, "image/gif"),
        ("AVIF", {}, "image/avif"),
        ("TIFF", {}, "image/tiff"),
    ],
)
def test_a_pictures_type_and_size_are_read_from_its_bytes(kind, options, media_type):
    data = _file(_photo(61, 43), kind, **options)
    assert probe(data, name="misnamed.txt") == Probed(media_type, 61, 43)


def test_the_stores_probe_loads_no_decoder(tmp_path):
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        (tmp_path / kind).write_bytes(_file(_photo(), kind))
    script = (
        "import sys, pathlib\nfrom brandmodel.assets.probe import probe\n"
        "found = [probe(p.read_bytes()).width for p in pathlib.Path(sys.argv[1]).iterdir()]\n"
        "assert found == [60] * 4, found\n"
        "loaded = {'PIL', 'numpy', 'cv2'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    root = Path(brandmodel.__file__).parents[1]
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=root)


def test_sound_tells_its_length():
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((2, 2, 48_000, 0, "NONE", ""))
        sound.writeframes(b"\0\0\0\0" * 72_000)
    assert probe(out.getvalue()) == Probed("audio/wav", duration_s=1.5)
    # Layer III, 128 kbit/s, 44.1 kHz: 16,000 bytes a second.
    assert probe(b"\xff\xfb\x90\x00" + b"\0" * 31_996) == Probed("audio/mpeg", duration_s=2.0)
    # Frames of unlike rates (64, then 128 kbit/s) without an index: they are counted.
    slow, fast = b"\xff\xfb\x50\x00".ljust(208, b"\0"), b"\xff\xfb\x90\x00".ljust(417, b"\0")
    mixed = probe(slow * 10 + fast * 10 + b"TAG".ljust(128, b"\0"))
    assert mixed == Probed("audio/mpeg", duration_s=20 * 1152 / 44_100)
    flac = b"fLaC" + b"\0\0\0\x22" + b"\0" * 10
    flac += (44_100 << 44 | 1 << 41 | 15 << 36 | 88_200).to_bytes(8) + b"\0" * 16
    assert probe(flac) == Probed("audio/flac", duration_s=2.0)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def test_a_film_tells_its_size_and_length():
    track = bytes(76) + struct.pack(">II", 1280 << 16, 720 << 16)
    header = bytes(12) + struct.pack(">II", 600, 9_000) + bytes(80)
    movie = _box(b"moov", _box(b"mvhd", header) + _box(b"trak", _box(b"tkhd", track)))
    film = _box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41") + movie + _box(b"mdat", b"\0" * 32)
    assert probe(film) == Probed("video/mp4", 1280, 720, 15.0)
    assert probe(film.replace(b"ftypisom", b"ftypqt  ")).media_type == "video/quicktime"
    # Cut off inside the header: still a film, of unknown size.
    assert probe(film[:60]) == Probed("video/mp4")


@pytest.mark.parametrize(
    ("data", "name", "media_type"),
    [
        (b'{"a": [1, 2]}', "", "application/json"),
        (b"[not json] but a remark", "", "text/plain"),
        ("# Ton\n\nRuhig, pr\u00e4zise.".encode(), "voice.md", "text/markdown"),
        ("Ruhig, pr\u00e4zise.".encode(), "voice", "text/plain"),
        ("Ruhig, pr\u00e4zise.".encode("latin-1"), "voice.md", "application/octet-stream"),
        (b"<!doctype html><p>", "", "text/html"),
        (b"%PDF-1.7\n%\xe2\xe3", "", "application/pdf"),
        (b"wOF2" + b"\0" * 40, "", "font/woff2"),
        (b"OTTO" + b"\0" * 40, "", "font/otf"),
        (b"\0\1\0\0" + b"\0" * 40, "", "font/ttf"),
        (b"OggS" + b"\0" * 4, "", "audio/ogg"),
        (b"\x1aE\xdf\xa3\x42\x82\x84webm", "", "video/webm"),
        (b"", "", "application/octet-stream"),
        (b"\x00\x01\x02", "picture.png", "application/octet-stream"),
    ],
)
def test_other_kinds_are_told_by_content(data, name, media_type):
    assert probe(data, name=name).media_type == media_type


def test_a_drawing_tells_its_size():
    plain = b'<?xml version="1.0"?><svg xmlns="x" width="120px" height="80"></svg>'
    assert probe(plain) == Probed("image/svg+xml", 120, 80)
    assert probe(b'<svg viewBox="0 0 24 12.4"/>') == Probed("image/svg+xml", 24, 12)
    assert probe(b'<svg width="100%" height="100%"/>') == Probed("image/svg+xml")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_every_start_of_a_file_is_probed_without_an_error(kind):
    data = _file(_photo(20, 10), kind)
    for end in range(0, len(data), 3):
        found = probe(data[:end])
        assert found.width in (None, 20) or end < 40


def test_sound_pictures_pass_the_check():
    assert check_picture(_file(_photo(), "WEBP"), name="logo.webp") == Probed("image/webp", 60, 40)
    assert check_picture(_file(_photo(1, 1), "PNG"), name="dot.png") == Probed("image/png", 1, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF"])
def test_a_picture_that_was_cut_off_is_refused_by_name(kind):
    rng = np.random.default_rng(0)
    grainy = Image.fromarray(rng.integers(0, 255, (90, 90, 3), np.uint8))
    data = _file(grainy, kind)
    with pytest.raises(InvalidRequestError, match=r"photo\.bin is damaged or cut off") as problem:
        check_picture(data[: len(data) // 2], name="photo.bin")
    assert problem.value.hint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"just words", "is not a picture that can be read: it holds text/plain"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x00\x01\x02\x03", "unknown data"),
        (b"<svg width='9' height='9'/>", "SVG drawing"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 4, "its header ends early"),
    ],
)
def test_what_is_not_a_picture_is_refused_with_what_it_is(data, words):
    with pytest.raises(InvalidRequestError, match="logo") as problem:
        check_picture(data, name="logo")
    assert words in problem.value.message
    assert problem.value.hint


def test_a_decompression_bomb_is_refused_by_its_header():
    # 400 megapixels of one bit in 50 KB; its pixel data is sound, so only the size can be refused.
    rows = (b"\0" + b"\0" * 2500) * 20_000
    bomb = _raw_png(20_000, 20_000, 1, 0, rows)
    assert len(bomb) < 100_000
    with pytest.raises(InvalidRequestError, match="20000 x 20000 is more than 100 megapixels"):
        check_picture(bomb, name="bomb.png")
    # Without any pixel data the answer is the same: nothing was decoded to find out.
    with pytest.raises(InvalidRequestError, match="megapixels"):
        normalised(bomb[:33], name="bomb.png")


def test_a_header_that_hides_the_bomb_is_found_out():
    small = bytearray(_file(_photo(20, 20), "GIF"))
    at = small.index(b"\x2c") + 5
    small[at : at + 4] = struct.pack("<HH", 40_000, 40_000)
    with pytest.raises(InvalidRequestError):
        check_picture(bytes(small), name="bomb.gif")


def test_a_picture_without_pixels_is_refused():
    with pytest.raises(InvalidRequestError, match="has no pixels: its size is 0 x 9"):
        check_picture(_raw_png(0, 9, 8, 2, b""), name="empty.png")


def test_a_phones_photo_stands_upright():
    photo = Image.new("RGB", (30, 20), "red")
    photo.paste("blue", (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn right to view
    upright = _read(normalised(_file(photo, "JPEG", exif=exif, quality=95), name="p.jpg"))
    assert upright.size == (20, 30)
    top, bottom = upright.getpixel((10, 3)), upright.getpixel((10, 25))
    assert top[2] > 200 > top[0]
    assert bottom[0] > 200 > bottom[2]
    assert not upright.getexif()


def test_print_colours_become_screen_colours():
    ink = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    screen = _read(normalised(_file(ink, "JPEG", quality=95), name="print.jpg"))
    assert screen.mode == "RGB"
    red, green, blue = screen.getpixel((8, 8))
    assert red < 20
    assert min(green, blue) > 235


def test_inverted_inks_look_as_another_reader_sees_them():
    """Adobe writes CMYK in JPEG the other way round, and every program follows."""
    y, x = np.mgrid[0:40, 0:64]
    inks = np.stack([x * 4, y * 6, 255 - x * 4, np.full_like(x, 20)], -1).astype(np.uint8)
    data = _file(Image.fromarray(inks, "CMYK"), "JPEG", quality=98)
    assert b"Adobe" in data
    told = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    read = np.asarray(_read(normalised(data, name="print.jpg")))
    assert np.abs(read.astype(int) - told).max() <= 3


def test_sixteen_bits_become_eight_of_the_same_lightness():
    ramp = np.tile(np.linspace(0, 65_535, 64).astype(">u2"), (4, 1))
    rows = b"".join(b"\0" + row.tobytes() for row in ramp)
    grey = np.asarray(_read(normalised(_raw_png(64, 4, 16, 0, rows), name="scan.png")))
    assert grey.shape == (4, 64, 3)
    assert np.abs(grey[0, :, 0] - np.linspace(0, 255, 64)).max() <= 1
    colour = np.stack([ramp, ramp[:, ::-1], ramp], -1).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in colour)
    rgb = np.asarray(_read(normalised(_raw_png(64, 4, 16, 2, rows), name="scan.png")))
    assert np.abs(rgb[0, :, 1] - np.linspace(255, 0, 64)).max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("ending", [".tiff", ".png"])
def test_deep_pictures_of_other_programs_keep_their_lightness(ending: str, channels: int):
    """OpenCV writes the file, with 16 bits a channel, in the order blue, green, red, alpha."""
    y, x = np.mgrid[0:40, 0:64]
    deep = np.stack([x * 1040, y * 1600, 65_535 - x * 1040, x * 1040], -1).astype(np.uint16)
    deep = deep[..., :channels].squeeze()
    data = cv2.imencode(ending, deep)[1].tobytes()
    read = np.asarray(_read(normalised(data, name="scan")), float)
    told = deep / 257
    if channels == 1:
        told = np.stack([told] * 3, -1)
    else:
        told[..., :3] = told[..., 2::-1]
    assert read.shape == told.shape
    assert np.abs(read - told).max() <= 1


def test_a_float_picture_has_white_at_one():
    half = Image.fromarray(np.full((4, 4), 0.5, np.float32))
    assert _read(normalised(_file(half, "TIFF"), name="f.tiff")).getpixel((1, 1)) == (128,) * 3
    bright = Image.fromarray(np.array([[0.0, 2.0], [1.0, np.nan]], np.float32))
    read = np.asarray(_read(normalised(_file(bright, "TIFF"), name="f.tiff")))[..., 0]
    assert read.tolist() == [[0, 255], [128, 0]]


def test_a_colour_profile_is_applied_and_taken_out():
    # A profile whose red and blue are exchanged: red in the file means blue on the screen.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    data = _file(Image.new("RGB", (8, 8), (250, 10, 10)), "PNG", icc_profile=bytes(profile))
    picture = _read(normalised(data, name="wide.png"))
    assert "icc_profile" not in picture.info
    assert picture.getpixel((4, 4))[2] > 200 > picture.getpixel((4, 4))[0]


def test_a_broken_colour_profile_does_not_lose_the_picture():
    data = _file(Image.new("RGB", (8, 8), (250, 10, 10)), "PNG", icc_profile=b"nonsense" * 20)
    assert _read(normalised(data, name="x.png")).getpixel((4, 4)) == (250, 10, 10)


def test_transparency_is_kept_where_there_is_any():
    logo = Image.new("RGBA", (10, 10), (0, 0, 0, 0))
    logo.paste((10, 20, 200, 255), (0, 0, 5, 10))
    kept = _read(normalised(_file(logo, "PNG"), name="logo.png"))
    assert kept.mode == "RGBA"
    assert kept.getpixel((2, 2)) == (10, 20, 200, 255)
    assert kept.getpixel((8, 8))[3] == 0
    opaque = Image.new("RGBA", (10, 10), (10, 20, 200, 255))
    assert _read(normalised(_file(opaque, "PNG"), name="logo.png")).mode == "RGB"


def test_palette_pictures_keep_their_hole():
    flat = Image.new("P", (8, 8), 1)
    flat.putpalette([0, 0, 0, 200, 30, 40] + [0] * 762)
    flat.putpixel((0, 0), 0)
    picture = _read(normalised(_file(flat, "PNG", transparency=0), name="icon.png"))
    assert picture.mode == "RGBA"
    assert picture.getpixel((0, 0))[3] == 0
    assert picture.getpixel((4, 4)) == (200, 30, 40, 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    first, second = (Image.new("RGB", (12, 12), c) for c in ((255, 0, 0), (0, 0, 255)))
    extra = {"lossless": True} if kind == "WEBP" else {}
    data = _file(first, kind, save_all=True, append_images=[second], duration=100, **extra)
    picture = _read(normalised(data, name="moving"))
    assert getattr(picture, "n_frames", 1) == 1
    assert picture.convert("RGB").getpixel((6, 6)) == (255, 0, 0)


def test_grey_and_tiny_pictures_are_normalised_too():
    grey = _read(normalised(_file(Image.new("L", (3, 3), 77), "PNG"), name="g.png"))
    assert (grey.mode, grey.getpixel((1, 1))) == ("RGB", (77, 77, 77))
    assert _read(normalised(_file(_photo(1, 1), "GIF"), name="dot.gif")).size == (1, 1)
    bits = _read(normalised(_file(Image.new("1", (4, 4), 1), "PNG"), name="b.png"))
    assert bits.getpixel((0, 0)) == (255, 255, 255)


def test_nothing_that_was_written_beside_the_pixels_stays():
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Author", "secret name")
    data = normalised(_file(_photo(), "PNG", pnginfo=info, dpi=(300, 300)), name="p.png")
    assert b"secret name" not in data
    assert _read(data).info == {}
    assert data == normalised(data, name="p.png")
