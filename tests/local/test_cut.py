"""Assembling: the film as a player sees it, and the texts that go with it."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import shutil
import struct
import subprocess
import threading
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from brandmodel.brand import Palette
from brandmodel.errors import InvalidRequestError
from brandmodel.local.cut.captions import band_top
from brandmodel.tasks import Asset, Caption, TypeLine
from brandmodel.tasks.captions import cues, lines_of, subrip, timeline, webvtt
from tests.local.cutting import (
    FPS,
    HEIGHT,
    SUBJECT,
    WIDTH,
    Studio,
    box_pixels,
    changed,
    flat,
    frames_of,
    hard,
    luminance,
    scene,
    shot,
    spoken,
)

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
    b'<circle cx="50" cy="50" r="48" fill="#f4a259"/></svg>'
)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio()


def boxes_of(film: bytes) -> list[str]:
    at, kinds = 0, list[str]()
    while at < len(film):
        length, kind = struct.unpack_from(">I4s", film, at)
        kinds.append(kind.decode())
        at += length
    return kinds


# --- the whole film -------------------------------------------------------------------------

CAPTIONS = (spoken("Good things take their time.", 0.2, 1.0), spoken("Taste them.", 1.5, 2.2))


@pytest.fixture(scope="module")
def whole(studio: Studio) -> bytes:
    """Three shots of 1, 0.75 and 1.25 s and an end card of 1 s, with sound and captions."""
    clips = [studio.clip(flat(c), 34) for c in ((200, 40, 40), (40, 160, 60), (40, 60, 200))]
    return studio.film(
        shots=(
            shot("a", clips[0], 0, 1),
            shot("b", clips[1], 1, 0.75),
            shot("c", clips[2], 1.75, 1.25),
        ),
        duration_s=4,
        end_s=1,
        end_lines=(TypeLine(role="title", text="Taste it"), TypeLine(role="button", text="Go")),
        name="Aurelia",
        sound=studio.tone(4, begins_s=1.0),
        captions=CAPTIONS,
    )


def test_the_film_has_just_the_asked_size_rate_and_length(whole: bytes):
    with av.open(io.BytesIO(whole)) as film:
        video = film.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (WIDTH, HEIGHT, FPS)
        assert float(video.duration * video.time_base) == 4.0
        assert film.duration / av.time_base == pytest.approx(4.0, abs=1 / FPS)
        assert sum(1 for _ in film.decode(video=0)) == 4 * FPS


def test_colours_are_said_to_be_what_they_are(whole: bytes):
    with av.open(io.BytesIO(whole)) as film:
        context = film.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        # BT.709 has number 1 in all three lists; range 1 is 16..235.
        told = (context.colorspace, context.color_primaries, context.color_trc)
        assert tuple(int(v) for v in told) == (1, 1, 1)
        assert int(context.color_range) == 1


def test_colours_come_through(whole: bytes):
    frames = frames_of(whole)
    for at, fill in ((12, (200, 40, 40)), (30, (40, 160, 60)), (60, (40, 60, 200))):
        assert np.abs(frames[at][20, 20:60].mean(0) - fill).max() < 5


def test_cuts_lie_on_their_frames(whole: bytes):
    small = [cv2.resize(f, (16, 9), interpolation=cv2.INTER_AREA) for f in frames_of(whole)]
    steps = [np.abs(a.astype(int) - b).mean() for a, b in zip(small[:-1], small[1:], strict=True)]
    assert [i + 1 for i, step in enumerate(steps) if step > 15] == [24, 42, 72]


def test_a_player_may_begin_at_once_and_enter_every_two_seconds(whole: bytes):
    kinds = boxes_of(whole)
    assert kinds.index("moov") < kinds.index("mdat")
    with av.open(io.BytesIO(whole)) as film:
        keys = [
            round(float(p.pts * p.time_base) * FPS)
            for p in film.demux(film.streams.video[0])
            if p.is_keyframe and p.pts is not None
        ]
    assert keys[0] == 0
    assert max(b - a for a, b in zip(keys, [*keys[1:], 4 * FPS], strict=True)) <= 2 * FPS


def heard(film: bytes) -> tuple[np.ndarray, float]:
    """(samples of the first channel, their time of beginning)."""
    with av.open(io.BytesIO(film)) as opened:
        decoded = list(opened.decode(audio=0))
    return np.concatenate([f.to_ndarray()[0] for f in decoded]), float(decoded[0].time or 0)


def test_the_sound_is_there_and_on_time(whole: bytes):
    samples, start = heard(whole)
    with av.open(io.BytesIO(whole)) as film:
        audio = film.streams.audio[0]
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("aac", 48_000, 2)
    onset = start + np.argmax(np.abs(samples) > 0.1) / 48_000
    assert onset == pytest.approx(1.0, abs=0.01)
    assert start + len(samples) / 48_000 == pytest.approx(4.0, abs=0.025)
    # The music rings to the very end: nothing is cut or faded when it is as long as the film.
    assert np.abs(samples[round((3.9 - start) * 48_000) :][:2000]).max() > 0.35


def test_sound_that_is_longer_than_the_film_is_faded_not_cut(studio: Studio):
    clip = studio.clip(flat((90, 90, 90)), 48)
    film = studio.film(shots=(shot("a", clip, 0, 2),), duration_s=2, sound=studio.tone(5))
    samples, start = heard(film)
    level = [np.abs(samples[round((t - start) * 48_000) :][:1000]).max() for t in (1.5, 1.8, 1.96)]
    assert level[0] > 0.35 > level[1] > level[2]
    assert level[2] < 0.12


def test_sound_that_is_shorter_is_filled_with_silence(studio: Studio):
    clip = studio.clip(flat((90, 90, 90)), 48)
    film = studio.film(shots=(shot("a", clip, 0, 2),), duration_s=2, sound=studio.tone(0.5))
    samples, start = heard(film)
    assert start + len(samples) / 48_000 == pytest.approx(2.0, abs=0.025)


def test_captions_are_a_track_with_their_times(whole: bytes):
    with av.open(io.BytesIO(whole)) as film:
        (track,) = film.streams.subtitles
        assert (track.codec_context.name, track.language) == ("mov_text", "und")
        read = [
            (
                float(p.pts * p.time_base),
                float(p.duration * p.time_base),
                bytes(p)[2 : 2 + struct.unpack_from(">H", bytes(p))[0]].decode(),
            )
            for p in film.demux(track)
            if p.size > 2
        ]
    assert [text for *_, text in read] == [c.text for c in CAPTIONS]
    for (start, length, _), caption in zip(read, CAPTIONS, strict=True):
        assert (start, start + length) == pytest.approx((caption.start_s, caption.end_s), abs=0.002)


def test_the_file_names_no_program(whole: bytes):
    assert not re.search(rb"Lav[cf]|x264|ffmpeg|encoder|udta", whole)


def test_the_same_request_gives_the_same_bytes(studio: Studio):
    clip = studio.clip(scene(), 30)
    made = [
        studio.film(
            shots=(shot("a", clip, 0, 1, lines={"title": "Slow"}),),
            duration_s=1.25,
            end_s=0.25,
            name="Aurelia",
            captions=(spoken("Good things", 0.1, 0.9),),
            burn=True,
            sound=studio.tone(1.25),
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize(("codec", "name"), [("vp9", "vp9"), ("av1", "av1")])
def test_other_codecs_on_request(studio: Studio, codec: str, name: str):
    clip = studio.clip(flat((40, 160, 60)), 24)
    film = studio.film(
        shots=(shot("a", clip, 0, 1),), duration_s=1, codec=codec, sound=studio.tone(1)
    )
    with av.open(io.BytesIO(film)) as opened:
        video = opened.streams.video[0]
        assert name in video.codec_context.name or video.codec_context.name == "libdav1d"
        assert video.codec_context.pix_fmt == "yuv420p"
        assert int(video.codec_context.colorspace) == 1
    frames = frames_of(film)
    assert len(frames) == 24
    assert np.abs(frames[12][20, 20:60].mean(0) - (40, 160, 60)).max() < 6
    assert boxes_of(film).index("moov") < boxes_of(film).index("mdat")


def test_clips_of_another_size_and_rate_fill_the_frame(studio: Studio):
    small = cv2.resize(flat((200, 120, 40)), (320, 240))
    film = studio.film(
        shots=(shot("a", studio.clip(small, 12, fps=12), 0, 1),), duration_s=1, width=WIDTH
    )
    frames = frames_of(film)
    assert len(frames) == FPS
    corners = [frames[12][y, x] for y in (4, -5) for x in (4, -5)]
    assert np.abs(np.array(corners, int) - (200, 120, 40)).max() < 8


# --- what cannot be cut ----------------------------------------------------------------------


def test_a_clip_that_is_too_short_is_named(studio: Studio):
    clips = studio.clip(flat((90, 90, 90)), 24), studio.clip(flat((90, 90, 90)), 20)
    with pytest.raises(InvalidRequestError, match="'lake'"):
        studio.film(shots=(shot("a", clips[0], 0, 1), shot("lake", clips[1], 1, 1)), duration_s=2)


def test_one_frame_too_short_is_held(studio: Studio):
    clip = studio.clip(flat((90, 90, 90)), 23)
    assert len(frames_of(studio.film(shots=(shot("a", clip, 0, 1),), duration_s=1))) == 24


@pytest.mark.parametrize(
    ("starts", "why"),
    [((0.0, 1.5), "leaves a gap"), ((0.0, 0.5), "runs into"), ((0.5, 1.5), "it is the first")],
)
def test_shots_must_fill_the_film(studio: Studio, starts: tuple[float, float], why: str):
    clip = studio.clip(flat((90, 90, 90)), 24)
    shots = tuple(shot(f"s{i}", clip, start, 1) for i, start in enumerate(starts))
    with pytest.raises(InvalidRequestError, match=why):
        studio.film(shots=shots, duration_s=starts[1] + 1)


def test_odd_sides_and_damaged_clips_are_refused(studio: Studio):
    clip = studio.clip(flat((90, 90, 90)), 24)
    with pytest.raises(InvalidRequestError, match="641 x 360"):
        studio.film(shots=(shot("a", clip, 0, 1),), duration_s=1, width=641)
    broken = studio.file(b"no film at all", "video/mp4")
    with pytest.raises(InvalidRequestError, match="'a'"):
        studio.film(shots=(shot("a", broken, 0, 1),), duration_s=1)


# --- type -----------------------------------------------------------------------------------


def with_and_without(studio: Studio, ground: np.ndarray, lines: dict[str, str], **more: Any):
    """Frames of the same film with and without its words."""
    clip = studio.clip(ground, 48)
    subjects = more.pop("subjects", ())
    return tuple(
        frames_of(
            studio.film(
                shots=(shot("a", clip, 0, 2, lines=words, subjects=subjects),),
                duration_s=2,
                **more,
            )
        )
        for words in (lines, {})
    )


@pytest.mark.parametrize(
    "lines",
    [
        {"eyebrow": "Spring", "title": "Good things take their time"},
        {"line": "Eighteen hours", "detail": "Coffee and orange peel"},
        {"title": "الأشياء الجميلة"},
    ],
)
def test_words_are_readable_and_cross_neither_subject_nor_captions(
    studio: Studio, lines: dict[str, str]
):
    captions = (spoken("Read along", 0.2, 1.8),)
    with_words, without = with_and_without(
        studio, scene(), lines, subjects=(SUBJECT,), captions=captions
    )
    mask = changed(with_words[24], without[24])
    assert mask.sum() > 400, "no words to be seen"
    x0, y0, x1, y1 = box_pixels(SUBJECT)
    assert not mask[y0:y1, x0 + 8 : x1].any()
    assert not mask[int(band_top(WIDTH, HEIGHT)) :].any()
    touched = changed(with_words[24], without[24], 12).astype(np.uint8)
    near = cv2.dilate(touched, np.ones((17, 17), np.uint8)) > 0
    free = cv2.dilate(touched, np.ones((5, 5), np.uint8)) == 0
    low, high = np.percentile(luminance(with_words[24][near & free]), (5, 95))
    # Of small letters only the middle of a stroke has the ink's full colour.
    inks = np.percentile(luminance(with_words[24][mask]), (15, 85))
    ink = max(inks, key=lambda v: abs(v - (low + high) / 2))
    ratios = [(max(ink, v) + 0.05) / (min(ink, v) + 0.05) for v in (low, high)]
    assert min(ratios) > 4.5


def test_words_on_a_lively_ground_get_a_plate(studio: Studio):
    palette = Palette()
    with_words, _ = with_and_without(studio, hard(), {"line": "Mara Lindqvist"}, palette=palette)
    # A place of the palette's own colour, wide as a name, and dark letters on it.
    frame = with_words[24].astype(int)
    paper = [int(palette.paper[i : i + 2], 16) for i in (1, 3, 5)]
    plate = (np.abs(frame - paper).max(-1) < 10).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(cv2.erode(plate, np.ones((3, 3), np.uint8)))
    assert w > 130
    assert 1.05 * (w * h) > plate[y : y + h, x : x + w].sum() > 0.5 * w * h
    inside = luminance(with_words[24][y : y + h, x : x + w])
    assert (np.percentile(inside, 90) + 0.05) / (np.percentile(inside, 2) + 0.05) > 4.5


def test_words_come_and_go_softly_and_rise(studio: Studio):
    with_words, without = with_and_without(studio, scene(), {"title": "Slow"})
    amount = [
        float(np.abs(a.astype(int) - b).mean()) for a, b in zip(with_words, without, strict=True)
    ]
    settled = amount[24]
    assert amount[0] < 0.05 * settled
    assert amount[47] < 0.25 * settled
    coming = [a / settled for a in amount[6:18]]
    assert sum(0.1 < a < 0.9 for a in coming) >= 3, "it jumps in"

    def middle(at: int) -> float:
        apart = np.abs(with_words[at].astype(float) - without[at]).max(-1)
        rows = np.where(apart > 25, apart, 0).sum(1)
        return float((rows * np.arange(HEIGHT)).sum() / rows.sum())

    early = next(i for i, a in enumerate(amount) if a > 0.5 * settled)
    assert 0.3 < middle(early) - middle(24) < 0.015 * HEIGHT + 1


def test_a_film_of_shots_without_words_passes_through_untouched(studio: Studio):
    clip = studio.clip(scene(), 24)
    film = frames_of(studio.film(shots=(shot("a", clip, 0, 1),), duration_s=1))
    source = frames_of(studio.files[clip.sha256])
    assert np.abs(film[12].astype(float) - source[12]).mean() < 1.6


# --- burnt-in captions ------------------------------------------------------------------------


def test_the_spoken_word_is_lit(studio: Studio):
    clip = studio.clip(flat((205, 205, 205)), 48)
    caption = spoken("one two three four", 0.0, 2.0)
    film = frames_of(
        studio.film(shots=(shot("a", clip, 0, 2),), duration_s=2, captions=(caption,), burn=True)
    )

    def lit(at: int) -> float:
        """Middle of the accent's pixels, in the caption's band."""
        band = film[at][int(band_top(WIDTH, HEIGHT)) :].astype(int)
        orange = (band[..., 0] - band[..., 2] > 60) & (band[..., 0] > 150)
        assert orange.sum() > 20
        return float(np.nonzero(orange)[1].mean())

    places = [lit(at) for at in (6, 18, 30, 42)]
    assert places == sorted(places)
    assert places[-1] - places[0] > 60


def test_captions_stand_in_their_band_and_nowhere_else(studio: Studio):
    clip = studio.clip(scene(), 48)
    words = "Aurelia is steeped for eighteen hours, from coffee, water and orange peel."
    plain, burnt = (
        frames_of(
            studio.film(
                shots=(shot("a", clip, 0, 2),),
                duration_s=2,
                captions=(Caption(text=words, start_s=0.25, end_s=1.75),),
                burn=burn,
            )
        )
        for burn in (False, True)
    )
    mask = changed(plain[24], burnt[24])
    assert mask[int(band_top(WIDTH, HEIGHT)) :].any()
    assert not mask[: int(band_top(WIDTH, HEIGHT))].any()
    for at in (2, 46):
        assert not changed(plain[at], burnt[at]).any()


# --- end card and poster ------------------------------------------------------------------------


def test_the_end_card_moves_and_then_rests(studio: Studio):
    clip = studio.clip(flat((90, 90, 90)), 12)
    film = frames_of(
        studio.film(
            shots=(shot("a", clip, 0, 0.5),),
            duration_s=2.5,
            end_s=2,
            end_lines=(TypeLine(role="title", text="Taste it"),),
            logo=studio.file(LOGO, "image/svg+xml"),
            name="Aurelia",
        )
    )
    soft = [cv2.GaussianBlur(f, (0, 0), 3).astype(int) for f in film]
    assert np.abs(soft[-1] - soft[-9]).mean() < 0.6, "the last 0.4 s do not rest"
    corner = [s[:90, -160:].mean() for s in soft[12:]]
    assert max(corner) - min(corner) > 0.5, "nothing moves"
    orange = (film[-1][..., 0] > 200) & (film[-1][..., 2] < 130)
    assert orange.sum() > 300, "the logo is missing"
    ground = np.median(luminance(film[-1].reshape(-1, 3)))
    light = np.percentile(luminance(film[-1].reshape(-1, 3)), 99.5)
    assert (light + 0.05) / (ground + 0.05) > 7


def test_the_poster_is_a_frame_with_the_title(studio: Studio):
    clips = studio.clip(flat((90, 30, 30)), 24), studio.clip(scene(), 48)
    made = studio.assembled(
        shots=(shot("a", clips[0], 0, 1), shot("b", clips[1], 1, 2, lines={"title": "Slow"})),
        duration_s=3,
    )
    data = np.frombuffer(studio.desk.made[made.poster.sha256], np.uint8)
    poster = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    assert poster.shape == (HEIGHT, WIDTH, 3)
    film = frames_of(studio.desk.made[made.video.sha256])
    apart = [float(np.abs(poster.astype(int) - frame).mean()) for frame in film]
    best = int(np.argmin(apart))
    assert 36 <= best < 69
    assert apart[best] < 3
    assert (made.video.duration_s, made.video.width) == (3.0, WIDTH)


# --- texts ------------------------------------------------------------------------------------

LONG = spoken(
    "Aurelia is steeped for eighteen hours, from three ingredients: coffee, water & peel <so>.",
    2.0,
    8.0,
)


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_webvtt():
    text = webvtt((CAPTIONS[0], LONG))
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    last = 0.0
    for number, block in enumerate(blocks, 1):
        name, times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        assert name == str(number)
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", start)
        assert last <= seconds(start) < seconds(end)
        last = seconds(end)
        assert 1 <= len(lines) <= 2
        assert all(len(re.sub("<[^>]*>", "", line)) <= 60 for line in lines)
    # The words carry the times at which they are said; nothing else may look like a tag.
    told = re.findall("<([^>]*)>", text)
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", tag) for tag in told)
    assert "&amp; peel &lt;so&gt;" in re.sub("<[^>]*>", "", text).replace("\n", " ")


def test_subrip():
    text = subrip((CAPTIONS[0], LONG))
    blocks = text.strip().split("\n\n")
    assert blocks[0] == "1\n00:00:00,200 --> 00:00:01,000\nGood things take their time."
    words = " ".join(" ".join(block.split("\n")[2:]) for block in blocks)
    assert words == f"{CAPTIONS[0].text} {LONG.text}"


def test_long_captions_are_parted_at_their_words_times():
    parts = cues((LONG,))
    assert len(parts) > 1
    assert [p.start_s for p in parts[1:]] == [p.words[0].start_s for p in parts[1:]]
    assert (parts[0].start_s, parts[-1].end_s) == (2.0, 8.0)
    assert parts[0].text.endswith((",", ":"))


def test_cues_never_lie_over_each_other():
    shown = cues((spoken("One", 0, 3), spoken("Two", 2, 4), Caption(text=" ", start_s=4, end_s=5)))
    assert [(c.text, c.start_s, c.end_s) for c in shown] == [("One", 0, 2), ("Two", 2, 4)]


@pytest.mark.parametrize(
    "text", ["慢慢来的东西才好喝十八个小时的冷萃咖啡三种原料没有别的", "a" * 200, ""]
)
def test_lines_of_any_text_hold_it_all(text: str):
    assert "".join(lines_of(text)).replace(" ", "") == text


def test_timeline():
    clip = Asset(sha256="a" * 64, media_type="video/mp4", size=1, duration_s=4.0)
    sound = Asset(sha256="b" * 64, media_type="audio/wav", size=1, duration_s=6.0)
    shots = (shot("one", clip, 0, 2), shot("two", clip, 2, 1.5))
    told = json.loads(
        timeline(
            shots,
            fps=24,
            name="Film",
            duration_s=5,
            sound=sound,
            captions=CAPTIONS,
            media={clip.sha256: "media/one.mp4"},
        )
    )
    assert told["OTIO_SCHEMA"] == "Timeline.1"
    picture, heard_track = told["tracks"]["children"]
    assert (picture["kind"], heard_track["kind"]) == ("Video", "Audio")
    spans = [
        (c["OTIO_SCHEMA"], c["name"], c["source_range"]["duration"]["value"])
        for c in picture["children"]
    ]
    assert spans == [("Clip.2", "one", 48.0), ("Clip.2", "two", 36.0), ("Gap.1", "", 36.0)]
    media = picture["children"][0]["media_references"]["DEFAULT_MEDIA"]
    assert media["target_url"] == "media/one.mp4"
    assert [m["name"] for m in picture["markers"]] == [c.text for c in CAPTIONS]


# --- in a browser ------------------------------------------------------------------------------

PAGE = b"""<!doctype html><video src="film.mp4" muted autoplay></video><script>
const v = document.querySelector("video"), say = w => fetch("/said?" + encodeURIComponent(w));
v.playbackRate = 2;
v.onended = () => say(["ended", v.videoWidth, v.videoHeight, v.duration,
  v.getVideoPlaybackQuality().totalVideoFrames > 10].join(" "));
v.onerror = () => say("error " + v.error.message);
</script>"""


def test_the_film_plays_to_its_end_in_chromium(whole: bytes, tmp_path: Path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        assert not os.environ.get("CI"), "chromium is missing: apt-get install chromium"
        pytest.skip("chromium is not installed: apt-get install chromium")
    said: list[str] = []
    heard_it = threading.Event()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/said":
                said.append(query.replace("%20", " "))
                heard_it.set()
            kinds = {"/": ("text/html", PAGE), "/film.mp4": ("video/mp4", whole)}
            kind, body = kinds.get(path, ("text/plain", b""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = subprocess.Popen(
            [
                *(chromium, "--headless=new", "--no-sandbox", "--disable-gpu"),
                *("--autoplay-policy=no-user-gesture-required", "--no-first-run"),
                *("--disable-dev-shm-usage", f"--user-data-dir={tmp_path}"),
                f"http://127.0.0.1:{server.server_port}/",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert heard_it.wait(60), "the browser said nothing"
        finally:
            browser.kill()
            browser.wait()
            server.shutdown()
    assert said[0] == f"ended {WIDTH} {HEIGHT} 4 true"
