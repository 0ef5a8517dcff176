"""Functions of images: resampling, grids, reordered pixels and channels."""

from purenn.functional.vision import grids, interpolation, shuffles
from purenn.functional.vision.grids import *
from purenn.functional.vision.interpolation import *
from purenn.functional.vision.shuffles import *

__all__: list[str] = []
__all__ += grids.__all__
__all__ += interpolation.__all__
__all__ += shuffles.__all__
