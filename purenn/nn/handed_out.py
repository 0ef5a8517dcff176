"""Trees and arrays that modules have given out; a change in them would not reach the module.

A change in a dict of ``net.params`` or ``net.state``, or an assignment to ``net.weight.data``, is found and refused
when a module is next used. A dict that nobody else holds any longer is forgotten.
"""

from __future__ import annotations

import operator
import sys
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

from jax.core import Tracer

__all__ = [
    "arrays_handed_out",
    "check_attributes",
    "check_handed_out",
    "hand_out_array",
    "hand_out_tree",
    "trees_handed_out",
]

trees_handed_out: list[tuple[str, list[tuple[dict[str, Any], list[Any]]]]] = []
arrays_handed_out: deque[weakref.ref[Any]] = deque(maxlen=64)  # the latest that were read as attributes


def hand_out_tree(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """Returns a tree and remembers its content; ``name`` is the name of the tree in messages."""
    trees_handed_out.append((name, [(branch, [*branch, *branch.values()]) for branch in _branches(tree)]))
    return tree


def hand_out_array(array: object) -> Any:
    """Returns the array of an attribute and remembers it."""
    if not isinstance(array, Tracer):
        arrays_handed_out.append(weakref.ref(array))
    return array


def check_attributes(array: object) -> None:
    """Refuses ``data`` or ``grad`` set on an array, which can't pass them on to its module."""
    attributes = getattr(array, "__dict__", None)
    if attributes and ("data" in attributes or "grad" in attributes):
        name = "data" if "data" in attributes else "grad"
        delattr(array, name)
        raise RuntimeError(
            f"parameter.{name} was assigned, but a parameter is a jax array, which can't be changed in place: "
            "assign the module's attribute, as in net.fc.weight = array, or use "
            "net.set_parameter('fc.weight', array)"
        )


def check_handed_out() -> None:
    """Refuses changes of trees and arrays that were given out.

    Raises:
        RuntimeError: once per change.
    """
    while arrays_handed_out:
        check_attributes(arrays_handed_out.popleft()())
    if not trees_handed_out:
        return
    trees, trees_handed_out[:] = trees_handed_out[:], []
    for i, (name, branches) in enumerate(trees):
        if _is_changed(branches):
            trees_handed_out.extend(trees[i + 1 :])
            raise RuntimeError(
                f"a dict that {name} gave out was changed in place, which doesn't change the module. Assign it, "
                f"{name} = tree, or one array, net.set_parameter('fc.weight', array); to edit a tree of your own, "
                f"copy it before: jax.tree.map(lambda x: x, {name})"
            )
        if _is_held(branches):
            trees_handed_out.append((name, branches))


def _branches(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for branch in tree.values():
        if isinstance(branch, dict):
            yield from _branches(branch)


def _is_changed(branches: list[tuple[dict[str, Any], list[Any]]]) -> bool:
    """Whether these dicts have changed. A function, so that no variable refers to a dict when `_is_held` counts."""
    for branch, before in branches:
        now = [*branch, *branch.values()]
        if len(now) != len(before) or any(map(operator.is_not, now, before)):
            return True
    return False


# References that aren't the user's: the entry in ``branches`` and the argument of the count; below the top also the
# dict above and the list of its content.
_OURS_AT_TOP, _OURS_BELOW = 2, 4


def _is_held(branches: list[tuple[dict[str, Any], list[Any]]]) -> bool:
    """Whether anyone else still holds one of these dicts."""
    counts = [sys.getrefcount(branches[i][0]) for i in range(len(branches))]
    return counts[0] > _OURS_AT_TOP or any(count > _OURS_BELOW for count in counts[1:])
