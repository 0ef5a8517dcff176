"""Parametrizations: layers or modules that compute an array from others."""

from __future__ import annotations

from purenn import random
from purenn.layers.base import Layer
from purenn.layers.bound import Bound
from purenn.nn import access, from_layer
from purenn.nn.module import Module
from purenn.nn.structure import structure
from purenn.typing import Key
from purenn.utils.computed import Parametrized
from purenn.utils.parametrization_list import ListedArray, ParametrizationList, cached, held_list, list_of, with_part
from purenn.utils.parametrization_steps import originals_of
from purenn.utils.target import Changed, Triple, bound, change, computed_of, hold, read, restore

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


def register_parametrization(
    module: Changed, tensor_name: str, parametrization: Layer | Module, *, unsafe: bool = False, rng: Key | None = None
) -> Changed:
    """Makes an array of a layer or module the output of a parametrization.

    ``parametrizations.weight.original`` is trained and saved. A parametrization is a layer or a module that maps the
    original to the array. It may have a ``right_inverse`` that maps an array to its original (for a layer
    ``right_inverse(self, m, X)``); registration and assignment to the array call it. If it returns a sequence, the
    originals are ``original0``, ``original1`` and so on, and the parametrization is called with all of them.
    Parametrizations can be stacked.

    Args:
        module: a module, which is changed and returned; a layer or a triple ``(layer, params, state)``, of which a
            changed copy is returned.
        tensor_name: the name of a parameter or buffer.
        parametrization: a layer; for a module also a module.
        unsafe: whether it may change the array's dtype and shape, which aren't checked then.
        rng: a jax key; needed for a triple if the parametrization has random arrays.

    Raises:
        ValueError: there is no array of that name, or the parametrization changes its dtype or shape.

    Source: ``torch.nn.utils.parametrize.register_parametrization``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> from purenn.utils import parametrize
        >>> class Symmetric(layers.Layer):
        ...     def forward(self, m, X):
        ...         return jnp.triu(X) + jnp.triu(X, 1).T
        ...     def right_inverse(self, m, A):
        ...         return jnp.triu(A)
        >>> layer = parametrize.register_parametrization(layers.Linear(3, 3), "weight", Symmetric())
        >>> params, state = layer.init(jax.random.key(0))
        >>> list(params), list(params["parametrizations"]["weight"])
        (['bias', 'parametrizations'], ['original'])
    """
    return change(module, lambda m: add_parametrization(m, tensor_name, parametrization, unsafe), rng)


def add_parametrization(
    m: Bound, name: str, parametrization: Layer | Module, unsafe: bool, renamed: bool = False
) -> None:
    """The edit of `register_parametrization`; with ``renamed`` a state_dict with older names is loaded too."""
    old = m._computed.get(name)
    if old is not None and not isinstance(old, ListedArray):
        raise RuntimeError(f"{name!r} of {m!r} is computed already")
    x, part = read(m, name), _bound_parametrization(m, parametrization)
    trained = m._parameters.get(name) is not None if old is None else bool(held_list(m, name)._parameters)
    parametrizations = with_part(None if old is None else held_list(m, name), part, x, trained, unsafe)
    hold(m, ListedArray(name, parametrizations._layer, renamed or (old is not None and old.renamed)), parametrizations)


def _bound_parametrization(m: Bound, parametrization: object) -> Bound:
    """A parametrization with its arrays: a module for a module, a bound layer for a bound layer."""
    generator = random.default_generator()
    if not isinstance(m, Module):
        if not isinstance(parametrization, Layer):
            raise TypeError(f"a parametrization of a layer must be a layer, got {parametrization!r}")
        return parametrization.bind(*parametrization.draw(generator), stream=generator)
    if isinstance(parametrization, Layer):
        parametrization = from_layer.filled(parametrization, *parametrization.draw(generator))
        for part in structure(parametrization).parts.values():
            access.track(part)
    if not isinstance(parametrization, Module):
        raise TypeError(f"a parametrization must be a module or a layer, got {parametrization!r}")
    return parametrization.train(m.training)


