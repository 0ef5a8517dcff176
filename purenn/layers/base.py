"""A layer is a value; bound to arrays it runs.

`Layer` is a frozen dataclass of hyper-parameters. It says which arrays it needs (`parameters`, `buffers`),
which layers it is made of (`children`) and how data flows through them (`forward`); from these four follow the
pure functions `init` and `apply`. `Bound` is a layer together with its arrays: `apply` makes one for a single
call, and a module of `purenn.nn` is one that lives on.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, dataclass_transform

import jax
import jax.numpy as jnp

from purenn import random
from purenn.layers.method import pure_method
from purenn.layers.settle import Settling, is_lazy, settled
from purenn.layers.spec import Constant, Spec, as_dtype, as_value
from purenn.tree import flatten, tree_repr

__all__ = ["Bound", "Composite", "Constant", "Layer", "Spec", "stateless"]

Params = dict[str, Any]
State = dict[str, Any]


@dataclass_transform(frozen_default=True, kw_only_default=False)
class Layer:
    """The base of all layers: subclass it with annotated hyper-parameters and it is a frozen dataclass.

    ``function=`` names the pure function that the layer is; then no `forward` is needed: the function's arguments
    are filled by their names from the layer's arrays, its hyper-parameters, ``training`` and ``rng``, and those
    that remain (or that ``inputs=`` names) are a call's.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> class Scale(layers.Layer):
        ...     size: int
        ...     def parameters(self):
        ...         return {"weight": layers.Spec((self.size,), 1.0)}
        ...     def forward(self, m, x):
        ...         return x * m.weight
        >>> init, apply = Scale(3)
        >>> params, state = init(jax.random.key(0))
        >>> y, state = apply(params, state, jnp.ones((2, 3)))
        >>> params, state, y.shape
        ({'weight': Array([1., 1., 1.], dtype=float32)}, {}, (2, 3))
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    _function: ClassVar[Callable[..., Any] | None] = None
    _inputs: ClassVar[tuple[str, ...] | None] = None
    lazy: ClassVar[bool] = False  # whether a size is missing that an input will tell

    def __init_subclass__(
        cls, function: Callable[..., Any] | None = None, inputs: tuple[str, ...] | None = None, **kwargs: Any
    ):
        super().__init_subclass__(**kwargs)
        if function is not None:
            cls._function, cls._inputs = staticmethod(function), inputs
        dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = as_value(getattr(self, field.name))
            object.__setattr__(self, field.name, as_dtype(value) if field.name == "dtype" else value)
        try:
            hash(self._values())
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: hyper-parameters must be hashable values: {error}") from None

    # What a layer says of itself.

    def parameters(self) -> Mapping[str, Spec | None]:
        """The arrays that an optimizer trains, by torch's names; None for one that this layer does without."""
        return {}

    def buffers(self) -> Mapping[str, Spec | None]:
        """The arrays that are kept but not trained, by torch's names."""
        return {}

    def children(self) -> Mapping[str, Layer]:
        """The layers that this one is made of, by name."""
        return {}

    def forward(self, m: Any, *args: Any, **kwargs: Any) -> Any:
        """What is computed, with ``m`` the layer bound to its arrays. The default calls the layer's function."""
        function = type(self)._function
        if function is None:
            raise NotImplementedError(f"{type(self).__name__} has neither a forward nor a function")
        filled: dict[str, Any] = {}
        inputs: list[str] = []
        for name in _argument_names(function):
            if name == "training":
                filled[name] = m.training
            elif name == "rng":
                filled[name] = m.optional_rng()
            elif name in m._computed:
                filled[name] = m._computed[name](m)
            elif name in m._parameters:
                filled[name] = m._parameters[name]
            elif name in m._buffers:
                filled[name] = m._buffers[name]
            elif name in vars(self):
                filled[name] = vars(self)[name]
            else:
                inputs.append(name)
        inputs = list(type(self)._inputs or inputs)
        if len(args) > len(inputs) or not set(kwargs) <= set(inputs[len(args) :]):
            came = ", ".join([f"{len(args)} arguments", *kwargs])
            raise TypeError(f"forward takes {', '.join(inputs)}; got {came}")
        return function(**dict(zip(inputs, args, strict=False)), **kwargs, **filled)

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr: by default a leaf's hyper-parameters."""
        if self.children():
            return ""
        return ", ".join(f"{name}={value!r}" for name, value in self.hyperparameters().items())

    def hyperparameters(self) -> dict[str, Any]:
        """The constructor's arguments by name, without ``device`` and ``dtype``."""
        fields = dataclasses.fields(self)
        return {f.name: getattr(self, f.name) for f in fields if f.init and f.name not in ("device", "dtype")}

    # What follows from it.

    @pure_method
    def init(self, rng: Any, *example: Any) -> tuple[Params, State]:
        """Makes the layer's arrays.

        Args:
            rng: a jax key.
            example: inputs, or their ``jax.ShapeDtypeStruct``, for layers that infer sizes from them.

        Returns:
            ``params`` and ``state``, nested dicts under torch's names; ``{}`` where there is nothing to hold.

        Raises:
            ValueError: a lazy layer has no example to take its size from.
        """
        stream = random.Stream(rng)
        if is_lazy(self):
            stream.settled = settled(self, example)
        return self.draw(stream)

    @pure_method
    def apply(
        self, params: Params, state: State, *args: Any, training: bool = False, rng: Any = None, **kwargs: Any
    ) -> tuple[Any, State]:
        """Runs the layer. Pure: nothing is changed, and the new state is returned.

        Args:
            params: what an optimizer trains, as `init` gives it.
            state: what torch calls buffers, as `init` gives it.
            args: torch's ``forward``'s arguments, as are ``kwargs``.
            training: whether dropout drops and batch statistics are taken.
            rng: a jax key; needed only where randomness is used.

        Returns:
            The output and the new state.

        Raises:
            ValueError: arrays or inputs don't fit the layer; the message names it.
        """
        m = self.bind(params, state, training=training, stream=None if rng is None else random.Stream(rng))
        output = m(*args, **kwargs)
        return output, m.tree("_buffers")

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        """`init` from a stream of keys: one key for each random array, in the order of the tree."""
        dtype = getattr(self, "dtype", None)
        params: Params
        state: State
        params, state = (
            {name: spec.make(stream, dtype) for name, spec in specs.items() if spec is not None}
            for specs in (self.parameters(), self.buffers())
        )
        for name, child in self.children().items():
            child_params, child_state = child.draw(stream)
            if child_params:
                params[name] = child_params
            if child_state:
                state[name] = child_state
        return params, state

    def bind(
        self,
        params: Params,
        state: State,
        *,
        training: bool = False,
        stream: random.Stream | None = None,
        make: Callable[[Layer], Bound] | None = None,
    ) -> Bound:
        """The layer bound to arrays: for one call, or, where ``make`` gives objects of `purenn.nn`, to stay."""
        m = object.__new__(self._bound()) if make is None else make(self)
        children = self.children()
        specs = {"params": self.parameters(), "state": self.buffers()}
        for kind, given in (("params", params), ("state", state)):
            _check_tree(self, kind, specs[kind], children, given)
        vars(m).update(
            _layer=self,
            _parameters={name: params.get(name) for name in specs["params"]},
            _buffers={name: state.get(name) for name in specs["state"]},
            _modules={
                name: child.bind(params.get(name, {}), state.get(name, {}), training=training, stream=stream, make=make)
                for name, child in children.items()
            },
            training=training,
            _stream=stream,
        )
        return m

    def _bound(self) -> type[Bound]:
        """The class of this layer bound to arrays for one call."""
        return Bound

    def __iter__(self) -> Iterator[Any]:
        return iter((self.init, self.apply))

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and self._compared == other._compared)  # pyright: ignore

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _compared(self) -> tuple[Any, ...]:
        return self._values()

    @functools.cached_property  # both are kept: they are asked for in every call of a module
    def _hash(self) -> int:
        return hash((type(self), self._compared))

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self) if field.compare)

    def __deepcopy__(self, memo: Any) -> Layer:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_hash", "_compared")}

    def __repr__(self) -> str:
        return tree_repr(type(self).__name__, self.extra_repr(), self.children())


