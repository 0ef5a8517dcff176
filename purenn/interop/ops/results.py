"""The named tuples that functions with several results return; the names are torch's."""

from __future__ import annotations

from typing import NamedTuple

from purenn.typing import Array

__all__ = [
    "CholeskyEx",
    "Eigen",
    "Extremes",
    "Frexp",
    "Histogram",
    "InverseEx",
    "LeastSquares",
    "LuFactors",
    "Qr",
    "SignLogDet",
    "Svd",
    "TriangularFactors",
    "ValuesIndices",
]


class ValuesIndices(NamedTuple):
    """Values, and where in their dimension they lie."""

    values: Array
    indices: Array


class Extremes(NamedTuple):
    """The least and the largest element."""

    min: Array
    max: Array


class Frexp(NamedTuple):
    """Mantissas of modulus from 0.5 to 1, and exponents of 2."""

    mantissa: Array
    exponent: Array


class Histogram(NamedTuple):
    """Counts, and the edges between which they are counted."""

    hist: Array
    bin_edges: Array


class SignLogDet(NamedTuple):
    """The sign of a determinant and the logarithm of its modulus."""

    sign: Array
    logabsdet: Array


class Eigen(NamedTuple):
    """Eigenvalues, and eigenvectors as columns."""

    eigenvalues: Array
    eigenvectors: Array


class Qr(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    Q: Array
    R: Array


class Svd(NamedTuple):
    """Left singular vectors as columns, singular values in descending order, right singular vectors as rows."""

    U: Array
    S: Array
    Vh: Array


class TriangularFactors(NamedTuple):
    """A permutation and two triangles whose product is the matrix."""

    P: Array
    L: Array
    U: Array


class LuFactors(NamedTuple):
    """Both triangles in one matrix, and the rows that were exchanged, counted from 1."""

    LU: Array
    pivots: Array


class CholeskyEx(NamedTuple):
    """A lower triangle, and 0 where the matrix is positive definite, else 1."""

    L: Array
    info: Array


class InverseEx(NamedTuple):
    """An inverse, and 0 where the matrix is invertible, else 1."""

    inverse: Array
    info: Array


class LeastSquares(NamedTuple):
    """The solution of a least-squares problem, with residuals, rank and singular values."""

    solution: Array
    residuals: Array
    rank: Array
    singular_values: Array
