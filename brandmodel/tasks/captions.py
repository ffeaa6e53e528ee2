"""Captions and cuts as texts that other programs read: WebVTT, SubRip, OpenTimelineIO.

Pure functions of values, free to call from a recipe. Formats: WebVTT (W3C), SubRip as players read
it, and the JSON schemas of OpenTimelineIO (Timeline.1, Stack.1, Track.1, Clip.2, Gap.1).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from brandmodel.tasks.audio import WordTime
from brandmodel.tasks.values import Asset
from brandmodel.tasks.video import Caption, ShotOnFilm

LONGEST_LINE = 42
"""Letters of a caption's line, as broadcasters allow; an ideograph counts as two."""
MOST_LINES = 2
_LEAST_S = 0.1
_ENDS = ".!?…。！？"
_PAUSES = ",;:–—，、；："


def cues(
    captions: Sequence[Caption], *, longest: int = LONGEST_LINE, most_lines: int = MOST_LINES
) -> tuple[Caption, ...]:
    """The captions as they are shown: in order, none too long, none over another.

    A caption that is too long is parted where it pauses, at the times of its words, or in
    proportion to its letters where those are not known. Captions without letters are left out.
    """
    parted = [
        part
        for caption in sorted(captions, key=lambda c: c.start_s)
        for part in _parted(caption, longest, most_lines)
    ]
    shown: list[Caption] = []
    for i, part in enumerate(parted):
        after = parted[i + 1].start_s if i + 1 < len(parted) else float("inf")
        end = min(max(part.end_s, part.start_s + _LEAST_S), after)
        if end > part.start_s:
            shown.append(part.model_copy(update={"end_s": end}))
    return tuple(shown)


