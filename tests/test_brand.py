"""The brand kit: what it reads, what it refuses and in which words."""

from __future__ import annotations

import asyncio
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import brandmodel
from brandmodel.brand import Brand, Palette, Voice, palette_from_pictures
from brandmodel.brand.slices import contrast
from brandmodel.errors import BrandError
from brandmodel.recipes import RECIPES
from brandmodel.routing import load_tables
from brandmodel.tasks import Brief, Kit, Request

ROOT = Path(brandmodel.__file__).parents[1]
STARTER = ROOT / "brandmodel" / "starter"
COLOURS = 'ink = "#111"\npaper = "#fff"\nprimary = "#08f"\naccent = "#f80"\n'


def written(folder: Path, text: str) -> Path:
    (folder / "brand.toml").write_text(text, encoding="utf-8")
    return folder


def refusal(folder: Path, text: str) -> BrandError:
    with pytest.raises(BrandError) as caught:
        Brand.load(written(folder, text))
    return caught.value


def stripes(path: Path, *colours: str, weights: tuple[int, ...] = ()) -> Path:
    """A picture of upright stripes, 10 pixels wide each unless weighted."""
    widths = [10 * w for w in weights] or [10] * len(colours)
    image = Image.new("RGB", (sum(widths), 40))
    at = 0
    for colour, width in zip(colours, widths, strict=True):
        image.paste(colour, (at, 0, at + width, 40))
        at += width
    image.save(path)
    return path


def near(one: str, other: str, most: int = 14) -> bool:
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return all(abs(a - b) <= most for a, b in pairs)


def hue(colour: str) -> int:
    """0 to 255, as Pillow counts it."""
    return Image.new("RGB", (1, 1), colour).convert("HSV").getpixel((0, 0))[0]  # type: ignore[index]


def test_the_neutral_brand_leaves_colours_open_and_brings_art_direction():
    brand = Brand()
    assert (brand.name, brand.palette, brand.folder) == ("", None, None)
    assert [d.name for d in brand.documents] == ["art-direction.md"]


def test_importing_the_brand_loads_no_pixel_library():
    code = "import sys, brandmodel.brand; sys.exit(bool({'numpy', 'PIL'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0


def test_every_key_is_read(tmp_path: Path):
    (tmp_path / "notes" / "deep").mkdir(parents=True)
    (tmp_path / "notes" / "b.md").write_text("# B")
    (tmp_path / "notes" / "deep" / "a.txt").write_text("A")
    (tmp_path / "notes" / "table.csv").write_text("not a document")
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "Own.otf").write_bytes(b"OTTO" + bytes(16))
    stripes(tmp_path / "look.png", "#123456")
    text = f"""
        name = "Ore"
        tagline = "Slowly."
        logo = "logo.svg"
        documents = ["notes", "notes/b.md"]
        references = ["look.png"]
        [palette]
        {COLOURS}more = ["#0f0"]
        [type]
        display = "Own.otf"
        text = "EB Garamond"
        [voice]
        tone = "dry"
        avoid = ["synergy"]
    """
    brand = Brand.load(written(tmp_path, text))
    here = tmp_path.resolve()
    assert brand == Brand(
        name="Ore",
        tagline="Slowly.",
        palette=Palette(
            ink="#111111", paper="#ffffff", primary="#0088ff", accent="#ff8800", more=("#00ff00",)
        ),
        display=here / "Own.otf",
        text="EB Garamond",
        logo=here / "logo.svg",
        voice=Voice(tone="dry", avoid=("synergy",)),
        documents=(here / "notes/b.md", here / "notes/deep/a.txt"),
        references=(here / "look.png",),
        folder=here,
    )
    assert Brand.load(tmp_path / "brand.toml") == brand


def test_an_empty_file_is_a_brand_with_the_bundled_document_and_an_empty_list_has_none(
    tmp_path: Path,
):
    assert Brand.load(written(tmp_path, "")).documents == Brand().documents
    assert Brand.load(written(tmp_path, "documents = []")).documents == ()


