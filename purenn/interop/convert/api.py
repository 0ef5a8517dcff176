"""The functions between live torch modules and purenn. torch is imported when one of them is called."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from purenn.interop.convert.layer import ArrayField, Converted, Part, part_of
from purenn.layers.base import Layer
from purenn.nn.from_layer import filled
from purenn.nn.module import Module
from purenn.tree import flatten
from purenn.typing import ArrayLike

if TYPE_CHECKING:
    import torch

__all__ = ["from_torch", "module_from_torch", "to_torch", "to_torch_module"]


def from_torch(
    module: torch.nn.Module, /, *example: object, **kwargs: object
) -> tuple[Layer, dict[str, Any], dict[str, Any]]:
    """Converts a live torch module to a layer, its parameters and its state.

    A module made of torch's own modules alone becomes the layers of the same names. Any other is run by
    ``torch.export`` on the example, once in evaluation and once in training, and where that refuses, recorded in a run
    on the example itself. The result is one layer that shows the module's tree, with the module's names for arrays; it
    needs no torch, and pickles. Sizes that the module's code leaves free, such as the batch's, may differ from the
    example's; a call whose sizes or constants don't fit is refused. Values of the example that the module's code looked
    at are told in the layer's repr; a call where they differ is refused, and inside a ``jit`` gives NaN.

    Args:
        module: the torch module. It isn't changed.
        example: arguments for a call, torch tensors and constants; not needed for torch's own modules.
        kwargs: keywords for that call.

    Returns:
        The layer, and ``params`` and ``state`` as its `init` would give them. A parameter that the module has under
        several names is there once, under the first. Calls take jax arrays in the places of the example's tensors.

    Raises:
        ConversionError: the module can't be converted; the message lists every reason, with its place. If it can't be
            run in training alone, the layer is made, and says so when it is called with ``training=True``.
        TypeError: there is no example, and the module needs one.

    Example:
        >>> import jax.numpy as jnp, torch
        >>> from purenn.interop import from_torch
        >>> class Net(torch.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.hidden, self.head = torch.nn.Linear(3, 8), torch.nn.Linear(8, 2)
        ...     def forward(self, x):
        ...         return self.head(torch.relu(self.hidden(x)))
        >>> layer, params, state = from_torch(Net(), torch.ones(4, 3))
        >>> layer
        Net(
          (hidden): Linear(in_features=3, out_features=8, bias=True)
          (head): Linear(in_features=8, out_features=2, bias=True)
        )
        >>> y, state = layer.apply(params, state, jnp.ones((5, 3)))
        >>> y.shape, sorted(params["hidden"])
        ((5, 2), ['bias', 'weight'])
    """
    from purenn.interop.convert.conversion import convert

    return convert(module, example, kwargs)


def module_from_torch(module: torch.nn.Module, /, *example: object, **kwargs: object) -> Module:
    """Converts a live torch module to a module of `purenn.nn`, as `from_torch` does.

    Tied parameters stay tied, frozen ones frozen, and the module's mode is kept.

    Args:
        module: the torch module. It isn't changed.
        example: arguments for a call, as for `from_torch`.
        kwargs: keywords for that call.

    Returns:
        The module. Its ``state_dict`` has the names of the torch module's.

    Raises:
        ConversionError: the module can't be converted.
        TypeError: there is no example, and the module needs one.

    Example:
        >>> import jax.numpy as jnp, torch
        >>> from purenn.interop import module_from_torch
        >>> net = module_from_torch(torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()))
        >>> net
        Sequential(
          (0): Linear(in_features=3, out_features=2, bias=True)
          (1): Tanh()
        )
        >>> net(jnp.ones((5, 3))).shape, list(net.state_dict())
        ((5, 2), ['0.weight', '0.bias'])
    """
    layer, params, state = from_torch(module, *example, **kwargs)
    network = filled(layer, params, state)
    if isinstance(layer, Converted):
        for name in layer.program.frozen:
            part, last = part_of(network, name)
            vars(part)["_parameters"][last].requires_grad = False
        for name in layer.program.transient:
            part, last = part_of(network, name)
            part._volatile.add(last)
        for alias, name in layer.program.ties:
            (part, last), (owner, first) = part_of(network, alias), part_of(network, name)
            group = "_parameters" if first in owner._parameters else "_buffers"
            if first in vars(owner)[group]:
                vars(part)[group][last] = vars(owner)[group][first]
                part._touched()
    return network.train(module.training)


def to_torch(layer: Layer, params: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """Returns torch's state_dict of a layer's arrays.

    Args:
        layer: the layer, stock or from `from_torch`.
        params: its parameters.
        state: its state.

    Returns:
        torch tensors under the names that the torch module has for them, tied ones under each of their names, without
        the buffers that torch doesn't save.

    Example:
        >>> import torch
        >>> from purenn.interop import from_torch, to_torch
        >>> net = torch.nn.Linear(2, 1)
        >>> saved = to_torch(*from_torch(net))
        >>> net.load_state_dict(saved), bool((saved["weight"] == net.weight).all())
        (<All keys matched successfully>, True)
    """
    arrays = {**flatten(params), **flatten(state)}
    program = layer.program if isinstance(layer, Converted) else None
    if program is not None:
        arrays = {n: a for n, a in arrays.items() if n not in program.transient}
        arrays |= {alias: arrays[name] for alias, name in program.ties if name in arrays}
    dtypes = dict(_integer_dtypes(layer, ""))
    return OrderedDict((name, _tensor(array, dtypes.get(name))) for name, array in arrays.items())


def _integer_dtypes(layer: Layer, prefix: str) -> Iterator[tuple[str, str]]:
    """torch's dtype of every integer buffer; jax may have a narrower one."""
    if isinstance(layer, Part):
        fields = [f for f in layer.array_fields if isinstance(f, ArrayField)]
        yield from ((prefix + f.name, f.dtype) for f in fields if f.dtype.startswith(("int", "uint")))
    else:
        yield from ((prefix + n, "int64") for n, s in layer.buffers().items() if s is not None and s.dtype == "int32")
    for name, child in layer.children().items():
        yield from _integer_dtypes(child, f"{prefix}{name}.")


def _tensor(array: ArrayLike, dtype: str | None) -> torch.Tensor:
    import torch

    values = np.asarray(array)
    if values.dtype.name == "bfloat16":
        return torch.from_numpy(values.view(np.int16).copy()).view(torch.bfloat16)
    tensor = torch.from_numpy(values.copy())
    return tensor if dtype is None else tensor.to(getattr(torch, dtype))


def to_torch_module(layer: Layer, params: Mapping[str, Any], state: Mapping[str, Any]) -> torch.nn.Module:
    """Returns a live torch module that computes what a layer does, for layers that torch has too.

    Args:
        layer: a layer of `purenn.layers` that is one of ``torch.nn``, with such parts alone.
        params: its parameters.
        state: its state.

    Returns:
        The module of the same class, in evaluation mode.

    Raises:
        TypeError: a part isn't one of ``torch.nn``.

    Example:
        >>> import jax
        >>> from purenn import layers
        >>> from purenn.interop import to_torch_module
        >>> layer = layers.Sequential(layers.Linear(3, 2), layers.BatchNorm1d(2))
        >>> to_torch_module(layer, *layer.init(jax.random.key(0)))
        Sequential(
          (0): Linear(in_features=3, out_features=2, bias=True)
          (1): BatchNorm1d(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        )
    """
    from purenn.interop.convert.stock import stock_module

    module = stock_module(layer)
    module.load_state_dict(to_torch(layer, params, state))
    return module.eval()
