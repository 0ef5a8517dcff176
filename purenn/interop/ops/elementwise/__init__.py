"""Functions of arrays, element by element."""

from purenn.interop.ops.elementwise import (
    arithmetic,
    binary,
    bitwise,
    comparison,
    complex_parts,
    division,
    limits,
    pointwise,
    rounding,
    signs,
    value_tests,
)
from purenn.interop.ops.elementwise.arithmetic import *
from purenn.interop.ops.elementwise.binary import *
from purenn.interop.ops.elementwise.bitwise import *
from purenn.interop.ops.elementwise.comparison import *
from purenn.interop.ops.elementwise.complex_parts import *
from purenn.interop.ops.elementwise.division import *
from purenn.interop.ops.elementwise.limits import *
from purenn.interop.ops.elementwise.pointwise import *
from purenn.interop.ops.elementwise.rounding import *
from purenn.interop.ops.elementwise.signs import *
from purenn.interop.ops.elementwise.value_tests import *

__all__: list[str] = []
__all__ += arithmetic.__all__
__all__ += binary.__all__
__all__ += bitwise.__all__
__all__ += comparison.__all__
__all__ += complex_parts.__all__
__all__ += division.__all__
__all__ += limits.__all__
__all__ += pointwise.__all__
__all__ += rounding.__all__
__all__ += signs.__all__
__all__ += value_tests.__all__
