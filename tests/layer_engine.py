"""Compares a layer with torch's module for the same arrays and inputs: outputs, gradients and buffers."""

from __future__ import annotations

import dataclasses
import functools
import types
import warnings
import zlib
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from functional_engine import Draw, assert_close, check_dtype

from purenn import layers, nn
from purenn.tree import flatten, nest
from purenn.utils.rnn import PackedSequence


@dataclasses.dataclass(frozen=True)
class Row:
    """A layer for the generic suites: the class's name, its constructor's arguments and a call's inputs.

    Args:
        random: whether training is random; then only evaluation is compared with torch.
        half: whether torch has the layer for half types on the CPU.
        tolerance: a factor for the dtype's tolerance; the row says why.
        vmap: whether the layer runs under ``jax.vmap``.
        torch_class: torch's side, if ``torch.nn`` has no class of this name.
    """

    name: str
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    inputs: tuple[Any, ...] = ()
    random: bool = False
    half: bool = True
    tolerance: float = 1.0
    vmap: bool = True
    torch_class: type[torch.nn.Module] | None = None

    def __repr__(self) -> str:
        parts = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"{self.name}({', '.join(parts)})({', '.join(map(repr, self.inputs))})"

    def _build(self, namespace: Any, convert: Callable[[np.ndarray], Any], **more: Any) -> Any:
        generator = np.random.default_rng(0)

        def made(value: Any) -> Any:
            if isinstance(value, Draw):
                return convert(value.make(generator).astype(np.float32))
            if isinstance(value, Row):
                return value._build(namespace, convert)
            return value

        args = [made(a) for a in self.args]
        return getattr(namespace, self.name)(*args, **{k: made(v) for k, v in self.kwargs.items()}, **more)

    def layer(self, **more: Any) -> Any:
        return self._build(layers, np.asarray, **more)

    def module(self, **more: Any) -> Any:
        return self._build(nn, jnp.asarray, **more)

    def theirs(self, **more: Any) -> torch.nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            namespace = types.SimpleNamespace(**{self.name: self.torch_class}) if self.torch_class else torch.nn
            return self._build(namespace, torch.from_numpy, **more)

    @functools.cached_property
    def drawn(self) -> list[Any]:
        generator = np.random.default_rng(zlib.crc32(repr(self).encode()))
        return [d.make(generator) if isinstance(d, Draw) else d for d in self.inputs]

    def tensors(self, dtype: str = "float32") -> list[Any]:
        return [
            torch.from_numpy(np.array(v)).to(getattr(torch, dtype) if v.dtype.kind == "f" else None)
            if isinstance(v, np.ndarray)
            else v
            for v in self.drawn
        ]

    def arrays(self, dtype: str = "float32") -> list[Any]:
        return [
            jnp.asarray(v, dtype if v.dtype.kind == "f" else None) if isinstance(v, np.ndarray) else v
            for v in self.drawn
        ]


def to_jax(value: Any) -> Any:
    """A torch tensor, or a tree of tensors, as jax arrays."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        if value.dtype == torch.bfloat16:
            return jnp.asarray(value.float().numpy()).astype(jnp.bfloat16)
        return jnp.asarray(value.resolve_conj().numpy())
    if isinstance(value, torch.nn.utils.rnn.PackedSequence):
        return PackedSequence(*(to_jax(part) for part in value))
    if isinstance(value, list | tuple):
        return type(value)(map(to_jax, value))
    return {k: to_jax(v) for k, v in value.items()} if isinstance(value, dict) else value


def arrays_of(theirs: torch.nn.Module, layer: Any, *inputs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrays of a torch module as the layer's params and state; inputs for lazy layers."""
    params, state = jax.eval_shape(layer.init, jax.random.key(0), *(inputs if layer.lazy else ()))
    given = {name: to_jax(tensor) for name, tensor in theirs.state_dict().items()}
    assert set(given) == {*flatten(params), *flatten(state)}
    return nest({n: given[n] for n in flatten(params)}), nest({n: given[n] for n in flatten(state)})


