"""The list of parametrizations of one array, as a layer and as a module, and the array that it computes."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
from jax.core import Tracer

from purenn import nn, random
from purenn.context import setting
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.nn import from_layer
from purenn.nn.module import Module
from purenn.utils.computed import Computed, NamedLayers
from purenn.utils.parametrization_steps import check_safe, check_unchanged, evaluate, inverted, originals_of

__all__ = ["ListedArray", "ParametrizationList", "cached", "held_list", "list_of", "with_part"]


def held_list(m: Bound, name: str) -> Any:
    """The list of parametrizations of an array."""
    return m._modules["parametrizations"]._modules[name]


# As layers.


class ParametrizedArray(Layer):
    """The parametrizations of one array, with the arrays from which they start."""

    layers: tuple[Layer, ...]
    originals: tuple[tuple[str, tuple[int, ...], Any], ...]
    trained: bool
    unsafe: bool

    def parameters(self) -> Mapping[str, Spec | None]:
        return {n: Spec(shape, 0.0, dtype) for n, shape, dtype in self.originals if self.trained}

    def buffers(self) -> Mapping[str, Spec | None]:
        return {n: Spec(shape, 0.0, dtype) for n, shape, dtype in self.originals if not self.trained}

    def children(self) -> Mapping[str, Layer]:
        return {str(i): layer for i, layer in enumerate(self.layers)}

    def forward(self, m: Bound) -> Any:
        return evaluate(m)

    def __repr__(self) -> str:
        return super().__repr__().replace("ParametrizedArray", "ParametrizationList", 1)


@dataclasses.dataclass(frozen=True)
class ListedArray(Computed):
    """An array that a list of parametrizations computes: ``m.parametrizations.name()``."""

    name: str
    list: ParametrizedArray | None = None  # on layers
    renamed: bool = False  # whether a state_dict may have the names of the older weight_norm
    has_list = True

    def __call__(self, m: Bound) -> Any:
        cache = _cache.get()
        key = id(m), self.name
        if cache is not None and key in cache:
            return cache[key][1]
        value = held_list(m, self.name)()
        if cache is not None and not (isinstance(value, Tracer) and isinstance(m, Module) and not m._pure):
            cache[key] = m, value  # m is kept, so that no other object gets its id
        return value

    def children(self) -> Mapping[str, Layer]:
        assert self.list is not None
        return {self.name: self.list}

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        assert self.list is not None
        stream = random.default_generator()
        parametrizations: Any = None
        for layer in self.list.layers:  # one after another, as they were registered
            part = layer.bind(*layer.draw(stream), stream=stream)
            parametrizations = with_part(parametrizations, part, x, self.list.trained, unsafe=True)
            x = parametrizations()
        trees = parametrizations._params_tree(), parametrizations._state_tree()
        params, state = ({"parametrizations": {self.name: tree}} if tree else {} for tree in trees)
        return (params, state) if self.list.trained else (state, params)

    def assign(self, m: Bound, value: object) -> None:
        m.parametrizations[self.name].right_inverse(value)

    def rename(self, arrays: dict[str, Any], prefix: str) -> None:
        old = [f"{prefix}{self.name}{suffix}" for suffix in ("_g", "_v")]
        if self.renamed and all(name in arrays for name in old):
            for i, name in enumerate(old):
                arrays[f"{prefix}parametrizations.{self.name}.original{i}"] = arrays.pop(name)


_cache: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar("purenn_parametrize_cache", default=None)


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """A context in which each parametrized array of a module is computed once, at its first read, and then kept.

    The compiler merges equal computations, so the context matters only if a read changes the state, as
    `parametrizations.spectral_norm` does in training, or if a module's own `forward`, run eagerly, reads an array
    often. A program that is compiled already doesn't change.

    Source: ``torch.nn.utils.parametrize.cached``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> m = parametrizations.orthogonal(nn.Linear(3, 3))
        >>> with parametrize.cached():
        ...     m.weight is m.weight
        True
    """
    with setting(_cache, {} if _cache.get() is None else _cache.get()):
        yield


# As modules.


class ParametrizationList(nn.ModuleList):
    """The parametrizations of an array of a module, with the arrays from which they start.

    `register_parametrization` makes it. The arrays are ``original``, or ``original0``, ``original1`` and so on where
    the first parametrization starts from several.

    Args:
        modules: the parametrizations.
        original: the array without them.
        unsafe: whether they may change the array's dtype and shape.
        trained: whether the array is a parameter; else it is a buffer.

    Source: ``torch.nn.utils.parametrize.ParametrizationList``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations
        >>> parametrizations.weight_norm(nn.Linear(2, 3)).parametrizations.weight
        ParametrizationList(
          (0): _WeightNorm()
        )
    """

    unsafe: bool

    def __init__(self, modules: Sequence[Module], original: jax.Array, unsafe: bool = False, *, trained: bool = True):
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        self._fill(modules, inverted(modules, original), unsafe, trained)
        if not unsafe:
            check_unchanged(original, self())

    def _fill(self, modules: Sequence[Any], originals: Mapping[str, Any], unsafe: bool, trained: bool) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        for name, array in originals.items():
            self.register_parameter(name, array) if trained else self.register_buffer(name, array)

    @property
    def is_tensor(self) -> bool:
        """Whether there is one original, not a sequence."""
        return "original" in originals_of(self)

    @property
    def ntensors(self) -> int:
        """The number of originals."""
        return len(originals_of(self))

    def forward(self) -> Any:
        return evaluate(self)

    def right_inverse(self, value: jax.Array) -> None:
        """Sets the originals so that the array becomes a value.

        Raises:
            RuntimeError: a parametrization has no ``right_inverse``.
        """
        old = originals_of(self)
        new = inverted(list(self), value, all_must=True)
        if new.keys() != old.keys():
            raise ValueError(f"right_inverse must give {', '.join(old)}, got {', '.join(new)}")
        for name, array in new.items():
            if array.dtype != old[name].dtype:
                raise ValueError(f"right_inverse must give {name} of dtype {old[name].dtype}, got {array.dtype}")
            setattr(self, name, array)


from_layer.register(ParametrizedArray, ParametrizationList)
from_layer.register(NamedLayers, nn.ModuleDict)


# As either.


def list_of(parts: Sequence[Bound], originals: Mapping[str, Any], trained: bool, unsafe: bool) -> Any:
    """The list of parametrizations, modules or bound layers, that starts from given arrays."""
    if isinstance(parts[0], Module):
        parametrizations = ParametrizationList._without_init()
        parametrizations._fill(parts, originals, unsafe, trained)
        return parametrizations
    layers: Any = tuple(part._layer for part in parts)
    entries = tuple((name, array.shape, array.dtype) for name, array in originals.items())
    params, state = (
        {str(i): tree for i, part in enumerate(parts) if (tree := part._tree(kind))}
        for kind in ("_parameters", "_buffers")
    )
    (params if trained else state).update(originals)
    return ParametrizedArray(layers, entries, trained, unsafe).bind(params, state, stream=parts[0]._stream)


def with_part(parametrizations: Any, part: Bound, x: jax.Array, trained: bool, unsafe: bool) -> Any:
    """A list with one more parametrization: the same list of modules, or a new list of bound layers.

    Args:
        parametrizations: the list; None makes one.
        part: the parametrization.
        x: the array so far.
        trained: whether a new list starts from parameters; else it starts from buffers.
        unsafe: whether the parametrization may change the array's dtype and shape.
    """
    if parametrizations is not None and not unsafe:
        check_safe(part, x)
    if hasattr(part, "prepare"):
        part.prepare(x)
    if parametrizations is None:
        parametrizations = list_of([part], inverted([part], x), trained, unsafe)
        if not unsafe:
            check_unchanged(x, parametrizations())
        return parametrizations
    if isinstance(parametrizations, ParametrizationList):
        parametrizations.append(part)
        parametrizations.unsafe = parametrizations.unsafe or unsafe
        return parametrizations
    return list_of(
        [*parametrizations._modules.values(), part],
        originals_of(parametrizations),
        trained,
        unsafe or parametrizations.unsafe,
    )
