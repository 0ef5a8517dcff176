"""A module is a layer bound to arrays that lives on: torch's ``nn.Module`` over immutable arrays.

A `Module` is a `purenn.layers.base.Bound`. Its arrays lie in ``_parameters`` and ``_buffers``, its children in
``_modules``; a stock class has its layer in ``_layer``, a class of the user's has a ``forward`` of its own. A pure
call (`functional_call`) never swaps arrays in place: it runs a *twin*, a copy of the tree's objects over other
arrays, which lives for that call and whose buffers are the new state. The same array under two names is one
parameter, as the same ``Parameter`` is in torch.
"""

from __future__ import annotations

import copyreg
import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import jax
import jax.numpy as jnp
from jax.core import Tracer

from purenn import random
from purenn.layers.base import Bound, Layer
from purenn.nn import call, saving
from purenn.nn.cast import Cast
from purenn.nn.hooks import Hooked
from purenn.nn.parameter import Buffer, Parameter, as_array
from purenn.tree import flatten, nest, tree_repr

__all__ = ["Module"]


class Module(Hooked, Cast):
    """The base of all modules: subclass it as in torch.

    Assigned `Parameter`\\ s and modules are registered; ``forward`` says what a call computes. Beside torch's
    methods there are `params` and `state`, the arrays as nested dicts, to read and to set.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn, functional as F
        >>> class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden = nn.Linear(3, 8)
        ...         self.head = nn.Linear(8, 2)
        ...     def forward(self, x):
        ...         return self.head(F.relu(self.hidden(x)))
        >>> Net()(jnp.ones((5, 3))).shape
        (5, 2)
    """

    _pure = False  # a twin, alive for one pure call
    _compiled = False

    def __init__(self) -> None:
        vars(self).update(_blank(), _layer=None, _parameters={}, _buffers={}, _modules={}, training=True, _stream=None)

    # Arrays and children.

    def __setattr__(self, name: str, value: Any) -> None:
        own = vars(self)
        if "_modules" not in own:
            raise AttributeError(f"cannot assign {name!r} before Module.__init__() call")
        if self._pure:
            return super().__setattr__(name, value)
        if name in own["_computed"]:
            own["_computed"][name].assign(self, self._kept(name, value))
        elif isinstance(value, Module):
            self.register_module(name, value)
        elif not TYPE_CHECKING and isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif not TYPE_CHECKING and isinstance(value, Buffer):
            self.register_buffer(name, value.data, value.persistent)
        elif name in own["_parameters"] or name in own["_buffers"]:
            group = own["_parameters" if name in own["_parameters"] else "_buffers"]
            group[name] = None if value is None else self._kept(name, value)
        elif name in own["_modules"]:
            if value is not None:
                raise TypeError(f"{self!r}: {name!r} is a module and can be set to a module or None, got {value!r}")
            own["_modules"][name] = None
        elif self._layer is not None and name in {*self._layer.__dataclass_fields__} - {"device", "dtype"}:
            own["_layer"] = dataclasses.replace(self._layer, **{name: value})
        else:
            if isinstance(value, Tracer):
                self._kept(name, value)
            object.__setattr__(self, name, value)
        call.touch()

    def __delattr__(self, name: str) -> None:
        for group in (self._parameters, self._buffers, self._modules):
            if name in group:
                del group[name]
                break
        else:
            object.__delattr__(self, name)
        call.touch()

    def __dir__(self) -> list[str]:
        layer = self._layer.hyperparameters() if self._layer is not None else {}
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules, *self._computed, *layer})

    def _kept(self, name: str, value: Any) -> jax.Array:
        """An array that the module may keep: no tracer, unless a traced generator builds the module."""
        array = as_array(type(self).__name__, name, value)
        if isinstance(array, Tracer) and not random.default_generator().traced:
            raise RuntimeError(
                f"{type(self).__name__}.{name} would be changed inside a jax transformation, where the change would be "
                "lost: use functional_call(net, params, state, ...), which returns the new state, or Optimizer.step"
            )
        return array

    def _register(self, group: str, name: str, value: Any) -> None:
        own = vars(self)
        if "_modules" not in own:
            raise AttributeError(f"cannot assign {name!r} before Module.__init__() call")
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f"a name must be a non-empty string without dots, got {name!r}")
        if name not in own[group]:
            others = {"_parameters", "_buffers", "_modules"} - {group}
            if any(name in own[other] for other in others) or name in own:
                for other in others:
                    own[other].pop(name, None)
                own.pop(name, None)
            elif hasattr(type(self), name) or name in own["_computed"]:
                raise KeyError(f"attribute {name!r} already exists")
        own[group][name] = value
        call.touch()

    def register_parameter(self, name: str, param: Any) -> None:
        """Adds a parameter: a `Parameter`, an array or None."""
        data = param if param is None else self._kept(name, getattr(param, "data", param))
        self._register("_parameters", name, data)
        self._frozen.discard(name)
        if param is not None and not getattr(param, "requires_grad", True):
            self._frozen.add(name)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Adds a buffer: kept and, if persistent, in the state_dict, but not trained."""
        self._register("_buffers", name, None if tensor is None else self._kept(name, tensor))
        (self._volatile.discard if persistent else self._volatile.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a child."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: child {name!r} must be a Module or None, got {module!r}")
        self._register("_modules", name, module)

    add_module = register_module

    # Arrays as trees.

    def tree(self, kind: str) -> dict[str, Any]:
        """The arrays of one kind as a nested dict, tied parameters and shared modules once."""
        slots = call.structure(self).slots(kind)
        return nest({name: group[key] for name, (group, key) in slots.items()})

    @property
    def params(self) -> dict[str, Any]:
        """What an optimizer trains, frozen parameters included: a nested dict, to read and to set."""
        return self.tree("_parameters")

    @params.setter
    def params(self, tree: Mapping[str, Any]) -> None:
        known = call.structure(self)
        saving.assign(self, flatten(tree), known.parameters)
        known.tie()

    @property
    def state(self) -> dict[str, Any]:
        """What torch calls buffers: a nested dict, to read and to set."""
        return self.tree("_buffers")

    @state.setter
    def state(self, tree: Mapping[str, Any]) -> None:
        saving.assign(self, flatten(tree), call.structure(self).buffers)

    def state_dict(self, *, prefix: str = "") -> dict[str, jax.Array]:
        """All parameters and persistent buffers under torch's names, tied ones under each of theirs."""
        return {prefix + name: group[key] for name, (group, key) in saving.saved(self).items()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> saving.IncompatibleKeys:
        """Takes arrays from a state_dict, torch's included, cast to the dtypes here.

        Args:
            state_dict: arrays (jax, numpy or torch) by dotted names; a nested dict is taken too.
            strict: whether missing and unexpected names are errors.

        Returns:
            The missing and the unexpected names.

        Raises:
            RuntimeError: all that doesn't fit, in one message; then nothing was changed.
        """
        given = flatten(state_dict)
        for path, part in self.named_modules():
            for computed in part._computed.values():
                computed.rename(given, f"{path}." if path else "")
        with saving.sized_by(self, given):
            return saving.assign(self, given, saving.saved(self), strict)

    # Modes.

    def train(self, mode: bool = True) -> Self:
        """Sets training mode here and below."""
        if self._pure:
            raise RuntimeError(f"{type(self).__name__}: the mode of a pure call is set by training=")
        for module in self.modules():
            vars(module)["training"] = bool(mode)
        call.touch()
        return self

    def eval(self) -> Self:
        """Sets evaluation mode here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Whether an optimizer trains the parameters here and below."""
        for module in self.modules():
            vars(module)["_frozen"] = set() if requires_grad else set(module._parameters)
        call.touch()
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Calls ``fn`` on every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plan = self._plan
        if plan is not None and plan.version == call._version and len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is plan.kind:
                return plan.call(x)
        if self._pre_hooks or self._hooks:
            return self._hooked(args, kwargs)
        return self._run(*args, **kwargs)

    def _run(self, *args: Any, training: bool | None = None, rng: Any = None, **kwargs: Any) -> Any:
        if self._pure:
            return super()._run(*args, training=training, rng=rng, **kwargs)
        if self._lazy:  # somewhere below a size is missing, which this call may tell
            return super()._run(*args, **kwargs)
        if self._compiled or (self._computed and type(self).forward is Bound.forward):
            return call.compiled(self, args, kwargs, training, rng)
        if self._layer is not None and type(self).forward is Bound.forward:  # a stock class
            if not self._modules:
                return call.leaf(self, args, kwargs, training, rng)
            if not call.structure(self).hooked:
                return call.compiled(self, args, kwargs, training, rng, shared=True)
        if training is None and rng is None:
            return super()._run(*args, **kwargs)
        return call.overridden(self, args, kwargs, training, rng)

    @property
    def _lazy(self) -> bool:
        return call.structure(self).lazy

    def settle(self, layer: Layer) -> None:
        if self._pure:
            return super().settle(layer)
        self._become(layer, random.default_generator())
        if vars(type(self)).get("_layer_class") is not None:
            self.__class__ = _class_of(type(layer))  # pyright: ignore[reportAttributeAccessIssue]
        call.touch()

    def _call(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if self._pure or self._modules or self._computed:
            return super()._call(method, *args, **kwargs)
        return call.leaf(self, args, kwargs, None, None, method)

    def compile(self) -> Self:
        """Puts the whole forward under one ``jax.jit`` from now on; returns the module."""
        object.__setattr__(self, "_compiled", True)
        return self

    def make_rng(self) -> Any:
        """The next key: of the pure call around this, else of the default generator."""
        if self._pure:
            return super().make_rng()
        key = random.default_generator().next()
        if not random.default_generator().traced:
            call.refuse_traced([jnp.zeros(())])
        return key

    # Copies.

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_calls", "_structure", "_plan")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(_blank(), **state)

    def __reduce_ex__(self, protocol: Any) -> Any:
        made_from = vars(type(self)).get("_layer_class")
        make = (_unpickled, (made_from,)) if made_from else (copyreg.__newobj__, (type(self),))  # pyright: ignore
        return (*make, self.__getstate__())

    def __repr__(self) -> str:
        return tree_repr(self._get_name(), self.extra_repr(), self._modules)

    def _get_name(self) -> str:
        return type(self).__name__


def _blank() -> dict[str, Any]:
    """What a module has beside a bound layer's fields."""
    return {
        "_frozen": set(),
        "_volatile": set(),
        "_computed": {},
        "_pre_hooks": {},
        "_hooks": {},
        "_calls": {},
        "_structure": None,
        "_plan": None,
    }


def blank(cls: type[Module]) -> Module:
    """A module of a class without its constructor, for a layer to be bound to."""
    module = object.__new__(cls)
    vars(module).update(_blank())
    return module


def _class_of(layer_class: type[Layer]) -> type[Module]:
    from purenn.nn.stock import stateful

    return stateful(layer_class)


def _unpickled(layer_class: type[Layer]) -> Module:
    return blank(_class_of(layer_class))
