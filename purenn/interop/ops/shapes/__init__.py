"""Arrays of other shapes, and their elements in another order."""

from purenn.interop.ops.shapes import diagonals, joining, reordering, repeating, reshaping, slicing, transposing
from purenn.interop.ops.shapes.diagonals import *
from purenn.interop.ops.shapes.joining import *
from purenn.interop.ops.shapes.reordering import *
from purenn.interop.ops.shapes.repeating import *
from purenn.interop.ops.shapes.reshaping import *
from purenn.interop.ops.shapes.slicing import *
from purenn.interop.ops.shapes.transposing import *

__all__: list[str] = []
__all__ += diagonals.__all__
__all__ += joining.__all__
__all__ += reordering.__all__
__all__ += repeating.__all__
__all__ += reshaping.__all__
__all__ += slicing.__all__
__all__ += transposing.__all__
