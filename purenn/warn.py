"""Warnings that point to the user's line, however deep in the library they arise."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from purenn import tracing

__all__ = ["warn_user"]

_OURS = str(Path(__file__).parent)


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Warns, with the line that called into this package as the place."""
    tracing.not_in_program()
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_OURS, "<")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
