"""Attention."""

from purenn.functional.attention import dot_product
from purenn.functional.attention.dot_product import *

__all__: list[str] = []
__all__ += dot_product.__all__
