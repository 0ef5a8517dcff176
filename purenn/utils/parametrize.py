"""Parametrizations: an array as a function of others, and layers or modules as these functions."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
from jax.core import Tracer

from purenn import nn, random
from purenn.layers.base import Layer, Spec
from purenn.layers.bound import Bound
from purenn.nn import from_layer
from purenn.nn.module import Module
from purenn.utils import computed as _computed
from purenn.utils.computed import Computed, Parametrized, attach, computed_of, module_of
from purenn.variable import values_of

__all__ = [
    "ParametrizationList",
    "cached",
    "is_parametrized",
    "register_parametrization",
    "remove_parametrizations",
    "transfer_parametrizations_and_params",
    "type_before_parametrizations",
]


# The steps of a list of parametrizations, whether it is a bound layer or a module.


def _originals(m: Any) -> dict[str, Any]:
    return {n: getattr(m, n) for group in (m._parameters, m._buffers) for n in values_of(group)}


def _evaluate(m: Any) -> Any:
    first, *rest = m._modules.values()
    x = first(*_originals(m).values())
    for parametrization in rest:
        x = parametrization(x)
    return x


def _invert(parametrizations: Sequence[Any], value: Any, *, all_must: bool) -> Any:
    """The originals of a value; outside of an assignment, one without ``right_inverse`` counts as the identity."""
    for parametrization in reversed(parametrizations):
        if hasattr(parametrization, "right_inverse"):
            try:
                value = parametrization.right_inverse(value)
            except NotImplementedError:
                if all_must:
                    raise
        elif all_must:
            raise RuntimeError(f"parametrization {parametrization!r} does not implement right_inverse.")
    return value


def _named(value: Any, dtype: Any) -> dict[str, Any]:
    """The arrays that ``right_inverse`` gave, under torch's names."""
    if not isinstance(value, Sequence):
        if not hasattr(value, "dtype"):
            raise ValueError(f"right_inverse must give an array or a sequence of arrays, got {type(value).__name__}")
        if value.dtype != dtype:
            raise ValueError(f"right_inverse may not change the dtype {dtype} of one array, got {value.dtype}")
        return {"original": value}
    for i, part in enumerate(value):
        if not hasattr(part, "dtype"):
            raise ValueError(f"right_inverse must give arrays, got {type(part).__name__} as element {i}")
    return {f"original{i}": part for i, part in enumerate(value)}


def _check_unchanged(before: Any, after: Any, what: str = "a parametrization") -> None:
    if not hasattr(after, "dtype"):
        raise ValueError(f"{what} must give an array, got {type(after).__name__}")
    for fact in ("dtype", "shape"):
        was, now = getattr(before, fact), getattr(after, fact)
        if was != now:
            raise ValueError(f"{what} may not change the {fact} of the array without unsafe=True: from {was} to {now}")


def _check_safe(parametrization: Any, x: Any) -> None:
    """That a parametrization on top of others maps arrays to arrays of their kind, as does its inverse."""
    y = parametrization(x)
    _check_unchanged(x, y)
    if hasattr(parametrization, "right_inverse"):
        with contextlib.suppress(NotImplementedError):
            _check_unchanged(x, parametrization.right_inverse(y), "right_inverse")


# As layers.


class _Parametrizations(Layer):
    """The parametrizations of one array, with the arrays that they start from."""

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

    def forward(self, m: Any) -> Any:
        return _evaluate(m)

    def __repr__(self) -> str:
        return super().__repr__().replace("_Parametrizations", "ParametrizationList", 1)


# One mechanism.


