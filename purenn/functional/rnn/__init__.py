"""Recurrent networks."""

from purenn.functional.rnn import cells, networks
from purenn.functional.rnn.cells import *
from purenn.functional.rnn.networks import *

__all__: list[str] = []
__all__ += cells.__all__
__all__ += networks.__all__
