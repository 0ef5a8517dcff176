"""torch.nn.utils.parametrizations: the functions of `purenn.utils.parametrizations`, under torch's import path."""

from purenn.utils.parametrizations import *
