"""A layer bound to arrays: the ``m`` of a `forward`, and the base of every module."""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import jax

from purenn import random, tracing
from purenn.context import setting
from purenn.layers.location import add_location
from purenn.layers.observe import observed, observers
from purenn.tree import tree_repr
from purenn.variable import Variable, values_of

if TYPE_CHECKING:
    from purenn.layers.base import Layer

__all__ = ["Bound", "Running", "further_methods", "gives_way", "parts_of", "run_by", "running", "words_of"]

_GROUPS = ("_parameters", "_buffers", "_modules")


class gives_way:  # noqa: N801, a decorator
    """A method that an array or child of the same name, registered by a user, replaces."""

    def __init__(self, method: Callable[..., Any]):
        self.method = method
        self.__doc__ = method.__doc__

    def __get__(self, m: Bound, owner: type | None = None) -> Any:
        if m is None:
            return self.method
        name = self.method.__name__
        if any(name in vars(m).get(group, ()) for group in _GROUPS):
            return m.__getattr__(name)
        return self.value_for(m)

    def value_for(self, m: Bound) -> Any:
        """The method, if no array or child has its name."""
        return types.MethodType(self.method, m)


class Running(NamedTuple):
    """The surrounding pure call: its bound layers, and the stream of their random numbers."""

    parts: list[Bound]
    stream: random.Stream | None


_running: contextvars.ContextVar[Running | None] = contextvars.ContextVar("purenn_running", default=None)
running = _running.get


@contextlib.contextmanager
def run_by(call: Running) -> Iterator[None]:
    """Inside, `running` returns this pure call, and functions without ``rng`` draw from its stream."""
    with setting(_running, call), random.drawing_from(call.stream):
        yield


