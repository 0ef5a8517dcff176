"""torch.nn.utils.parametrize: the functions of `purenn.utils.parametrize`, under torch's import path."""

from purenn.utils.parametrize import *
