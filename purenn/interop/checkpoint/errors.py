"""The one error of a checkpoint that can't be read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["CheckpointError", "naming_entry", "naming_file"]


class CheckpointError(ValueError):
    """A file that is damaged, hostile or of an unknown kind; the message names the file and the entry."""


# The exceptions of the parsers below: struct, zipfile, tarfile, zlib, json and integers that are out of range.
_PARSERS = (ArithmeticError, AttributeError, EOFError, LookupError, RecursionError, RuntimeError, TypeError, ValueError)


@contextlib.contextmanager
def naming_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Puts the file's name before every fault, and makes those of parsers a `CheckpointError`."""
    import struct
    import tarfile
    import zipfile
    import zlib

    name = os.fspath(path)
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"{name}: {error}") from error.__cause__
    except (*_PARSERS, struct.error, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        raise CheckpointError(f"{name}: the file is damaged: {type(error).__name__}: {str(error)[:200]}") from error
    except MemoryError as error:
        raise CheckpointError(f"{name}: there is not enough memory for its content") from error


@contextlib.contextmanager
def naming_entry(entry: str) -> Iterator[None]:
    """Puts an entry's name before every fault."""
    try:
        yield
    except CheckpointError as error:
        raise CheckpointError(f"entry {entry[:200]!r}: {error}" if entry else str(error)) from error.__cause__
