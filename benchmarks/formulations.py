"""The cost of the formulations of a convolution on the CPU, map by map, and the one that is chosen.

    python benchmarks/formulations.py [--rows REGEX] [--quick] [--list]

The bounds in `purenn/lowering/conv.py`, `conv_dense.py` and `conv_folded.py` come from such runs. The formulations:

- *xla*: XLA's own convolution
- *chosen*: the formulation that a call uses
- *written*: the sum of shifted products
- *products*: products of matrices, with the elements of the windows as columns
- *folded*: one wide image; with *bands* it consists of bands of rows

Every formulation is compared with XLA's before it is timed. Each round times all formulations. A figure is the median
in milliseconds.
"""

from __future__ import annotations

import argparse
import re
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from operators import interleaved

from purenn.lowering import conv_dense, conv_grouped
from purenn.lowering.conv import Convolution, ConvolutionCpu
from purenn.lowering.conv_folded import folded

MAX_WRITTEN = 2304  # the most products per pixel for which this file times the sum


class Row(NamedTuple):
    """A convolution: batch, channels, outputs, size, kernel, stride, the padding of each side, and dilation."""

    batch: int
    inputs: int
    outputs: int
    size: tuple[int, ...]
    kernel: int
    stride: int = 1
    padding: int | None = None
    dilation: int = 1

    @property
    def name(self) -> str:
        size = "x".join(map(str, (self.batch, self.inputs, *self.size)))
        more = f"s{self.stride}" * (self.stride > 1) + f"d{self.dilation}" * (self.dilation > 1)
        return f"k{self.kernel}{more} to {self.outputs} {size}" + f" pad {self.padding}" * (self.padding is not None)

    def convolution(self, kind: type[Convolution]) -> Any:
        n = len(self.size)
        pad = self.dilation * (self.kernel - 1) // 2 if self.padding is None else self.padding
        return kind((self.stride,) * n, ((pad, pad),) * n, (self.dilation,) * n, 1)


ROWS = [
    # few outputs: pictures and masks
    *(Row(8, c, o, (32, 32), 3) for c, o in ((16, 1), (16, 3), (16, 5), (32, 1), (32, 3), (44, 1), (64, 5))),
    *(Row(8, c, o, (32, 32), 3) for c, o in ((8, 8), (12, 8), (6, 16), (16, 8), (16, 16))),
    *(Row(8, c, o, (28, 28), 5) for c, o in ((5, 8), (6, 6), (2, 16))),
    *(Row(4, c, o, (2000,), 5) for c, o in ((16, 1), (16, 4), (4, 12))),
    *(Row(2, c, o, (8, 16, 16), 3) for c, o in ((8, 1), (8, 3), (4, 8))),
    Row(1, 12, 3, (224, 224), 3),
    # XLA's convolution on one core or two: narrow and wide rows, few and many images
    *(Row(n, c, o, (s, s), 3) for n, c, o, s in ((4, 32, 32, 64), (8, 32, 32, 64), (4, 64, 32, 64), (4, 32, 64, 32))),
    *(
        Row(n, c, o, (s, s), 3)
        for n, c, o, s in ((1, 64, 64, 56), (8, 64, 64, 28), (32, 64, 128, 16), (16, 48, 48, 14))
    ),
    *(
        Row(n, c, o, (s, s), 3)
        for n, c, o, s in ((32, 128, 256, 8), (1, 128, 128, 28), (32, 16, 64, 32), (4, 16, 32, 48))
    ),
    *(
        Row(n, c, o, (s, s), 3, 2)
        for n, c, o, s in ((8, 64, 128, 28), (4, 64, 64, 56), (8, 32, 64, 64), (1, 64, 128, 56))
    ),
    # kernels of one element, with strides
    Row(16, 64, 128, (32, 32), 1, 2),
    Row(1, 256, 512, (28, 28), 1, 2),
    # pictures, with strides
    *(Row(n, 3, 32, (s, s), k, 2) for n, s, k in ((8, 64, 3), (1, 224, 3), (8, 64, 5), (4, 112, 7))),
    *(Row(n, 3, 64, (s, s), k, 2) for n, s, k in ((4, 112, 3), (4, 112, 7), (4, 128, 11))),
    # signals with more outputs than inputs, padded on both sides
    Row(8, 32, 32, (500,), 2, padding=8, dilation=8),
    Row(8, 64, 64, (300,), 3, padding=2),
    Row(8, 32, 32, (500,), 31, padding=30),
    Row(16, 1, 32, (4000,), 5, padding=4),
]