@dataclasses.dataclass(frozen=True)
class Listed(Computed):
    """An array that a list of parametrizations computes: ``m.parametrizations.name()``."""

    name: str
    list: _Parametrizations | None = None  # on layers
    renamed: bool = False  # takes the names of the older weight_norm

    def __call__(self, m: Any) -> Any:
        cache = _cache.get()
        key = id(m), self.name
        if cache is not None and key in cache:
            return cache[key][1]
        value = m._modules["parametrizations"]._modules[self.name]()
        if cache is not None and not (isinstance(value, Tracer) and isinstance(m, Module) and not m._pure):
            cache[key] = m, value  # m stays alive, so that its id is its own
        return value

    def children(self) -> Mapping[str, Layer]:
        assert self.list is not None
        return {self.name: self.list}

    def split(self, x: jax.Array) -> tuple[dict[str, Any], dict[str, Any]]:
        assert self.list is not None
        stream = random.default_generator()
        bound: list[Bound] = []
        originals: dict[str, Any] = {}
        for layer in self.list.layers:  # one after another, as they were registered
            bound.append(_prepared(layer, x, stream))
            if len(bound) == 1:
                originals = _named(_invert(bound, x, all_must=False), x.dtype)
                x = bound[0](*originals.values())
            else:
                x = bound[-1](x)
        params, state = (
            {str(i): tree for i, m in enumerate(bound) if (tree := m._tree(kind))}
            for kind in ("_parameters", "_buffers")
        )
        (params if self.list.trained else state).update(originals)
        return tuple({"parametrizations": {self.name: t}} if t else {} for t in (params, state))  # pyright: ignore

    def assign(self, m: Any, value: Any) -> None:
        m.parametrizations[self.name].right_inverse(value)

    def rename(self, given: dict[str, Any], prefix: str) -> None:
        old = [f"{prefix}{self.name}{suffix}" for suffix in ("_g", "_v")]
        if self.renamed and all(name in given for name in old):
            for i, name in enumerate(old):
                given[f"{prefix}parametrizations.{self.name}.original{i}"] = given.pop(name)


def _prepared(layer: Layer, x: Any, stream: Any) -> Bound:
    """A parametrization with arrays of its own, ready for an array."""
    m = layer.bind(*layer.draw(stream), stream=stream)
    if hasattr(m, "prepare"):
        m.prepare(x)
    return m


_cache: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar("purenn_parametrize_cache", default=None)


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """Inside, each parametrized array of a module is computed once, when it is first read, and then kept.

    Here the compiler sees that two equal computations are one, so it is needed only where reading changes something,
    as `parametrizations.spectral_norm` does in training, or where a module's own `forward`, run eagerly, reads an array
    often. A program that was compiled before, in or outside of the context, stays as it is.

    Source: ``torch.nn.utils.parametrize.cached``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> m = parametrizations.orthogonal(nn.Linear(3, 3))
        >>> with parametrize.cached():
        ...     m.weight is m.weight
        True
    """
    token = _cache.set({} if _cache.get() is None else _cache.get())
    try:
        yield
    finally:
        _cache.reset(token)


# As modules.


