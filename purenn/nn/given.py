"""Trees of arrays that were given out by ``net.params`` and ``net.state``.

A change in such a dict would not reach the module, so it is found and refused when a module is next used. A dict that
nobody holds any longer is forgotten.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["check_given", "give"]

_given: list[tuple[str, list[tuple[dict[str, Any], list[Any]]]]] = []


def give(tree: dict[str, Any], name: str) -> dict[str, Any]:
    """Gives a tree out under the name that messages use, and remembers what is in it."""
    _given.append((name, [(branch, [*branch, *branch.values()]) for branch in _branches(tree)]))
    return tree


def check_given() -> None:
    """Refuses a change of a tree that was given out.

    Raises:
        RuntimeError: there was one; it is said once.
    """
    if not _given:
        return
    given, _given[:] = _given[:], []
    for i, (name, branches) in enumerate(given):
        for branch, before in branches:
            now = [*branch, *branch.values()]
            if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
                _given.extend(given[i + 1 :])
                raise RuntimeError(
                    f"a dict that {name} gave out was changed in place, which doesn't change the module. Assign it, "
                    f"{name} = tree, or one array, net.set_parameter('fc.weight', array); to edit a tree of your own, "
                    f"copy it before: jax.tree.map(lambda x: x, {name})"
                )
        if _is_held(branches):
            _given.append((name, branches))


def _branches(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for branch in tree.values():
        if isinstance(branch, dict):
            yield from _branches(branch)


# References that are no user's: the entry here and the argument of the count; below the top also those of the branch
# above it and of the list of what was in that.
_OURS_AT_TOP, _OURS_BELOW = 2, 4


def _is_held(branches: list[tuple[dict[str, Any], list[Any]]]) -> bool:
    """Whether anyone else still holds one of these dicts."""
    counts = [sys.getrefcount(branches[i][0]) for i in range(len(branches))]
    return counts[0] > _OURS_AT_TOP or any(count > _OURS_BELOW for count in counts[1:])