class Bound:
    """A layer bound to arrays: the ``m`` of `forward`.

    Its parameters, buffers, children and hyper-parameters are attributes; a call runs the layer. A buffer can be set;
    its value is then part of the new state. ``_computed`` has a function for every array that is computed at each read,
    by the array's name, such as the parametrized and pruned weights of `purenn.utils`.
    """

    _computed: Mapping[str, Any] = types.MappingProxyType({})

    _layer: Layer | None
    _parameters: dict[str, Variable | None]
    _buffers: dict[str, Variable | None]
    _modules: dict[str, Any]
    _stream: random.Stream | None
    _made_in: Any
    __scope: str = ""  # the child's name in its parent, for profiles; mangled, so that no attribute of a user collides
    training: bool

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(args, kwargs)

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Makes the pure call. ``training`` and ``rng`` override those of the surrounding call."""
        training, rng = self._pop_words(kwargs)
        if training is None and rng is None:
            return self._call_with_context(self.forward, args, kwargs)
        stream = None if rng is None else random.Stream(rng)
        m = self._rebind(training, stream)
        if stream is None:
            return m._call_with_context(m.forward, args, kwargs)
        with random.drawing_from(stream):
            return m._call_with_context(m.forward, args, kwargs)

    def _pop_words(self, kwargs: dict[str, Any]) -> tuple[bool | None, Any]:
        """Takes ``training`` and ``rng`` out of the keywords, unless `forward` itself has arguments of these names."""
        if not kwargs:
            return None, None
        words = words_of(self._forward_function())
        training = None if "training" in words else kwargs.pop("training", None)
        return training, None if "rng" in words else kwargs.pop("rng", None)

    def _forward_function(self) -> Callable[..., Any]:
        layer = type(self._layer)
        return getattr(layer, "forward", Bound.forward) if type(self).forward is Bound.forward else type(self).forward

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The layer's `forward`, with this as ``m``."""
        if self._layer is None:
            raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')
        return self._layer.forward(self, *args, **kwargs)

    def _call_method(self, method: str, *args: object, **kwargs: object) -> Any:
        """One of the layer's `further_methods`."""
        return self._call_with_context(functools.partial(getattr(self._layer, method), self), args, kwargs)

    def _call_with_context(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Calls a function; its errors get a location, and its operations the child's name in profiles."""
        arguments = args, kwargs
        try:
            if observers():
                function, args, kwargs = observed, (self, self.__scope, function, args, kwargs), {}
            if not self.__scope:
                return function(*args, **kwargs)
            with jax.named_scope(self.__scope):
                return function(*args, **kwargs)
        except Exception as error:
            add_location(error, self, *arguments)
            raise

    def _rebind(self, training: bool | None, stream: random.Stream | None) -> Any:
        """The same variables under another mode or stream of keys."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self))
        vars(twin).update(
            training=self.training if training is None else training,
            _stream=stream or self._stream,
            _modules={n: c and c._rebind(training, stream) for n, c in self._modules.items()},
        )
        return twin

    def _name_children(self, prefix: str = "", *, keep: bool = False) -> None:
        """Tells the children their names, after the name of their list, which isn't called itself.

        Args:
            prefix: the prefix of the names.
            keep: whether a child in several places keeps the name from the first.
        """
        for name, child in self._modules.items():
            if child is None or (keep and child.__scope):
                continue
            vars(child)["_Bound__scope"] = prefix + name
            if child._layer._holds_only if child._layer is not None else type(child).forward is Bound.forward:
                child._name_children(f"{prefix}{name}.", keep=keep)

    # Lazy layers.

    def _materialize(self, layer: Layer) -> None:
        """Makes a lazy layer, in its first call, the layer of the input's size."""
        if (layer.parameters() or layer.buffers()) and not isinstance(self._stream, random.ShapesOnly):
            raise ValueError("there are no arrays yet: make them with init(rng, x), or call the module once")
        self._become(layer, self._stream)

    def _become(self, layer: Layer, stream: Any) -> None:
        layer.bind(*layer.draw(stream), training=self.training, stream=self._stream, make=lambda _: self)

    # Random numbers.

    @gives_way
    def make_rng(self) -> Any:
        """The next key of this call, for randomness inside a `forward`."""
        return self._next_key()

    def _next_key(self) -> Any:
        if self._stream is None:
            raise ValueError("random numbers are needed here: pass rng=, a jax key such as jax.random.key(0)")
        return self._stream.next()

    # Parts and arrays.

    def children(self) -> Iterator[Any]:
        """The bound children, in order."""
        return (child for child in self._modules.values() if child is not None)

    def _params_tree(self) -> dict[str, Any]:
        return self._tree("_parameters")

    def _state_tree(self) -> dict[str, Any]:
        return self._tree("_buffers")

    def _tree(self, kind: str) -> dict[str, Any]:
        """The arrays of one kind (``"_parameters"`` or ``"_buffers"``) as a nested dict."""
        tree = values_of(vars(self)[kind])
        for name, child in self._modules.items():
            if child is not None and (branch := child._tree(kind)):
                tree[name] = branch
        return tree

    def __getattr__(self, name: str) -> Any:
        fields = vars(self)
        for group in ("_parameters", "_buffers"):
            if name in fields.get(group, ()):
                variable = fields[group][name]
                return None if variable is None else variable.value
        if name in fields.get("_modules", ()):
            return fields["_modules"][name]
        if name in fields.get("_computed", ()):
            return fields["_computed"][name](self)
        layer = fields.get("_layer")
        if layer is not None and not name.startswith("_"):
            if name in vars(layer):
                return vars(layer)[name]
            if further := further_methods(type(layer)).get(name):
                call = functools.partial(self._call_method, name)
                return call() if hasattr(further, "is_property") else call
        remedy = self._remedy(name)
        message = f"{self._get_name()} has no attribute {name!r}{remedy and f': {remedy}'}"
        raise AttributeError(message, name=name, obj=self)

    def _remedy(self, name: str) -> str:
        """Advice for an attribute that doesn't exist."""
        return ""

    def __setattr__(self, name: str, value: object) -> None:
        where = self._get_name()
        if name not in self._buffers:
            raise AttributeError(
                f"{where}: {name!r} can't be set inside a pure call (compile, Optimizer.step, functional_call, apply), "
                f"where only buffers change ({', '.join(self._buffers) or 'it has none'}): set it before or afterwards"
            )
        if tracing.current() != self._made_in:
            if inner := tracing.transformations_since(self._made_in):
                raise RuntimeError(
                    f"{where}: the buffer {name!r} changes inside {inner[0]}, which would lose the change: use "
                    "nn.remat or nn.scan, which hand buffers on, or call it in evaluation mode"
                )
            value = jax.lax.stop_gradient(value)  # inside a derivative: state isn't differentiated
        variable = self._buffers[name]
        if variable is None:
            self._buffers[name] = Variable(value, requires_grad=False)
        else:
            variable.value = value

    # Print.

    def extra_repr(self) -> str:
        """The text between the parentheses of the repr."""
        return "" if self._layer is None else self._layer.extra_repr()

    def __repr__(self) -> str:
        shown = tree_repr if self._layer is None else self._layer._tree_repr
        return shown(self._get_name(), self.extra_repr(), self._modules)

    def _get_name(self) -> str:
        """The class's name; for a converted module the name of torch's class."""
        return type(self).__name__ if self._layer is None else self._layer._get_name()

    def _repr_html_(self) -> str:
        from purenn.inspect.html import module_html  # only notebooks need it

        return module_html(self)


def parts_of(m: Bound) -> Iterator[Bound]:
    """A bound layer and all below it."""
    yield m
    for child in m._modules.values():
        if child is not None:
            yield from parts_of(child)


@functools.cache
def words_of(forward: Callable[..., Any]) -> frozenset[str]:
    """The arguments ``training`` and ``rng`` of a `forward`, as far as it has them."""
    return frozenset({"training", "rng"} & inspect.signature(forward).parameters.keys())


@functools.cache
def further_methods(cls: type[Layer]) -> dict[str, Callable[..., Any]]:
    """The methods of a class that take ``m`` like `forward`, such as ``log_prob``; a bound layer has them too."""
    return {
        name: method
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and name != "forward" and list(inspect.signature(method).parameters)[1:2] == ["m"]
    }