class ParametrizationList(nn.ModuleList):
    """The parametrizations of an array of a module, with the arrays that they start from.

    `register_parametrization` makes it. The arrays are ``original``, or ``original0``, ``original1`` and so on where
    the first parametrization starts from several.

    Args:
        modules: the parametrizations.
        original: the array as it is without them.
        unsafe: whether they may change the array's dtype and shape.
        trained: whether the array is a parameter, or else a buffer.

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

    def __init__(self, modules: Sequence[Module], original: Any, unsafe: bool = False, *, trained: bool = True):
        if len(modules) == 0:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        for name, array in _named(_invert(list(self), original, all_must=False), original.dtype).items():
            self.register_parameter(name, array) if trained else self.register_buffer(name, array)
        if not unsafe:
            _check_unchanged(original, self())

    @property
    def is_tensor(self) -> bool:
        """Whether there is one original, and no sequence of them."""
        return "original" in _originals(self)

    @property
    def ntensors(self) -> int:
        """How many originals there are."""
        return len(_originals(self))

    def forward(self) -> Any:
        return _evaluate(self)

    def right_inverse(self, value: Any) -> None:
        """Sets the originals so that the array becomes a value.

        Raises:
            RuntimeError: a parametrization has no ``right_inverse``.
        """
        old = _originals(self)
        new = _named(_invert(list(self), value, all_must=True), value.dtype)
        if new.keys() != old.keys():
            raise ValueError(f"right_inverse must give {', '.join(old)}, got {', '.join(new)}")
        for name, array in new.items():
            if array.dtype != old[name].dtype:
                raise ValueError(f"right_inverse must give {name} of dtype {old[name].dtype}, got {array.dtype}")
            setattr(self, name, array)


from_layer.register(_Parametrizations, ParametrizationList)
from_layer.register(_computed.ByName, nn.ModuleDict)


def _remade(base: type[Module]) -> Module:
    return _module_class(base)._without_init()


@functools.cache
def _module_class(cls: type[Module]) -> type[Module]:
    def __reduce_ex__(self: Any, protocol: Any) -> Any:
        return _remade, (cls,), self.__getstate__()

    body = {"__module__": cls.__module__, "__doc__": cls.__doc__, "__reduce_ex__": __reduce_ex__}
    return type(f"Parametrized{cls.__name__}", (cls,), body)


def _settled(module: Module) -> None:
    """A module that was made from a parametrized layer, as if it had been parametrized itself."""
    layer = module._layer
    if isinstance(layer, Parametrized):
        vars(module)["_layer"] = layer.base
        stays = is_parametrized(module)
        cls = from_layer.stateful(type(layer.base))
        object.__setattr__(module, "__class__", _module_class(cls) if stays else cls)


# The functions.


def register_parametrization(
    module: Any, tensor_name: str, parametrization: Any, *, unsafe: bool = False, rng: Any = None
) -> Any:
    """Has an array of a layer or module computed by a parametrization from now on.

    What is trained and saved is ``parametrizations.weight.original``. A parametrization is a layer or a module that
    maps the original to the array. It may have a ``right_inverse``, which gives the original of an array (for a layer:
    ``right_inverse(self, m, X)``): it is called once on registration, and when the array is assigned to. If it gives a
    sequence, these are ``original0``, ``original1`` and so on, and the parametrization is called with all of them.
    Parametrizations can be stacked.

    Args:
        module: a module, which is changed; a layer; or a triple ``(layer, params, state)``.
        tensor_name: the name of a parameter or buffer.
        parametrization: a layer; for a module also a module.
        unsafe: whether it may change the array's dtype and shape; nothing is checked then.
        rng: a jax key; needed for a triple if the parametrization has random arrays.

    Returns:
        The module; or the new layer or triple.

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
    return _register(module, tensor_name, parametrization, unsafe, rng)


def _register(
    target: Any, name: str, parametrization: Any, unsafe: bool, rng: Any = None, renamed: bool = False
) -> Any:
    if isinstance(target, Module):
        _settled(target)
        if isinstance(parametrization, Layer):
            parametrization = module_of(parametrization)
        if not isinstance(parametrization, Module):
            raise TypeError(f"a parametrization must be a module or a layer, got {parametrization!r}")
        _register_on_module(target, name, parametrization, unsafe, renamed)
        return target
    layer = target if isinstance(target, Layer) else target[0]
    if not isinstance(parametrization, Layer):
        raise TypeError(f"a parametrization of a layer must be a layer, got {parametrization!r}")
    old = computed_of(layer).get(name)
    if old is not None and not isinstance(old, Listed):
        raise RuntimeError(f"{name!r} of {layer!r} is computed already")
    listed = _listed(layer, name, parametrization, unsafe, old, renamed)
    if old is None:
        return attach(target, listed, rng)
    others = {**computed_of(layer), name: listed}
    assert isinstance(layer, Parametrized) and listed.list is not None
    new = _computed.with_computed(layer.base, tuple(others.values()))
    if isinstance(target, Layer):
        return new
    _, params, state = target
    x = old(layer.bind(params, state))
    with _computed.pure_stream(rng) as stream:
        m = _prepared(parametrization, x, stream)
    place = str(len(listed.list.layers) - 1)
    return new, *(
        _computed._joined(tree, {"parametrizations": {name: {place: part}}} if part else {})
        for tree, part in ((params, m._tree("_parameters")), (state, m._tree("_buffers")))
    )


