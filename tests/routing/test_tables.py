"""Routing tables: every row loads, every mistake is told with file and key, layers overlay by row."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from brandmodel import AsyncBrandModel
from brandmodel.errors import InvalidRequestError, TableError, UnknownModelError
from brandmodel.routing import Tables, load_tables
from brandmodel.tasks import TASKS, ReadBrief

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


def _loaded(folder: Path) -> Tables:
    return load_tables([("argument", folder)])


def test_every_bundled_row_loads_and_every_task_is_served() -> None:
    tables = load_tables()
    assert tables.default_model == "studio"
    for name in tables.models:
        table = tables.model(name)
        for task, entry in table.model.tasks.items():
            assert task in TASKS
            assert entry
    for id_, row in tables.targets.items():
        target = row.value
        assert target.tasks <= set(TASKS)
        assert target.latency_s > 0
        assert target.grade == "local/" + target.grade.removeprefix("local/")
        assert not target.price
        assert Path(row.file).name == f"{id_.split('/')[0]}.toml"


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
        "'ordered' or 'cheapest', not 'best'",
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
    ("targets/local", TARGETS + "price = { image = -1 }", "w.price.image", "not -1"),
    ("targets/local", TARGETS + "price = { image = nan }", "w.price.image", "finite"),
    ("targets/local", TARGETS + 'price = { image = "dear" }', "w.price.image", "not 'dear'"),
    ("targets/local", TARGETS + "price = { picture = 1 }", "w.price.picture", "'megapixel'"),
    ("targets/local", TARGETS + "latency_s = 0", "w.latency_s", "greater than 0"),
    ("targets/local", TARGETS + "revision = 0", "w.revision", "greater than or equal to 1"),
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
    with pytest.raises(UnknownModelError, match="no published model 'n'.*there are: m, studio"):
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


def test_the_cheapest_goes_first_where_the_table_says_so(write: Write) -> None:
    prices = ("price = { request = 0.2 }", "price = { request = 0.1 }")
    line = '{ targets = ["local/a", "local/b"], policy = "cheapest" }'
    route = (
        _dated(write, *prices, line=line)
        .model("m")
        .route(ReadBrief(prompt="x"), "hero", today=TODAY)
    )
    assert [target.id for target in route.targets] == ["local/b", "local/a"]


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
