"""Elements by their indices or by a mask: read, written, reduced onto."""

from purenn.interop.ops.indexing import index_along, masks, scatter_gather, slice_scatters, subscript
from purenn.interop.ops.indexing.index_along import *
from purenn.interop.ops.indexing.masks import *
from purenn.interop.ops.indexing.scatter_gather import *
from purenn.interop.ops.indexing.slice_scatters import *
from purenn.interop.ops.indexing.subscript import *

__all__: list[str] = []
__all__ += index_along.__all__
__all__ += masks.__all__
__all__ += scatter_gather.__all__
__all__ += slice_scatters.__all__
__all__ += subscript.__all__
