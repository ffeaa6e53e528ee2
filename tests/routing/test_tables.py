"""Routing tables: every row loads, every mistake is told with file and key, layers overlay by row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import InvalidRequestError, TableError, UnknownModelError
from brandmodel.providers._chat import speaks
from brandmodel.routing import Tables, load_tables
from brandmodel.tasks import (
    TASKS,
    Asset,
    Chat,
    EditImage,
    GenerateImage,
    GenerateVideo,
    Message,
    ReadBrief,
    Request,
    Speak,
    WritingRequest,
)

TODAY = datetime.date(2026, 6, 15)
VENDORS = '[local]\nprovider = "local"\nlocal = true\n'
TARGETS = '[w]\ntasks = ["ReadBrief"]\n'
MODEL = '[model]\nname = "m"\ndefault = true\n[tasks]\nReadBrief = ["local/w"]\n'

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Tables in a folder; files that are not named are right."""

    def folder(name: str = "routers", **files: str) -> Path:
        written = {"vendors": VENDORS, "targets/local": TARGETS, "m": MODEL, **files}
        for file, text in written.items():
            path = tmp_path / name / f"{file}.toml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / name

    return folder


def chat(words: str, **fields: Any) -> Chat:
    return Chat(messages=(Message(role="user", text=words),), **fields)


def _loaded(folder: Path) -> Tables:
    return load_tables([("argument", folder)])


WRONG = [
    ("m", MODEL.replace("ReadBrief", "ReadBreif"), "tasks.ReadBreif", "did you mean 'ReadBrief'?"),
    ("m", MODEL.replace("local/w", "local/ww"), "tasks.ReadBrief", "did you mean 'local/w'?"),
    ("m", MODEL.replace("ReadBrief", "Sign"), "tasks.Sign", "'local/w' does not serve Sign"),
    ("m", MODEL.replace('["local/w"]', "[]"), "tasks.ReadBrief", "expected `targets`, or"),
    ("m", MODEL.replace('["local/w"]', '{ hero = ["local/w"] }'), "tasks.ReadBrief", "expected"),
    ("m", MODEL.replace('["local/w"]', '"local/w"'), "tasks.ReadBrief", "not 'local/w'"),
    ("m", MODEL.replace('["local/w"]', "[1]"), "tasks.ReadBrief.targets.0", "not 1"),
    (
        "m",
        MODEL.replace('["local/w"]', '{ targets = ["local/w"], policy = "best" }'),
        "tasks.ReadBrief.policy",
        "'fastest' or 'weighted', not 'best'",
    ),
    (
        "m",
        MODEL.replace('["local/w"]', '{ targets = ["local/w"], polcy = "ordered" }'),
        "tasks.ReadBrief.polcy",
        "unknown key",
    ),
    ("m", MODEL.replace('"m"', '"M M"'), "model.name", "not 'M M'"),
    ("m", MODEL.replace("default =", "defualt ="), "model.defualt", "unknown key"),
    ("m", MODEL.replace("default = true", 'default_tier = "best"'), "model.default_tier", "'best'"),
    ("m", MODEL + "[recipes.picture.final]\ntakes = 1", "recipes.picture.final", "'final'"),
    ("m", "[tasks]", "model", "Field required"),
    ("m", "[model", "", "not valid TOML"),
    ("vendors", "[local]\nlocal = true", "local.provider", "Field required"),
    ("vendors", VENDORS + 'base_ulr = "x"', "local.base_ulr", "did you mean 'base_url'?"),
    ("vendors", "local = 3", "local", "not 3"),
    ("targets/nope", TARGETS, "", "no vendor 'nope' in vendors.toml"),
    ("targets/local", "[w]\ntasks = []", "w.tasks", "at least 1"),
    ("targets/local", '[w]\ntasks = "ReadBrief"', "w.tasks", "not 'ReadBrief'"),
    ("targets/local", '[w]\ntasks = ["ReadBreif"]', "tasks.ReadBrief", "but ReadBreif"),
    ("targets/local", TARGETS + "tsaks = 1", "w.tsaks", "did you mean 'tasks'?"),
    ("targets/local", TARGETS + "price = { image = -1 }", "w.price.0.image", "not -1"),
    ("targets/local", TARGETS + "price = { image = nan }", "w.price.0.image", "finite"),
    ("targets/local", TARGETS + 'price = { image = "dear" }', "w.price.0.image", "not 'dear'"),
    ("targets/local", TARGETS + "price = { picture = 1 }", "w.price.0.picture", "unknown key"),
    ("targets/local", TARGETS + "price = { max_lines = 0 }", "w.price.0.max_lines", "not 0"),
    (
        "targets/local",
        TARGETS + "price = [{ image = 1 }, { max_lines = 9, image = 2 }]",
        "w.price",
        "sizes must rise",
    ),
    (
        "targets/local",
        TARGETS + "price = [{ max_lines = 9, image = 1 }, { max_lines = 9, image = 2 }]",
        "w.price",
        "sizes must rise",
    ),
    ("targets/local", TARGETS + 'tokens = "gpt-6-luna"', "w.tokens", "not 'gpt-6-luna'"),
    ("targets/local", TARGETS + "limits = { max_width = 9 }", "w.limits.max_width", "unknown key"),
    ("targets/local", TARGETS + "limits = { max_side = 0 }", "w.limits.max_side", "not 0"),
    ("targets/local", TARGETS + "limits = { durations_s = [] }", "w.limits.durations_s", "least 1"),
    ("targets/local", TARGETS + 'obligations = ["fame"]', "w.obligations.0", "not 'fame'"),
    ("targets/local", TARGETS + "requests_per_minute = 0", "w.requests_per_minute", "not 0"),
    ("targets/local", TARGETS + "latency_s = 0", "w.latency_s", "greater than 0"),
    ("targets/local", TARGETS + "revision = 0", "w.revision", "greater than or equal to 1"),
    ("targets/local", TARGETS + "sketches = 4", "w.sketches", "less than or equal to 3"),
    (
        "targets/local",
        TARGETS + "sketches = 1\nprice = { image = 0.02 }",
        "w",
        "`sketches` need a price",
    ),
    ("targets/local", TARGETS + 'until = "soon"', "w.until", "not 'soon'"),
]