def flat(result: Any) -> list[Any]:
    """The arrays or tensors of a result, in order."""
    if isinstance(result, list | tuple):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]


def check_against_torch(
    layer: Any,
    theirs: torch.nn.Module,
    args: list[Any],
    kwargs: dict[str, Any],
    *,
    training: bool,
    dtype: str,
    tolerance: float = 1.0,
    jit: bool = True,
) -> list[torch.Tensor]:
    """Asserts that output, gradients and new buffers of ``layer.apply`` are torch's. Returns the output."""
    theirs.train(training)
    leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=lambda v: v is None)
    wanted = [i for i, v in enumerate(leaves) if isinstance(v, torch.Tensor) and v.is_floating_point()]
    leaves = [
        v.detach().clone().requires_grad_(v.is_floating_point()) if isinstance(v, torch.Tensor) else v for v in leaves
    ]
    ours = [to_jax(v) for v in leaves]
    params, state = arrays_of(theirs, layer, *ours)
    our_tree = jax.tree.structure(to_jax((args, kwargs)), is_leaf=lambda v: v is None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        copies = [v.clone() if isinstance(v, torch.Tensor) else v for v in leaves]  # for what works in place
        their_args, their_kwargs = jax.tree.unflatten(tree, copies)
        expected = flat(theirs(*their_args, **their_kwargs))
    smooth = [i for i, t in enumerate(expected) if t.requires_grad]
    generator = np.random.default_rng(0)
    weights = [generator.standard_normal(expected[i].shape) for i in smooth]

    def run(params: Any, inputs: list[Any]) -> tuple[Any, Any]:
        full = list(ours)
        for i, value in zip(wanted, inputs, strict=True):
            full[i] = value
        args, kwargs = jax.tree.unflatten(our_tree, full)
        output, new = layer.apply(params, state, *args, training=training, **kwargs)
        got = flat(output)
        total = sum((jnp.sum(jnp.asarray(w, got[i].dtype) * got[i]) for w, i in zip(weights, smooth, strict=True)), 0.0)
        return jnp.real(total), (got, new)

    grad = jax.value_and_grad(run, argnums=(0, 1), has_aux=True)
    inputs = [ours[i] for i in wanted]
    if smooth:
        (_, (got, new)), (params_grad, inputs_grad) = (jax.jit(grad) if jit else grad)(params, inputs)
    else:
        (_, (got, new)), params_grad, inputs_grad = run(params, inputs), {}, []
    assert len(got) == len(expected)
    for i, (o, t) in enumerate(zip(got, expected, strict=True)):
        check_dtype(o, t, f"output {i}")
        assert_close(o, t, dtype, tolerance, f"output {i}")
    buffers = {name: to_jax(t) for name, t in theirs.named_buffers()}
    assert flatten(new).keys() == {n for n in buffers if n in theirs.state_dict()}
    for name, o in flatten(new).items():
        assert_close(o, dict(theirs.named_buffers())[name], dtype, tolerance, f"buffer {name}")
    if not smooth:
        return expected
    total = sum(
        (torch.from_numpy(w).to(expected[i].dtype) * expected[i]).sum() for w, i in zip(weights, smooth, strict=True)
    )
    names = dict(theirs.named_parameters())
    targets = [*names.values(), *(leaves[i] for i in wanted)]
    differentiable = [t for t in targets if t.requires_grad]
    found = iter(torch.autograd.grad(total.real, differentiable, allow_unused=True))
    grads = [next(found) if t.requires_grad else None for t in targets]
    params_grad = flatten(params_grad)
    for name, t in zip(names, grads, strict=False):
        t = torch.zeros_like(names[name]) if t is None else t
        if names[name].requires_grad:
            assert_close(params_grad[name], t, dtype, tolerance, f"gradient of {name}")
    for i, o, t in zip(wanted, inputs_grad, grads[len(names) :], strict=True):
        assert_close(o, torch.zeros_like(leaves[i]) if t is None else t, dtype, tolerance, f"gradient of input {i}")
    return expected
