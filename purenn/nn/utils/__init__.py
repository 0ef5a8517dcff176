"""torch.nn.utils: the functions of `purenn.utils`, under torch's import path."""

import typing as _typing

from purenn.utils import *
from purenn.utils import parametrizations as parametrizations
from purenn.utils import parametrize as parametrize
from purenn.utils import prune as prune
from purenn.utils import rnn as rnn

if not _typing.TYPE_CHECKING:
    from purenn.utils import __getattr__ as __getattr__
