"""Searching the brand's documents and answering from them, word for word."""

from __future__ import annotations

import hashlib

import pytest

from brandmodel.local.desk import Desk
from brandmodel.local.words.answering import (
    NOTHING_FOUND,
    check_sources,
    plan_answer,
    write_answer,
)
from brandmodel.local.words.searching import search
from brandmodel.tasks import (
    Answer,
    Asset,
    CheckSources,
    Citation,
    Document,
    Passage,
    Passages,
    PlanAnswer,
    SearchDocuments,
    WriteAnswer,
)

AURELIA = """# Aurelia

Aurelia is a cold brew tonic made by Aurelia Drinks Ltd. in Cork. It is steeped
for eighteen hours.

## Ingredients

- Coffee from a single farm
- **Orange peel**

It contains no sugar and no dairy. Each bottle holds 250 ml and costs 3.80 euros.

## History

Dr. Mara Voss founded the company in 2019. The first bottles were sold at the Harbour Market.
"""
FAQ = """# Delivery

We deliver every Tuesday and Friday. Orders above 40 euros ship free.

# Returns

Unopened bottles can be returned within 30 days.
"""
CHINESE = "# 关于\n\n我们的咖啡在科克烘焙。每瓶二百五十毫升。\n"


class Shelf:
    """Documents and the desk that reads them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.documents: list[Document] = []
        self.desk = Desk(lambda asset: self.files[asset.sha256])

    def add(self, name: str, data: bytes, media_type: str = "text/markdown") -> None:
        digest = hashlib.sha256(data).hexdigest()
        self.files[digest] = data
        asset = Asset(sha256=digest, media_type=media_type, size=len(data))
        self.documents.append(Document(name=name, asset=asset))

    def find(self, query: str, top: int = 6) -> Passages:
        documents = tuple(self.documents)
        return search(SearchDocuments(query=query, documents=documents, top=top), self.desk)

    def answer(self, question: str) -> Answer:
        passages = self.find(question).passages
        plan = plan_answer(PlanAnswer(question=question, passages=passages), self.desk)
        request = WriteAnswer(question=question, points=plan.points, passages=passages)
        written = write_answer(request, self.desk)
        checked = check_sources(CheckSources(answer=written, passages=passages), self.desk)
        # What is put together from the passages stands up to the check that follows it.
        assert checked.text == written.text
        return checked


@pytest.fixture
def shelf() -> Shelf:
    held = Shelf()
    held.add("aurelia.md", AURELIA.encode())
    held.add("faq.md", FAQ.encode())
    held.add("zh.md", CHINESE.encode())
    return held


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("orange peel", "Ingredients"),
        ("founder founded", "History"),
        ("returning an unopened bottle", "Returns"),
        ("deliveries", "Delivery"),
        ("烘焙", "关于"),
    ],
)
def test_keywords_and_their_stems_are_found(shelf: Shelf, query: str, heading: str) -> None:
    assert shelf.find(query).passages[0].heading == heading


def test_passages_stand_word_for_word_in_their_document(shelf: Shelf) -> None:
    found = shelf.find("coffee tonic hours sugar bottle company deliver returned", top=50).passages
    sources = {"aurelia.md": AURELIA, "faq.md": FAQ, "zh.md": CHINESE}
    assert len(found) >= 5
    assert all(p.text in sources[p.document] for p in found)
    assert [p.score for p in found] == sorted((p.score for p in found), reverse=True)


@pytest.mark.parametrize(
    "query",
    ['"', "AND OR NOT", "tonic*", "a:b", "(((", "NEAR(a b)", "^x - + {}", "it's", "%", "\x00"],
)
def test_search_syntax_in_a_query_breaks_nothing(shelf: Shelf, query: str) -> None:
    assert shelf.find(query).notes == ()


def test_nothing_asked_or_nothing_to_search_finds_nothing(shelf: Shelf) -> None:
    assert shelf.find("").passages == ()
    assert shelf.find("   ").passages == ()
    assert Shelf().find("tonic").passages == ()
    assert len(shelf.find("bottle", top=1).passages) == 1


def test_files_that_are_not_text_are_said_not_to_be_searched(shelf: Shelf) -> None:
    shelf.add("price-list.pdf", b"%PDF-1.7 tonic", "application/pdf")
    shelf.add("odd.txt", b"tonic\x00\x01\x02", "text/plain")
    shelf.add("latin.txt", "crème tonic".encode("cp1252"), "text/plain")
    found = shelf.find("tonic")
    assert [note.split()[0] for note in found.notes] == ["price-list.pdf", "odd.txt"]
    assert "crème tonic" in [p.text for p in found.passages]


def test_a_long_paragraph_is_cut_between_sentences() -> None:
    shelf = Shelf()
    text = " ".join(f"Sentence number {n} speaks of tonic and of little else." for n in range(60))
    shelf.add("long.txt", text.encode(), "text/plain")
    found = shelf.find("tonic", top=50).passages
    assert len(found) > 3
    assert all(p.text.startswith("Sentence") and p.text.endswith("else.") for p in found)
    assert all(p.text in text for p in found)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How long is Aurelia steeped?", "It is steeped for eighteen hours. [1]"),
        ("Who founded the company?", "Dr. Mara Voss founded the company in 2019. [1]"),
        ("When do you deliver?", "We deliver every Tuesday and Friday. [1]"),
        ("Does Aurelia contain dairy?", "It contains no sugar and no dairy. [1]"),
        ("Can I return a bottle?", "Unopened bottles can be returned within 30 days. [1]"),
        ("咖啡在哪里烘焙", "我们的咖啡在科克烘焙。 [1]"),
    ],
)
def test_questions_are_answered_in_the_documents_words(
    shelf: Shelf, question: str, answer: str
) -> None:
    result = shelf.answer(question)
    assert result.text == answer
    sources = {"aurelia.md": AURELIA, "faq.md": FAQ, "zh.md": CHINESE}
    assert all(c.quote in sources[c.document] for c in result.citations)


@pytest.mark.parametrize(
    "question", ["Is Aurelia vegan?", "What is the capital of France?", "", "How much caffeine?"]
)
def test_what_the_documents_do_not_say_is_not_answered(shelf: Shelf, question: str) -> None:
    result = shelf.answer(question)
    assert (result.text, result.citations) == (NOTHING_FOUND, ())


def test_an_edited_plan_decides_what_is_written(shelf: Shelf) -> None:
    passages = shelf.find("bottle").passages
    points = ("returned within 30 days", "250 ml and costs 3.80 euros")
    request = WriteAnswer(question="bottle?", points=points, passages=passages)
    answer = write_answer(request, shelf.desk)
    assert [c.document for c in answer.citations] == ["faq.md", "aurelia.md"]


def checked(text: str, *quotes: str) -> Answer:
    citations = tuple(Citation(claim="", document="a", quote=quote) for quote in quotes)
    passage = Passage(
        document="a",
        text="Steeped for eighteen hours\nin Cork. We deliver every Tuesday. "
        "It is not sweet. It holds 250 ml.",
    )
    request = CheckSources(answer=Answer(text=text, citations=citations), passages=(passage,))
    return check_sources(request, Desk(lambda asset: b""))


def test_what_no_source_contains_is_taken_out_and_the_rest_numbered_anew() -> None:
    result = checked(
        "It is made in Dublin. [1] Steeped for eighteen hours in Cork [2]. A lovely drink.",
        "Steeped for eighteen hours in Cork.",
        "Steeped for eighteen hours in Cork.",
    )
    assert result.text == "Steeped for eighteen hours in Cork. [1]"
    assert [c.claim for c in result.citations] == ["Steeped for eighteen hours in Cork."]
    assert len(result.notes) == 2


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Steeped for twenty hours in Cork.", "Steeped for eighteen hours in Cork."),
        ("It holds 500 ml.", "It holds 250 ml."),
        ("We deliver every Monday.", "We deliver every Tuesday."),
        ("It is sweet.", "It is not sweet."),
        ("It holds 250 ml.", "It holds 250 ml of tonic."),
        ("It holds 250 ml.", ""),
        ("It holds 250 ml and cures colds quickly.", "It holds 250 ml."),
    ],
)
def test_a_claim_beyond_its_quote_or_a_quote_beyond_its_document_goes(
    claim: str, quote: str
) -> None:
    result = checked(f"{claim} [1]", quote)
    assert (result.text, result.citations) == (NOTHING_FOUND, ())


def test_lists_and_several_sources_survive_the_check() -> None:
    text = "- It holds 250 ml. [1]\n- We deliver every Tuesday. [2][1]"
    result = checked(text, "It holds 250 ml.", "We deliver every Tuesday.")
    assert result.text == "- It holds 250 ml. [1]\n- We deliver every Tuesday. [2]"
    assert result.notes == ()


def test_a_citation_that_does_not_exist_supports_nothing() -> None:
    assert checked("It holds 250 ml. [7]", "It holds 250 ml.").citations == ()