@pytest.mark.parametrize(("file", "text", "key", "expected"), WRONG, ids=range(len(WRONG)))
def test_a_mistake_is_told_with_file_key_and_what_was_expected(
    write: Write, file: str, text: str, key: str, expected: str
) -> None:
    folder = write(**{file: text})
    with pytest.raises(TableError) as wrong:
        _loaded(folder).model("m")
    # What a target cannot do shows where a model asks it to.
    shown = "m" if key.startswith("tasks.") else file
    assert wrong.value.file == str(folder / f"{shown}.toml")
    assert wrong.value.key.startswith(key)
    assert expected in wrong.value.message


def test_a_folder_that_is_missing_is_told_with_who_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TableError, match=r"nowhere: no such folder .*from argument"):
        load_tables([("argument", tmp_path / "nowhere")])
    monkeypatch.setenv("BRANDMODEL_ROUTERS", str(tmp_path / "nowhere"))
    with pytest.raises(TableError, match="from BRANDMODEL_ROUTERS"):
        _ = AsyncBrandModel(home=tmp_path).engine


def test_a_table_that_cannot_be_read_is_told(write: Write) -> None:
    folder = write()
    (folder / "folder.toml").mkdir()
    with pytest.raises(TableError, match=r"folder\.toml: cannot be read: Is a directory"):
        _loaded(folder).model("m")


def test_an_unknown_model_names_those_that_there_are(write: Write) -> None:
    with pytest.raises(
        UnknownModelError, match="no published model 'n'.*there are: m, studio, studio-plus"
    ):
        _loaded(write()).model("n")


