"""One number of many: reductions, extremes, orders, statistics, and running forms of them."""

from purenn.interop.ops.reductions import cumulative, extremes, moments, quantiles, searching, sorting, statistics, sums
from purenn.interop.ops.reductions.cumulative import *
from purenn.interop.ops.reductions.extremes import *
from purenn.interop.ops.reductions.moments import *
from purenn.interop.ops.reductions.quantiles import *
from purenn.interop.ops.reductions.searching import *
from purenn.interop.ops.reductions.sorting import *
from purenn.interop.ops.reductions.statistics import *
from purenn.interop.ops.reductions.sums import *

__all__: list[str] = []
__all__ += cumulative.__all__
__all__ += extremes.__all__
__all__ += moments.__all__
__all__ += quantiles.__all__
__all__ += searching.__all__
__all__ += sorting.__all__
__all__ += statistics.__all__
__all__ += sums.__all__
