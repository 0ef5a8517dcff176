"""The table of layers: one row per class, and per argument that changes the arithmetic."""

import importlib
import pkgutil

import rows
from layer_engine import Row

FAMILIES = sorted(family.name for family in pkgutil.iter_modules(rows.__path__))
TABLE: list[Row] = [row for name in FAMILIES for row in importlib.import_module(f"rows.{name}").ROWS]
