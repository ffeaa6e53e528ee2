"""The fake vendors as tests see them: their address, their keys, and what is behind the counter."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


@dataclass(frozen=True, slots=True)
class Counter:
    url: str
    keys: dict[str, str]
    routers: Path

    def told(self, path: str) -> Any:
        with urlopen(f"{self.url}/{path}") as reply:
            return json.load(reply)

    def send(self, path: str, body: Any) -> Any:
        data, headers = json.dumps(body).encode(), {"content-type": "application/json"}
        with urlopen(Request(f"{self.url}/{path}", data, headers)) as reply:
            return json.load(reply)

    def fault(self, kind: str, vendor: str, count: int = 1, at: str = "") -> None:
        self.send("_faults", {"kind": kind, "vendor": vendor, "count": count, "at": at})

    def jobs(self) -> list[dict[str, Any]]:
        return self.told("_bill")["jobs"]
