"""How modules are called: under cached jits when eager, as twins when pure."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from purenn import random
from purenn.layers.base import Bound, Layer
from purenn.lowering import compiler
from purenn.tree import flatten

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["functional_call", "pure"]

Slot = tuple[dict[str, Any], str]

_version = 0


def touch() -> None:
    """Says that some module's structure has changed, so that what is known of any is looked up anew."""
    global _version
    _version += 1


class Structure:
    """Where the arrays of a module's tree lie, each once, and everything else that a trace of it depends on."""

    def __init__(self, module: Module):
        self.version = _version
        self.parameters: dict[str, Slot] = {}
        self.buffers: dict[str, Slot] = {}
        self.tied: dict[str, str] = {}  # every name to the first name of the same array
        self.aliases: list[tuple[Slot, Slot]] = []
        self.frozen: set[str] = set()
        self.training = False
        self.hooked = False
        self.lazy = False
        first: dict[int, str] = {}
        tree = list(module.named_modules())
        paths = {id(part): path for path, part in tree}
        for path, part in tree:
            prefix = f"{path}." if path else ""
            for key, array in part._parameters.items():
                name = prefix + key
                if array is None:
                    continue
                self.tied[name] = original = first.setdefault(id(array), name)
                if original == name:
                    self.parameters[name] = (part._parameters, key)
                else:
                    self.aliases.append(((part._parameters, key), self.parameters[original]))
                if key in part._frozen:
                    self.frozen.add(original)
            self.buffers |= {prefix + k: (part._buffers, k) for k, array in part._buffers.items() if array is not None}
            self.training |= part.training
            self.hooked |= bool(part._hooks or part._pre_hooks)
            self.lazy |= part._layer is not None and part._layer.lazy
        self.signature = _Hashed(
            (
                tuple((path, *_facts(part, paths)) for path, part in tree),
                tuple(self.tied.items()),
                tuple(self.buffers),
                frozenset(self.frozen),
            )
        )
        self.parameter_slots = list(self.parameters.values())
        self.trained_slots = [slot for name, slot in self.parameters.items() if name not in self.frozen]
        self.frozen_slots = [slot for name, slot in self.parameters.items() if name in self.frozen]
        self.buffer_slots = list(self.buffers.values())

    def tie(self) -> None:
        """Gives every further name of a parameter the array of its first."""
        for (group, key), (source, original) in self.aliases:
            group[key] = source[original]

    def slots(self, kind: str) -> dict[str, Slot]:
        return self.parameters if kind == "_parameters" else self.buffers


class _Hashed:
    """A tuple that is hashed once."""

    def __init__(self, facts: tuple[Any, ...]):
        self.facts, self.hash = facts, hash(facts)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.facts == other.facts


class Same:
    """Stands for an object that can't be hashed, and equals only itself."""

    def __init__(self, value: Any):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


_OWN = {"_structure", "_plan", "_calls", "_parameters", "_buffers", "_modules", "_frozen", "_volatile", "_stream"}


def _facts(module: Module, paths: Mapping[int, str]) -> tuple[Any, ...]:
    """What a trace reads of a module beside its arrays: its class, its layer, its plain attributes, its hooks."""
    attributes = []
    for name, value in vars(module).items():
        if name not in _OWN:
            value = tuple(value.values()) if name in ("_hooks", "_pre_hooks", "_computed") else value
            try:
                hash(value)
            except TypeError:
                value = Same(value)
            attributes.append((name, type(value), value))
    children = tuple((name, child and paths[id(child)]) for name, child in module._modules.items())
    return type(module), tuple(attributes), children


def structure(module: Module) -> Structure:
    """The module's structure, looked up again only after some structure changed."""
    known = vars(module)["_structure"]
    if known is None or known.version != _version:
        known = vars(module)["_structure"] = Structure(module)
    return known


def twin(
    module: Module,
    parameters: Mapping[str, Any],
    buffers: Mapping[str, Any],
    *,
    training: bool | None = None,
    stream: random.Stream | None = None,
) -> Module:
    """A copy of the module's objects over other arrays, for one pure call."""
    tied, memo = structure(module).tied, {}

    def copy(part: Module, prefix: str) -> Module:
        if id(part) not in memo:
            made = memo[id(part)] = object.__new__(type(part))
            vars(made).update(vars(part))
            vars(made).update(
                _pure=True,
                _structure=None,
                _plan=None,
                training=part.training if training is None else training,
                _stream=stream,
                _parameters={
                    k: None if a is None else parameters[tied[prefix + k]] for k, a in part._parameters.items()
                },
                _buffers={k: None if a is None else buffers[prefix + k] for k, a in part._buffers.items()},
                _modules={k: child and copy(child, f"{prefix}{k}.") for k, child in part._modules.items()},
            )
        return memo[id(part)]

    return copy(module, "")


