"""Arrays that are made: filled, counted up, drawn, or from Python's numbers."""

from purenn.interop.ops.creation import filled, random, ranges, tensors, windows
from purenn.interop.ops.creation.filled import *
from purenn.interop.ops.creation.random import *
from purenn.interop.ops.creation.ranges import *
from purenn.interop.ops.creation.tensors import *
from purenn.interop.ops.creation.windows import *

__all__: list[str] = []
__all__ += filled.__all__
__all__ += random.__all__
__all__ += ranges.__all__
__all__ += tensors.__all__
__all__ += windows.__all__
