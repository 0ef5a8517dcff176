"""A layer is a value; bound to arrays it runs.

`Layer` is a frozen dataclass of hyper-parameters. It says which arrays it needs (`parameters`, `buffers`),
which layers it is made of (`children`) and how data flows through them (`forward`); from these four follow the
pure functions `init` and `apply`. `purenn.layers.bound.Bound` is a layer together with its arrays: `apply` makes one
for a single call, and a module of `purenn.nn` is one that lives on.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, dataclass_transform

import jax
import numpy as np

from purenn import check, random, tracing
from purenn.layers.bound import Bound, Running, further_methods, gives_way, parts_of, run_by, words_of
from purenn.layers.lazy_sizes import is_lazy, materialized_layers
from purenn.layers.method import pure_method
from purenn.layers.spec import Constant, Spec, as_dtype, as_value
from purenn.tree import flatten, tree_repr
from purenn.typing import Key
from purenn.variable import variables_of

__all__ = ["Bound", "Composite", "Constant", "Layer", "Spec", "further_methods", "stateless"]

Params = dict[str, Any]
State = dict[str, Any]


@dataclass_transform(frozen_default=True, kw_only_default=False, field_specifiers=(dataclasses.field,))
class Layer:
    """The base of all layers: subclass it with annotated hyper-parameters and it is a frozen dataclass.

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
    repr_fields: ClassVar[tuple[str, ...] | None] = None  # the hyper-parameters that are printed; None for all
    lazy: ClassVar[bool] = False  # whether the first input determines a size

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = as_value(getattr(self, field.name))
            if field.type in (int, "int") and isinstance(value, float | complex | str):
                check.integer(type(self).__name__, field.name, value)
            object.__setattr__(self, field.name, as_dtype(value) if field.name == "dtype" else value)
        for name, value in self.normalize().items():
            object.__setattr__(self, name, value)
        try:
            hash(self._values())
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}: hyper-parameters must be hashable values: {error}") from None

    def normalize(self) -> Mapping[str, Any]:
        """Checks the hyper-parameters, and returns those to store in another form, by name."""
        return {}

    # The parts that a layer defines.

    def parameters(self) -> Mapping[str, Spec | None]:
        """The arrays that an optimizer trains, by torch's names; None for an array that this layer doesn't have."""
        return {}

    def buffers(self) -> Mapping[str, Spec | None]:
        """The arrays that aren't trained, by torch's names; None for an array that this layer doesn't have."""
        return {}

    def children(self) -> Mapping[str, Layer]:
        """The layers that this one is made of, by name."""
        return {}

    def _checked_children(self) -> Mapping[str, Layer]:
        """`children`, after a check of a user's class."""
        children: object = self.children()
        if not isinstance(children, Mapping):
            raise TypeError(f"{type(self).__name__}: children must return a dict, got a {type(children).__name__}")
        for name, child in children.items():
            if not isinstance(child, Layer):
                remedy = (
                    "layers.ModuleList holds a list, layers.ModuleDict a dict"
                    if isinstance(child, list | tuple | Mapping)
                    else "a layer is made by purenn.layers"
                )
                raise TypeError(
                    f"{type(self).__name__}: children must return layers by name, got a {type(child).__name__} for "
                    f"{name!r}: {remedy}"
                )
        return children

    def forward(self, m: Bound, *args: Any, **kwargs: Any) -> Any:
        """Computes the output, with ``m`` the layer bound to its arrays."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def extra_repr(self) -> str:
        """The text between the parentheses of the repr: ``repr_fields``, or a leaf's hyper-parameters."""
        names = self.repr_fields
        if names is None:
            names = () if self.children() else [n for n, v in self.hyperparameters().items() if n != "inplace" or v]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in names)

    def hyperparameters(self) -> dict[str, Any]:
        """The constructor's arguments by name, without ``device`` and ``dtype``."""
        fields = dataclasses.fields(self)
        return {f.name: getattr(self, f.name) for f in fields if f.init and f.name not in ("device", "dtype")}

    # The pure functions, which follow from these parts.

    @pure_method
    def init(self, rng: Key, *example: object) -> tuple[Params, State]:
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
            stream.materialized = materialized_layers(self, example)
        return self.draw(stream)

    @pure_method
    def apply(
        self,
        params: Params,
        state: State,
        /,
        *args: object,
        training: bool = False,
        rng: Key | None = None,
        **kwargs: object,
    ) -> tuple[Any, State]:
        """Runs the layer. Pure: nothing is changed, and the new state is returned.

        Args:
            params: what an optimizer trains, as `init` gives it.
            state: what torch calls buffers, as `init` gives it.
            args, kwargs: the arguments of torch's ``forward``.
            training: whether the layer trains: dropout drops, and batch norms use the batch's statistics. A `forward`
                with an argument ``training`` or ``rng`` receives it too.
            rng: a jax key, needed for random numbers only.

        Returns:
            The output and the new state.

        Raises:
            ValueError: arrays or inputs don't fit the layer; the message names it.
        """
        m = self.bind(params, state, training=training, stream=None if rng is None else random.Stream(rng))
        values = {"training": training, "rng": rng}
        for word in words_of(m._forward_function()):
            kwargs[word] = values[word]
        with run_by(Running(list(parts_of(m)), m._stream)):
            output = m(*args, **kwargs)
        return output, m._state_tree()

    def draw(self, stream: random.Stream) -> tuple[Params, State]:
        """Makes the arrays like `init`, from a stream of keys: one key per random array, in the order of the tree."""
        dtype = getattr(self, "dtype", None)
        params: Params
        state: State
        params, state = (
            {name: spec.create(stream, dtype) for name, spec in specs.items() if spec is not None}
            for specs in (self.parameters(), self.buffers())
        )
        for name, child in self._checked_children().items():
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
        """Binds the layer to arrays, for one call; or for good, if ``make`` makes the objects of `purenn.nn`."""
        m = object.__new__(self._bound()) if make is None else make(self)
        children = self._checked_children()
        specs = {"params": self.parameters(), "state": self.buffers()}
        for name in (*specs["params"], *specs["state"], *children):
            if name == "training" or (hasattr(Bound, name) and not isinstance(vars(Bound).get(name), gives_way)):
                raise ValueError(
                    f"{type(self).__name__}: {name!r} is an attribute of every bound layer: choose another name"
                )
        for kind, tree in (("params", params), ("state", state)):
            _check_tree(self, kind, specs[kind], children, tree)
        vars(m).update(
            _layer=self,
            _parameters=variables_of(params, specs["params"]),
            _buffers=variables_of(state, specs["state"]),
            _modules={
                name: child.bind(params.get(name, {}), state.get(name, {}), training=training, stream=stream, make=make)
                for name, child in children.items()
            },
            training=training,
            _stream=stream,
            _made_in=tracing.current(),
        )
        if make is None:
            m._name_children()
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

    @functools.cached_property  # cached: every call of a module needs both
    def _hash(self) -> int:
        return hash((type(self), self._compared))

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self) if field.compare)

    def __deepcopy__(self, memo: object) -> Layer:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_hash", "_compared")}

    def __repr__(self) -> str:
        return self._tree_repr(self._get_name(), self.extra_repr(), self.children())

    def _tree_repr(self, name: str, extra: str, children: Mapping[str, Any]) -> str:
        """The repr of the layer and of its modules."""
        return tree_repr(name, extra, children)

    @property
    def _holds_only(self) -> bool:
        """Whether it only holds layers and is never called."""
        return False

    def _get_name(self) -> str:
        return type(self).__name__

    def _repr_html_(self) -> str:
        from purenn.inspect.html import layer_html  # only notebooks need it

        return layer_html(self)


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


