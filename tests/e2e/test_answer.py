"""The answer recipe: every sentence stands in the brand's own documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel, Brand, edit

pytestmark = pytest.mark.anyio
FACTS = """# Aurelia

## How it is made
Aurelia is steeped for eighteen hours. It has three ingredients: coffee, water and orange peel.

## Where to get it
The bottles are sold in forty cafes in Bristol. Each bottle holds 250 ml.
"""


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "facts.md").write_text(FACTS)
    (tmp_path / "brand.toml").write_text('name = "Aurelia"\ndocuments = ["documents"]\n')
    return Brand.load(tmp_path)


async def test_citations_contain_the_claim(brand: Brand, tmp_path: Path) -> None:
    async with AsyncBrandModel(brand=brand, home=tmp_path / "home") as model:
        result = await model.run("How long is Aurelia steeped?")
    assert result.recipe == "answer"
    assert "eighteen hours" in result.text
    body, _, sources = result.text.partition("\n\n[1]")
    marks = set(re.findall(r"\[(\d+)\]", body))
    assert marks
    for quote in re.findall(r"“(.+?)”", sources):
        assert quote in FACTS


async def test_what_the_documents_do_not_say_is_not_said(brand: Brand, tmp_path: Path) -> None:
    async with AsyncBrandModel(brand=brand, home=tmp_path / "home") as model:
        result = await model.run("Who is the chief executive of Volkswagen?")
    assert "[1]" not in result.text
    assert result.text.strip()
    assert "Bristol" not in result.text


async def test_streaming_gives_the_text_piece_by_piece(brand: Brand, tmp_path: Path) -> None:
    from brandmodel.recipes import recipe
    from brandmodel.tasks import Answer, Brief, Context, SearchDocuments, WriteAnswer

    pieces: list[str] = []

    async def streamed(ctx: Context, brief: Brief) -> dict[str, str]:
        found = await ctx.call(
            SearchDocuments(query=brief.prompt, documents=ctx.kit.documents), name="search"
        )
        request = WriteAnswer(question=brief.prompt, passages=found.passages)
        async for piece in ctx.stream(request, name="write"):
            if isinstance(piece, Answer):
                return {"text": piece.text}
            assert isinstance(piece, str)
            pieces.append(piece)
        raise AssertionError("the stream ended without its result")

    recipe("streamed", makes="text/plain")(streamed)
    async with AsyncBrandModel(brand=brand, home=tmp_path / "home", memory=True) as model:
        result = await model.run("How long is Aurelia steeped?", recipe="streamed")
    assert "".join(pieces) == result.text
    assert not (tmp_path / "home" / "journal.sqlite").exists()


@pytest.mark.parametrize(
    ("step", "instead"),
    [
        ("search", {"passages": []}),
        ("plan", {"points": ["It has three ingredients: coffee, water and orange peel."]}),
        ("write", {"text": "", "citations": []}),
    ],
)
async def test_every_step_of_an_answer_matters(
    brand: Brand, tmp_path: Path, step: str, instead: dict[str, object]
) -> None:
    question = "How long is Aurelia steeped?"
    async with AsyncBrandModel(brand=brand, home=tmp_path / "home") as model:
        whole = await model.run(question)
        other = await model.run(question, overrides={step: edit(instead)})
    assert other.text != whole.text


async def test_without_the_check_an_invention_would_pass(brand: Brand, tmp_path: Path) -> None:
    claim = {"claim": "Aurelia cures colds.", "document": "facts.md", "quote": "It cures colds."}
    invented = edit({"text": "Aurelia cures colds. [1]", "citations": [claim]})
    question = "What does Aurelia do?"
    async with AsyncBrandModel(brand=brand, home=tmp_path / "home") as model:
        checked = await model.run(question, overrides={"write": invented})
        unchecked = await model.run(question, overrides={"write": invented, "check": invented})
    assert "cures" not in checked.text
    assert "cures" in unchecked.text
