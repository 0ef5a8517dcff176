"""torch's functions that change a tensor, as functions that return the changed array."""

from purenn.interop.ops.in_place import filling, from_functions, random
from purenn.interop.ops.in_place.filling import *
from purenn.interop.ops.in_place.from_functions import *
from purenn.interop.ops.in_place.random import *

__all__: list[str] = []
__all__ += filling.__all__
__all__ += from_functions.__all__
__all__ += random.__all__
