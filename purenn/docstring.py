"""Docstrings of functions and classes that differ in the number of dimensions: one template per family."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import TypeVar

__all__ = ["documented"]

T = TypeVar("T")


def _words(rank: int) -> dict[str, str]:
    """The words that the number of spatial dimensions determines."""
    noun = {1: "signal", 2: "image", 3: "volume"}[rank]
    sizes = {1: "L", 2: "H, W", 3: "D, H, W"}[rank]
    out = ", ".join(f"{size}'" for size in sizes.split(", "))
    return {
        "rank": str(rank),
        "input": f"an {noun}" if noun == "image" else f"a {noun}",
        "inputs": f"{noun}s",
        "sizes": "one number" if rank == 1 else f"one number, or one per spatial dimension ({sizes})",
        "N": f"(N, C, {sizes})",
        "C": f"(C, {sizes})",
        "N_out": f"(N, C, {out})",
        "C_out": f"(C, {out})",
        "spatial": sizes,
        "spatial_out": out,
    }


def documented(template: str, rank: int | None = None, **words: str) -> Callable[[T], T]:
    """Gives a function or class the docstring of a filled template.

    In the template ``$name`` stands for one of ``words``, or for a word that depends on the number of spatial
    dimensions:

    - ``$rank``: the number; ``$input``, ``$inputs``: "an image", "images"; ``$sizes``: the values that a size may have.
    - ``$N``, ``$C``, ``$N_out``, ``$C_out``: shapes of an input and an output, with and without a batch;
      ``$spatial``, ``$spatial_out``: their spatial sizes.

    Args:
        template: the docstring with placeholders.
        rank: the number of spatial dimensions.
        words: the words for further placeholders.
    """
    known = {} if rank is None else _words(rank)

    def document(target: T) -> T:
        target.__doc__ = string.Template(template).substitute({**known, **words})
        return target

    return document
