"""A batch over several devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from purenn import tracing
from purenn.nn import access
from purenn.nn.module import Module

__all__ = ["DataParallel"]


class DataParallel(Module):
    """Splits the batch of the inputs over devices; each device holds all arrays of the module.

    The split is a sharding: XLA runs one program on all devices, and batch norm's statistics are those of the whole
    batch. A batch that the number of devices doesn't divide isn't split: each device computes all of it. With one
    device, a call is a call of the module.

    Inside a pure call (`Optimizer.step`, ``compile``, `functional_call`, ``jax.jit``) the split is a constraint on the
    program, and the output stays on the devices that compute it. The inputs of such a program must not be committed to
    one device, as by ``jax.device_put(x, device)``.

    Args:
        module: the module to call.
        device_ids: the numbers of the devices in ``jax.devices()``, or devices; None is all.
        output_device: the device that receives the output of an eager call; None is the first device.
        dim: the dimension of the batch.

    Source: ``torch.nn.DataParallel``.

    Example:
        >>> import jax.numpy as jnp
        >>> from purenn import nn
        >>> net = nn.DataParallel(nn.Linear(3, 2))
        >>> net(jnp.ones((4, 3))).shape, list(net.state_dict())
        ((4, 2), ['module.weight', 'module.bias'])
    """

    _own_attributes = True

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: object = None, dim: int = 0
    ):
        super().__init__()
        known = jax.devices()
        chosen = known if device_ids is None else [known[d] if isinstance(d, int) else d for d in device_ids]
        if not chosen:
            raise ValueError("DataParallel: device_ids must name at least one device, got none")
        last = chosen[0] if output_device is None else output_device
        self.module = module
        self.dim = dim
        self.device_ids = tuple(chosen)
        self.output_device = known[last] if isinstance(last, int) else last

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Calls the module on the split inputs."""
        count, arrays = len(self.device_ids), [x for x in jax.tree.leaves((inputs, kwargs)) if hasattr(x, "ndim")]
        if count == 1:
            return self.module(*inputs, **kwargs)
        mesh = Mesh(np.array(self.device_ids), ("batch",))
        pure = access.in_pure_call() is not None or tracing.current() != tracing.NO_TRACE
        pure = pure or any(isinstance(x, Tracer) for x in [*arrays, *self.module.parameters()])
        if not pure:
            everywhere = NamedSharding(mesh, PartitionSpec())
            if not all(x.sharding.is_equivalent_to(everywhere, x.ndim) for x in self.module.parameters()):
                self.module.to(device=everywhere)
        divides = all(x.shape[self.dim] % count == 0 for x in arrays if self._has_batch(x))

        def placed(x: Any) -> Any:
            split = divides and hasattr(x, "ndim") and self._has_batch(x)
            if not hasattr(x, "ndim") or (pure and not split):
                return x
            axes = [None] * (self.dim % x.ndim) + ["batch"] if split else []
            sharding = NamedSharding(mesh, PartitionSpec(*axes))
            return jax.lax.with_sharding_constraint(x, sharding) if pure else jax.device_put(x, sharding)

        inputs, kwargs = jax.tree.map(placed, (inputs, kwargs))
        output = self.module(*inputs, **kwargs)
        return output if pure else jax.tree.map(lambda y: jax.device_put(y, self.output_device), output)

    def _has_batch(self, x: jax.Array) -> bool:
        return -x.ndim <= self.dim < x.ndim
