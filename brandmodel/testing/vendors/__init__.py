"""Fake vendors on one local server: they speak the vendors' wires, make real bytes, and keep a bill.

``python -m brandmodel.testing.vendors --port 8900 --write-routers routers`` runs them as a program;
``serving`` runs them in a test. Nothing here reaches out of this machine.
"""

from __future__ import annotations

from brandmodel.testing.vendors._server import serving

__all__ = ["serving"]
