"""Which target serves which task: tables as data, prices, and the order in which targets are tried."""

from brandmodel.routing.load import Layer, Tables, load_tables
from brandmodel.routing.prices import nano, usd
from brandmodel.routing.tables import ModelTable, Route

__all__ = ["Layer", "ModelTable", "Route", "Tables", "load_tables", "nano", "usd"]
