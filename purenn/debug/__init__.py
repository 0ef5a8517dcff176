"""Finding out what a model does: where a number stops being finite, what compiles again, which shapes pass.

Each is a context; inside, calls of layers and modules are seen on every face, compiled ones too.
"""

from purenn.debug.compiles import explain_compiles
from purenn.debug.finite import check_finite
from purenn.debug.shapes import shapes

__all__ = ["check_finite", "explain_compiles", "shapes"]


def __dir__() -> list[str]:
    return __all__