def lines_of(text: str, *, longest: int = LONGEST_LINE) -> tuple[str, ...]:
    """A text in as few lines as hold it, of about even length."""
    words = _pieces(text)
    if not words:
        return ()
    count = max(1, -(-_letters(text) // longest))
    while True:
        lines = _even(words, count)
        if max(_letters(line) for line in lines) <= longest or count >= len(words):
            return lines
        count += 1


def webvtt(captions: Sequence[Caption]) -> str:
    """A WebVTT file; every word whose time is known carries it, for players that read along."""
    blocks = ["WEBVTT"]
    for number, cue in enumerate(cues(captions), 1):
        times = f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}"
        blocks.append("\n".join([str(number), times, *_with_times(cue)]))
    return "\n\n".join(blocks) + "\n"


def subrip(captions: Sequence[Caption]) -> str:
    """A SubRip file (.srt)."""
    blocks: list[str] = []
    for number, cue in enumerate(cues(captions), 1):
        times = f"{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}"
        blocks.append("\n".join([str(number), times, *lines_of(cue.text)]) + "\n")
    return "\n".join(blocks)


def timeline(
    shots: Sequence[ShotOnFilm],
    *,
    fps: int,
    name: str = "",
    duration_s: float | None = None,
    sound: Asset | None = None,
    captions: Sequence[Caption] = (),
    media: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The cut as OpenTimelineIO JSON, for an editing program.

    Every clip is named by the shot's id. What no shot covers, such as the end card, is a gap;
    captions are markers.

    Args:
        shots: in any order; times are rounded to frames.
        fps: frames a second.
        name: of the film.
        duration_s: of the film; None ends with the last shot.
        sound: the mix, on a track of its own.
        captions: what is read along.
        media: where each asset lies, by its digest; without it clips have no media.
    """
    ordered = sorted(shots, key=lambda s: s.start_s)
    end = round((duration_s or max((s.start_s + s.duration_s for s in shots), default=0)) * fps)
    tracks = [
        _track("Picture", "Video", _picture(ordered, end, fps, media), _markers(captions, fps))
    ]
    if sound is not None:
        whole = _clip("sound", sound, (0, end), fps, media)
        tracks.append(_track("Sound", "Audio", [whole], []))
    stack = {**_item("Stack.1", "tracks", None), "children": tracks}
    start = _time(0, fps)
    made = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": name,
        "global_start_time": start,
        "tracks": stack,
    }
    return json.dumps(made, ensure_ascii=False, indent=2) + "\n"


def _parted(caption: Caption, longest: int, most_lines: int) -> list[Caption]:
    text = " ".join(caption.text.split())
    words = _pieces(text)
    if not words:
        return []
    parts = 1
    while True:
        runs = _runs(words, parts)
        fits = all(len(lines_of(_joined(r), longest=longest)) <= most_lines for r in runs)
        if fits or parts >= len(words):
            break
        parts += 1
    if len(runs) == 1:
        return [caption.model_copy(update={"text": text})]
    return _timed(caption, runs)


def _timed(caption: Caption, runs: Sequence[Sequence[str]]) -> list[Caption]:
    """Each run of words with its share of the caption's time."""
    known = caption.words if len(caption.words) == sum(map(len, runs)) else ()
    total = sum(_letters(_joined(run)) for run in runs)
    length = caption.end_s - caption.start_s
    made: list[Caption] = []
    begun, at = caption.start_s, 0
    letters = 0
    for i, run in enumerate(runs):
        own: tuple[WordTime, ...] = known[at : at + len(run)]
        at += len(run)
        letters += _letters(_joined(run))
        end = caption.start_s + length * letters / total
        if known:
            end = known[at].start_s if at < len(known) else caption.end_s
        if i == len(runs) - 1:
            end = caption.end_s
        made.append(Caption(text=_joined(run), start_s=begun, end_s=end, words=own))
        begun = end
    return made


def _pieces(text: str) -> list[str]:
    """Words, or signs where a script has no spaces."""
    found: list[str] = []
    for word in text.split():
        if _letters(word) > 1.5 * len(word) and len(word) > 2:
            found += [f"{' ' if found and not i else ''}{sign}" for i, sign in enumerate(word)]
        else:
            found.append(f" {word}" if found else word)
    return found


def _joined(pieces: Sequence[str]) -> str:
    return "".join(pieces).strip()


def _letters(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _runs(words: Sequence[str], count: int) -> list[list[str]]:
    """About even runs of words that end where a reader pauses, if such a place is near."""
    total = _letters("".join(words))
    breaks: list[int] = []
    start = 0
    for part in range(1, count):
        goal = total * part / count
        options = range(start + 1, len(words) - (count - part) + 1)
        best = min(options, key=lambda at: _distance(words, at, goal, total / count))
        breaks.append(best)
        start = best
    edges = [0, *breaks, len(words)]
    return [list(words[a:b]) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _distance(words: Sequence[str], at: int, goal: float, step: float) -> float:
    off = abs(_letters("".join(words[:at])) - goal) / step
    last = words[at - 1][-1:]
    return off - (0.35 if last in _ENDS else 0.2 if last in _PAUSES else 0.0)


def _even(words: Sequence[str], count: int) -> tuple[str, ...]:
    """Lines of about even length, by the least sum of squares."""
    best: dict[tuple[int, int], tuple[float, tuple[int, ...]]] = {(0, 0): (0.0, ())}
    target = _letters("".join(words)) / count
    for used in range(1, count + 1):
        for end in range(used, len(words) + 1):
            options = [
                (cost + (_letters(_joined(words[at:end])) - target) ** 2, (*cuts, end))
                for at in range(used - 1, end)
                if (used - 1, at) in best
                for cost, cuts in [best[used - 1, at]]
            ]
            if options:
                best[used, end] = min(options)
    cuts = best[min(count, len(words)), len(words)][1]
    return tuple(_joined(words[a:b]) for a, b in zip((0, *cuts[:-1]), cuts, strict=True))


def _clock(seconds: float, point: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _with_times(cue: Caption) -> list[str]:
    """The lines of a cue, each word after its time where the words are those of the cue.

    The first word needs none: it comes with the cue.
    """
    lines = lines_of(cue.text)
    heard = iter(cue.words)
    if [word.text for word in cue.words] != " ".join(lines).split():
        return [_escaped(line) for line in lines]
    timed = [[(next(heard), word) for word in line.split()] for line in lines]
    first = timed[0][0][0] if timed else None
    return [
        " ".join(
            _escaped(word) if time is first else f"<{_clock(time.start_s, '.')}>{_escaped(word)}"
            for time, word in line
        )
        for line in timed
    ]


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _picture(
    shots: Sequence[ShotOnFilm], end: int, fps: int, media: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Clips and gaps in order, each up to the next."""
    made: list[dict[str, Any]] = []
    at = 0
    starts = [round(s.start_s * fps) for s in shots]
    for shot, start, after in zip(shots, starts, [*starts[1:], end], strict=True):
        stop = min(round((shot.start_s + shot.duration_s) * fps), max(after, start), end)
        if start > at:
            made.append(_gap(start - at, fps))
        if stop > start:
            made.append(_clip(shot.id, shot.clip, (0, stop - start), fps, media))
        at = max(at, stop)
    if end > at:
        made.append(_gap(end - at, fps))
    return made


def _track(
    name: str, kind: str, children: list[dict[str, Any]], markers: list[dict[str, Any]]
) -> dict[str, Any]:
    item = _item("Track.1", name, None)
    return {**item, "markers": markers, "kind": kind, "children": children}


def _clip(
    name: str, asset: Asset, span: tuple[int, int], fps: int, media: Mapping[str, str]
) -> dict[str, Any]:
    start, length = span
    whole = round((asset.duration_s or length / fps) * fps)
    url = media.get(asset.sha256)
    reference: dict[str, Any] = {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}, "name": ""}
    if url:
        reference = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": "",
            "available_range": _range(0, max(whole, start + length), fps),
            "available_image_bounds": None,
            "target_url": url,
        }
    return {
        **_item("Clip.2", name, _range(start, length, fps)),
        "media_references": {"DEFAULT_MEDIA": reference},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _gap(length: int, fps: int) -> dict[str, Any]:
    return _item("Gap.1", "", _range(0, length, fps))


def _item(schema: str, name: str, source: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": name,
        "source_range": source,
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def _markers(captions: Sequence[Caption], fps: int) -> list[dict[str, Any]]:
    return [
        {
            "OTIO_SCHEMA": "Marker.2",
            "metadata": {},
            "name": cue.text,
            "color": "GREEN",
            "marked_range": _range(
                round(cue.start_s * fps), max(1, round((cue.end_s - cue.start_s) * fps)), fps
            ),
            "comment": "",
        }
        for cue in captions
    ]


def _time(frames: int, fps: int) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(fps), "value": float(frames)}


def _range(start: int, length: int, fps: int) -> dict[str, Any]:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "duration": _time(length, fps),
        "start_time": _time(start, fps),
    }
