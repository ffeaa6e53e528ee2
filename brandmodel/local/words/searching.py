"""Keyword search in the brand's documents: exact words and their stems, not meanings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

from brandmodel.local.desk import Desk
from brandmodel.local.words.text import function_words, sentences, tokens
from brandmodel.tasks import Document, Passage, Passages, SearchDocuments

PASSAGE_LETTERS = 700
QUERY_WORDS = 48

_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)")
_SPACELESS = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
_READ = ("text/", "application/json", "application/toml", "application/yaml", "application/x-yaml")
_UNKNOWN = ("application/octet-stream", "")


def search(request: SearchDocuments, desk: Desk) -> Passages:
    """The passages that hold most of the query's words, by BM25 over word stems."""
    passages: list[Passage] = []
    notes: list[str] = []
    for document in request.documents:
        text = document_text(document, desk)
        if text is None:
            notes.append(f"{document.name} was not searched: its text cannot be read here")
        else:
            passages += split_into_passages(document.name, text)
    return Passages(passages=_ranked(request.query, passages, request.top), notes=tuple(notes))


def document_text(document: Document, desk: Desk) -> str | None:
    """A document's text, or None for PDFs, pictures and other files that are not plain text."""
    kind = document.asset.media_type.split(";")[0].strip().lower()
    if not kind.startswith(_READ) and kind not in _UNKNOWN:
        return None
    data = desk.read(document.asset)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ("utf-16",)
    elif b"\0" in data[:4096] or data[:5] == b"%PDF-":
        return None
    else:
        encodings = ("utf-8-sig", "cp1252") if kind.startswith("text/") else ("utf-8-sig",)
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def split_into_passages(name: str, text: str) -> Iterator[Passage]:
    """Paragraphs under their Markdown headings, long ones by sentences; every text word for word."""
    heading = ""
    for block in _blocks(text):
        if (match := _HEADING.match(block)) and "\n" not in block:
            heading = match[1]
            continue
        for piece in _pieces(block):
            yield Passage(document=name, heading=heading, text=piece)


def _blocks(text: str) -> Iterator[str]:
    """Headings and paragraphs; a fenced block is one paragraph whatever stands in it."""
    held: list[str] = []
    fenced = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        fenced ^= bool(_FENCE.match(line))
        heading = not fenced and bool(_HEADING.match(line))
        if held and (heading or (not fenced and not line.strip())):
            yield "\n".join(held).strip()
            held = []
        if heading:
            yield line
        elif line.strip() or held:
            held.append(line)
    if held and (rest := "\n".join(held).strip()):
        yield rest


def _pieces(block: str) -> Iterator[str]:
    """A paragraph in stretches of whole sentences, none much longer than a passage."""
    if len(block) <= PASSAGE_LETTERS:
        yield block
        return
    start = end = -1
    for sentence in sentences(block):
        if start >= 0 and sentence.end - start > PASSAGE_LETTERS:
            yield block[start:end]
            start = -1
        start = sentence.start if start < 0 else start
        end = sentence.end
    if start >= 0:
        yield block[start:end]


def _ranked(query: str, passages: list[Passage], top: int) -> tuple[Passage, ...]:
    asked = _query(query)
    if not asked or not passages:
        return ()
    import sqlite3

    rows = ((i, _spaced(p.heading), _spaced(p.text)) for i, p in enumerate(passages))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIRTUAL TABLE passage USING fts5(heading, body, content='',"
            " tokenize='porter unicode61 remove_diacritics 2')"
        )
        database.executemany("INSERT INTO passage(rowid, heading, body) VALUES (?, ?, ?)", rows)
        found = database.execute(
            "SELECT rowid, bm25(passage, 2.0, 1.0) AS distance FROM passage"
            " WHERE passage MATCH ? ORDER BY distance, rowid LIMIT ?",
            (asked, top),
        ).fetchall()
    return tuple(
        passages[at].model_copy(update={"score": round(-distance, 6)}) for at, distance in found
    )


def _query(query: str) -> str:
    """An FTS5 expression: any of the words, or a word that begins with one of the longer ones.

    Every word stands in quotation marks, so that no character of the query is syntax.
    """
    said = list(dict.fromkeys(word.casefold() for word in tokens(query)))
    telling = [word for word in said if word not in function_words()] or said
    terms: list[str] = []
    for word in telling[:QUERY_WORDS]:
        bare = word.replace('"', "").replace("\u2019", "'")
        terms.append(f'"{bare}"')
        if len(bare) >= 5:
            terms.append(f'"{bare}" *')
    return " OR ".join(terms)


def _spaced(text: str) -> str:
    """Characters of scripts without spaces one by one: they would be one long word otherwise."""
    return _SPACELESS.sub(r" \1 ", text)
