"""Attention."""

from purenn.functional.attention import dot_product, multi_head
from purenn.functional.attention.dot_product import *
from purenn.functional.attention.multi_head import *

__all__: list[str] = []
__all__ += dot_product.__all__
__all__ += multi_head.__all__
