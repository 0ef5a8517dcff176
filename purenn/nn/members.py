"""Assignment and registration of a module's arrays, children and attributes.

A name is a parameter, a buffer, a child or an attribute of the user; an assignment removes its old meaning.
`purenn.nn.module.Module` inherits these methods.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jax
from jax.core import Tracer

from purenn.layers.bound import gives_way
from purenn.nn import access
from purenn.nn.node import Node
from purenn.nn.parameter import Buffer, as_array, is_unassigned
from purenn.nn.state_dict import assign_trees
from purenn.nn.structure import PRIVATE
from purenn.typing import ArrayLike
from purenn.variable import Variable

if TYPE_CHECKING:
    from purenn.nn.module import Module

__all__ = ["Members"]


class Members(Node):
    """torch's methods that set a `Module`'s arrays, children and attributes."""

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
        elif isinstance(value, Node):
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
            access.refuse_tracers([value], f"{type(self).__name__}.{name}")
        new = name not in fields
        if name in ("params", "state", "make_rng"):
            fields[name] = value
        else:
            object.__setattr__(self, name, value)
        if new or name == "training" or access.is_constant(self):  # programs watch the attributes that they know
            self._touched()

    def __delattr__(self, name: str) -> None:
        for group in (self._parameters, self._buffers, self._modules):
            if name in group:
                del group[name]
                break
        else:
            object.__delattr__(self, name)
        self._touched()

    def _kept(self, name: str, value: object) -> jax.Array:
        """The value as an array that the module may keep: no tracer, unless a traced generator builds the module."""
        if self._pure or self._is_older():
            self._refuse_change(name)
        array = as_array(type(self).__name__, name, value)
        access.refuse_tracers([array], f"{type(self).__name__}.{name}")
        return array

    def _register(self, group: str, name: str, value: object, replace: bool = False) -> None:
        """Registers an array or a child.

        Args:
            group: the dict of its kind.
            name: its name.
            value: the variable or the module, or None.
            replace: whether it may replace an entry of another kind, or an attribute, of this name.
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
        """Whether a name is unused, or that of a method that gives way."""
        fields = vars(self)
        taken = (fields[group] for group in ("_parameters", "_buffers", "_modules", "_computed"))
        return not any(name in names for names in (fields, *taken)) and _is_free(type(self), name)

    def _assign_parameter(self, name: str, value: object) -> None:
        """Gives a parameter another array, or ties it to the parameter that holds the array."""
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
        """Adds a buffer: an array that isn't trained, and is in the state_dict if it is persistent."""
        self._add_buffer(name, tensor, persistent)

    def _add_buffer(self, name: str, tensor: ArrayLike | None, persistent: bool, replace: bool = False) -> None:
        variable = None if tensor is None else Variable(self._kept(name, tensor), requires_grad=False)
        self._register("_buffers", name, variable, replace)
        access.track(self)
        (self._volatile.discard if persistent else self._volatile.add)(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a child."""
        if module is not None and not isinstance(module, Node):
            raise TypeError(f"{type(self).__name__}: child {name!r} must be a Module or None, got {module!r}")
        self._register("_modules", name, module)

    def add_module(self, name: str, module: Module | None) -> None:
        """Adds a child."""
        self.register_module(name, module)

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Sets the module of a dotted name.

        Args:
            target: the name.
            module: the new module.
            strict: whether there must be a module of this name already.
        """
        if not target:
            raise ValueError("set_submodule: target must be the name of a submodule, got ''")
        if not isinstance(module, Node):
            raise ValueError(f"set_submodule: module must be a Module, got {type(module).__name__}")
        path, _, last = target.rpartition(".")
        parent = self.get_submodule(path)
        if not isinstance(parent._modules.get(last), Node) and (strict or not parent._is_free(last)):
            raise AttributeError(f"{type(parent).__name__} has no submodule {last!r}")
        parent.register_module(last, module)

    @gives_way
    def set_parameter(self, target: str, array: ArrayLike) -> None:
        """Gives the parameter of a dotted name another array; a tied parameter gets it under all of its names."""
        variable = self._find(target, "_parameters", "parameter")
        array = self._kept(target, array)
        if array.shape != variable.value.shape:
            raise ValueError(f"{type(self).__name__}: {target} has shape {variable.value.shape}, got {array.shape}")
        access.write([variable], [access.own_copy(array.astype(variable.value.dtype))])


@functools.lru_cache(maxsize=65536)
def _is_free(cls: type, name: str) -> bool:
    """Whether a user may take a name that a class has for an array or a child."""
    return (name not in PRIVATE and not hasattr(cls, name)) or isinstance(inspect.getattr_static(cls, name), gives_way)