def test_a_task_without_a_line_is_told_by_the_route(write: Write) -> None:
    table = _loaded(write(m='[model]\nname = "m"\n[tasks]\n')).model("m")
    with pytest.raises(TableError, match=r"m\.toml: tasks\.ReadBrief: no target serves this task"):
        table.route(ReadBrief(prompt="x"), "hero", today=TODAY)


def _project(tmp_path: Path, write: Write, label: str, latency_s: float) -> Path:
    targets = f'[w]\ntasks = ["ReadBrief"]\nmodel = "{label}"\nlatency_s = {latency_s}\n'
    own = f'[{label}]\ntasks = ["ReadBrief"]\n'
    return write(label, **{"targets/local": targets + own})


async def _engine_of(tmp_path: Path, write: Write, *labels: str) -> AsyncBrandModel:
    folders = {label: _project(tmp_path, write, label, 1 + n) for n, label in enumerate(labels)}
    brand = tmp_path / "brand"
    brand.mkdir()
    (brand / "brand.toml").write_text('name = "A"')
    if "project" in folders:
        folders["project"].rename(brand / "routers")
    return AsyncBrandModel(
        brand=brand, routers=folders.get("argument"), home=tmp_path / "home", memory=True
    )


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("labels", "winner"),
    [
        (("argument", "environment", "project"), "argument"),
        (("environment", "project"), "environment"),
        (("project",), "project"),
    ],
)
async def test_layers_go_argument_environment_project_bundled_row_by_row(
    tmp_path: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
    labels: tuple[str, ...],
    winner: str,
) -> None:
    if "environment" in labels:
        monkeypatch.setenv("BRANDMODEL_ROUTERS", str(tmp_path / "environment"))
    model = await _engine_of(tmp_path, write, *labels)
    targets = model.engine.tables.targets
    assert targets["local/w"].value.model == winner
    assert f"/{'routers' if winner == 'project' else winner}/" in targets["local/w"].file
    # Rows that only a lower layer has are there as well.
    assert {f"local/{label}" for label in labels} <= set(targets)
    assert targets["local/picture"].value.tasks == {"GenerateImage", "UpscaleImage"}
    await model.aclose()


def test_a_row_is_replaced_whole_never_merged_by_field(write: Write) -> None:
    below = write("below", **{"targets/local": TARGETS + "latency_s = 9\nrevision = 7"})
    above = write("above", **{"targets/local": TARGETS + "latency_s = 3"})
    target = load_tables([("a", above), ("b", below)]).targets["local/w"].value
    assert (target.latency_s, target.grade) == (3.0, "local/1")


def test_a_published_model_is_replaced_whole(write: Write) -> None:
    below = write("below", m=MODEL + "[recipes.picture.hero]\ntakes = 9")
    above = write("above", m=MODEL.replace("default = true", 'description = "mine"'))
    table = load_tables([("a", above), ("b", below)]).model("m")
    assert table.model.model.description == "mine"
    assert not table.options("picture", "hero")
    own = load_tables([("a", write("own", m=MODEL.replace('"m"', '"studio"')))]).model("studio")
    assert set(own.model.tasks) == {"ReadBrief"}


def test_the_default_model_is_of_the_first_layer_that_has_one(write: Write) -> None:
    plain = MODEL.replace("default = true\n", "")
    marked = write("marked", other=plain.replace('"m"', '"other"'))
    assert _loaded(marked).default_model == "m"
    alone = write("alone", m=plain)
    assert _loaded(alone).default_model == "m"
    two = write("two", m=plain, other=plain.replace('"m"', '"other"'))
    assert _loaded(two).default_model == "studio"


def _dated(write: Write, *dates: str, line: str = '["local/a", "local/b"]') -> Tables:
    rows = "".join(
        f'[{name}]\ntasks = ["ReadBrief"]\n{date}\n'
        for name, date in zip("ab", dates, strict=False)
    )
    return _loaded(write(m=MODEL.replace('["local/w"]', line), **{"targets/local": rows}))