def test_absolute_paths_are_allowed(tmp_path: Path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.md").write_text("A")
    kit = tmp_path / "kit"
    kit.mkdir()
    brand = Brand.load(written(kit, f'documents = ["{(elsewhere / "a.md").as_posix()}"]'))
    assert brand.documents == ((elsewhere / "a.md").resolve(),)


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("nmae = 'x'", "nmae", "is no key of a brand; did you mean 'name'?"),
        ("[voice]\nmood = 'x'", "voice.mood", "known here: tone, avoid"),
        ("[type]\ntxet = 'Inter'", "type.txet", "did you mean 'text'?"),
        (f"[palette]\n{COLOURS}gold = '#fff'", "palette.gold", "known here: ink, paper"),
        ("name = 3", "name", "3 is not right here; write text in quotes"),
        ("documents = 'docs'", "documents", "write a list"),
        ("[voice]\navoid = ['a', 1]", "voice.avoid.1", "1 is not right here; write text in quotes"),
        ("voice = 'calm'", "voice", "write a table of its own"),
        ("palette = 5", "palette", "write a table of its own"),
        (
            "[palette]\nprimary = '#12'",
            "palette.primary",
            "'#12' is not a colour; write it as #rrggbb",
        ),
        ("[palette]\nprimary = 'teal'", "palette.primary", "'teal' is not a colour"),
        (f"[palette]\n{COLOURS}more = ['#1']", "palette.more.0", "'#1' is not a colour"),
        ("[palette]\nink = '#000'", "palette.paper", "is missing"),
        (
            "[palette]\nink='#777'\npaper='#999'\nprimary='#0ff'\naccent='#f00'",
            "palette.ink",
            "contrast 1.6:1",
        ),
        ("palette = 'from-refs'", "palette", "'from-refs' is neither"),
        ("palette = 'from-references'", "palette", "needs pictures in `references`"),
        ("logo = 'missing.svg'", "logo", "there is no file 'missing.svg'"),
        ("logo = 'brand.toml'", "logo", "'brand.toml' is not a .svg or .png"),
        ("documents = ['gone.md']", "documents", "there is no file 'gone.md'"),
        ("documents = ['empty']", "documents", "the folder empty holds no .md or .txt file"),
        ("documents = ['latin.txt']", "documents", "is not UTF-8 (byte 2)"),
        ("[type]\ndisplay = 'fonts/Gone.ttf'", "type.display", "there is no file 'fonts/Gone.ttf'"),
        ("[type]\ndisplay = 'Intr'", "type.display", "did you mean 'Inter'?"),
        ("[type]\ntext = 'fake.ttf'", "type.text", "fake.ttf is not a font"),
        ("name = ", "", "is not valid TOML: Invalid value (at"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, text: str, key: str, says: str):
    (tmp_path / "empty").mkdir()
    (tmp_path / "latin.txt").write_bytes(b"ab\xe9")
    (tmp_path / "fake.ttf").write_bytes(b"<html>")
    error = refusal(tmp_path, text)
    assert error.key == key
    where = f"{tmp_path / 'brand.toml'}: {key + ': ' if key else ''}"
    assert error.message.startswith(where)
    assert says in error.message


def test_the_first_of_several_problems_is_raised_and_the_others_are_counted(tmp_path: Path):
    error = refusal(tmp_path, "name = 1\ntagline = 2\nlogo = 3")
    assert (error.key, error.hint) == ("name", "2 more after this one")


def test_a_file_that_is_not_utf8_or_not_there_is_named(tmp_path: Path):
    (tmp_path / "brand.toml").write_bytes(b'name = "Caf\xe9"')
    with pytest.raises(BrandError, match=r"brand\.toml: is not UTF-8 \(byte 11\)"):
        Brand.load(tmp_path)
    with pytest.raises(BrandError, match="there is no such brand") as caught:
        Brand.load(tmp_path / "nowhere.toml")
    assert "brandmodel init" in caught.value.hint


def test_a_byte_order_mark_does_no_harm(tmp_path: Path):
    (tmp_path / "brand.toml").write_bytes(b'\xef\xbb\xbfname = "Ore"\r\n')
    assert Brand.load(tmp_path).name == "Ore"


def test_a_palette_is_read_out_of_pictures_by_role(tmp_path: Path):
    colours = ("#0b2545", "#f6f1e5", "#13a89e", "#f4a259")
    picture = stripes(tmp_path / "look.png", *colours, weights=(3, 6, 4, 1))
    palette = palette_from_pictures([picture])
    for found, true in zip(
        (palette.ink, palette.paper, palette.primary, palette.accent), colours, strict=True
    ):
        assert near(found, true), (found, true)
    brand = Brand.load(written(tmp_path, 'palette = "from-references"\nreferences = ["look.png"]'))
    assert brand.palette == palette


def test_ink_and_paper_are_pulled_apart_until_type_can_be_read(tmp_path: Path):
    palette = palette_from_pictures([stripes(tmp_path / "flat.png", "#8c7a6a", "#a8988a")])
    assert contrast(palette.ink, palette.paper) >= 7


def test_a_picture_of_one_hue_gets_an_accent_of_the_opposite_hue(tmp_path: Path):
    picture = stripes(tmp_path / "blue.png", "#0a1a33", "#eef3fa", "#2f6fd0")
    palette = palette_from_pictures([picture])
    assert near(palette.primary, "#2f6fd0")
    apart = abs(hue(palette.accent) - hue(palette.primary))
    assert min(apart, 256 - apart) > 70


def test_a_grey_picture_gives_greys(tmp_path: Path):
    palette = palette_from_pictures(
        [stripes(tmp_path / "grey.png", "#101010", "#808080", "#f0f0f0")]
    )
    for colour in (palette.ink, palette.paper, palette.primary):
        channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert max(channels) - min(channels) <= 2


def test_transparent_ground_does_not_count_as_a_colour(tmp_path: Path):
    image = Image.new("RGBA", (40, 40), (255, 0, 255, 0))
    image.paste((20, 40, 60, 255), (0, 0, 20, 20))
    image.paste((240, 240, 230, 255), (20, 20, 40, 40))
    image.save(tmp_path / "logo.png")
    palette = palette_from_pictures([tmp_path / "logo.png"])
    assert not any(near(c, "#ff00ff", 80) for c in (palette.primary, *palette.more))


def test_a_reference_that_is_no_picture_is_named(tmp_path: Path):
    (tmp_path / "look.png").write_bytes(b"not a picture")
    text = 'palette = "from-references"\nreferences = ["look.png"]'
    assert "look.png: is no picture that can be read" in refusal(tmp_path, text).message


def test_the_starter_loads_from_wherever_it_is_copied_to(tmp_path: Path):
    shutil.copytree(STARTER, tmp_path / "mine")
    brand = Brand.load(tmp_path / "mine")
    assert brand.name == "Aurelia"
    assert brand.palette == Palette()
    assert {d.name for d in brand.documents} >= {"about.md"}
    assert brand.logo == (tmp_path / "mine" / "logo.svg").resolve()


def test_the_starters_model_serves_every_task_that_the_studio_serves():
    table = load_tables([("starter", STARTER / "routers")]).model("aurelia-1")
    assert set(table.model.tasks) == set(load_tables().model("studio").model.tasks)
    assert load_tables([("starter", STARTER / "routers")]).default_model == "aurelia-1"


def test_the_starters_recipe_asks_for_five_things_a_context_can_answer():
    found = runpy.run_path(str(STARTER / "recipes" / "five_steps.py"))
    assert RECIPES["five-steps"].makes == ("image/png",)
    asked: list[str] = []

    class Sketches:
        kit = Kit(name="Ore", signer="f00")

        async def call(self, request: Request[Any], *, name: str) -> object:
            asked.append(f"{name} {type(request).__name__} {request.stage}")
            return request.sketch(dear=True)

    made = asyncio.run(found["five_steps"](Sketches(), Brief(prompt="a bottle", width=640)))
    assert made["picture"].width == 640
    assert asked == [
        "find SearchDocuments search",
        "plan OutlinePicture plan",
        "describe WriteImagePrompt plan",
        "picture GenerateImage generate",
        "sign Sign refine",
    ]
