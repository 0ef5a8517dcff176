"""Products of matrices, and torch's older names of linear algebra; `purenn.interop.ops.linalg` exports the rest."""

from purenn.interop.ops.matrices import added_products, older_names, products
from purenn.interop.ops.matrices.added_products import *
from purenn.interop.ops.matrices.older_names import *
from purenn.interop.ops.matrices.products import *

__all__: list[str] = []
__all__ += added_products.__all__
__all__ += older_names.__all__
__all__ += products.__all__
