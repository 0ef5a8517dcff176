"""``python -m purenn.port model.py -o model_jax.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Ports a file.

    Args:
        arguments: the arguments of the command line; None reads ``sys.argv``.

    Returns:
        0 if everything was translated, 1 if something is left to do, 2 if the file could not be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m purenn.port",
        description="Rewrites a torch model's source to purenn. A comment marks what it can't translate.",
    )
    parser.add_argument("file", type=Path, help="the torch source")
    parser.add_argument("-o", "--output", type=Path, help="the file to write; standard output if it is left out")
    options = parser.parse_args(arguments)
    try:
        from purenn.port import port

        source = options.file.read_text(encoding="utf-8")
        ported = port(source)
    except ModuleNotFoundError as error:
        if error.name != "libcst":
            raise
        print("purenn.port needs libcst: pip install 'purenn[port]'", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"{options.file}: {error}", file=sys.stderr)
        return 2
    if options.output is None:
        print(ported.source, end="")
    else:
        options.output.write_text(ported.source, encoding="utf-8")
    for remark in ported.remarks:
        print(f"{options.file}:{remark.line}: {'' if remark.todo else 'note: '}{remark}", file=sys.stderr)
    return 0 if ported.complete else 1


if __name__ == "__main__":
    sys.exit(main())
