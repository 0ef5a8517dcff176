"""torch.nn.utils: the functions of `purenn.utils`, under torch's import path."""

import typing as _typing

from purenn.utils import *

if not _typing.TYPE_CHECKING:
    from purenn.utils import __getattr__ as __getattr__