class Composite(Layer):
    """A layer made of layers: it names its `children` and says in `forward` how data flows through them.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers, functional as F
        >>> class Residual(layers.Composite):
        ...     channels: int
        ...     def children(self):
        ...         return {"conv": layers.Conv2d(self.channels, self.channels, 3, padding=1),
        ...                 "norm": layers.BatchNorm2d(self.channels)}
        ...     def forward(self, m, x):
        ...         return x + F.relu(m.norm(m.conv(x)))
        >>> params, state = Residual(4).init(jax.random.key(0))
        >>> y, state = Residual(4).apply(params, state, jnp.ones((2, 4, 8, 8)), training=True)
        >>> y.shape, int(state["norm"]["num_batches_tracked"])
        ((2, 4, 8, 8), 1)
    """

    def children(self) -> Mapping[str, Layer]:
        raise NotImplementedError(f"{type(self).__name__} must name its children")


class Bound:
    """A layer bound to arrays: what `forward` is given as ``m``.

    Its parameters, buffers, children and hyper-parameters are attributes; a call runs the layer. Buffers can be
    set, and what they were set to is the new state. An array may also be computed from others whenever it is read,
    as `purenn.utils` has it for parametrized and pruned weights: then ``_computed`` says how, as a function of this.
    """

    _computed: Mapping[str, Any] = types.MappingProxyType({})

    _layer: Layer | None
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _stream: random.Stream | None
    training: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, training: bool | None = None, rng: Any = None, **kwargs: Any) -> Any:
        """The pure call. ``training`` and ``rng`` override those of the call around it."""
        if training is not None or rng is not None:
            return self._rebound(training, None if rng is None else random.Stream(rng))._run(*args, **kwargs)
        return self._located(self.forward, *args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's `forward`, with this as ``m``."""
        if self._layer is None:
            raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')
        return self._layer.forward(self, *args, **kwargs)

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """One of the layer's `further_methods`."""
        return self._located(getattr(self._layer, method), self, *args, **kwargs)

    def _located(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Calls a function; an error that comes of it says where."""
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError) as error:
            if (located := _located(error, self)) is error:
                raise
            raise located from error

    def settle(self, layer: Layer) -> None:
        """Becomes, in the first call of a lazy layer, the layer of the size that it has seen."""
        if (layer.parameters() or layer.buffers()) and not isinstance(self._stream, Settling):
            raise ValueError("there are no arrays yet: make them with init(rng, x), or call the module once")
        self._become(layer, self._stream)

    def _become(self, layer: Layer, stream: Any) -> None:
        layer.bind(*layer.draw(stream), training=self.training, stream=self._stream, make=lambda _: self)

    def make_rng(self) -> Any:
        """The next key of this call, for randomness inside a `forward`."""
        if self._stream is None:
            raise ValueError("randomness is used here: pass rng=, a jax key such as jax.random.key(0)")
        return self._stream.next()

    def optional_rng(self) -> Any:
        """The next key for a function that may need one: None in evaluation, and where this call has none."""
        return self._stream.next() if self.training and self._stream else None

    def children(self) -> Iterator[Any]:
        """The bound children, in order."""
        return (child for child in self._modules.values() if child is not None)

    def tree(self, kind: str) -> dict[str, Any]:
        """The arrays of one kind (``"_parameters"`` or ``"_buffers"``) as a nested dict."""
        tree = {name: array for name, array in vars(self)[kind].items() if array is not None}
        for name, child in self._modules.items():
            if child is not None and (branch := child.tree(kind)):
                tree[name] = branch
        return tree

    def _rebound(self, training: bool | None, stream: random.Stream | None) -> Any:
        """The same arrays under another mode or stream of keys."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        vars(twin).update(
            training=self.training if training is None else training,
            _stream=stream or self._stream,
            _modules={n: c and c._rebound(training, stream) for n, c in self._modules.items()},
        )
        return twin

    def __getattr__(self, name: str) -> Any:
        own = vars(self)
        for group in ("_parameters", "_buffers", "_modules"):
            if name in own.get(group, ()):
                return own[group][name]
        if name in own.get("_computed", ()):
            return own["_computed"][name](self)
        layer = own.get("_layer")
        if layer is not None and not name.startswith("_"):
            if name in vars(layer):
                return vars(layer)[name]
            if further := further_methods(type(layer)).get(name):
                return self._call(name) if hasattr(further, "is_property") else functools.partial(self._call, name)
        raise AttributeError(f"{type(layer or self).__name__} has no attribute {name!r}", name=name, obj=self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._buffers:
            raise AttributeError(
                f"{self!r}: {name!r} can't be set inside a pure call, where only buffers change: {list(self._buffers)}"
            )
        self._buffers[name] = value

    def extra_repr(self) -> str:
        """What stands between the parentheses of the repr."""
        return "" if self._layer is None else self._layer.extra_repr()

    def __repr__(self) -> str:
        return tree_repr(type(self._layer or self).__name__, self.extra_repr(), self._modules)


def stateless(layer: Layer) -> tuple[Callable[[Any], Params], Callable[..., Any]]:
    """The short pair of a layer without state: ``init(rng) -> params`` and ``apply(params, x) -> y``.

    Raises:
        ValueError: the layer has state.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> from purenn import layers
        >>> init, apply = layers.stateless(layers.Linear(3, 2))
        >>> apply(init(jax.random.key(0)), jnp.ones((5, 3))).shape
        (5, 2)
    """
    _, state = jax.eval_shape(lambda: layer.draw(random.Stream(0)))
    if state:
        raise ValueError(f"{layer!r} has state ({', '.join(flatten(state))}): use its init and apply themselves")

    def init(rng: Any, *example: Any) -> Params:
        return layer.init(rng, *example)[0]

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
        return layer.apply(params, {}, *args, **kwargs)[0]

    return init, apply


@functools.cache
def further_methods(cls: type[Layer]) -> dict[str, Callable[..., Any]]:
    """The methods of a class that take ``m`` as `forward` does, such as ``log_prob``: calls of a bound layer."""
    return {
        name: method
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and name != "forward" and list(inspect.signature(method).parameters)[1:2] == ["m"]
    }


@functools.cache
def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def _check_tree(
    layer: Layer, kind: str, specs: Mapping[str, Spec | None], children: Mapping[str, Layer], tree: Any
) -> None:
    expected = {name: spec.shape for name, spec in specs.items() if spec is not None}
    if not isinstance(tree, Mapping):
        raise TypeError(f"{layer!r}: {kind} must be a dict, got {type(tree).__name__}")
    got = {name: array for name, array in tree.items() if name not in children}
    if expected.keys() != got.keys() or any(jnp.shape(got[name]) != shape for name, shape in expected.items()):
        describe = ", ".join(f"{name} {shape}" for name, shape in expected.items()) or "no arrays"
        came = ", ".join(f"{name} {_shape(array)}" for name, array in got.items()) or "none"
        raise _located(ValueError(f"{kind} must hold {describe}; got {came}"), layer)


def _shape(array: Any) -> Any:
    return list(array) if isinstance(array, Mapping) else jnp.shape(array)


def _located(error: Exception, where: Any) -> Exception:
    """The error, said once of the innermost layer it came from. Errors of jax's own classes stay as they are."""
    if type(error) not in (ValueError, TypeError) or getattr(error, "located", False):
        return error
    located = type(error)(f"{where!r}: {error}")
    located.located = True  # pyright: ignore[reportAttributeAccessIssue]
    return located
