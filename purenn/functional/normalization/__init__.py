"""Normalizations."""

from purenn.functional.normalization import batch, instance, response, sample
from purenn.functional.normalization.batch import *
from purenn.functional.normalization.instance import *
from purenn.functional.normalization.response import *
from purenn.functional.normalization.sample import *

__all__: list[str] = []
__all__ += batch.__all__
__all__ += instance.__all__
__all__ += response.__all__
__all__ += sample.__all__
