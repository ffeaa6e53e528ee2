from __future__ import annotations

import sys

import pytest

from brandmodel.cli import main
from tests.cli.program import Cli, Ran


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command, in this process: the same entry point, without the second to load it."""

    def run(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["brandmodel", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        assert "Traceback" not in said.out + said.err
        return Ran(ended.value.code, said.out, said.err)

    return run
