"""Writes ``docs/ops.md``: which of torch's tensor functions `purenn.interop.ops` has.

The names come from torch's own operator database and from a survey of the graphs of public models. With ``--check``
nothing is written, and a stale page is an error.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from torch.testing._internal.common_methods_invocations import op_db

from purenn import functional
from purenn.interop import ops

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "ops.md"

# Entries of the database that a model would not call as a function of tensors, and where they are instead.
ELSEWHERE = {
    "nn.functional.": "`purenn.functional`",
    "_": "torch's own helpers",
    "torch.": "torch's own kernels",
    "jiterator_": "torch's compiler of CUDA kernels",
    "masked.": "torch.masked, a prototype",
    "sparse.": "sparse tensors",
    "native_": "`purenn.functional`: layer_norm, group_norm, batch_norm, dropout",
    "grid_sampler_": "`purenn.functional.grid_sample`",
    "max_pool2d_with_indices_backward": "jax's gradient",
}
NAMES = {"__getitem__": "getitem"} | {
    n: f"{n}_" for n in ("cauchy", "exponential", "geometric", "log_normal", "uniform")
}
# Tensor functions in the graphs of 55 public models, by ATen's names without overloads.
SURVEY = [
    "abs",
    "add",
    "add_",
    "addmm",
    "alias",
    "all",
    "amax",
    "amin",
    "any",
    "arange",
    "argmax",
    "as_strided",
    "as_strided_",
    "baddbmm",
    "bitwise_and",
    "bitwise_not",
    "bmm",
    "cat",
    "chunk",
    "clamp",
    "clamp_min",
    "clone",
    "constant_pad_nd",
    "contiguous",
    "copy_",
    "cos",
    "cumsum",
    "detach",
    "diff",
    "div",
    "div_",
    "einsum",
    "embedding",
    "empty",
    "empty_like",
    "empty_permuted",
    "eq",
    "exp",
    "expand",
    "expand_as",
    "flatten",
    "flip",
    "floor_divide",
    "fmod",
    "full",
    "full_like",
    "gather",
    "ge",
    "gt",
    "histc",
    "index",
    "index_put",
    "index_put_",
    "index_select",
    "isnan",
    "le",
    "leaky_relu",
    "lift_fresh",
    "lift_fresh_copy",
    "log",
    "log1p",
    "logical_and",
    "logical_not",
    "logsumexp",
    "lt",
    "masked_fill",
    "masked_fill_",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "mm",
    "mul",
    "mul_",
    "mv",
    "ne",
    "neg",
    "new_ones",
    "new_zeros",
    "nonzero",
    "ones",
    "pad",
    "permute",
    "pow",
    "pow_",
    "real",
    "relu_",
    "repeat",
    "reshape",
    "roll",
    "rsqrt",
    "rsub",
    "scalar_tensor",
    "scatter_",
    "scatter_add",
    "scatter_add_",
    "scatter_reduce",
    "scatter_reduce_",
    "select",
    "sigmoid",
    "sigmoid_",
    "sin",
    "slice",
    "softmax",
    "sort",
    "split",
    "split_with_sizes",
    "sqrt",
    "squeeze",
    "stack",
    "stft",
    "sub",
    "sub_",
    "sum",
    "t",
    "tanh",
    "tanh_",
    "to",
    "topk",
    "transpose",
    "transpose_",
    "tril",
    "triu",
    "type_as",
    "unbind",
    "unflatten",
    "unfold",
    "unsafe_split",
    "unsqueeze",
    "var",
    "view",
    "view_as_complex",
    "view_as_real",
    "where",
    "zeros",
    "zeros_like",
    "silu_",
    "hardswish_",
    "leaky_relu_",
    "fft.fft",
    "fft.fftn",
    "fft.rfft",
    "linalg.vector_norm",
]


def has(name: str) -> bool:
    """Whether `ops` has a function of this dotted name."""
    place: object = ops
    for part in name.split("."):
        place = getattr(place, part, None)
    return callable(place)


def missing() -> list[str]:
    """Names of the survey that neither `ops` nor `functional` has."""
    return [name for name in SURVEY if not has(name) and not hasattr(functional, name)]


def _elsewhere(name: str) -> str:
    return next((why for prefix, why in ELSEWHERE.items() if name.startswith(prefix) and why), "")


def _listed(names: list[str]) -> str:
    text = ", ".join(f"`{name}`" for name in names)
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def page() -> str:
    names = sorted({NAMES.get(entry.name, entry.name) for entry in op_db})
    there = [name for name in names if has(name)]
    aside = {name: why for name in names if name not in there and (why := _elsewhere(name))}
    left = [name for name in names if name not in there and name not in aside]
    spaces = {space: sorted(getattr(ops, space).__all__) for space in ("fft", "linalg", "special")}
    own = sorted(set(ops.__all__) - set(spaces))
    text = [
        "# Tensor functions",
        "",
        "`tools/ops_page.py` makes this page from torch's operator database and `purenn.interop.ops`; don't edit it.",
        "The tests run every entry of `ops` on the samples of the database, and compare values, gradients and dtypes",
        "with torch's.",
        "",
        "| | names |",
        "| --- | ---: |",
        f"| entries of torch's operator database | {len(names)} |",
        f"| entries in `ops`, tested | {len(there)} |",
        f"| entries that are elsewhere in purenn, or are no functions of arrays | {len(aside)} |",
        f"| entries that purenn lacks | {len(left)} |",
        f"| names in the graphs of 55 public models | {len(SURVEY)} |",
        f"| names that purenn lacks | {len(missing())} |",
        f"| functions of `ops`, including in-place forms | {len(own)} |",
        *(f"| functions of `ops.{space}` | {len(names)} |" for space, names in spaces.items()),
        "",
        "## Entries that purenn lacks",
        "",
        _listed(left),
        "",
        "## Functions",
        "",
        _listed(own),
    ]
    for space, names in spaces.items():
        text += ["", f"## {space}", "", _listed(names)]
    return "\n".join(text) + "\n"


def main(arguments: list[str]) -> int:
    if "--check" not in arguments:
        PAGE.write_text(page())
    stale = not PAGE.exists() or PAGE.read_text() != page()
    print(*missing(), *(["docs/ops.md is stale"] if stale else []), sep="\n")
    return 1 if missing() or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
