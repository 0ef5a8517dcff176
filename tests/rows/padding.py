"""Rows of paddings: one number for all sides, different ones, and unbatched inputs."""

from functional_engine import normal
from layer_engine import Row

BATCHED = {1: normal(2, 3, 4), 2: normal(2, 2, 4, 3), 3: normal(2, 2, 3, 4, 3)}
UNBATCHED = {1: normal(3, 4), 2: normal(2, 4, 3), 3: normal(2, 3, 4, 3)}
SIDES = {1: (2, 1), 2: (2, 1, 0, 3), 3: (1, 2, 0, 3, 2, -1)}
VALUE = {"Constant": (3.5,)}

ROWS = [
    row
    for family in ("Circular", "Constant", "Reflection", "Replication", "Zero")
    for rank in (1, 2, 3)
    for row in (
        Row(f"{family}Pad{rank}d", (1, *VALUE.get(family, ())), {}, (BATCHED[rank],)),
        Row(f"{family}Pad{rank}d", (SIDES[rank], *VALUE.get(family, ())), {}, (UNBATCHED[rank],)),
    )
]
