"""Recurrent networks."""

from purenn.functional.rnn import networks
from purenn.functional.rnn.networks import *

__all__: list[str] = []
__all__ += networks.__all__
