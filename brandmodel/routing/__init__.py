"""Which target serves which task: tables as data, prices, and the order in which targets are tried."""

from brandmodel.routing.health import Health
from brandmodel.routing.load import Layer, Row, Tables, load_tables, tables_root
from brandmodel.routing.prices import nano, usd
from brandmodel.routing.tables import LEFT_OUT, ModelTable, Route

__all__ = [
    "LEFT_OUT",
    "Health",
    "Layer",
    "ModelTable",
    "Route",
    "Row",
    "Tables",
    "load_tables",
    "nano",
    "tables_root",
    "usd",
]
