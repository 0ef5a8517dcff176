"""A module is a layer bound to arrays that lives on: torch's ``nn.Module`` over immutable arrays.

A `Module` is a `purenn.layers.bound.Bound`. Its arrays lie in the variables of ``_parameters`` and ``_buffers``, its
children in ``_modules``; a stock class has its layer in ``_layer``, a class of the user's has a ``forward`` of its own.
Calls are described in `purenn.nn.eager` and `purenn.nn.pure_calls`.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import jax
from jax.core import Tracer

from purenn import random, tracing
from purenn.layers.bound import gives_way
from purenn.layers.location import move_location
from purenn.nn import access, eager, pure_calls
from purenn.nn.cast import Cast
from purenn.nn.handed_out import arrays_handed_out, check_handed_out, hand_out_tree, trees_handed_out
from purenn.nn.hooks import Hooked
from purenn.nn.parameter import Buffer, as_array, is_unassigned
from purenn.nn.program import refuse_tracers
from purenn.nn.remedies import remedy_for
from purenn.nn.state_dict import Saved, assign_trees
from purenn.nn.structure import PRIVATE, structure
from purenn.typing import ArrayLike
from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.layers.base import Layer
    from purenn.layers.bound import Bound

__all__ = ["Module"]


class _Trees(gives_way):
    """A property that gives way to what a user has set under its name."""

    def value_for(self, m: Bound) -> Any:
        return self.method(m)

    if TYPE_CHECKING:  # else `Module.__setattr__` sets it

        def __get__(self, m: object, owner: type | None = None) -> dict[str, Any]: ...

        def __set__(self, m: object, value: Mapping[str, Any]) -> None: ...


class Module(Hooked, Cast, Saved):
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

    def __init__(self) -> None:
        self._init_fields()
        vars(self).update(_layer=None, _parameters={}, _buffers={}, _modules={}, training=True, _stream=None)

    # Attributes.

    def __setattr__(self, name: str, value: object) -> None:
        fields = vars(self)
        if "_modules" not in fields:
            raise AttributeError(f"cannot assign {name!r} before Module.__init__() call")
        if self._pure:
            return super().__setattr__(name, value)
        if self._is_older():
            if (twin := access.present(self)) is not self:
                return setattr(twin, name, value)
            self._refuse_change(name)
        if name in fields["_computed"]:
            fields["_computed"][name].assign(self, self._kept(name, value))
        elif isinstance(value, Module):
            if name in fields["_parameters"]:
                raise TypeError(
                    f"{type(self).__name__}: {name!r} is a parameter and can be set to an array or None, got "
                    f"{type(value).__name__}"
                )
            self._register("_modules", name, value, replace=True)
        elif is_unassigned(value):
            self._add_parameter(name, value, replace=True)
        elif isinstance(value, Buffer):
            self._add_buffer(name, value.data, value.persistent, replace=True)
        elif name in fields["_parameters"]:
            self._assign_parameter(name, value)
        elif name in fields["_buffers"]:
            self._assign_buffer(name, value)
        elif name in fields["_modules"]:
            if value is not None:
                raise TypeError(
                    f"{type(self).__name__}: {name!r} is a module and can be set to a module or None, got {value!r}"
                )
            fields["_modules"][name] = None
            self._touched()
        elif self._layer is not None and name in {*self._layer.__dataclass_fields__} - {"device", "dtype"}:
            fields["_layer"] = dataclasses.replace(self._layer, **{name: value})
            self._touched()
        elif name in ("params", "state") and isinstance(value, Mapping) and name not in fields:
            self._assign_tree(name, value)
        elif isinstance(value, jax.Array) and (variable := access.owner(value)) is not None:
            self._register("_parameters", name, variable, replace=True)
        else:
            self._set_attribute(name, value)

    def _set_attribute(self, name: str, value: object) -> None:
        fields = vars(self)
        if isinstance(value, Tracer):
            refuse_tracers([value], f"{type(self).__name__}.{name}")
        new = name not in fields
        if name in ("params", "state", "make_rng"):
            fields[name] = value
        else:
            object.__setattr__(self, name, value)
        if new or name == "training" or access.is_constant(self):  # a program looks itself at what it knows
            self._touched()

    def __delattr__(self, name: str) -> None:
        for group in (self._parameters, self._buffers, self._modules):
            if name in group:
                del group[name]
                break
        else:
            object.__delattr__(self, name)
        self._touched()

    def _remedy(self, name: str) -> str:
        return remedy_for(type(self), name)

    def __dir__(self) -> list[str]:
        layer = self._layer.hyperparameters() if self._layer is not None else {}
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules, *self._computed, *layer})

    # Arrays and children.

    def _kept(self, name: str, value: object) -> jax.Array:
        """An array that the module may keep: no tracer, unless a traced generator builds the module."""
        if self._pure or self._is_older():
            self._refuse_change(name)
        array = as_array(type(self).__name__, name, value)
        refuse_tracers([array], f"{type(self).__name__}.{name}")
        return array

    def _register(self, group: str, name: str, value: object, replace: bool = False) -> None:
        """Takes an array or a child in under a name.

        Args:
            group: the dict that it goes to.
            name: its name.
            value: the variable or the module, or None.
            replace: whether it may take the place of something else of this name.
        """
        fields = vars(self)
        if "_modules" not in fields:
            raise AttributeError(f"cannot assign {name!r} before Module.__init__() call")
        if self._pure or self._is_older():
            self._refuse_change(name)
        if not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: a name must be a string, got {name!r}")
        if not name or "." in name:
            raise KeyError(f"{type(self).__name__}: a name must be a non-empty string without dots, got {name!r}")
        if name not in fields[group]:
            others = {"_parameters", "_buffers", "_modules"} - {group}
            if replace and (any(name in fields[other] for other in others) or (name in fields and name not in PRIVATE)):
                for other in others:
                    fields[other].pop(name, None)
                fields.pop(name, None)
            elif not self._is_free(name):
                raise KeyError(f"{type(self).__name__}: attribute {name!r} already exists")
        fields[group][name] = value
        self._touched()

    def _is_free(self, name: str) -> bool:
        """Whether nothing is called so yet that isn't made to give way."""
        fields = vars(self)
        taken = (fields[group] for group in ("_parameters", "_buffers", "_modules", "_computed"))
        return not any(name in names for names in (fields, *taken)) and _is_free(type(self), name)

    def _assign_parameter(self, name: str, value: object) -> None:
        """Gives a parameter another array, or ties it to the parameter whose array it is."""
        old = self._parameters[name]
        variable = None if value is None else access.owner(value)
        if value is not None and variable is None:
            variable = Variable(access.own_copy(self._kept(name, value)), old is None or old.requires_grad)
        self._parameters[name] = variable
        access.track(self)
        self._touched()

    def _assign_buffer(self, name: str, value: object) -> None:
        variable = self._buffers[name]
        if value is None or variable is None:
            self._buffers[name] = None if value is None else Variable(self._kept(name, value), requires_grad=False)
            access.track(self)
            self._touched()
        else:
            access.write([variable], [self._kept(name, value)])

    def _assign_tree(self, name: str, tree: Mapping[str, Any]) -> None:
        try:
            assign_trees(self, **{name: tree})
        except RuntimeError as error:
            raise RuntimeError(
                f"{error}\n{type(self).__name__}.{name} is the tree of all "
                f"{'parameters' if name == 'params' else 'buffers'}; a dict of your own needs another name"
            ) from None

    def register_parameter(self, name: str, param: ArrayLike | None) -> None:
        """Adds a parameter: a `Parameter`, an array or None.

        A `Parameter`, or the parameter of a module, that is registered under another name too is one tied parameter.
        """
        self._add_parameter(name, param)

    def _add_parameter(self, name: str, param: object, replace: bool = False) -> None:
        variable = None
        if is_unassigned(param):
            variable = param.variable
            self._kept(name, variable.value)
        elif param is not None:
            variable = access.owner(param)
            if variable is None:
                variable = Variable(access.own_copy(self._kept(name, param)))
        self._register("_parameters", name, variable, replace)
        access.track(self)

    def register_buffer(self, name: str, tensor: ArrayLike | None, persistent: bool = True) -> None:
        """Adds a buffer: kept and, if persistent, in the state_dict, but not trained."""
        self._add_buffer(name, tensor, persistent)

    def _add_buffer(self, name: str, tensor: ArrayLike | None, persistent: bool, replace: bool = False) -> None:
        variable = None if tensor is None else Variable(self._kept(name, tensor), requires_grad=False)
        self._register("_buffers", name, variable, replace)
        access.track(self)
        (self._volatile.discard if persistent else self._volatile.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a child."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: child {name!r} must be a Module or None, got {module!r}")
        self._register("_modules", name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a child."""
        self.register_module(name, module)

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts a module in the place of a dotted name.

        Args:
            target: the name.
            module: what stands there from now on.
            strict: whether there must be a module of this name already.
        """
        if not target:
            raise ValueError("set_submodule: target must be the name of a submodule, got ''")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule: module must be a Module, got {type(module).__name__}")
        path, _, last = target.rpartition(".")
        parent = self.get_submodule(path)
        if not isinstance(parent._modules.get(last), Module) and (strict or not parent._is_free(last)):
            raise AttributeError(f"{type(parent).__name__} has no submodule {last!r}")
        parent.register_module(last, module)

    @gives_way
    def set_parameter(self, target: str, array: ArrayLike) -> None:
        """Gives the parameter of a dotted name another array; where it is tied, under all of its names."""
        variable = self._find(target, "_parameters", "parameter")
        array = self._kept(target, array)
        if array.shape != variable.value.shape:
            raise ValueError(f"{type(self).__name__}: {target} has shape {variable.value.shape}, got {array.shape}")
        access.write([variable], [access.own_copy(array.astype(variable.value.dtype))])

    # Arrays as trees.

    @_Trees
    def params(self) -> dict[str, Any]:
        """The parameters that an optimizer trains, frozen ones included: a nested dict, to read and to set."""
        return self._give("_parameters", "params")

    @_Trees
    def state(self) -> dict[str, Any]:
        """The buffers, as torch calls them: a nested dict, to read and to set."""
        return self._give("_buffers", "state")

    def _give(self, kind: str, name: str) -> dict[str, Any]:
        tree = access.present(self)._tree(kind)
        if self._pure or access.in_pure_call() is not None:
            return tree
        check_handed_out()
        vars(self)["_fast_path"] = None  # the next call looks whether the tree was changed
        return hand_out_tree(tree, f"net.{name}")

    # Modes.

    def train(self, mode: bool = True) -> Self:
        """Sets training mode here and below."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: the mode can't be changed inside a pure call: set it before, or call the "
                "module with training="
            )
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be True or False, got {mode!r}")
        for module in self.modules():
            if module.training != mode:
                vars(module)["training"] = mode
                module._touched()
        return self

    def eval(self) -> Self:
        """Sets evaluation mode here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets whether an optimizer trains the parameters here and below."""
        if self._pure or access.present(self) is not self:
            raise RuntimeError(
                f"{type(self).__name__}: requires_grad_ inside a pure call would be lost: call it before"
            )
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_ takes True or False, got {requires_grad!r}")
        for variable in structure(self).parameters.values():
            variable.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Does nothing: gradients are values here, and nobody keeps them. Accepted for compatibility with PyTorch."""

    def share_memory(self) -> Self:
        """Does nothing: threads share arrays as they are. Accepted for compatibility with PyTorch."""
        return self

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Calls ``fn`` on every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fast = self._fast_path
        if fast is not None and len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is fast.kind and access.in_pure_call() is None:
                if trees_handed_out or arrays_handed_out:
                    check_handed_out()
                return fast.call(x)
        if not self._pure:
            check_handed_out()
            if (twin := access.present(self)) is not self:
                return twin(*args, **kwargs)
            if tracing.is_staged():
                access.add_constant(self)
        try:
            return self._hooked(args, kwargs) if self._pre_hooks or self._hooks else self._run(args, kwargs)
        except Exception as error:
            move_location(error, self)
            raise

    def _run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._pure:
            return super()._run(args, kwargs)
        training, rng = self._pop_words(kwargs)
        known = structure(self)
        if self._is_compiled and not known.lazy:
            return eager.compiled(self, args, kwargs, training, rng)
        if training is not None or rng is not None:
            if known.lazy:
                raise ValueError(f"{type(self).__name__} has no arrays yet: call it once without training= and rng=")
            return pure_calls.call_with_overrides(self, args, kwargs, training, rng)
        generator = random.default_generator()
        if random.around() is generator and access.joins(known.variables):  # most calls are inside of another's
            return self._call_with_context(self.forward, args, kwargs)
        with access.steady(known.variables), random.drawing_from(generator):
            return self._call_with_context(self.forward, args, kwargs)

    def compile(self, *, disable: bool = False, **kwargs: object) -> Self:
        """Puts the whole forward under one ``jax.jit`` from now on; returns the module.

        Args:
            disable: whether calls run eagerly again, as they do under ``jax.disable_jit()``.
            kwargs: ``torch.compile``'s other options; ignored, accepted for compatibility with PyTorch.
        """
        vars(self)["_compiled"] = not disable
        self._touched()
        return self

    def _materialize(self, layer: Layer) -> None:
        if self._pure:
            return super()._materialize(layer)
        with jax.ensure_compile_time_eval():  # the arrays outlive a trace that this call may be part of
            self._become(layer, random.Concrete(random.default_generator()))
        access.track(self)
        self._touched()

    def _next_key(self) -> Any:
        return super()._next_key() if self._pure else random.default_generator().next()

    # Copies.

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _NOT_SAVED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._init_fields()
        vars(self).update(state)
        access.track(self)

    def _get_name(self) -> str:
        name = type(self).__name__
        return super()._get_name() if type(self._layer).__name__ == name else name


_NOT_SAVED = {"_structure", "_watchers", "_fast_path", "_programs", "_made_in", "_born_in"}


@functools.lru_cache(maxsize=65536)
def _is_free(cls: type, name: str) -> bool:
    """Whether a user may take a name that a class has for an array or a child."""
    return (name not in PRIVATE and not hasattr(cls, name)) or isinstance(inspect.getattr_static(cls, name), gives_way)
