"""torch.nn.functional: the functions of `purenn.functional`, under torch's import path."""

from purenn.functional import *
