"""The kinds of results of torch's functions and methods, by their names."""

from __future__ import annotations

from collections.abc import Sequence

from purenn.port.kinds import Kind

__all__ = ["DTYPES", "TENSOR_METHODS", "kind_of_method", "kind_of_torch"]

# torch's dtypes, and their spelling in the port. In jax, int and float are the widest dtypes that are enabled.
DTYPES = {
    "float": "jnp.float32",
    "float32": "jnp.float32",
    "double": "float",
    "float64": "float",
    "half": "jnp.float16",
    "float16": "jnp.float16",
    "bfloat16": "jnp.bfloat16",
    "long": "int",
    "int64": "int",
    "int": "jnp.int32",
    "int32": "jnp.int32",
    "byte": "jnp.uint8",
    "short": "jnp.int16",
    "int16": "jnp.int16",
    "int8": "jnp.int8",
    "uint8": "jnp.uint8",
    "bool": "bool",
    "cfloat": "jnp.complex64",
    "complex64": "jnp.complex64",
    "complex128": "complex",
    "cdouble": "complex",
}

_PAIRS = {"max", "min", "median", "mode", "kthvalue", "cummax", "cummin"}
_ALWAYS_PAIRS = {"sort", "topk", "std_mean", "var_mean", "aminmax", "slogdet", "kthvalue", "cummax", "cummin", "mode"}
_SEQUENCES = {
    "chunk",
    "split",
    "unbind",
    "meshgrid",
    "broadcast_tensors",
    "tensor_split",
    "split_with_sizes",
    "nonzero_static",
}
_BOOLS = {
    "is_tensor",
    "equal",
    "allclose",
    "is_floating_point",
    "is_complex",
    "is_contiguous",
    "is_grad_enabled",
    "is_available",
}
_NUMBERS = {"numel", "nelement", "dim", "ndimension", "element_size", "storage_offset", "get_device"}

# Methods that no other common class has: their object is a tensor.
_METHODS = """
    view view_as unsqueeze unsqueeze_ permute contiguous detach masked_fill masked_fill_ expand expand_as bmm mm
    matmul cuda cpu numel nelement dim is_contiguous type_as new_zeros new_ones new_full new_tensor new_empty
    index_select gather scatter scatter_ scatter_add scatter_add_ softmax log_softmax sigmoid tanh relu clamp
    clamp_ chunk unbind narrow norm std var exp log sqrt rsqrt pow abs sin cos item requires_grad_ backward
    retain_grad zero_ fill_ normal_ uniform_ copy_ add_ mul_ sub_ div_ triu tril topk argmax argmin amax amin
    mean sum prod cumsum cumprod flip roll unfold bernoulli multinomial repeat_interleave float long half double
    bool int byte size numpy clone square neg sign erf logsumexp isnan isinf logical_not logical_and eq ne lt gt
    le ge t mul div addmm baddbmm flatten squeeze reshape transpose detach_ data_ptr swapaxes swapdims movedim
    unflatten diagonal masked_select index_add_ index_fill_ new
"""
TENSOR_METHODS = frozenset(_METHODS.split())


def kind_of_torch(name: str, kinds: Sequence[Kind] | None, keywords: Sequence[str]) -> Kind:
    """The kind of a qualified name, or of a call of it.

    Args:
        name: the qualified name.
        kinds: the kinds of the arguments, or None if it isn't called.
        keywords: the keywords of the arguments.
    """
    head, _, rest = name.partition(".")
    last = name.rsplit(".", 1)[-1]
    if head == "math":
        return "int" if last in ("floor", "ceil", "prod", "gcd", "comb", "factorial") else "float"
    if head in ("numpy", "np"):
        return "numpy" if kinds is not None else "float" if last in ("pi", "inf", "e", "nan") else "unknown"
    if head == "jax":
        return "tensor" if kinds is not None else "unknown"
    if head == "optax":
        return "unknown"
    if head == "purenn" and rest.startswith("nn.") and last[:1].isupper():
        return "module" if last not in ("Parameter", "Optimizer") else "tensor" if last == "Parameter" else "optimizer"
    if name == "copy.deepcopy" and kinds:
        return kinds[0]
    if head != "torch":
        return "unknown"
    if kinds is None:
        return "dtype" if last in DTYPES else "float" if last in ("pi", "inf", "nan", "e") else "unknown"
    if rest.startswith("nn.") and not rest.startswith(("nn.functional", "nn.init", "nn.utils")):
        if last in ("ModuleList", "ParameterList", "ModuleDict", "ParameterDict"):
            return "modules" if last == "ModuleList" else "tensors" if last == "ParameterList" else "dict"
        return "tensor" if last in ("Parameter", "Buffer") else "module"
    if rest.startswith("nn.utils"):
        return "module" if "norm" in last else "unknown"
    if rest.startswith(("optim", "utils", "distributions", "cuda", "distributed", "jit", "backends")):
        return "bool" if last in _BOOLS else "unknown"
    if rest in ("device", "cuda.device"):
        return "device"
    if rest in ("Size", "Generator", "finfo", "iinfo", "no_grad", "enable_grad", "save", "load", "manual_seed"):
        return "shape" if rest == "Size" else "unknown"
    return _result(last, kinds, keywords, offset=1)


def _result(name: str, kinds: Sequence[Kind], keywords: Sequence[str], offset: int) -> Kind:
    """The kind of a tensor function's result; the arguments after the tensor begin at `offset`."""
    if name in _BOOLS:
        return "bool"
    if name in _NUMBERS:
        return "int"
    if name in _SEQUENCES:
        return "tensors"
    more = len(kinds) > offset and kinds[offset] != "tensor"
    if name in _ALWAYS_PAIRS or (name in _PAIRS and ("dim" in keywords or more)):
        return "tensor", "tensor"
    if name == "unique":
        flags = {"return_inverse", "return_counts"} & set(keywords)
        return ("tensor",) * (1 + len(flags)) if flags else "tensor"
    if name == "nonzero" and "as_tuple" in keywords:
        return "tensors"
    if name == "where" and len(kinds) == 1:
        return "tensors"
    return "tensor"


def kind_of_method(base: Kind, name: str, kinds: Sequence[Kind], keywords: Sequence[str]) -> Kind:
    """The kind of ``base.name(...)``."""
    if base in ("unknown", "module", "modules", "self"):
        modules = {"modules": "modules", "children": "modules", "parameters": "tensors", "buffers": "tensors"}
        if name in modules:
            return modules[name]
        if name in ("state_dict", "keys", "values", "items"):
            return "dict" if name == "state_dict" else "unknown"
        if base in ("module", "modules") or (name in ("to", "cuda", "cpu", "train", "eval") and base == "module"):
            return "module" if name in ("to", "cuda", "cpu", "train", "eval", "half", "float", "double") else "unknown"
    if base == "numpy":
        return "numpy"
    if base == "str":
        return "str" if name not in ("split",) else "list"
    if base == "shape" and name == "numel":
        return "int"
    if base == "tensor" or (base == "unknown" and name in TENSOR_METHODS):
        if name == "size":
            return "int" if kinds else "shape"
        if name == "item":
            return "float"
        if name == "numpy":
            return "numpy"
        if name == "tolist":
            return "list"
        return _result(name, kinds, keywords, offset=0)
    if name == "to":
        return base
    return "unknown"
