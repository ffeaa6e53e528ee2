"""Every code block of README and docs is run; every link leads somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from brandmodel.engine.providers import (
    _WIRES,  # pyright: ignore[reportPrivateUsage]  # Which wires there are is told here alone.
)
from brandmodel.routing import load_tables
from tests.docs.pages import ROOT, Broken, pages, run_page

PAGES = pages()
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<img[^>]* src=\"([^\"]+)\"")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", [p for p in PAGES if "```" in p.read_text("utf-8")], ids=name)
def test_the_blocks_of_a_page_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    """In a process of its own, as a reader would: a script that does not end is a failure, too."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.docs.pages", str(page), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("```python\n1 / 0\n```", "division by zero"),
        ("<!-- raises: KeyError -->\n```python\n1\n```", "nothing was raised"),
        ("```sh\nbrandmodel show nothing\n```", "exit 2, the page says 0"),
        ("<!-- exit: 3 -->\n```sh\nbrandmodel runs\n```", "exit 0, the page says 3"),
        ("```sh\necho one\n```\n<!-- output -->\n```text\ntwo\n```", "was not printed: two"),
        ("<!-- file: brand.toml -->\n```toml\nnane = 'x'\n```", "nane"),
        ("<!-- file: r/a.toml -->\n```toml\n[model]\nname='a'\n[tasks]\nX=[]\n```", "tasks.X"),
        ("```sh\necho '[1]'>a\n```\n<!-- shape: a -->\n```json\n{}\n```", "other keys"),
        ("```text\nanything\n```", "nothing runs a text block"),
        ("<!-- exist: 3 -->\n```sh\ntrue\n```", "no mark is called 'exist'"),
        ("```python\n1\n", "the block has no end"),
    ],
)
def test_a_page_that_is_wrong_is_found(written: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(Exception, match=re.escape(said)) as found:
        run_page(written, "page.md", tmp_path)
    if found.type is Broken:
        assert "page.md:" in str(found.value)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in (one or other for one, other in _LINK.findall(text)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{name(page)}: {link}"
        if anchor:
            assert anchor in _anchors(target), f"{name(page)}: {link}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_page_is_found_from_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        if page.name != "README.md":
            assert str(page.relative_to(ROOT / "docs")) in index


def test_generated_pages_are_as_the_code_has_it() -> None:
    for page, text in _script(ROOT / "docs" / "reference" / "make.py").generated().items():
        assert page.read_text(encoding="utf-8") == text, "run `python docs/reference/make.py`"


def test_the_readme_counts_what_the_tables_hold() -> None:
    rows = load_tables().targets
    priced = [i for i, row in rows.items() if row.written.price or row.written.tokens]
    vendors, wires = ({i.partition("/")[0] for i in priced}, set(_WIRES))
    said = f"{len(wires)} wires and {len(priced)} priced targets of {len(vendors)} vendors"
    assert said in (ROOT / "README.md").read_text(encoding="utf-8"), said


def test_pictures_are_small() -> None:
    limits = {"aurelia.jpg": 350_000, "sheet.jpg": 500_000}
    for file, most in limits.items():
        assert (ROOT / "docs" / "pictures" / file).stat().st_size <= most


def test_the_notice_names_every_bundled_font() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    fonts = list((ROOT / "brandmodel" / "local" / "type" / "fonts").glob("*.[to]tf"))
    assert fonts
    for font in fonts:
        assert font.name in notice


def _script(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
