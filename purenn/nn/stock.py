"""The stock classes: every layer as a module class."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable
from typing import Any

import jax

from purenn import random
from purenn.layers.base import Bound, Composite, Layer, further_methods
from purenn.nn.module import Module, blank

__all__ = ["stateful"]


_written: dict[type[Layer], type[Module]] = {}


def register(layer_class: type[Layer], module_class: type[Module]) -> None:
    """Says which written class is the module class of a layer class."""
    _written[layer_class] = module_class


@functools.cache
def stateful(layer_class: type[Layer]) -> type[Module]:
    """The module class of a layer class: the same constructor, the same arithmetic, its arrays held.

    Args:
        layer_class: a class of layers, stock or your own.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import layers, nn
        >>> class Double(layers.Layer):
        ...     def forward(self, m, x):
        ...         return 2 * x
        >>> double = nn.stateful(Double)()
        >>> double, double(jnp.ones(2)).tolist()
        (Double(), [2.0, 2.0])
    """
    if layer_class in _written:
        return _written[layer_class]

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        vars(self).update(vars(blank(Module)))
        layer, value = _layers(layer_class, args, kwargs)
        generator = random.default_generator()
        before = generator.count
        try:
            params, state = layer.draw(generator)
        except BaseException:
            generator.count = before
            raise
        layer.bind(params, state, training=True, make=lambda part: self if part is layer else _child(part))
        vars(self)["_layer"] = value

    signature = inspect.signature(layer_class)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(  # pyright: ignore[reportFunctionMemberAccess]
        parameters=[itself, *signature.parameters.values()]
    )
    __init__.__qualname__ = f"{layer_class.__qualname__}.__init__"
    bases = tuple(stateful(b) for b in layer_class.__bases__ if b not in (Layer, Composite, object))
    own: dict[str, Any] = {n: _method(n, f) for n, f in further_methods(layer_class).items() if n in vars(layer_class)}
    for n, f in vars(layer_class).items():
        if isinstance(f, classmethod | staticmethod) and not n.startswith("_"):
            own[n] = type(f)(f.__func__)
    return type(
        layer_class.__name__,
        bases or (Module,),
        {
            **own,
            "__init__": __init__,
            "__doc__": layer_class.__doc__,
            "__module__": layer_class.__module__,
            "__qualname__": layer_class.__qualname__,
            "_layer_class": layer_class,
        },
    )


def _child(layer: Layer) -> Module:
    return blank(stateful(type(layer)))


def _method(name: str, method: Callable[..., Any]) -> Any:
    """A further method of a layer as its module's: it takes the module for ``m``."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self._call(name, *args, **kwargs)

    signature = inspect.signature(method)
    parameters = [p for p in signature.parameters.values() if p.name != "m"]
    vars(call)["__signature__"] = signature.replace(parameters=parameters)
    return property(call) if hasattr(method, "is_property") else call


# Modules as arguments of a constructor, such as the layer that a TransformerEncoder repeats.


class Given(Layer):
    """A module that was given to a constructor, as a layer: bound, it is that module; copied, a copy of it.

    It lives while the new module is made. What stays is a value: the module's own layer, or for a class of the user's,
    the class.
    """

    module: Any

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.module.params, self.module.state

    def bind(self, params: Any, state: Any, *, make: Any = None, **options: Any) -> Bound:
        if make is None:
            raise ValueError(f"{self!r} has arrays of its own and can't be called as a pure layer")
        self.module.params, self.module.state = params, state
        return self.module

    def __deepcopy__(self, memo: Any) -> Given:
        return Given(copy.deepcopy(self.module, memo))

    def __repr__(self) -> str:
        return repr(self.module)


def _layers(layer_class: type[Layer], args: Any, kwargs: Any) -> tuple[Layer, Layer]:
    """The layer that is bound to make a module, and the value that stays."""
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda v: not isinstance(v, tuple | list | dict))
    modules = [leaf if isinstance(leaf, Module) else None for leaf in leaves]

    def made(convert: Callable[[Module], Any]) -> Layer:
        pairs = zip(leaves, modules, strict=True)
        args, kwargs = jax.tree.unflatten(tree, [leaf if m is None else convert(m) for leaf, m in pairs])
        return layer_class(*args, **kwargs)

    if not any(m is not None for m in modules):
        layer = made(Given)
        return layer, layer
    return made(Given), made(lambda m: m._layer or Given(type(m)))