@pytest.mark.parametrize(
    ("dates", "served_by"),
    [
        (("", ""), ["local/a", "local/b"]),
        (("until = 2026-06-15", ""), ["local/a", "local/b"]),
        (("until = 2026-06-14", ""), ["local/b"]),
        (("since = 2026-06-16", ""), ["local/b"]),
        (("since = 2026-06-15", "until = 2020-01-01"), ["local/a"]),
    ],
)
def test_a_target_serves_from_its_first_day_to_its_last(
    write: Write, dates: tuple[str, str], served_by: list[str]
) -> None:
    route = _dated(write, *dates).model("m").route(ReadBrief(prompt="x"), "hero", today=TODAY)
    assert [target.id for target in route.targets] == served_by


def test_when_all_targets_are_past_their_date_it_is_told(write: Write) -> None:
    table = _dated(write, "until = 2026-06-14", "until = 2026-01-01").model("m")
    with pytest.raises(TableError, match=r"tasks\.ReadBrief: all of its targets are past") as past:
        table.route(ReadBrief(prompt="x"), "hero", today=TODAY)
    assert "local/a" in past.value.message


def test_tiers_have_their_own_lists_and_hero_falls_back_to_the_one_list(write: Write) -> None:
    line = '{ workhorse = ["local/a"], hero = ["local/b"] }'
    table = _dated(write, "", "", line=line).model("m")
    request = ReadBrief(prompt="x")
    draft = table.route(request, "workhorse", today=TODAY)
    final = table.route(request, "hero", today=TODAY)
    assert ([t.id for t in draft.targets], draft.hero) == (["local/a"], False)
    assert ([t.id for t in final.targets], final.hero) == (["local/b"], True)
    one = _dated(write, "", "").model("m").route(request, "hero", today=TODAY)
    assert (one.hero, one.tiered) == (False, False)


def _limited(write: Write, *limits: str, stand_in: str = "") -> Tables:
    """Vendor targets far/a, far/b, ... with these lines, and local/w behind them."""
    rows = "".join(
        f'[{name}]\ntasks = ["GenerateImage", "GenerateVideo", "Speak", "Chat", "EditImage"]\n{line}\n'
        for name, line in zip("abc", limits, strict=False)
    )
    ids = ", ".join(f'"far/{name}"' for name, _ in zip("abc", limits, strict=False))
    lines = "".join(
        f'{task} = {{ targets = [{ids}, "local/w"] {stand_in} }}\n'
        for task in ("GenerateImage", "GenerateVideo", "Speak", "Chat", "EditImage")
    )
    tasks = 'tasks = ["GenerateImage", "GenerateVideo", "Speak", "Chat", "EditImage"]'
    return _loaded(
        write(
            **{
                "vendors": VENDORS + '[far]\nprovider = "far"\nrequests_per_minute = 60\n',
                "targets/far": rows,
                "targets/local": f"[w]\n{tasks}\n",
                "m": f'[model]\nname = "m"\n[tasks]\n{lines}',
            }
        )
    )


PHOTOS = tuple(
    Asset(sha256=f"{n}" * 64, media_type="image/png", size=9, width=64, height=64) for n in (1, 2)
)


