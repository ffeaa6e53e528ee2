"""A vendor's usage export against our own receipts, exact to the nano-dollar.

A file with an id on each line is compared call by call. One without is compared by its sums: of a day,
of a model, or of a day's use of a model, whichever of these columns it has.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, cast

from brandmodel.engine.spend import day_of
from brandmodel.errors import InvalidRequestError
from brandmodel.journal import Attempt
from brandmodel.tasks import Value

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("request_id", "job_id", "prediction_id", "generation_id", "request", "job", "id"),
    "day": (
        "date",
        "day",
        "created_at",
        "started_at",
        "start_time",
        "timestamp",
        "created",
        "time",
    ),
    "model": ("model", "model_id", "model_name", "endpoint", "endpoint_id"),
    "amount": ("amount_usd", "cost_usd", "amount", "cost", "total_cost", "charge", "price", "usd"),
    "currency": ("currency", "amount_currency"),
}
"""Names of columns that are understood, the best first; case, blanks and signs do not matter."""

_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")
_GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
_CHARGED = ("settled", "forfeited")


class Entry(Value):
    """One call, or a sum of calls, in the file, in the journal, or in both.

    Attributes:
        id: the vendor's id, or '' of a sum.
        attempt: our id, or '' of a sum or of a call that only the vendor knows.
        state: of our attempt.
        ours_nano: what we charged; None where we have no such call, or its price is still held.
        theirs_nano: what the vendor charged; None where it has no such call.
    """

    id: str = ""
    attempt: str = ""
    day: str = ""
    model: str = ""
    state: str = ""
    ours_nano: int | None = None
    theirs_nano: int | None = None


class Reconciliation(Value):
    """What came of a comparison.

    Attributes:
        matched: calls, or sums, that are equal; ``matched_nano`` is what they come to.
        differ: both have it, with another amount.
        ours: only we have it.
        theirs: only the vendor has it.
    """

    matched: int = 0
    matched_nano: int = 0
    differ: tuple[Entry, ...] = ()
    ours: tuple[Entry, ...] = ()
    theirs: tuple[Entry, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether there is no difference."""
        return not (self.differ or self.ours or self.theirs)


@dataclass(frozen=True, slots=True)
class Export:
    """A vendor's file, read.

    Attributes:
        columns: what was understood: id, day, model.
    """

    entries: tuple[Entry, ...]
    columns: frozenset[str]


def read_export(text: str) -> Export:
    """The lines of a CSV file; its columns are found by name.

    Raises:
        InvalidRequestError: it has no column of amounts, or a line that is not understood.
    """
    header = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    lines = csv.DictReader(text.lstrip("\ufeff").splitlines(), delimiter=delimiter)
    columns = _columns(lines.fieldnames or ())
    if "amount" not in columns:
        raise InvalidRequestError(
            f"no column of amounts among {', '.join(lines.fieldnames or ()) or 'none at all'}",
            hint=f"name one of {', '.join(COLUMNS['amount'])}",
        )
    entries = tuple(
        _entry({what: (line.get(name) or "").strip() for what, name in columns.items()}, place)
        for place, line in enumerate(lines, start=2)
    )
    return Export(entries, frozenset(columns) & {"id", "day", "model"})


def _columns(names: Iterable[str]) -> dict[str, str]:
    plain = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in names}
    found: dict[str, str] = {}
    for what, known in COLUMNS.items():
        name = next((plain[each] for each in known if each in plain), None)
        if name is not None:
            found[what] = name
    return found


def _entry(cells: Mapping[str, str], place: int) -> Entry:
    if cells.get("currency", "USD").upper() not in ("USD", ""):
        raise _wrong(place, f"the currency {cells['currency']!r} is not USD")
    return Entry(
        id=cells.get("id", ""),
        day=_day(cells["day"], place) if cells.get("day") else "",
        model=cells.get("model", ""),
        theirs_nano=_nano(cells["amount"], place),
    )


def _nano(text: str, place: int) -> int:
    plain = text.replace("$", "").replace("USD", "").strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        amount = Decimal(plain)
        # Ours are rounded up to whole nano-dollars, so theirs are, too.
        return int((amount * 1_000_000_000).to_integral_value(ROUND_CEILING))
    except (InvalidOperation, ValueError, OverflowError):
        raise _wrong(place, f"{text!r} is not an amount; write it as 1234.56") from None


def _day(text: str, place: int) -> str:
    try:
        if re.fullmatch(r"\d{9,10}(\.\d+)?", text):
            return day_of(float(text))
        if re.fullmatch(r"\d{12,13}", text):
            return day_of(int(text) / 1000)
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except (ValueError, OverflowError, OSError):
        raise _wrong(place, f"{text!r} is not a date; write it as 2026-11-23") from None
    return f"{moment if moment.tzinfo is None else moment.astimezone(UTC):%Y-%m-%d}"


def _wrong(place: int, what: str) -> InvalidRequestError:
    return InvalidRequestError(f"line {place}: {what}", hint="nothing was compared")


