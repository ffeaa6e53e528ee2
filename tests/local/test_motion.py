"""Moving pictures: what the files hold, how the camera moves, how deep the picture is."""

from __future__ import annotations

import importlib
import io
import itertools
import os
import subprocess
import sys
from functools import cache

import av
import cv2
import numpy as np
import pytest

from brandmodel.errors import InvalidRequestError, MissingExtraError, ProviderError
from brandmodel.local.desk import Desk
from brandmodel.local.motion import pipe
from brandmodel.local.motion.animate import animate
from brandmodel.local.motion.camera import Stage, path_of
from brandmodel.local.motion.interpolate import interpolate
from brandmodel.local.picture.scene import Abstract, Landscape, StillLife
from brandmodel.local.retouch.pixels import png
from brandmodel.tasks import AnimateImage, Asset, Box, Clip, InterpolateFrames

WIDE, HIGH, FPS = 320, 180, 12
MOVES = ("push-in", "pull-out", "pan-left", "pan-right", "rise", "drift")
SCENES = {
    "city": Landscape(terrain="city", seed=3),
    "lake": Landscape(terrain="lake", seed=3),
    "bottle": StillLife(product="bottle", seed=2),
    "ribbons": Abstract(style="ribbons", seed=2),
    "confetti": Abstract(style="confetti", seed=2),
}


def nothing(asset: Asset) -> bytes:
    raise AssertionError(f"nobody made {asset.sha256}")


@cache
def drawn(name: str):
    scene = SCENES[name]
    engine = importlib.import_module(f"brandmodel.local.picture.{scene.kind}.engine")
    return engine.draw(scene, WIDE, HIGH)