def is_parametrized(module: Module | Layer | Triple, tensor_name: str | None = None) -> bool:
    """Whether an array has parametrizations.

    Args:
        module: a module, a layer, or a triple ``(layer, params, state)``.
        tensor_name: the name of the array; None is any array.

    Source: ``torch.nn.utils.parametrize.is_parametrized``.

    Example:
        >>> from purenn import layers
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.is_parametrized(parametrizations.weight_norm(layers.Linear(2, 3)), "weight")
        True
    """
    listed = [n for n, c in computed_of(module).items() if isinstance(c, ListedArray)]
    return bool(listed) if tensor_name is None else tensor_name in listed


def remove_parametrizations(module: Changed, tensor_name: str, leave_parametrized: bool = True) -> Changed:
    """Makes a parametrized array a plain one again.

    Args:
        module: a module, which is changed; a triple ``(layer, params, state)``; or a layer alone, which is returned
            without the parametrizations.
        tensor_name: the name of the array.
        leave_parametrized: whether the array keeps its value; else it gets the value of its original.

    Returns:
        The module; or the new triple or layer.

    Raises:
        ValueError: the array has no parametrizations, or several originals without ``leave_parametrized``.

    Source: ``torch.nn.utils.parametrize.remove_parametrizations``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.remove_parametrizations(parametrizations.weight_norm(nn.Linear(2, 3)), "weight")
        Linear(in_features=2, out_features=3, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{module!r} does not have a parametrization on {tensor_name!r}")

    def edit(m: Bound) -> None:
        originals = originals_of(held_list(m, tensor_name))
        if not leave_parametrized and list(originals) != ["original"]:
            raise ValueError(
                "remove_parametrizations: leave_parametrized=False needs an array with one original, got "
                f"{', '.join(originals)}"
            )
        restore(m, tensor_name, read(m, tensor_name) if leave_parametrized else originals["original"])

    return change(module, edit)


def type_before_parametrizations(module: Module | Layer) -> type:
    """The class of a layer or module without its parametrizations.

    Args:
        module: a module or a layer.

    Source: ``torch.nn.utils.parametrize.type_before_parametrizations``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.type_before_parametrizations(parametrizations.weight_norm(nn.Linear(2, 3))) is nn.Linear
        True
    """
    if isinstance(module, Layer):
        return type(module.base if isinstance(module, Parametrized) else module)
    if isinstance(module._layer, Parametrized):
        return from_layer.stateful(type(module._layer.base))
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


def transfer_parametrizations_and_params(
    from_module: Module | Triple, to_module: Changed, tensor_name: str | None = None
) -> Changed:
    """Gives one module the parametrizations of another, with the originals.

    The parametrizations themselves are shared, as in torch. A module without any changes nothing.

    Args:
        from_module: a module; or a triple ``(layer, params, state)``.
        to_module: a module, which is changed; or a triple.
        tensor_name: the name of the array; None is every array.

    Returns:
        ``to_module``, or the new triple.

    Source: ``torch.nn.utils.parametrize.transfer_parametrizations_and_params``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> a, b = parametrizations.weight_norm(nn.Linear(2, 3)), nn.Linear(2, 3)
        >>> bool((parametrize.transfer_parametrizations_and_params(a, b).weight == a.weight).all())
        True
    """
    if not is_parametrized(from_module):
        return to_module
    if isinstance(from_module, Module) != isinstance(to_module, Module):
        raise TypeError("transfer_parametrizations_and_params: both must be modules, or both triples")
    source = bound(from_module)

    def edit(m: Bound) -> None:
        for name, entry in source._computed.items():
            if not isinstance(entry, ListedArray) or tensor_name not in (None, name):
                continue
            source_list = held_list(source, name)
            before = held_list(m, name)._modules.values() if name in m._computed else ()
            parts = [*before, *source_list._modules.values()]
            parametrizations = list_of(
                parts, originals_of(source_list), bool(source_list._parameters), source_list.unsafe
            )
            hold(m, ListedArray(name, parametrizations._layer, entry.renamed), parametrizations)

    return change(to_module, edit)