def functional_call(
    module: Module,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    *args: Any,
    training: bool = False,
    rng: Any = None,
    **kwargs: Any,
) -> tuple[Any, dict[str, Any]]:
    """Runs a module over other arrays than its own; it is not touched.

    Args:
        module: any module.
        params: nested like ``module.params``: a tied parameter under the first of its names.
        state: nested like ``module.state``.
        args: ``forward``'s arguments, as are ``kwargs``.
        training: the mode of the whole tree.
        rng: a jax key, where randomness is used.

    Returns:
        The output and the new state.

    Raises:
        ValueError: names or shapes don't fit; the message lists them all.

    Source: ``torch.func.functional_call``.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.Linear(3, 2)
        >>> zeros = jax.tree.map(jnp.zeros_like, net.params)
        >>> y, state = nn.functional_call(net, zeros, net.state, jnp.ones((1, 3)))
        >>> y.tolist(), state
        ([[0.0, 0.0]], {})
    """
    stream = None if rng is None else random.Stream(rng)
    return _bind(module, params, state, training, stream)(*args, **kwargs)


class _Run:
    """A twin to be called: gives its output and its buffers."""

    def __init__(self, module: Module):
        self.module = module

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        output = self.module(*args, **kwargs)
        return output, self.module.tree("_buffers")


def _bind(module: Module, params: Any, state: Any, training: bool, stream: random.Stream | None) -> _Run:
    known, flat = structure(module), {}
    problems = []
    for kind, tree, slots in (("params", params, known.parameters), ("state", state, known.buffers)):
        if not isinstance(tree, Mapping):
            raise TypeError(f"functional_call: {kind} must be a dict, got {type(tree).__name__}")
        flat[kind] = given = flatten(tree)
        problems += [
            f"{kind} lacks {name} {group[key].shape}" for name, (group, key) in slots.items() if name not in given
        ]
        for name, array in given.items():
            if name in slots:
                group, key = slots[name]
                if jnp.shape(array) != group[key].shape:
                    problems.append(f"{kind}'s {name} must be of shape {group[key].shape}, got {jnp.shape(array)}")
            elif name in known.tied:
                problems.append(f"{name} is tied to {known.tied[name]}: give that alone")
            else:
                problems.append(f"{kind} has an unknown {name}")
    if problems:
        raise ValueError(f"functional_call of {type(module).__name__}: " + "; ".join(problems))
    return _Run(twin(module, flat["params"], flat["state"], training=training, stream=stream))


# Calls of lasting modules.


class NeedsKey(Exception):
    """Raised out of a trace that was given no key, where it first needs one."""


class _NoKey(random.Stream):
    def __init__(self) -> None:
        pass

    def next(self) -> Any:
        raise NeedsKey


class Jitted:
    """A jitted pure call that is given keys only if its trace asks for one.

    ``run(stream, *arguments)`` is traced with a stream of keys: of the one that the caller gives, or of the default
    generator's next, which goes in as two words and a count, cheap to pass, and moves on when the call has succeeded.
    """

    def __init__(self, run: Callable[..., Any], donate: tuple[int, ...] = ()):
        self.needs_key = False

        def keyed(key: Any, count: Any, *arguments: Any) -> Any:
            if count is not None:
                key = jax.random.fold_in(random.as_key(key) if key.dtype == np.uint32 else key, count)
            return run(random.Stream(key), *arguments)

        self.plain = compiler.jit(lambda *arguments: run(_NoKey(), *arguments), donate_argnums=donate)
        self.keyed = compiler.jit(keyed, donate_argnums=tuple(2 + i for i in donate))

    def __call__(self, key: Any, *arguments: Any) -> Any:
        if not self.needs_key:
            try:
                return self.plain(*arguments)
            except NeedsKey:
                self.needs_key = True
        if key is not None:
            return self.keyed(key, None, *arguments)
        stream = random.default_generator()
        result = self.keyed(stream.key, np.uint32(stream.count), *arguments)
        if not stream.traced:
            refuse_traced(jax.tree.leaves(result))
        stream.count += 1
        return result


def refuse_traced(arrays: list[Any]) -> None:
    """Refuses what was computed from the default generator's key inside a jit, where it would be a constant."""
    if any(isinstance(array, Tracer) for array in arrays) and isinstance(jnp.zeros(()), Tracer):
        raise RuntimeError(
            "a module draws random numbers inside a jit, where they would be the same at every call: "
            "use functional_call(net, params, state, ..., rng=key)"
        )


