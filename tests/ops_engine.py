"""torch's own database of operators, `op_db`, as calls of `purenn.interop.ops`.

A row is an entry of the database, a dtype and the number of one of its samples. The same call is made with torch and
with `ops`: values, dtypes and the gradients of all floating arrays are compared.
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import BinaryUfuncInfo

from purenn.interop import ops

DTYPES = ("float32", "int32")
REFUSALS = (ValueError, TypeError, IndexError, ZeroDivisionError, NotImplementedError)

# Entries under another name, where the database has an operator or a helper of torch's own.
NAMES = {"__getitem__": "getitem", "polar": "polar", "igamma": "special.gammainc", "igammac": "special.gammaincc"}
NAMES |= {name: f"{name}_" for name in ("cauchy", "exponential", "geometric", "log_normal", "uniform")}
# torch's arguments that have no meaning for jax arrays.
DROPPED = ("device", "layout", "pin_memory", "memory_format", "requires_grad", "non_blocking", "copy", "out")
# Results that are drawn: shapes and dtypes are compared.
RANDOM = {
    "bernoulli",
    "cauchy",
    "empty",
    "empty_like",
    "empty_permuted",
    "empty_strided",
    "multinomial",
    "new_empty",
    "exponential",
    "geometric",
    "log_normal",
    "normal",
    "pca_lowrank",
    "svd_lowrank",
    "uniform",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
}
# Factors are unique up to signs or phases; `test_ops` multiplies them.
FACTORS = {"linalg.eig", "linalg.eigh", "linalg.svd", "svd", "linalg.qr", "qr", "pca_lowrank", "svd_lowrank"}
# Functions of two arrays.
BOTH_WAYS = {e.name for e in op_db if isinstance(e, BinaryUfuncInfo)} | {"logaddexp", "max", "min", "nextafter"}
# Among equal elements torch may take any.
TIES = {"kthvalue", "median", "mode", "nanmedian", "sort", "topk"}
# torch's gradcheck refuses torch's gradient, which has the parts the other way round; test_ops.py has the right one.
NO_GRADIENT = {"as_strided_scatter"}
# torch's float32 gradient is off by more than ours: compared with torch's in float64.
IN_DOUBLE = {"logcumsumexp"}
# Shapes that depend on values: called outside of jit.
EAGER = {
    "__getitem__",
    "argwhere",
    "bincount",
    "histogram",
    "index_put",
    "item",
    "linspace",
    "logspace",
    "masked_select",
    "nonzero",
    "repeat_interleave",
    "tensor_split",
    "unique",
    "unique_consecutive",
}


def name_of(entry: Any) -> str:
    return NAMES.get(entry.name, entry.name) + ("_" if entry.variant_test_name == "in_place" else "")


def found(entry: Any) -> Any:
    """The function of `ops` for an entry, or None."""
    try:
        return functools.reduce(getattr, name_of(entry).split("."), ops)
    except AttributeError:
        return None


ENTRIES = [e for e in op_db if not e.name.startswith(("nn.functional.", "_", "torch.", "jiterator")) or e.name in NAMES]
# A tensor that is a view of another reads its memory; arrays have none.
COVERED = [e for e in ENTRIES if callable(found(e)) and e.variant_test_name != "partial_views"]


def label(entry: Any) -> str:
    return entry.name + (f"-{entry.variant_test_name}" if entry.variant_test_name else "")


def samples(entry: Any, dtype: str) -> list[Any]:
    """The samples of the database; only some of them if there are hundreds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        smooth = entry.supports_autograd and dtype == "float32"
        given = entry.sample_inputs("cpu", getattr(torch, dtype), requires_grad=smooth)
        many = list(itertools.islice(given, 600))
    return many if len(many) <= 40 else many[:: -(-len(many) // 40)]


def to_jax(value: Any) -> Any:
    """A value of a sample for `ops`: tensors as arrays, torch's dtypes as jax's."""
    if isinstance(value, torch.Tensor):
        return jnp.asarray(value.detach().resolve_conj().resolve_neg().cpu().numpy())
    if isinstance(value, torch.dtype):
        return jnp.dtype(str(value).removeprefix("torch."))
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, list | tuple):
        return type(value)(map(to_jax, value))
    if isinstance(value, dict):
        return {k: to_jax(v) for k, v in value.items() if k not in DROPPED}
    return value


def arguments(entry: Any, sample: Any) -> tuple[list[Any], dict[str, Any]]:
    """The positional arguments and keywords of torch's call."""
    args = [sample.input, *sample.args]
    if entry.variant_test_name == "number_mean":  # the database puts the standard deviation first
        args = [sample.args[0], sample.input, *sample.args[1:]]
    if entry.name == "where":  # and the condition second
        args = [sample.args[0], sample.input, *sample.args[1:]]
    if "polygamma" in entry.name:  # and the order second
        args = [sample.args[0], sample.input]
    if entry.name == "einsum":
        args = [sample.args[0], *sample.input]
    if (
        entry.name in ("svd_lowrank", "pca_lowrank") or entry.variant_test_name == "singular"
    ):  # the product of two matrices is the input
        args = [sample.input @ sample.args[0].mT]
    if entry.name == "to":  # devices and memory formats aside
        args = [sample.input, *(a for a in sample.args if isinstance(a, torch.dtype | torch.Tensor))]
    return args, dict(sample.kwargs)


def leaves_of(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from leaves_of(part)
    else:
        yield value


def check_close(ours: Any, theirs: Any, what: str, scale: float = 1.0) -> None:
    """A result like torch's: shape, dtype, values."""
    if not isinstance(theirs, torch.Tensor):
        assert bool(np.all(np.asarray(ours) == np.asarray(to_jax(theirs)))), f"{what}: {ours}, torch's is {theirs}"
        return
    if theirs.dtype == torch.bfloat16:
        assert ours.dtype == jnp.bfloat16, f"{what}: dtype {ours.dtype}, torch's is bfloat16"
        ours, theirs, scale = ours.astype(jnp.float32), theirs.float(), scale * 400
    expected = theirs.detach().resolve_conj().resolve_neg().numpy(force=True)
    narrow = {"int64": "int32", "float64": "float32", "complex128": "complex64"}
    dtype = narrow.get(str(expected.dtype), str(expected.dtype))
    assert str(ours.dtype) == dtype, f"{what}: dtype {ours.dtype}, torch's is {theirs.dtype}"
    assert ours.shape == expected.shape, f"{what}: shape {ours.shape}, torch's is {expected.shape}"
    got, expected = np.asarray(ours), expected.astype(dtype)
    if got.dtype.kind in "fc":
        finite = np.abs(expected[np.isfinite(expected)])
        size = max(1.0, float(finite.max())) if finite.size else 1.0
        tolerance = scale * (2e-3 if dtype == "float16" else 2e-5)
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * size, err_msg=what)
    else:
        np.testing.assert_array_equal(got, expected, err_msg=what)


def check_sample(entry: Any, sample: Any) -> None:
    """One call with torch and with `ops`."""
    (args, kwargs), variant = arguments(entry, sample), (entry.name, entry.variant_test_name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if variant == ("linalg.pinv", "singular"):  # of the product of the sample's two
            args = [args[0].detach().requires_grad_()]
            theirs = torch.linalg.pinv(*args, **kwargs)
        elif variant == ("linalg.pinv", "hermitian"):
            theirs = torch.linalg.pinv(sample.input + sample.input.mH, **kwargs)
        else:
            theirs = entry.op(sample.input, *sample.args, **sample.kwargs)
        expected = list(leaves_of(theirs))
    ours = found(entry)
    if variant == ("linalg.pinv", "hermitian"):
        ours = lambda x, **kwargs: ops.linalg.pinv(x + x.mT.conj(), **kwargs)  # noqa: E731
    call_args, call_kwargs = to_jax(args), to_jax(kwargs)
    if entry.name in RANDOM:
        call_kwargs = call_kwargs | ({} if "empty" in entry.name else {"rng": jax.random.key(0)})
        got = list(leaves_of(ours(*call_args, **call_kwargs)))
        assert [(o.shape, str(o.dtype).replace("64", "32")) for o in got] == [
            (tuple(t.shape), str(t.dtype).removeprefix("torch.").replace("64", "32")) for t in expected
        ]
        return
    flat, tree = jax.tree.flatten((call_args, call_kwargs), is_leaf=lambda v: v is None or isinstance(v, slice))
    leaves = jax.tree.leaves((args, kwargs), is_leaf=lambda v: isinstance(v, torch.Tensor))
    tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    places = [i for i, leaf in enumerate(flat) if isinstance(leaf, jax.Array)]
    assert len(tensors) == len(places)
    smooth = [j for j, t in enumerate(tensors) if t.requires_grad and t.dtype.is_floating_point]
    graded = [i for i, t in enumerate(expected) if isinstance(t, torch.Tensor) and t.requires_grad]
    factors = entry.name in FACTORS
    weights = [np.random.default_rng(i).standard_normal(expected[i].shape) for i in graded]
    plain: dict[str, Any] = {}

    def run(arrays: list[Any]) -> list[Any]:
        filled = list(flat)
        for i, array in zip(places, arrays, strict=True):
            filled[i] = array
        a, k = jax.tree.unflatten(tree, filled)
        got = list(leaves_of(ours(*a, **k)))
        plain["static"] = [g if not isinstance(g, jax.Array) else ... for g in got]
        return [g for g in got if isinstance(g, jax.Array)]

    def weighted(diff: list[Any], arrays: list[Any]) -> Any:
        arrays = list(arrays)
        for j, array in zip(smooth, diff, strict=True):
            arrays[j] = array
        got = run(arrays)
        total = jnp.zeros(())
        for i, w in zip(graded, weights, strict=True):
            weight = jnp.asarray(w, jnp.float32).astype(got[i].dtype)
            total = total + jnp.sum(jnp.real(weight * got[i])).astype(jnp.float32)
        return total, got

    arrays = [flat[i] for i in places]
    inputs, outputs = [tensors[j] for j in smooth], [expected[i] for i in graded]
    their_grads = None if factors or entry.name in NO_GRADIENT else gradients(inputs, outputs, weights)
    if entry.name in IN_DOUBLE:
        their_grads = gradients_in_double(entry, sample, weights)
    take_gradient = their_grads is not None
    function = jax.value_and_grad(weighted, has_aux=True) if take_gradient else (lambda diff, arrays: run(arrays))
    eager = entry.name in EAGER
    result = (function if eager else jax.jit(function))([arrays[j] for j in smooth], arrays)
    (_, got), grads = result if take_gradient else ((None, result), ())
    rest = iter(got)
    got = [next(rest) if s is ... else s for s in plain["static"]]
    if entry.variant_test_name == "grad_oriented":  # torch's side gives the solution alone, and what it needs
        got = got[: len(expected)]
    assert len(got) == len(expected), f"{len(got)} results, torch's are {len(expected)}"
    for i, (o, t) in enumerate(zip(got, expected, strict=True)):
        if factors or (i and entry.name in TIES):
            assert o.shape == tuple(t.shape), f"result {i}: shape {o.shape}, torch's is {tuple(t.shape)}"
        else:
            check_close(o, t, f"result {i}")
    for i, (o, t) in enumerate(zip(grads, their_grads or (), strict=True)):
        check_close(o, t, f"gradient of array {i}", 10)


def gradients(inputs: list[Any], outputs: list[Any], weights: list[Any]) -> list[Any] | None:
    """torch's gradients of the weighted sum of the outputs, or None if it has none."""
    if not inputs or not outputs:
        return None
    total = torch.zeros(())
    for w, t in zip(weights, outputs, strict=True):
        total = total + (torch.from_numpy(np.asarray(w, np.float32)).to(t.dtype) * t).real.sum().float()
    try:
        found = torch.autograd.grad(total, inputs, allow_unused=True)
    except (RuntimeError, NotImplementedError):  # torch has no derivative here
        return None
    return [torch.zeros_like(x) if t is None else t for x, t in zip(inputs, found, strict=True)]


def gradients_in_double(entry: Any, sample: Any, weights: list[Any]) -> list[Any] | None:
    """torch's gradients, computed in float64."""
    given = [sample.input, *sample.args]
    given = [v.detach().double().requires_grad_() if isinstance(v, torch.Tensor) else v for v in given]
    smooth = [v for v in given if isinstance(v, torch.Tensor)]
    results = [t for t in leaves_of(entry.op(*given, **sample.kwargs)) if t.requires_grad]
    found = gradients(smooth, results, weights)
    return found and [gradient.float() for gradient in found]


def refused(entry: Any) -> list[Any]:
    """The samples of the database that torch refuses, except those that don't apply to arrays."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = [bad.sample_input for bad in entry.error_inputs("cpu")]
    return [sample for sample in given if not _other_matter(entry, sample)]


def _other_matter(entry: Any, sample: Any) -> bool:
    """Exceptions: memory, layouts, devices, outputs, float64, and numbers mixed with arrays, which `ops` accepts."""
    values = list(leaves_of([sample.input, list(sample.args)]))
    tensors = [v for v in values if isinstance(v, torch.Tensor)]
    number_beside = len(tensors) == 1 and len(values) == 2
    number_beside = number_beside and all(isinstance(v, int) or v.dtype == torch.int64 for v in values)
    return (
        any(name in sample.kwargs for name in DROPPED)
        or (number_beside and entry.name in BOTH_WAYS)
        or {torch.float32, torch.float64} <= {t.dtype for t in tensors}
    )