def formulations(row: Row) -> dict[str, dict[str, Callable[..., Any]]]:
    """The formulations of every map, as functions of x, w and y."""
    xla, chosen = row.convolution(Convolution), row.convolution(ConvolutionCpu)
    geometry, like = xla.geometry, lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype)
    found: dict[str, dict[str, Callable[..., Any]]] = {
        "y": {
            "xla": lambda x, w, y: xla.y(x, w),
            "chosen": lambda x, w, y: chosen.y(x, w),
            "products": lambda x, w, y: conv_dense.products_y(geometry, x, w),
        },
        "x": {
            "xla": lambda x, w, y: xla.x(w, y, like(x)),
            "chosen": lambda x, w, y: chosen.x(w, y, like(x)),
            "products": lambda x, w, y: conv_dense.products_x(geometry, w, y, like(x)),
        },
        "w": {
            "xla": lambda x, w, y: jax.linear_transpose(lambda w: xla.y(x, w), like(w))(y)[0],
            "chosen": lambda x, w, y: chosen.w(x, y, like(w)),
            "products": lambda x, w, y: conv_dense.products_w(geometry, x, y, like(w)),
        },
    }
    if len(row.size) > 1:
        found["y"]["folded"] = lambda x, w, y: folded(geometry, x, w)
    if len(row.size) == 2:
        for count in (n for n in (2, 4) if geometry.outputs(row.size, [row.kernel] * 2)[0] % n == 0):
            found["y"][f"{count} bands"] = lambda x, w, y, count=count: folded(geometry, x, w, count)
    if row.inputs * row.outputs * row.kernel ** len(row.size) <= MAX_WRITTEN:
        found["y"]["written"] = lambda x, w, y: conv_grouped.summed(geometry, x, w, 1)
        found["x"]["written"] = lambda x, w, y: conv_grouped.gradient_x(geometry, w, y, x.shape[2:], 1)
    return found


def measure(row: Row, quick: bool) -> dict[str, dict[str, float]]:
    """The median time in milliseconds of every formulation of every map."""
    noise = np.random.default_rng(0)
    shapes = (row.batch, row.inputs, *row.size), (row.outputs, row.inputs, *[row.kernel] * len(row.size))
    x, w = (jnp.asarray(noise.standard_normal(shape), jnp.float32) for shape in shapes)
    y = row.convolution(Convolution).y(x, w)
    medians: dict[str, dict[str, float]] = {}
    for of, ways in formulations(row).items():
        runs = {}
        for name, function in ways.items():
            jitted = jax.jit(function)
            got, expected = np.asarray(jitted(x, w, y)), np.asarray(runs["xla"]()) if runs else None
            if expected is not None:
                np.testing.assert_allclose(got, expected, atol=1e-4 * abs(expected).max(), err_msg=f"{name} {of}")
            runs[name] = lambda f=jitted: f(x, w, y)
        clocks = interleaved(runs, quick)
        medians[of] = {n: 1e3 * statistics.median(seconds for seconds, _ in c) for n, c in clocks.items()}
    return medians


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", default="", metavar="REGEX", help="only rows whose name matches")
    parser.add_argument("--quick", action="store_true", help="three rounds, to check that everything runs and agrees")
    parser.add_argument("--list", action="store_true", help="only print the names of the rows")
    given = parser.parse_args()
    ratios: dict[str, list[float]] = {}
    for row in (row for row in ROWS if re.search(given.rows, row.name)):
        print(row.name)
        for of, times in {} if given.list else measure(row, given.quick).items():
            ratios.setdefault(of, []).append(times["chosen"] / times["xla"])
            print(f"  {of}  " + "  ".join(f"{name} {time:.2f}" for name, time in times.items()), flush=True)
    for of, found in ratios.items():
        print(f"{of}: chosen / xla {statistics.geometric_mean(found):.2f}, {min(found):.2f} to {max(found):.2f}")


if __name__ == "__main__":
    main()