@cache
def noise(width: int, height: int, seed: int = 5) -> np.ndarray:
    """A picture with detail everywhere."""
    random = np.random.default_rng(seed)
    # Mostly in lightness: films keep only a quarter of the detail in colour.
    small = random.integers(30, 226, (height // 5 + 1, width // 5 + 1, 1), np.uint8)
    small = np.clip(small * [1.0, 0.96, 0.9] + [0, 4, 12], 0, 255).astype(np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def clip_of(pixels: np.ndarray, **changes: object) -> tuple[Clip, bytes]:
    desk = Desk(nothing)
    fields: dict[str, object] = {"width": WIDE, "height": HIGH, "duration_s": 2.0, "fps": FPS}
    image = desk.keep(png(pixels), "image/png")
    clip = animate(AnimateImage(image=image, **{**fields, **changes}), desk)
    return clip, desk.made[clip.video.sha256]


@cache
def film_of(name: str, move: str) -> tuple[Clip, bytes]:
    picture = drawn(name)
    scene = SCENES[name].model_dump_json()
    return clip_of(picture.pixels, scene=scene, move=move, subjects=picture.subjects)


def greys(data: bytes) -> list[np.ndarray]:
    return [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in pipe.frames_of(data)]


def flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return search.calc(cv2.GaussianBlur(a, (0, 0), 1), cv2.GaussianBlur(b, (0, 0), 1), None)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return 10 * np.log10(255**2 / np.mean(np.square(a.astype(float) - b)))


# What the files hold.


def test_a_clip_is_a_plain_h264_file_of_exactly_the_frames_asked_for():
    clip, data = clip_of(noise(400, 225), duration_s=1.55, fps=24)
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        codec = stream.codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (codec.width, codec.height, stream.average_rate) == (WIDE, HIGH, 24)
        # 1 is BT.709 in the standard's tables, and range 1 is the narrow one of television.
        tags = (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range)
        assert tags == (1, 1, 1, 1)
        times = [frame.pts for frame in film.decode(stream)]
    assert len(times) == round(1.55 * 24) == 37
    assert len(set(np.diff(times))) == 1
    assert data.find(b"moov") < data.find(b"mdat")
    asset = clip.video
    assert (asset.media_type, asset.width, asset.height) == ("video/mp4", WIDE, HIGH)
    assert asset.duration_s == pytest.approx(37 / 24)


def test_the_same_request_gives_the_same_bytes_and_another_seed_other_grain():
    first, again, other = (clip_of(noise(400, 225), seed=seed)[1] for seed in (4, 4, 6))
    assert first == again
    assert first != other


def test_colours_come_back_as_they_went_in():
    colours = ([200, 40, 90], [20, 120, 220], [245, 240, 228], [12, 30, 16])
    for colour in colours:
        frame = np.full((64, 64, 3), colour, np.uint8)
        film = pipe.encode([frame] * 3, width=64, height=64, fps=25)
        back = next(pipe.frames_of(film))[32, 32].astype(int)
        assert np.abs(back - colour).max() <= 3


def test_a_file_tells_its_size_rate_and_length():
    frames = [noise(64, 48, seed) for seed in range(7)]
    film = pipe.encode(frames, width=64, height=48, fps=24)
    facts = pipe.info(film)
    assert (facts.width, facts.height, facts.fps, facts.frames) == (64, 48, 24.0, 7)
    assert facts.duration_s == pytest.approx(7 / 24)
    halved = list(pipe.frames_of(film, size=(32, 24)))
    assert [f.shape for f in halved] == [(24, 32, 3)] * 7


def test_damaged_files_and_wrong_options_are_said_clearly():
    film = pipe.encode([noise(64, 48, s) for s in range(12)], width=64, height=48, fps=24)
    for bad in (b"", b"not a film" * 90, film[: len(film) * 2 // 3]):
        with pytest.raises(InvalidRequestError, match="cannot be decoded"):
            list(pipe.frames_of(bad))
    with pytest.raises(InvalidRequestError, match="65 x 48"):
        pipe.encode([noise(65, 48)], width=65, height=48, fps=24)
    with pytest.raises(ProviderError, match="Unknown encoder 'nonsense'"):
        pipe.encode([noise(64, 48)], width=64, height=48, fps=24, extra=("-c:v", "nonsense"))


def test_a_machine_without_ffmpeg_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    pipe.ffmpeg.cache_clear()
    try:
        with pytest.raises(MissingExtraError) as caught:
            pipe.info(b"")
    finally:
        pipe.ffmpeg.cache_clear()
    assert caught.value.hint == "pip install 'brandmodel[local]'"


def test_an_ffmpeg_that_is_too_old_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path):
    old = tmp_path / "ffmpeg"
    old.write_text("#!/bin/sh\necho 'ffmpeg version 4.4.2 configuration: --enable-libx264'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    pipe.ffmpeg.cache_clear()
    try:
        assert pipe.ffmpeg() != str(old)
    finally:
        pipe.ffmpeg.cache_clear()


def test_leaving_early_ends_ffmpeg_at_once():
    film = pipe.encode([noise(640, 360, s) for s in range(20)], width=640, height=360, fps=24)
    before = children()
    reading = pipe.frames_of(film)
    next(reading)
    with pipe.Encoder(width=640, height=360, fps=24) as encoder:
        encoder.write(noise(640, 360))
        assert len(children()) == len(before) + 2
    reading.close()
    assert children() == before


def children() -> set[str]:
    """Processes under this one that run ffmpeg, dead ones that nobody waited for included."""
    own = subprocess.run(
        ["ps", "-o", "pid=,ppid=,comm=", "-A"], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in own.stdout.splitlines()]
    return {pid for pid, parent, name in rows if int(parent) == os.getpid() and "ffmpeg" in name}


# How the camera moves.


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("frame", [16 / 9, 1.0, 9 / 16])
def test_no_move_shows_an_edge_or_loses_the_subject(move, frame):
    subject = Box(x=0.55, y=0.3, width=0.3, height=0.35)
    stage = Stage(frame, 16 / 9, subject, pivot=0.4)
    for seconds in (0.5, 4, 60):
        path = path_of(move, stage, seconds)
        for t in np.linspace(0, 1, 9):
            pose = path.at(float(t))
            for nearness in (0.0, 0.5, 1.0):
                left, top = pose.seen((-stage.picture / 2, -0.5), nearness)
                right, bottom = pose.seen((stage.picture / 2, 0.5), nearness)
                assert left <= -frame / 2
                assert right >= frame / 2
                assert top <= -0.5
                assert bottom >= 0.5
        if frame > 1 and seconds < 60:
            seen = path.covered(subject, 0.4)
            assert seen.x > 0
            assert seen.y > 0
            assert seen.x + seen.width < 1
            assert seen.y + seen.height < 1


def test_the_subject_is_where_the_clip_says_it_is():
    field = np.full((360, 640, 3), (40, 60, 90), np.uint8)
    field[100:200, 400:520] = (250, 240, 60)
    box = Box(x=400 / 640, y=100 / 360, width=120 / 640, height=100 / 360)
    clip, data = clip_of(field, move="push-in", subjects=(box,))
    seen = np.zeros((HIGH, WIDE), bool)
    for frame in pipe.frames_of(data):
        seen |= frame[..., 0] > 150
    rows, columns = np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))
    said = clip.subjects[0]
    assert said.x * WIDE == pytest.approx(columns[0], abs=2)
    assert said.y * HIGH == pytest.approx(rows[0], abs=2)
    assert (said.x + said.width) * WIDE == pytest.approx(columns[-1] + 1, abs=2)
    assert (said.y + said.height) * HIGH == pytest.approx(rows[-1] + 1, abs=2)


def test_a_move_begins_and_ends_gently():
    _, data = clip_of(noise(640, 360), move="pan-right", duration_s=3.0)
    frames = greys(data)
    steps = [abs(float(np.median(flow(a, b)[..., 0]))) for a, b in itertools.pairwise(frames)]
    start, middle, end = np.mean(steps[:3]), np.mean(steps[16:19]), np.mean(steps[-3:])
    assert middle > 2.5 * start
    assert middle > 2.5 * end
    # Speed has one hill, no jolts.
    assert np.abs(np.diff(steps)).max() < 0.35 * middle


def test_panning_left_and_right_are_each_other_s_mirror():
    shifts = []
    for move in ("pan-left", "pan-right"):
        frames = greys(clip_of(noise(640, 360), move=move)[1])
        shifts.append(float(np.median(flow(frames[0], frames[-1])[..., 0])))
    # The camera to the left, the picture to the right.
    assert shifts[0] > 3
    assert shifts[1] == pytest.approx(-shifts[0], abs=0.6)


@pytest.mark.parametrize(
    ("name", "move"),
    [
        ("city", "pan-right"),
        ("lake", "push-in"),
        ("bottle", "drift"),
        ("ribbons", "rise"),
        ("confetti", "pan-left"),
    ],
)
def test_every_engine_s_clips_live_and_never_go_black_or_freeze(name, move):
    clip, data = film_of(name, move)
    frames = list(pipe.frames_of(data))
    assert len(frames) == 24
    still = float(drawn(name).pixels.mean())
    for a, b in itertools.pairwise(frames):
        assert np.abs(a.astype(int) - b).max() > 2
        assert float(b.mean()) == pytest.approx(still, abs=0.15 * still)
    # No border: the outermost rows and columns are like the ones next to them.
    for frame in (frames[0], frames[-1]):
        f = frame.astype(float)
        for edge, inner in ((f[0], f[2]), (f[-1], f[-3]), (f[:, 0], f[:, 2]), (f[:, -1], f[:, -3])):
            assert np.abs(edge - inner).mean() < 20
    assert len(clip.subjects) == len(drawn(name).subjects)


# How deep the picture is.


def test_near_things_pass_in_front_of_far_ones():
    _, data = film_of("city", "pan-right")
    frames = greys(data)
    moved = flow(frames[0], frames[-1])[..., 0]
    sky, water = moved[4:24, 200:], moved[-16:, 40:-40]
    towers = moved[100:135, 80:220]
    # To the right goes the camera: what is nearest goes farthest to the left.
    assert np.median(water) < np.median(towers) - 2
    assert abs(np.median(sky)) < abs(np.median(water)) / 2


def test_the_product_slides_against_its_backdrop():
    _, data = film_of("bottle", "pan-left")
    frames = greys(data)
    moved = flow(frames[0], frames[-1])[..., 0]
    box = drawn("bottle").subjects[0]
    middle = int((box.x + box.width / 2) * WIDE), int((box.y + box.height / 2) * HIGH)
    product = moved[middle[1] - 12 : middle[1] + 12, middle[0] - 8 : middle[0] + 8]
    wall, floor = moved[30:90, 6:30], moved[-14:, 40:-40]
    # The camera goes to the left, so everything to the right, and the nearer the farther.
    assert np.median(product) - np.median(wall) > 5
    assert np.median(floor) > np.median(product)


def test_silhouettes_stay_sharp_while_they_move():
    """A rubber sheet would smear the towers' edges over the sky that they uncover."""
    still = cv2.cvtColor(drawn("city").pixels, cv2.COLOR_RGB2GRAY)
    frames = greys(film_of("city", "pan-right")[1])

    def edges(grey: np.ndarray) -> float:
        part = cv2.GaussianBlur(grey, (0, 0), 0.8)[20:130]
        return float(np.percentile(np.abs(cv2.Sobel(part, cv2.CV_32F, 1, 0)), 97))

    assert edges(frames[0]) > 0.75 * edges(still)
    assert edges(frames[-1]) > 0.75 * edges(still)


def test_a_picture_that_was_changed_after_drawing_keeps_its_own_pixels():
    inverted = 255 - drawn("bottle").pixels
    _, data = clip_of(inverted, scene=SCENES["bottle"].model_dump_json(), move="drift")
    middle = list(pipe.frames_of(data))[12]
    assert float(middle.mean()) == pytest.approx(float(inverted.mean()), rel=0.15)


def test_a_small_drawing_is_drawn_anew_at_the_size_of_the_film():
    scene = StillLife(product="jar", label="Wildrow", framing="close", seed=2)
    engine = importlib.import_module("brandmodel.local.picture.still_life.engine")

    def edges(pixels: np.ndarray) -> float:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        return float(np.percentile(np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)), 99))

    _, data = clip_of(
        engine.draw(scene, WIDE // 3, HIGH // 3).pixels,
        scene=scene.model_dump_json(),
        move="drift",
        duration_s=0.5,
    )
    frame = next(iter(pipe.frames_of(data)))
    assert edges(frame) > 0.7 * edges(engine.draw(scene, WIDE, HIGH).pixels)


def test_a_product_placed_later_stands_on_its_plinth_and_moves_as_one():
    scene = StillLife(product="bottle", seed=2, plinth_only=True)
    engine = importlib.import_module("brandmodel.local.picture.still_life.engine")
    drawing = engine.draw(scene, 640, 360)
    spot = drawing.subjects[0]
    left, foot = int((spot.x + spot.width / 2) * 640) - 30, int((spot.y + spot.height) * 360)
    picture = drawing.pixels.copy()
    tall = foot - 12
    picture[foot - tall : foot, left : left + 60] = noise(60, tall) // 2
    _, data = clip_of(
        picture, scene=scene.model_dump_json(), move="pan-left", width=640, height=360
    )
    frames = greys(data)
    still = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)

    def place(frame: np.ndarray, top: int) -> tuple[int, float]:
        patch = still[top : top + 40, left + 8 : left + 52]
        patch = cv2.resize(patch, None, fx=zoom, fy=zoom)
        score = cv2.matchTemplate(frame, patch, cv2.TM_CCOEFF_NORMED)
        return int(np.argmax(score.max(0))), float(score.max())

    zoom = 1.09
    head, base = foot - tall + 26, foot - 50
    for frame in (frames[0], frames[-1]):
        (upper, sure), (lower, certain) = place(frame, head), place(frame, base)
        assert min(sure, certain) > 0.7
        assert abs(upper - lower) <= 1
    moved = place(frames[-1], head)[0] - place(frames[0], head)[0]
    wall = flow(frames[0], frames[-1])[20:60, 20:80, 0]
    assert abs(moved - float(np.median(wall))) > 3


def test_a_scene_of_another_maker_is_refused():
    with pytest.raises(InvalidRequestError, match="scene"):
        clip_of(noise(400, 225), scene='{"kind": "hologram"}')


# The frames between.


def moving_scene(count: int) -> list[np.ndarray]:
    """A panning background with a disc that flies across it."""
    ground, disc = noise(480, 300, 7), noise(480, 300, 9)
    out: list[np.ndarray] = []
    for n in range(count):
        shift = np.array([[1, 0, -10 - 3.1 * n], [0, 1, -8 - 1.4 * n]], np.float32)
        frame = cv2.warpAffine(ground, shift, (WIDE, HIGH), flags=cv2.INTER_CUBIC)
        other = np.array([[1, 0, -100 + 2.2 * n], [0, 1, -30.0]], np.float32)
        above = cv2.warpAffine(disc, other, (WIDE, HIGH), flags=cv2.INTER_CUBIC)
        mask = np.zeros((HIGH, WIDE), np.uint8)
        middle = (round((90 + 2.2 * n) * 16), 80 * 16)
        cv2.circle(mask, middle, 34 * 16, 255, -1, cv2.LINE_AA, 4)
        share = mask[..., None] / 255
        out.append((frame * (1 - share) + above * share + 0.5).astype(np.uint8))
    return out


def test_frames_between_are_much_better_than_blended_ones():
    truth = moving_scene(24)
    desk = Desk(nothing)
    slow = pipe.encode(truth[::2], width=WIDE, height=HIGH, fps=12, crf=6)
    asset = desk.keep(slow, "video/mp4", width=WIDE, height=HIGH, duration_s=1.0)
    subjects = (Box(x=0.1, y=0.1, width=0.2, height=0.2),)
    clip = interpolate(InterpolateFrames(clip=asset, fps=24, subjects=subjects), desk)
    fast = desk.made[clip.video.sha256]
    facts = pipe.info(fast)
    assert (facts.frames, facts.fps, facts.duration_s) == (24, 24.0, 1.0)
    assert (facts.width, facts.height) == (WIDE, HIGH)
    assert clip.subjects == subjects
    made, kept = list(pipe.frames_of(fast)), list(pipe.frames_of(slow))
    between = [psnr(made[n], truth[n]) for n in range(1, 22, 2)]
    blended = [
        psnr((kept[n // 2].astype(float) + kept[n // 2 + 1]) / 2, truth[n]) for n in range(1, 22, 2)
    ]
    assert np.mean(between) > np.mean(blended) + 8
    # After the last frame there is none to come; the motion goes on all the same.
    assert psnr(made[23], truth[23]) > psnr(made[22], truth[23]) + 4


def test_a_cut_stays_a_cut():
    desk = Desk(nothing)
    before, after = noise(WIDE, HIGH, 21), noise(WIDE, HIGH, 22)
    data = pipe.encode([before] * 3 + [after] * 3, width=WIDE, height=HIGH, fps=12, crf=6)
    clip = interpolate(InterpolateFrames(clip=desk.keep(data, "video/mp4"), fps=24), desk)
    for frame in pipe.frames_of(desk.made[clip.video.sha256]):
        assert max(psnr(frame, before), psnr(frame, after)) > 28


def test_a_clip_that_has_the_rate_is_handed_back():
    desk = Desk(nothing)
    asset = desk.keep(pipe.encode([noise(64, 48)] * 3, width=64, height=48, fps=24), "video/mp4")
    assert interpolate(InterpolateFrames(clip=asset, fps=24), desk).video == asset


def test_a_clip_is_slowed_down_to_a_length_and_keeps_moving():
    desk = Desk(nothing)
    frames = [np.roll(noise(96, 64), 2 * n, axis=1) for n in range(12)]
    asset = desk.keep(pipe.encode(frames, width=96, height=64, fps=24), "video/mp4")
    clip = interpolate(InterpolateFrames(clip=asset, fps=24, duration_s=0.8), desk)
    slow = desk.made[clip.video.sha256]
    facts = pipe.info(slow)
    assert (facts.frames, facts.fps, clip.video.duration_s) == (19, 24.0, 19 / 24)
    # Its end is seen at its end: nothing is cut off, and nothing stands still.
    shown = list(pipe.frames_of(slow))
    assert psnr(shown[18], frames[11]) > psnr(shown[18], frames[9]) + 3
    assert all(psnr(one, other) < 40 for one, other in itertools.pairwise(shown))