def reconciled(
    export: Export, attempts: Iterable[Attempt], models: Mapping[str, str]
) -> Reconciliation:
    """The file against our attempts at that vendor.

    Args:
        export: of the vendor.
        attempts: every one of ours at that vendor.
        models: the vendor's own name of each target.
    """
    ours = [(_ours(attempt, models), _ids(attempt)) for attempt in attempts]
    days = [entry.day for entry in export.entries if entry.day]
    first, last = (min(days), max(days)) if days else ("", "9")
    if "id" in export.columns:
        return _by_id(export.entries, ours, lambda entry: first <= entry.day <= last)
    sums = _summed(
        [e for e, _ in ours if e.state in _CHARGED and first <= e.day <= last], export.columns
    )
    return _told(_joined(sums, _summed(export.entries, export.columns)))


def _by_id(
    theirs: Iterable[Entry], ours: Iterable[tuple[Entry, set[str]]], within: Callable[[Entry], bool]
) -> Reconciliation:
    billed: dict[str, Entry] = {}
    nameless: list[Entry] = []
    for entry in theirs:
        before = billed.get(entry.id)
        total = (before.theirs_nano or 0 if before else 0) + (entry.theirs_nano or 0)
        if entry.id:
            # A job may be billed in several lines.
            billed[entry.id] = entry.model_copy(update={"theirs_nano": total})
        else:
            nameless.append(entry)
    pairs: list[Entry] = []
    left: list[Entry] = []
    for entry, ids in ours:
        known = next((id_ for id_ in ids if id_ in billed), None)
        if known is not None:
            theirs_nano = billed.pop(known).theirs_nano
            pairs.append(entry.model_copy(update={"id": known, "theirs_nano": theirs_nano}))
        elif within(entry):
            left.append(entry)
    return _told([*pairs, *_alike(left, [*billed.values(), *nameless])])


def _alike(ours: list[Entry], theirs: list[Entry]) -> Iterator[Entry]:
    """Pairs of the same day, model and amount: a call without a job has no id that we know."""
    waiting: dict[tuple[str, str, int | None], list[Entry]] = {}
    for entry in theirs:
        waiting.setdefault((entry.day, _plain(entry.model), entry.theirs_nano), []).append(entry)
    for entry in ours:
        same = waiting.get((entry.day, _plain(entry.model), entry.ours_nano))
        if entry.ours_nano is not None and same:
            other = same.pop()
            yield entry.model_copy(update={"id": other.id, "theirs_nano": other.theirs_nano})
        else:
            yield entry
    for rest in waiting.values():
        yield from rest


def _summed(entries: Iterable[Entry], columns: frozenset[str]) -> dict[tuple[str, str], Entry]:
    sums: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        day = entry.day if "day" in columns else ""
        model = _plain(entry.model) if "model" in columns else ""
        known = sums.get((day, model), Entry(day=day, model=model))
        sums[day, model] = known.model_copy(
            update={
                "ours_nano": _plus(known.ours_nano, entry.ours_nano),
                "theirs_nano": _plus(known.theirs_nano, entry.theirs_nano),
            }
        )
    return sums


def _joined(
    ours: Mapping[tuple[str, str], Entry], theirs: Mapping[tuple[str, str], Entry]
) -> Iterator[Entry]:
    for key in sorted(ours.keys() | theirs.keys()):
        mine, other = ours.get(key), theirs.get(key)
        entry = mine or other
        assert entry is not None
        yield entry.model_copy(update={"theirs_nano": other.theirs_nano if other else None})


def _told(entries: Iterable[Entry]) -> Reconciliation:
    matched: list[int] = []
    told: dict[str, list[Entry]] = {"differ": [], "ours": [], "theirs": []}
    for entry in entries:
        mine, theirs = entry.ours_nano, entry.theirs_nano
        if mine is not None and mine == theirs:
            matched.append(mine)
        elif not mine and not theirs and entry.state in ("", *_CHARGED, "released"):
            continue  # Nothing was paid, and one of the two keeps no record of that.
        elif theirs is None:
            told["ours"].append(entry)
        elif mine is None and not entry.state:
            told["theirs"].append(entry)
        else:
            told["differ"].append(entry)
    return Reconciliation(
        matched=len(matched),
        matched_nano=sum(matched),
        differ=tuple(told["differ"]),
        ours=tuple(told["ours"]),
        theirs=tuple(told["theirs"]),
    )


def _ours(attempt: Attempt, models: Mapping[str, str]) -> Entry:
    model = models.get(attempt.target, attempt.target.partition("/")[2])
    charged = 0 if attempt.state == "released" else None
    return Entry(
        attempt=attempt.id,
        day=day_of(attempt.created_at),
        model=model,
        state=attempt.state,
        ours_nano=attempt.charged_nano if attempt.state in _CHARGED else charged,
    )


def _ids(attempt: Attempt) -> set[str]:
    """Every id by which a vendor may know an attempt: ours, its own of the call, and of the job."""
    handle = json.loads(attempt.job)["handle"] if attempt.job else None
    return {attempt.id, *attempt.request_ids.split(), *_texts(handle)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in cast("Mapping[str, Any]", value).values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _texts(each)


def _plain(model: str) -> str:
    """A model without the date of its snapshot: bills name snapshots where tables do not."""
    return _SNAPSHOT.sub("", model.strip().lower())


def _plus(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other
