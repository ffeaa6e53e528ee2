"""Money on the command line: what was spent, lost calls, a vendor's bill, the first live run."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from brandmodel.errors import RejectedError
from brandmodel.recipes import recipe
from brandmodel.tasks import Brief, Context
from brandmodel.testing import FakeVendor
from tests.cli.program import Cli, environment
from tests.engine.fakes import Render, Text, vendor

ROOT = Path(__file__).parents[2]
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


async def each_word(ctx: Context, brief: Brief) -> dict[str, str]:
    parts = await ctx.gather(
        *(ctx.scope(word).call(Render(text=word), name="part") for word in brief.prompt.split())
    )
    return {"text": " ".join(p.text for p in parts)}


def served(folder: Path, *, usd: float = 0.25, caps: str = "") -> FakeVendor:
    """A vendor, and tables in a folder that list it."""
    recipe("words", makes="text/plain")(each_word)
    fake = vendor(usd=usd)
    with (fake.routers(folder / "routers") / "fake-1.toml").open("a") as file:
        file.write(f"[caps]\n{caps}\n")
    return fake


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeVendor:
    made = served(tmp_path)
    monkeypatch.setenv("BRANDMODEL_ROUTERS", str(tmp_path / "routers"))
    monkeypatch.setenv("BRANDMODEL_HOME", str(tmp_path / "home"))
    return made


def make(cli: Cli, prompt: str, *more: str) -> str:
    """The id of a run that was made."""
    ran = cli("run", prompt, "--recipe", "words", "--yes", "--json", *more)
    assert ran.code == 0, ran.said
    return ran.json["run_id"]


def lose(cli: Cli, fake: FakeVendor, prompt: str) -> str:
    """The id of an attempt whose outcome nobody knows."""
    fake.lose_replies = 1
    lost = cli("run", prompt, "--recipe", "words", "--yes")
    assert lost.code == 3
    assert "brandmodel resolve" in lost.err
    return lost.err.split()[-1]


def test_what_was_spent_is_shown_apart(cli: Cli, fake: FakeVendor, tmp_path: Path) -> None:
    empty = cli("spend")
    assert (empty.code, empty.out) == (0, "Nothing was spent in the last 30 days.\n")
    run = make(cli, "one two")
    make(cli, "one three")
    attempt = lose(cli, fake, "four")
    said = cli("spend", "--json").json
    assert said["rows"] == [
        {
            "label": TODAY,
            "calls": 4,
            "settled_usd": 0.75,
            "forfeited_usd": 0.0,
            "held_usd": 0.0,
            "unknown_usd": 0.25,
            "total_usd": 1.0,
            "reused_usd": 0.25,
        }
    ]
    assert {**said["total"], "label": TODAY} == said["rows"][0]
    assert cli("resolve", attempt, "give-up").code == 0
    table = cli("spend", "--by", "run").out
    assert "forfeited" in table
    assert "unknown" not in table
    row = next(line for line in table.splitlines() if run in line)
    assert row.split()[1:4] == ["2", "$0.5000", "$0.5000"]
    # The dearest first, its bar as long as any.
    assert row.count("█") == max(line.count("█") for line in table.splitlines()) == 28
    refused = cli("spend", "--by", "colour")
    assert (refused.code, "day, task, target, run" in refused.err) == (2, True)


def test_the_plot_shows_the_same_as_svg_and_png(cli: Cli, fake: FakeVendor, tmp_path: Path) -> None:
    make(cli, "one two")
    lose(cli, fake, "four")
    svg, png = tmp_path / "spend.svg", tmp_path / "spend.png"
    for file in (svg, png):
        assert cli("spend", "--by", "task", "--plot", str(file)).code == 0
    drawn = ElementTree.parse(svg).getroot()
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Spent by task, last 30 days", "Render", "unknown $0.2500", "settled $0.5000"} <= {
        *texts
    }
    rects = [each.attrib for each in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    widths = {r["fill"]: float(r["width"]) for r in rects if float(r["height"]) == 16}
    assert widths["#2f6f4f"] == pytest.approx(2 * widths["#c2453b"], abs=0.02)
    with Image.open(png) as image:
        assert image.size == (1920, 2 * int(drawn.attrib["height"]))
        colours = {colour for _, colour in image.convert("RGB").getcolors(100_000) or ()}
    assert {(0x2F, 0x6F, 0x4F), (0xC2, 0x45, 0x3B)} <= colours
    for wrong, code in (("spend.pdf", 2), ("nowhere/spend.svg", 1)):
        assert cli("spend", "--plot", str(tmp_path / wrong)).code == code


def test_a_lost_call_is_listed_and_closed_and_the_same_command_goes_on(
    cli: Cli, fake: FakeVendor
) -> None:
    assert cli("unknown").out == "The outcome of every paid call is known.\n"
    attempt = lose(cli, fake, "one")
    (row,) = cli("unknown", "--json").json
    assert row["attempt"].startswith(attempt)
    assert (row["task"], row["target"], row["state"]) == ("Render", "fake/Render", "unknown")
    assert (row["high_usd"], row["charged_usd"], row["job"]) == (0.25, 0.0, None)
    listed = cli("unknown").out
    assert attempt in listed
    assert row["run_id"] in listed
    assert "$0.2500" in listed
    assert cli("run", "one", "--recipe", "words", "--yes").code == 3
    wrong = cli("resolve", attempt, "maybe")
    assert (wrong.code, "did-not" in wrong.err) == (2, True)
    closed = cli("resolve", attempt, "ran", "--usd", "0.20", "--json").json
    assert (closed["state"], closed["charged_usd"]) == ("forfeited", 0.2)
    assert cli("unknown", "--json").json == []
    make(cli, "one")
    assert len(fake.bill) == 2
    assert cli("resolve", attempt, "ran").code == 2


def export(file: Path, header: str, lines: Iterable[str]) -> str:
    file.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8-sig")
    return str(file)


def test_a_bill_by_job_is_compared_call_by_call(cli: Cli, fake: FakeVendor, tmp_path: Path) -> None:
    fake.as_jobs = True
    make(cli, "one two three")
    jobs = [row.job for row in fake.bill]
    head, file = "Request ID,Date,Model,Cost (USD),Currency", tmp_path / "bill.csv"
    head = head.replace("Cost (USD)", "Cost USD")
    equal = [f'{job},{TODAY}T10:00:00Z,Render,"$0.250000000",USD' for job in jobs]
    agreed = cli("reconcile", "fake", export(file, head, equal), "--json")
    assert (agreed.code, agreed.json["matched"], agreed.json["agrees"]) == (0, 3, True)
    assert agreed.json["matched_nano"] == 750_000_000
    # One of them for a nano-dollar more, one missing, one that we never asked for.
    other = [
        f"{jobs[0]},{TODAY},Render,0.250000001,USD",
        equal[1],
        f"strange,{TODAY},Render,1.5,USD",
    ]
    differs = cli("reconcile", "fake", export(file, head, other), "--json")
    assert (differs.code, differs.json["matched"]) == (1, 1)
    (pair,), (ours,), (theirs,) = (differs.json[each] for each in ("differ", "ours", "theirs"))
    assert (pair["id"], pair["ours_nano"], pair["theirs_nano"]) == (
        jobs[0],
        250_000_000,
        250_000_001,
    )
    assert (ours["ours_nano"], ours["theirs_nano"]) == (250_000_000, None)
    assert (theirs["id"], theirs["theirs_nano"]) == ("strange", 1_500_000_000)
    told = cli("reconcile", "fake", str(file))
    assert (told.code, "$0.250000001" in told.out, "strange" in told.out) == (1, True, True)


def test_a_bill_of_sums_is_compared_by_day_and_model(
    cli: Cli, fake: FakeVendor, tmp_path: Path
) -> None:
    make(cli, "one two")
    file = tmp_path / "sums.csv"
    same = [f"{TODAY};Render-2026-01-31;0.40", f"{TODAY};render;0.10"]
    assert cli("reconcile", "fake", export(file, "day;model;amount", same)).code == 0
    less = cli("reconcile", "fake", export(file, "day,amount", [f"{TODAY},0.49"]), "--json")
    (pair,) = less.json["differ"]
    assert (less.code, pair["ours_nano"], pair["theirs_nano"]) == (1, 500_000_000, 490_000_000)
    # Days that the file does not cover are not asked for.
    none = cli("reconcile", "fake", export(file, "day,amount", ["2020-01-01,1"]), "--json").json
    assert (none["ours"], [e["day"] for e in none["theirs"]]) == ([], ["2020-01-01"])


def test_a_call_without_a_job_is_found_by_day_model_and_amount_and_a_lost_one_is_told(
    cli: Cli, fake: FakeVendor, tmp_path: Path
) -> None:
    make(cli, "one")
    attempt = lose(cli, fake, "two")
    lines = [f"req-{n},{TODAY},Render,0.25" for n in range(2)]
    told = cli(
        "reconcile", "fake", export(tmp_path / "x.csv", "id,day,model,cost", lines), "--json"
    )
    assert (told.code, told.json["matched"]) == (1, 1)
    (ours,), (theirs,) = told.json["ours"], told.json["theirs"]
    assert (ours["state"], ours["ours_nano"]) == ("unknown", None)
    assert ours["attempt"].startswith(attempt)
    assert theirs["id"] in ("req-0", "req-1")


@pytest.mark.parametrize(
    ("header", "line", "why"),
    [
        ("date,model", "2026-01-01,x", "no column of amounts"),
        ("", "", "no column of amounts"),
        ("date,amount", "2026-01-01,much", "line 2: 'much' is not an amount"),
        ("date,amount", '2026-01-01,"0,05"', "line 2: '0,05' is not an amount"),
        ("date,amount", "2026-01-01,nan", "line 2: 'nan' is not an amount"),
        ("date,amount", "01/02/2026,1", "line 2: '01/02/2026' is not a date"),
        ("date,amount,currency", "2026-01-01,1,EUR", "line 2: the currency 'EUR' is not USD"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(
    cli: Cli, fake: FakeVendor, tmp_path: Path, header: str, line: str, why: str
) -> None:
    refused = cli("reconcile", "fake", export(tmp_path / "x.csv", header, [line]), "--json")
    assert (refused.code, why in refused.json["error"]["message"]) == (2, True)


def test_files_and_vendors_that_are_not_there(cli: Cli, fake: FakeVendor, tmp_path: Path) -> None:
    assert cli("reconcile", "fake", str(tmp_path / "none.csv")).code == 2
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00amount")
    assert cli("reconcile", "fake", str(tmp_path / "x.csv")).code == 2
    file = export(tmp_path / "y.csv", "day,amount", [])
    assert cli("reconcile", "nobody", file).code == 2
    assert cli("reconcile", "fake", file).code == 0


def test_without_a_terminal_the_first_live_run_says_yes_is_needed(
    cli: Cli, fake: FakeVendor
) -> None:
    words = ("--recipe", "words")
    refused = cli("run", "one", *words)
    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert not fake.calls
    assert cli("run", "one", *words, "--yes").code == 0
    # The project has agreed to this model and these vendors.
    assert cli("run", "two", *words).code == 0
    agreed = Path(os.environ["BRANDMODEL_HOME"]) / "agreed.json"
    assert json.loads(agreed.read_text()) == {"fake-1": [["fake"]]}
    for broken in ("[", "[]", '{"fake-1": [1]}', '{"fake-1": 1}'):
        agreed.write_text(broken)
        assert cli("run", "three", *words).code == 2
    # What costs nothing asks for nothing: all of it is known.
    assert cli("run", "one two", *words).code == 0


def test_another_vendor_is_asked_about_again_and_fewer_are_not(
    cli: Cli, fake: FakeVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = tmp_path / "routers"
    make(cli, "one")
    with (tables / "vendors.toml").open("a") as file:
        file.write('["second"]\nprovider = "fake"\nkey_env = "SECOND_KEY"\n')
    rows = (tables / "targets" / "fake.toml").read_text()
    (tables / "targets" / "second.toml").write_text(rows)
    model = (tables / "fake-1.toml").read_text()
    both = model.replace('["fake/Render"]', '["fake/Render", "second/Render"]')
    (tables / "fake-1.toml").write_text(both)
    # A vendor without its key cannot be paid.
    assert cli("run", "two", "--recipe", "words").code == 0
    monkeypatch.setenv("SECOND_KEY", "k")
    assert cli("run", "three", "--recipe", "words").code == 2
    assert cli("run", "three", "--recipe", "words", "--without", "second").code == 0
    make(cli, "four")
    assert cli("run", "five", "--recipe", "words", "--without", "fake").code == 0


def test_a_model_may_ask_nothing(cli: Cli, fake: FakeVendor, tmp_path: Path) -> None:
    served(tmp_path, caps="confirm = false")
    assert cli("run", "one", "--recipe", "words").code == 0


def test_without_a_terminal_the_terms_are_told(cli: Cli, fake: FakeVendor) -> None:
    refused = cli("run", "one two", "--recipe", "words")
    assert refused.code == 2
    for said in ("fake-1", "it may use fake;", "$0.5000 to $0.5000", "at most $2.0000", "--yes"):
        assert said in refused.err


def test_a_call_that_got_lost_is_told_of_on_the_receipt(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So little that it is sent once more, and both are charged.
    fake = served(tmp_path, usd=0.01)
    monkeypatch.setenv("BRANDMODEL_ROUTERS", str(tmp_path / "routers"))
    monkeypatch.setenv("BRANDMODEL_HOME", str(tmp_path / "home"))
    fake.lose_replies = 1
    ran = cli("run", "one two", "--recipe", "words", "--yes")
    assert (ran.code, fake.billed_usd_nano) == (0, 30_000_000), ran.said
    said = "1 call that got lost is charged at its upper price, up to $0.0100 more than billed"
    assert said in ran.out
    assert "got lost" not in cli("run", "one two", "--recipe", "words", "--yes").out


def test_where_all_fail_it_is_told_where_to_look(cli: Cli, fake: FakeVendor) -> None:
    def down(request: Render, take: int) -> Text:
        raise RejectedError("no", started=False)

    fake.serves(Render, down, usd_per_call=0.25)
    failed = cli("run", "one", "--recipe", "words", "--yes")
    assert failed.code == 1
    run = cli("runs", "--json").json[0]["run_id"]
    assert f"brandmodel show {run}" in failed.err
    assert "fake/Render" in cli("show", run).out


def test_parts_are_told_apart_without_colour(cli: Cli, fake: FakeVendor) -> None:
    make(cli, "one two")
    lose(cli, fake, "four")
    shown = cli("spend").out
    for sign, part in (("█", "settled"), ("░", "unknown")):
        assert f"{sign} {part}" in shown
    assert "█░" in shown.replace("██", "█").replace("░░", "░")


def test_a_vendor_can_be_left_out(cli: Cli, fake: FakeVendor) -> None:
    for command in (("run", "--yes"), ("quote",)):
        refused = cli(command[0], "one", "--recipe", "words", "--without", "fake", *command[1:])
        assert (refused.code, "Render" in refused.err) == (2, True)
        assert cli(command[0], "one", "--without", "nobody", *command[1:]).code == 2
    found = cli("doctor", "--without", "fake", "--json")
    findings = {check["subject"]: check for check in found.json["checks"]}
    assert findings["vendor fake"]["finding"] == "cannot be used: it is left out"
    assert findings["task Render"]["state"] == "bad"
    assert findings["task Render"]["hint"] == "leave out fewer vendors"
    assert found.code == 1
    assert "fake.toml" not in cli("doctor").out
    assert "fake.toml" in cli("doctor", "--rows").out
    nobody = cli("doctor", "--without", "nobody", "--json").json["checks"]
    assert {c["subject"]: c["state"] for c in nobody}["vendor nobody"] == "bad"


ON_TERMINAL = """
import sys
from pathlib import Path
from brandmodel.cli import main
from tests.cli.test_money import served

served(Path(sys.argv.pop(1)))
main()
"""


def on_terminal(folder: Path, answer: bytes) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, str(folder), "run", "one", "--recipe", "words"],
        cwd=ROOT,
        env=environment(folder / "home", TERM="dumb", BRANDMODEL_ROUTERS=str(folder / "routers")),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
            if said.endswith(b"[y/N] "):
                if answer:
                    os.write(ours, answer)
                else:
                    os.kill(process.pid, signal.SIGINT)
    except OSError:
        pass  # This is how a terminal says that its other side has gone.
    os.close(ours)
    return process.wait(60), said.decode()


def test_on_a_terminal_a_person_is_asked_once(tmp_path: Path) -> None:
    for answer, code in ((b"\n", 3), (b"", 3), (b"y\n", 0)):
        ended, said = on_terminal(tmp_path, answer)
        assert (ended, said.count("Go on?")) == (code, 1), said
        assert "it may use   fake" in said
        assert "$0.2500 to $0.2500" in said
        assert "$2.0000" in said
        assert "Traceback" not in said
        if code:
            assert not (tmp_path / "home" / "agreed.json").exists()
    ended, said = on_terminal(tmp_path, b"y\n")
    assert (ended, "Go on?" in said) == (0, False)
