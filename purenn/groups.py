"""Groups of parameters by their dotted names, for optax."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from purenn.tree import flatten, nest

__all__ = ["label_by_path"]

Label = TypeVar("Label")


def label_by_path(rules: Mapping[str, Label], default: Label) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Makes a function that labels each parameter by the first rule that its dotted name fits.

    optax takes this function in ``optax.partition`` (labels), ``optax.masked`` and the ``mask`` of ``optax.adamw``
    (booleans). The same rules fit ``net.params`` of a module and the ``params`` of a layer.

    Args:
        rules: labels by name. "encoder.layers.0" fits all names below it too. ``*``, ``?`` and ``[...]`` stand for any
            characters, dots included, as in "*.bias".
        default: the label of all other parameters.

    Returns:
        A function of a tree of parameters that returns a tree of labels.

    Raises:
        TypeError: ``rules`` or the parameters aren't a dict, or a rule's name isn't a string.
        ValueError: when the function is called, a rule fits no parameter.

    Source: ``torch.optim``'s ``param_groups``, whose place ``optax.partition`` takes.

    Example:
        >>> import jax.numpy as jnp, optax, purenn
        >>> from purenn import nn
        >>> net = nn.Sequential({"encoder": nn.Linear(4, 8), "norm": nn.LayerNorm(8), "head": nn.Linear(8, 1)})
        >>> group = purenn.label_by_path({"encoder": "slow", "norm": "slow"}, "fast")
        >>> group(net.params)["encoder"], group(net.params)["head"]
        ({'weight': 'slow', 'bias': 'slow'}, {'weight': 'fast', 'bias': 'fast'})
        >>> rates = {"slow": optax.sgd(1e-3), "fast": optax.sgd(1e-1)}
        >>> opt = nn.Optimizer(net, optax.partition(rates, group))
        >>> decayed = purenn.label_by_path({"*bias": False, "norm": False}, True)
        >>> opt = nn.Optimizer(net, optax.adamw(1e-3, weight_decay=0.1, mask=decayed))
    """
    if not isinstance(rules, Mapping):
        raise TypeError(f"label_by_path: rules must be a dict of labels by name, got a {type(rules).__name__}")
    rules = dict(rules)
    for pattern in rules:
        if not isinstance(pattern, str):
            raise TypeError(f"label_by_path: rules must have names of parameters as keys, got {pattern!r}")

    def labels(params: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(params, Mapping):
            kind = type(params).__name__
            raise TypeError(f"label_by_path: params must be a dict of parameters, as net.params, got a {kind}")
        names, used = [*flatten(params)], set[str]()
        by_name: dict[str, Any] = {}
        for name in names:
            fitting = [pattern for pattern in rules if _fits(name, pattern)]
            used.update(fitting)
            by_name[name] = rules[fitting[0]] if fitting else default
        if unused := [pattern for pattern in rules if pattern not in used]:
            raise ValueError(
                f"label_by_path: rules must fit a parameter, got {', '.join(map(repr, unused))} for the parameters "
                f"{', '.join(names[:20])}{', ...' if len(names) > 20 else ''}"
            )
        return nest(by_name)

    return labels


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or name.startswith(f"{pattern}.") or fnmatch.fnmatchcase(name, pattern)