def _split(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Any]:
    """The arrays (and floats) among arguments, each once, and the rest, which is static, as something hashable."""
    leaves, tree = jax.tree.flatten((args, kwargs))
    dynamic, static, places = [], [], {}
    for leaf in leaves:
        if isinstance(leaf, jax.Array | np.ndarray | np.generic | float | complex):
            place = places.setdefault(id(leaf), len(dynamic))
            if place == len(dynamic):
                dynamic.append(leaf)
            static.append(place)
        else:
            static.append((leaf, type(leaf)))
    return dynamic, (tree, tuple(static))


def _join(dynamic: list[Any], static: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    tree, rest = static
    return jax.tree.unflatten(tree, [s[0] if isinstance(s, tuple) else dynamic[s] for s in rest])


_ONE_ARRAY = _split((np.zeros(()),), {})[1]


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    if len(args) == 1 and not kwargs and isinstance(args[0], jax.Array):
        return args, _ONE_ARRAY
    return _split(args, kwargs)


class Plan(NamedTuple):
    """The short way of a module's next call, for one array of a class, as long as no structure changes."""

    version: int
    kind: type
    call: Callable[[Any], Any]


def _keep_plan(module: Module, dynamic: Any, static: Any, jitted: Jitted, call: Callable[[Any], Any]) -> None:
    hooked = module._hooks or module._pre_hooks
    if static is _ONE_ARRAY and not jitted.needs_key and not hooked and not isinstance(dynamic[0], Tracer):
        vars(module)["_plan"] = Plan(_version, type(dynamic[0]), call)


def leaf(
    module: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: bool | None,
    key: Any,
    method: str | None = None,
) -> Any:
    """The call of a stock module without children: its layer's, compiled once for all equal layers."""
    dynamic, static = _arguments(args, kwargs)
    own = vars(module)
    parameters, buffers = own["_parameters"], own["_buffers"]
    names = tuple(parameters), tuple(buffers)
    jitted = _leaf(own["_layer"], own["training"] if training is None else training, static, method, names)

    def keep(changed: Mapping[str, Any]) -> None:
        for name, array in changed.items():
            module._kept(name, array)
        buffers.update(changed)

    output, changed = jitted(key, *parameters.values(), *buffers.values(), *dynamic)
    keep(changed)
    if training is None and key is None and method is None:
        run = jitted.plain

        def short(x: Any) -> Any:
            output, changed = run.chosen()(*parameters.values(), *buffers.values(), x)
            if changed:
                keep(changed)
            return output

        _keep_plan(module, dynamic, static, jitted, short)
    return output


@functools.lru_cache(maxsize=4096)
def _leaf(
    layer: Layer, training: bool, static: Any, method: str | None, names: tuple[tuple[str, ...], tuple[str, ...]]
) -> Jitted:
    def run(stream: random.Stream, *arrays: Any) -> Any:
        parameters, buffers, dynamic = _parts(arrays, *map(len, names))
        known = dict(zip(names[1], buffers, strict=True))
        m = Bound.__new__(Bound)
        vars(m).update(
            _layer=layer,
            _parameters=dict(zip(names[0], parameters, strict=True)),
            _buffers=dict(known),
            _modules={},
            training=training,
            _stream=stream,
        )
        args, kwargs = _join(dynamic, static)
        output = m._run(*args, **kwargs) if method is None else m._call(method, *args, **kwargs)
        return output, {name: new for name, new in m._buffers.items() if new is not known[name]}

    return Jitted(run)


def _parts(arrays: Sequence[Any], parameters: int, buffers: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Parameters, buffers and arguments, which go in one behind the other: jax passes flat arguments fastest."""
    return list(arrays[:parameters]), list(arrays[parameters:][:buffers]), list(arrays[parameters + buffers :])


_shared_calls: dict[Any, Jitted] = {}


def compiled(
    module: Module,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: bool | None,
    key: Any,
    *,
    shared: bool = False,
) -> Any:
    """The call of a module under one jit for its whole forward; shared, it is compiled once for all equal modules."""
    known = structure(module)
    dynamic, static = _arguments(args, kwargs)
    calls = _shared_calls if shared else vars(module)["_calls"]
    which = known.signature, static, training
    jitted = calls.get(which)
    if jitted is None:
        if len(_shared_calls) > 4096:
            _shared_calls.clear()
        template = _without_arrays(module) if shared else module
        jitted = calls[which] = _compiled(template, static, training)
    slots = known.parameter_slots + known.buffer_slots

    output, changed = jitted(key, *[group[name] for group, name in slots], *dynamic)
    write(module, known, changed)
    if training is None and key is None:
        run = jitted.plain

        def short(x: Any) -> Any:
            output, changed = run.chosen()(*[group[name] for group, name in slots], x)
            if changed:
                write(module, known, changed)
            return output

        _keep_plan(module, dynamic, static, jitted, short)
    return output


def overridden(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None, key: Any) -> Any:
    """One call of a module that isn't compiled, in another mode or with a key of its own."""
    known, generator = structure(module), random.default_generator()
    before = generator.count
    parameters = [group[key] for group, key in known.parameter_slots]
    buffers = [group[key] for group, key in known.buffer_slots]
    stream = generator if key is None else random.Stream(key)
    try:
        twinned, changed = traced_call(module, stream, parameters, buffers, training)
        output = twinned._run(*args, **kwargs)
        if generator.count != before and not generator.traced:
            refuse_traced(jax.tree.leaves(output))
        write(module, known, changed())
    except BaseException:
        generator.count = before
        raise
    return output


def write(module: Module, known: Structure, changed: Mapping[int, Any]) -> None:
    """Puts new buffers in their places, all or none."""
    for i, array in changed.items():
        module._kept(known.buffer_slots[i][1], array)
    for i, array in changed.items():
        group, key = known.buffer_slots[i]
        group[key] = array


def traced_call(
    module: Module, stream: random.Stream, parameters: list[Any], buffers: list[Any], training: bool | None = None
) -> tuple[Module, Callable[[], dict[int, Any]]]:
    """A twin over flat arrays, and how to read afterwards which buffers it changed, by their places."""
    known = structure(module)
    twinned = twin(
        module,
        dict(zip(known.parameters, parameters, strict=True)),
        dict(zip(known.buffers, buffers, strict=True)),
        training=training,
        stream=stream,
    )

    def changed() -> dict[int, Any]:
        new = {name: group[key] for name, (group, key) in Structure(twinned).buffers.items()}
        return {
            i: new[name]
            for i, (name, old) in enumerate(zip(known.buffers, buffers, strict=True))
            if new[name] is not old
        }

    return twinned, changed


def _without_arrays(module: Module) -> Module:
    """The module's objects alone, for a cache that outlives it."""
    known = structure(module)
    return twin(module, {name: object() for name in known.parameters}, {name: object() for name in known.buffers})


def _compiled(module: Module, static: Any, training: bool | None) -> Jitted:
    counts = len(structure(module).parameters), len(structure(module).buffers)

    def run(stream: random.Stream, *arrays: Any) -> Any:
        parameters, buffers, dynamic = _parts(arrays, *counts)
        twinned, changed = traced_call(module, stream, parameters, buffers, training)
        args, kwargs = _join(dynamic, static)
        return twinned._run(*args, **kwargs), changed()

    return Jitted(run)


# Modules as pure pairs.


class Pure(Layer):
    """A module class, or any function that makes a module, as a layer."""

    factory: Callable[[], Any]

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        with random.seeded(stream):
            module = self.factory()
        if structure(module).lazy:
            raise ValueError(f"pure: {module!r} takes sizes from its input; use layers' own lazy pairs")
        return module.params, module.state

    def bind(self, params: Any, state: Any, *, training: bool = False, stream: Any = None, make: Any = None) -> Bound:
        if make is not None:
            with random.seeded(0):
                module = self.factory()
            module.params, module.state = params, state
            return module
        return _bind(_template(self.factory), params, state, training, stream).module

    def __repr__(self) -> str:
        return f"pure({getattr(self.factory, '__qualname__', self.factory)})"


@functools.lru_cache(maxsize=256)
def _template(factory: Callable[[], Module]) -> Module:
    """A module of the factory's, its arrays replaced by their shapes: only its structure is used."""
    with jax.ensure_compile_time_eval(), random.seeded(0):
        return factory()._map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype))


def pure(factory: Callable[[], Module]) -> Pure:
    """A module class as a pure pair: the constructor is ``init``, ``forward`` is ``apply``.

    What comes back is a layer: it unpacks to ``init, apply`` and can be a child of other layers.

    Args:
        factory: a module class, or any function without arguments that makes a module, always the same way.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import nn
        >>> init, apply = nn.pure(lambda: nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2)))
        >>> params, state = init(jax.random.key(0))
        >>> y, state = jax.jit(apply)(params, state, jnp.ones((5, 3)))
        >>> y.shape
        (5, 2)
    """
    return Pure(factory)