def _listed(layer: Layer, name: str, new: Layer, unsafe: bool, old: Listed | None, renamed: bool) -> Listed:
    """The entry of a layer with one more parametrization, after checks of shapes alone."""
    base = layer.base if isinstance(layer, Parametrized) else layer
    params, state = _computed.drawn_shapes(base)
    trained = name in params
    x = params.get(name, state.get(name))
    if x is None or isinstance(x, Mapping):
        raise ValueError(f"{layer!r} does not have a parameter, a buffer, or a parametrized element with name {name!r}")
    before = old.list if old is not None else None
    layers = (*(before.layers if before else ()), new)
    unsafe_before = before.unsafe if before else False
    draft = Listed(name, _Parametrizations(layers, (), trained, unsafe or unsafe_before))

    def originals(x: Any) -> dict[str, Any]:
        params, state = draft.split(x)
        tree = (params if trained else state)["parametrizations"][name]
        if not unsafe:
            stream = random.default_generator()
            parts = [_prepared(layer, x, stream) for layer in layers]
            value = parts[0](*[a for n, a in tree.items() if n.startswith("original")])
            for part in parts[1:-1]:
                value = part(value)
            if before:
                _check_safe(parts[-1], value)
            else:
                _check_unchanged(x, value)
        return {n: a for n, a in tree.items() if n.startswith("original")}

    with random.seeded(random.Settling(0)):
        shapes = jax.eval_shape(originals, x)
    entries = tuple((n, s.shape, s.dtype) for n, s in sorted(shapes.items(), key=lambda item: int(item[0][8:] or 0)))
    full = dataclasses.replace(draft.list, originals=entries)  # pyright: ignore[reportArgumentType]
    return Listed(name, full, renamed or bool(old and old.renamed))