@pytest.mark.parametrize(
    ("limit", "request_", "taken"),
    [
        ("limits = { max_side = 1024 }", GenerateImage(prompt="x", width=1024, height=512), True),
        ("limits = { max_side = 1024 }", GenerateImage(prompt="x", width=512, height=1025), False),
        ("limits = { max_duration_s = 8 }", GenerateVideo(prompt="x", duration_s=8), True),
        ("limits = { max_duration_s = 8 }", GenerateVideo(prompt="x", duration_s=8.1), False),
        ("limits = { durations_s = [4, 8] }", GenerateVideo(prompt="x", duration_s=5), True),
        ("limits = { durations_s = [4, 8] }", GenerateVideo(prompt="x", duration_s=9), False),
        ("limits = { max_characters = 5 }", Speak(text="Hello"), True),
        ("limits = { max_characters = 5 }", Speak(text="Hello!"), False),
        ("limits = { max_characters = 5 }", GenerateImage(prompt="a lake"), False),
        ("limits = { max_input_tokens = 50 }", chat("x" * 150), True),
        ("limits = { max_input_tokens = 50 }", chat("x" * 400), False),
        ("limits = { max_output_tokens = 100 }", chat("x", most_tokens=100), True),
        ("limits = { max_output_tokens = 100 }", chat("x", most_tokens=101), False),
        ("limits = { max_images = 1 }", EditImage(images=PHOTOS[:1], prompt="x"), True),
        ("limits = { max_images = 1 }", EditImage(images=PHOTOS, prompt="x"), False),
        ("price = { max_lines = 720, second = 1 }", GenerateVideo(prompt="x"), True),
        (
            "price = { max_lines = 720, second = 1 }",
            GenerateVideo(prompt="x", width=1080, height=1920),
            False,
        ),
    ],
)
def test_a_target_that_cannot_take_a_request_is_passed_over(
    write: Write, limit: str, request_: Request[Any], taken: bool
) -> None:
    table = _limited(write, limit, "").model("m")
    route = table.route(request_, "hero", today=TODAY)
    assert [t.id for t in route.targets] == (["far/a", "far/b"] if taken else ["far/b"])
    assert route.grade == "model"


def test_a_request_that_no_target_can_take_is_refused_before_anything_is_paid(write: Write) -> None:
    table = _limited(write, "limits = { max_side = 64 }", "limits = { max_side = 99 }").model("m")
    with pytest.raises(InvalidRequestError, match="more than any target can do") as refused:
        table.route(GenerateImage(prompt="x"), "hero", today=TODAY)
    # The local target is of another grade: it does not take the place of a model by itself.
    assert refused.value.hint == "pixels on a side: 1,024, at most 64"
    assert "far" not in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "media_type", "seen"),
    [
        ("", "image/png", True),
        ("", "video/mp4", False),
        ("settings = { references = false }", "image/png", False),
        ('settings = { map = { prompt = "p" } }', "image/png", False),
        ('settings = { map = { reference = "p" } }', "video/mp4", True),
        ('settings = { map = {}, workflow = "w.json" }', "image/png", True),
    ],
)
def test_a_target_that_sees_no_reference_is_passed_over(
    write: Write, lines: str, media_type: str, seen: bool
) -> None:
    """If there is another; else it serves, and its provider says what could not be honoured."""
    rows = f'[a]\ntasks = ["GenerateImage"]\n{lines}\n[b]\ntasks = ["GenerateImage"]\n'
    other = 'settings = { map = { reference = "r" } }\n'
    head = '[model]\nname = "m"\ndefault = true\n[tasks]\n'
    folder = write(
        **{
            "vendors": VENDORS + '[far]\nprovider = "fal"\n',
            "targets/far": rows + other,
            "m": head + 'GenerateImage = ["far/a", "far/b"]\n',
            "n": head.replace('"m"', '"n"').replace("true", "false")
            + 'GenerateImage = ["far/a"]\n',
        }
    )
    (folder / "w.json").write_text('{"4": {"inputs": {"image": "{{ reference }}"}}}')
    reference = Asset(sha256="0" * 64, media_type=media_type, size=0)
    request = GenerateImage(prompt="x", reference=reference)
    served = {
        name: [
            t.id for t in _loaded(folder).model(name).route(request, "hero", today=TODAY).targets
        ]
        for name in ("m", "n")
    }
    assert served == {"m": ["far/a", "far/b"] if seen else ["far/b"], "n": ["far/a"]}


def test_a_stand_in_takes_what_no_vendor_can_and_is_of_its_own_grade(write: Write) -> None:
    tables = _limited(write, "limits = { max_side = 64 }", stand_in=", stand_in = true")
    route = tables.model("m").route(GenerateImage(prompt="x"), "hero", today=TODAY)
    assert ([t.id for t in route.targets], route.grade) == (["local/w"], "local/1")


