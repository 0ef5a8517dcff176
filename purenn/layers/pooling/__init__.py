"""Pooling layers."""

from purenn.layers.pooling import adaptive, fractional, power, unpool, window
from purenn.layers.pooling.adaptive import *
from purenn.layers.pooling.fractional import *
from purenn.layers.pooling.power import *
from purenn.layers.pooling.unpool import *
from purenn.layers.pooling.window import *

__all__: list[str] = []
__all__ += adaptive.__all__
__all__ += fractional.__all__
__all__ += power.__all__
__all__ += unpool.__all__
__all__ += window.__all__
