"""Ports the source of torch models to purenn: ``python -m purenn.port model.py -o model_jax.py``.

libcst parses the file, so comments and formatting stay. `port` returns the new source, and remarks on the lines that it
could not translate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from purenn.port.report import Remark

__all__ = ["Ported", "Remark", "port"]


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True)
class Ported:
    """The result of `port`.

    Attributes:
        source: the new source.
        remarks: the problems of untranslated lines and the differences of translated ones, by line.
    """

    source: str
    remarks: tuple[Remark, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is translated."""
        return not any(remark.todo for remark in self.remarks)


def port(source: str) -> Ported:
    """Rewrites the source of a torch model to purenn's object face.

    Args:
        source: the text of a Python file. Without an import of torch it is returned unchanged.

    Returns:
        The new source and the remarks.

    Raises:
        ValueError: the source isn't valid Python.

    Example:
        >>> from purenn.port import port
        >>> print(port("import torch\\ny = torch.ones(2, 3).transpose(0, 1)").source)
        import jax.numpy as jnp
        y = jnp.ones((2, 3)).swapaxes(0, 1)
    """
    import libcst as cst
    from libcst.metadata import MetadataWrapper, PositionProvider

    from purenn.port.context import Context
    from purenn.port.imports import Names
    from purenn.port.infer import Inference
    from purenn.port.report import Report
    from purenn.port.rewrite import Rewriter
    from purenn.port.training import rewrite_training

    try:
        tree = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise ValueError(f"port: the source must be valid Python: line {error.raw_line}: {error.message}") from None
    names = Names(tree)
    if not names.has_torch:
        return Ported(source, ())
    wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
    report = Report({node: place.start.line for node, place in wrapper.resolve(PositionProvider).items()})
    tree = rewrite_training(tree, names, report)
    context = Context(names, Inference(tree, names), report)
    context.has_empty = re.search(r"\b(empty|zeros|[tT]ensor|FloatTensor)\((0|\[\])?[,)]", source) is not None
    new = tree.visit(Rewriter(context))
    return Ported(new.code, tuple(sorted(report.remarks)))
