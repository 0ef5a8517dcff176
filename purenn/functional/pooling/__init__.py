"""Pooling."""

from purenn.functional.pooling import adaptive, fractional, power, unpool, window
from purenn.functional.pooling.adaptive import *
from purenn.functional.pooling.fractional import *
from purenn.functional.pooling.power import *
from purenn.functional.pooling.unpool import *
from purenn.functional.pooling.window import *

__all__: list[str] = []
__all__ += adaptive.__all__
__all__ += fractional.__all__
__all__ += power.__all__
__all__ += unpool.__all__
__all__ += window.__all__
