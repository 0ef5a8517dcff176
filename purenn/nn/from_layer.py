"""Module classes made from layer classes: the stock classes, and `stateful` for the layers of users."""

from __future__ import annotations

import copy
import copyreg
import functools
import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import jax

from purenn import layers, random
from purenn.layers.base import Composite, Layer, further_methods
from purenn.layers.bound import Bound
from purenn.layers.embedding_table import Table
from purenn.layers.location import move_location
from purenn.nn import access, eager, reset
from purenn.nn.code import is_library
from purenn.nn.module import Module
from purenn.nn.state_dict import assign_trees
from purenn.nn.structure import structure
from purenn.nn.sync_batchnorm import convert_sync_batchnorm

__all__ = ["stateful"]


class LayerModule(Module):
    """The base of module classes whose `forward` is their layer's."""

    _layer_class: ClassVar[type[Layer] | None] = None

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._pure or not self._is_stock():
            return super()._run(args, kwargs)
        layer = self._layer
        assert layer is not None
        if not self._modules and not self._computed and not layer.lazy and not _calls_functions(layer):
            training, rng = self._pop_words(kwargs)
            return eager.leaf(self, args, kwargs, training, rng)
        known = structure(self)
        if known.lazy or not (self._is_compiled or (not known.hooked and all(map(_is_stock, known.parts.values())))):
            return super()._run(args, kwargs)
        training, rng = self._pop_words(kwargs)
        return eager.compiled(self, args, kwargs, training, rng, shared=True)

    def _is_stock(self) -> bool:
        """Whether a call runs the `forward` of the layer, not one that a subclass or a user has set."""
        return type(self).forward is Bound.forward and "forward" not in vars(self)

    def _call_method(self, method: str, *args: object, **kwargs: object) -> Any:
        if self._pure:
            return super()._call_method(method, *args, **kwargs)
        twin = access.present(self)
        if twin is not self:
            return twin._call_method(method, *args, **kwargs)
        try:
            if self._modules or self._computed or _calls_functions(self._layer):
                return eager.compiled(self, args, kwargs, method=method, shared=True)
            return eager.leaf(self, args, kwargs, method=method)
        except Exception as error:
            move_location(error, self)
            raise

    def _materialize(self, layer: Layer) -> None:
        super()._materialize(layer)
        if vars(type(self)).get("_layer_class") is not None:
            object.__setattr__(self, "__class__", stateful(type(layer)))

    def __reduce_ex__(self, protocol: object) -> Any:
        made_from = vars(type(self)).get("_layer_class")
        if made_from is None:
            return copyreg.__newobj__, (type(self),), self.__getstate__()  # pyright: ignore[reportAttributeAccessIssue]
        return _without_init, (made_from,), self.__getstate__()


def _is_stock(part: Bound) -> bool:
    """Whether a part of a tree runs nothing but layers, so that a call is compiled without `compile`."""
    return part._is_stock() if isinstance(part, LayerModule) else "_runs_layers_only" in vars(type(part))


@functools.lru_cache(maxsize=65536)
def _calls_functions(layer: Layer) -> bool:
    """Whether a hyper-parameter is a user's function, which may read values that change."""
    functions = [part for part in vars(layer).values() if callable(part) and not isinstance(part, type | Layer)]
    return any(not is_library(getattr(part, "__module__", None)) for part in functions)


def _without_init(layer_class: type[Layer]) -> Module:
    return stateful(layer_class)._without_init()


_written: dict[type[Layer], type[Module]] = {}


def register(layer_class: type[Layer], module_class: type[Module]) -> None:
    """Makes a written class the module class of a layer class."""
    _written[layer_class] = module_class