def stateless(layer: Layer) -> tuple[Callable[[Any], Params], Callable[..., Any]]:
    """Returns the short pair of a layer without state: ``init(rng) -> params`` and ``apply(params, x) -> y``.

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

    def init(rng: Key, *example: object) -> Params:
        return layer.init(rng, *example)[0]

    def apply(params: Params, *args: Any, **kwargs: Any) -> Any:
        return layer.apply(params, {}, *args, **kwargs)[0]

    return init, apply


def _check_tree(
    layer: Layer, kind: str, specs: Mapping[str, Spec | None], children: Mapping[str, Layer], tree: object
) -> None:
    expected = {name: spec.shape for name, spec in specs.items() if spec is not None}
    if not isinstance(tree, Mapping):
        raise TypeError(f"{layer!r}: {kind} must be a dict, got {type(tree).__name__}")
    arrays = {name: array for name, array in tree.items() if name not in children}
    if expected.keys() != arrays.keys() or any(np.shape(arrays[name]) != shape for name, shape in expected.items()):
        describe = ", ".join(f"{name} {shape}" for name, shape in expected.items()) or "no arrays"
        actual = ", ".join(f"{name} {_shape(array)}" for name, array in arrays.items()) or "none"
        raise ValueError(f"{layer!r}: {kind} must hold {describe}; got {actual}")


def _shape(array: Any) -> Any:
    return list(array) if isinstance(array, Mapping) else np.shape(array)