def _register_on_module(module: Module, name: str, parametrization: Module, unsafe: bool, renamed: bool) -> None:
    own = vars(module)
    parametrization.train(module.training)
    if is_parametrized(module, name):
        listing = own["_modules"]["parametrizations"][name]
        x = getattr(module, name)
        if not unsafe:
            _check_safe(parametrization, x)
        if hasattr(parametrization, "prepare"):
            parametrization.prepare(x)
        listing.append(parametrization)
        if unsafe:
            listing.unsafe = True
        return
    if name in own["_computed"]:
        raise RuntimeError(f"{name!r} of {module!r} is computed already")
    trained = own["_parameters"].get(name) is not None
    if not trained and own["_buffers"].get(name) is None:
        raise ValueError(
            f"{module!r} does not have a parameter, a buffer, or a parametrized element with name {name!r}"
        )
    variable = own["_parameters" if trained else "_buffers"][name]
    x = variable.value
    if hasattr(parametrization, "prepare"):
        parametrization.prepare(x)
    listing = ParametrizationList([parametrization], x, unsafe, trained=trained).train(module.training)
    for original in listing._parameters.values():
        assert original is not None
        original.requires_grad = variable.requires_grad
    delattr(module, name)
    if not is_parametrized(module):
        object.__setattr__(module, "__class__", _module_class(type(module)))
        module.register_module("parametrizations", nn.ModuleDict().train(module.training))
    module._modules["parametrizations"][name] = listing
    _computed.set_computed(module, {**own["_computed"], name: Listed(name, None, renamed)})


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether an array of this name has parametrizations; without a name, whether any has.

    Args:
        module: a module, a layer, or a triple ``(layer, params, state)``.
        tensor_name: the array's.

    Source: ``torch.nn.utils.parametrize.is_parametrized``.

    Example:
        >>> from purenn import layers
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.is_parametrized(parametrizations.weight_norm(layers.Linear(2, 3)), "weight")
        True
    """
    listed = [n for n, c in computed_of(module).items() if isinstance(c, Listed)]
    return bool(listed) if tensor_name is None else tensor_name in listed


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Makes a parametrized array a plain one again.

    Args:
        module: a module, which is changed; a triple ``(layer, params, state)``; or a layer alone, which becomes what it
            was before.
        tensor_name: the array's.
        leave_parametrized: whether it keeps its present value, or gets that of its original.

    Returns:
        The module; or the new triple or layer.

    Raises:
        ValueError: it has no parametrizations, or there is no single original to leave.

    Source: ``torch.nn.utils.parametrize.remove_parametrizations``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.remove_parametrizations(parametrizations.weight_norm(nn.Linear(2, 3)), "weight")
        Linear(in_features=2, out_features=3, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"{module!r} does not have a parametrization on {tensor_name!r}")
    if isinstance(module, Module):
        _remove_from_module(module, tensor_name, leave_parametrized)
        return module
    layer = module if isinstance(module, Layer) else module[0]
    entry = computed_of(layer)[tensor_name]
    assert isinstance(layer, Parametrized) and isinstance(entry, Listed) and entry.list is not None
    plain = _computed.with_computed(layer.base, tuple(c for c in layer.computed if c is not entry))
    names = [n for n, *_ in entry.list.originals]
    if not leave_parametrized and names != ["original"]:
        raise ValueError("leave_parametrized=False: an array that starts from several can't be left as one of them")
    if isinstance(module, Layer):
        return plain
    _, params, state = module
    home = params if entry.list.trained else state
    old = home["parametrizations"][tensor_name]
    value = entry(layer.bind(params, state)) if leave_parametrized else old["original"]
    trees = []
    for tree in (params, state):
        branches = {n: b for n, b in tree.get("parametrizations", {}).items() if n != tensor_name}
        kept = {n: b for n, b in tree.items() if n != "parametrizations"}
        added = {tensor_name: value} if tree is home else {}
        trees.append(kept | ({"parametrizations": branches} if branches else {}) | added)
    return plain, *trees


def _remove_from_module(module: Module, name: str, leave_parametrized: bool) -> None:
    _settled(module)
    own = vars(module)
    listing = own["_modules"]["parametrizations"][name]
    if not listing.is_tensor and not leave_parametrized:
        raise ValueError("leave_parametrized=False: an array that starts from several can't be left as one of them")
    value = getattr(module, name) if leave_parametrized else listing.original
    sources = [variable for variable in listing._parameters.values() if variable is not None]
    _computed.set_computed(module, {n: c for n, c in own["_computed"].items() if n != name})
    del own["_modules"]["parametrizations"][name]
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        object.__setattr__(module, "__class__", type(module).__bases__[0])
    if sources:
        module.register_parameter(name, nn.Parameter(value, all(v.requires_grad for v in sources)))
    else:
        module.register_buffer(name, value)


def type_before_parametrizations(module: Any) -> type:
    """The class of a layer or module as it was without parametrizations.

    Args:
        module: a module or a layer.

    Source: ``torch.nn.utils.parametrize.type_before_parametrizations``.

    Example:
        >>> from purenn import nn
        >>> from purenn.utils import parametrizations, parametrize
        >>> parametrize.type_before_parametrizations(parametrizations.weight_norm(nn.Linear(2, 3))) is nn.Linear
        True
    """
    if isinstance(module, Module):
        _settled(module)
        return type(module).__bases__[0] if is_parametrized(module) else type(module)
    return type(module.base if isinstance(module, Parametrized) else module)


def transfer_parametrizations_and_params(from_module: Any, to_module: Any, tensor_name: str | None = None) -> Any:
    """Gives one module the parametrizations of another, and the arrays below them.

    The parametrizations themselves are shared, as in torch. Nothing happens if there are none.

    Args:
        from_module: a module; or a triple ``(layer, params, state)``.
        to_module: a module, which is changed; or a triple.
        tensor_name: the array whose parametrizations are meant; None means all.

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
    listed = [n for n, c in computed_of(from_module).items() if isinstance(c, Listed)]
    for name in listed if tensor_name is None else [tensor_name]:
        entry = computed_of(from_module)[name]
        assert isinstance(entry, Listed)
        if isinstance(from_module, Module):
            source = from_module.parametrizations[name]
            if not hasattr(to_module, name):
                to_module.register_parameter(name, getattr(from_module, name))
            for parametrization in source:
                _register(to_module, name, parametrization, False, renamed=entry.renamed)
            for key, array in _originals(source).items():
                setattr(to_module.parametrizations[name], key, array)
        else:
            layer, params, state = to_module
            base = layer.base if isinstance(layer, Parametrized) else layer
            new = _computed.with_computed(base, tuple({**computed_of(layer), name: entry}.values()))
            trees = []
            for ours, theirs in ((params, from_module[1]), (state, from_module[2])):
                branch = theirs.get("parametrizations", {}).get(name)
                kept = {n: a for n, a in ours.items() if n != name}
                trees.append(_computed._joined(kept, {"parametrizations": {name: branch}} if branch else {}))
            to_module = new, *trees
    return to_module
