"""torch.nn.utils.prune: the functions of `purenn.utils.prune`, under torch's import path."""

from purenn.utils.prune import *