def test_a_target_has_its_vendors_rate_or_its_own(write: Write) -> None:
    targets = _limited(write, "", "requests_per_minute = 5").targets
    assert targets["far/a"].value.requests_per_minute == 60
    assert targets["far/b"].value.requests_per_minute == 5
    assert targets["local/w"].value.requests_per_minute is None


def test_a_line_says_what_a_refusal_does_and_how_long_a_step_may_take(write: Write) -> None:
    for line, expected in [
        ("", (False, None)),
        (', on_refusal = "next", deadline_s = 2.5', (True, 2.5)),
    ]:
        model = MODEL.replace('["local/w"]', f'{{ targets = ["local/w"]{line} }}')
        route = _loaded(write(m=model)).model("m").route(ReadBrief(prompt="x"), "hero", today=TODAY)
        assert (route.next_on_refusal, route.deadline_s) == expected


@pytest.mark.anyio
async def test_a_quotes_time_counts_with_the_rate_that_a_vendor_allows(
    tmp_path: Path, write: Write
) -> None:
    seconds: list[float] = []
    for rate in ("", "requests_per_minute = 1"):
        studio = (Path(__file__).parents[2] / "routers" / "studio.toml").read_text()
        drawn = re.sub("(?m)^GenerateImage .*", 'GenerateImage = ["far/a"]', studio)
        folder = write(
            f"of-{len(seconds)}",
            **{
                "vendors": '[far]\nprovider = "openai"\n',
                "targets/far": f'[a]\ntasks = ["GenerateImage"]\n{rate}\n',
                "targets/local": "",
                "m": drawn,
            },
        )
        async with AsyncBrandModel(routers=folder, home=tmp_path / f"home-{rate}") as model:
            quote = await model.quote("A lake at dawn", recipe="picture", options={"rounds": 0})
        assert sum(step.target == "far/a" for step in quote.steps) == 3
        seconds.append(quote.seconds)
    # The first goes at once, each further one a minute later.
    assert seconds[1] - seconds[0] == pytest.approx(120)


def test_groups_stand_for_their_tasks(write: Write) -> None:
    folder = write(**{"targets/local": '[w]\ntasks = ["writing", "looking", "Embed"]\n'})
    tasks = _loaded(folder).targets["local/w"].value.tasks
    written = {name for name, task in TASKS.items() if issubclass(task, WritingRequest)}
    assert tasks == written | {"Chat", "Judge", "Moderate", "Embed"}
    assert all(speaks(TASKS[name]) for name in tasks - {"Embed"})


def test_a_pin_is_obeyed_and_an_impossible_one_refused(write: Write) -> None:
    table = _dated(write, "", "").model("m")
    pinned = table.route(ReadBrief(prompt="x", target="local/b"), "hero", today=TODAY)
    assert [target.id for target in pinned.targets] == ["local/b"]
    with pytest.raises(InvalidRequestError, match=r"'local/judge' does not serve ReadBrief"):
        table.route(ReadBrief(prompt="x", target="local/judge"), "hero", today=TODAY)


def test_a_local_target_and_a_model_never_stand_in_for_each_other_by_themselves(
    write: Write,
) -> None:
    both = {
        "vendors": VENDORS + '[far]\nprovider = "far"\n',
        "targets/far": '[m]\ntasks = ["ReadBrief"]\n',
        "m": MODEL.replace('["local/w"]', '["far/m", "local/w"]'),
    }
    route = _loaded(write("apart", **both)).model("m").route
    served = route(ReadBrief(prompt="x"), "hero", today=TODAY)
    assert ([t.id for t in served.targets], served.grade) == (["far/m"], "model")
    assert not served.stand_ins
    both["m"] = MODEL.replace('["local/w"]', '{ targets = ["far/m", "local/w"], stand_in = true }')
    served = (
        _loaded(write("with", **both)).model("m").route(ReadBrief(prompt="x"), "hero", today=TODAY)
    )
    assert [t.id for t in served.stand_ins] == ["local/w"]
