"""A machine for pickles that builds numbers, texts, containers and what a table names, and calls nothing else.

Python's own unpickler calls what the file asks for, and trusts the sizes that it declares. This one looks a name up in
a table that it is given, never imports, and takes no memory but for what the file has bytes for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from purenn.interop.checkpoint.errors import CheckpointError
from purenn.interop.checkpoint.pickle_operations import OPERATIONS
from purenn.interop.checkpoint.pickle_stack import Machine

__all__ = ["load_pickle"]


def load_pickle(
    data: memoryview, start: int, find: Callable[[str, str], Any], persistent: Callable[[object], Any]
) -> tuple[Any, int]:
    """Runs the pickle that begins at a place.

    Args:
        data: the bytes.
        start: where the pickle begins.
        find: gives what stands for a global's module and name.
        persistent: gives what stands for a persistent id.

    Returns:
        The object, and where the pickle ended.

    Raises:
        CheckpointError: the pickle is damaged, or asks for what isn't built.
    """
    machine = Machine(data, start, find, persistent)
    try:
        return _run(machine), machine.at
    except CheckpointError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, struct.error) as error:
        raise CheckpointError(f"the pickle is damaged at byte {machine.at}: {str(error)[:200]}") from error


def _run(machine: Machine) -> Any:
    data = machine.data
    while True:
        code = data[machine.at]
        machine.at += 1
        if code == 0x2E:  # STOP
            return machine.pop()
        operation = OPERATIONS.get(code)
        if operation is None:
            raise CheckpointError(f"the pickle is damaged at byte {machine.at - 1}: no operation has code {code}")
        operation(machine)