@functools.cache
def stateful(layer_class: type[Layer]) -> type[Module]:
    """The module class of a layer class: the same constructor and arithmetic; its objects hold their arrays.

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

    def __init__(self: Any, *args: object, **kwargs: object) -> None:
        self._init_fields()
        layer, value = _layers(layer_class, args, kwargs)
        generator = random.default_generator()
        before = generator.count
        try:
            params, state = layer.draw(generator)
        except BaseException:
            generator.count = before
            raise
        filled(layer, params, state, self)
        vars(self)["_layer"] = value
        for part in structure(self).parts.values():
            access.track(part)

    signature = inspect.signature(layer_class)
    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(  # pyright: ignore[reportFunctionMemberAccess]
        parameters=[itself, *signature.parameters.values()]
    )
    __init__.__qualname__ = f"{layer_class.__qualname__}.__init__"
    bases = tuple(stateful(b) for b in layer_class.__bases__ if b not in (Layer, Composite, object))
    methods: dict[str, Any] = {
        n: _method(n, f) for n, f in further_methods(layer_class).items() if n in vars(layer_class)
    }
    for n, f in vars(layer_class).items():
        if isinstance(f, classmethod | staticmethod) and not n.startswith("_"):
            methods[n] = type(f)(f.__func__)
    if layer_class is layers.SyncBatchNorm:
        methods["convert_sync_batchnorm"] = classmethod(convert_sync_batchnorm)
    return type(
        layer_class.__name__,
        bases or (LayerModule,),
        {
            **reset.methods_of(layer_class),
            **methods,
            "__init__": __init__,
            "__doc__": layer_class.__doc__,
            "__module__": layer_class.__module__,
            "__qualname__": layer_class.__qualname__,
            "_layer_class": layer_class,
        },
    )


def filled(layer: Layer, params: dict[str, Any], state: dict[str, Any], module: Module | None = None) -> Module:
    """The module of a layer and its children that holds these arrays: a new one, or the given one."""
    pairs: list[tuple[Layer, Module]] = []

    def make(part: Layer) -> Module:
        m = module if part is layer and module is not None else _without_init(type(part))
        pairs.append((part, m))
        return m

    whole = layer.bind(params, state, training=True, make=make)
    assert isinstance(whole, Module)
    for part, m in pairs:
        for name in part.frozen() if isinstance(part, Table) else ():
            if (variable := m._parameters.get(name)) is not None:
                variable.requires_grad = False
    return whole


def _method(name: str, method: Callable[..., Any]) -> Any:
    """A further method of a layer as a method of its module, which is passed as ``m``."""

    @functools.wraps(method)
    def call(self: Any, *args: object, **kwargs: object) -> Any:
        return self._call_method(name, *args, **kwargs)

    signature = inspect.signature(method)
    parameters = [p for p in signature.parameters.values() if p.name != "m"]
    vars(call)["__signature__"] = signature.replace(parameters=parameters)
    return property(call) if hasattr(method, "is_property") else call


# Modules as arguments of a constructor, such as the layer that a TransformerEncoder repeats.


class ModuleAsLayer(Layer):
    """A module that was given to a constructor, as a layer: bound, it is that module; copied, a copy of it.

    It lives while the new module is made. In the layer of the new module a value takes its place: the given module's
    layer, or the class of a module without one.
    """

    module: Any

    def draw(self, stream: random.Stream) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.module._params_tree(), self.module._state_tree()

    def bind(
        self,
        params: dict[str, Any],
        state: dict[str, Any],
        *,
        make: Callable[[Layer], Bound] | None = None,
        **options: Any,
    ) -> Bound:
        if make is None:
            raise ValueError(f"{self!r} has arrays of its own and can't be called as a pure layer")
        assign_trees(self.module, params, state)
        return self.module

    def __deepcopy__(self, memo: Any) -> ModuleAsLayer:
        return ModuleAsLayer(copy.deepcopy(self.module, memo))

    def __repr__(self) -> str:
        return repr(self.module)


def _layers(layer_class: type[Layer], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Layer, Layer]:
    """The layer that is bound to make a module, and the layer that the module keeps."""
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda v: not isinstance(v, tuple | list | dict))
    modules = [leaf if isinstance(leaf, Module) else None for leaf in leaves]

    def construct(convert: Callable[[Module], Any]) -> Layer:
        pairs = zip(leaves, modules, strict=True)
        args, kwargs = jax.tree.unflatten(tree, [leaf if m is None else convert(m) for leaf, m in pairs])
        return layer_class(*args, **kwargs)

    if not any(m is not None for m in modules):
        layer = construct(ModuleAsLayer)
        return layer, layer
    return construct(ModuleAsLayer), construct(lambda m: m._layer or ModuleAsLayer(type(m)))
