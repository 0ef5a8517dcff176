"""Modules that replace einops' layers, which are torch modules; `rewrite_imports` adds those in use."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from purenn.port.nodes import code, statement

__all__ = ["EINOPS_LAYERS", "with_layers"]

EINOPS_LAYERS = {
    "Rearrange": """

class Rearrange(nn.Module):
    def __init__(self, pattern, **sizes):
        super().__init__()
        self.pattern, self.sizes = pattern, sizes

    def forward(self, x):
        return einops.rearrange(x, self.pattern, **self.sizes)
""",
    "Reduce": """

class Reduce(nn.Module):
    def __init__(self, pattern, reduction, **sizes):
        super().__init__()
        self.pattern, self.reduction, self.sizes = pattern, reduction, sizes

    def forward(self, x):
        return einops.reduce(x, self.pattern, self.reduction, **self.sizes)
""",
}


def with_layers(body: list[cst.BaseStatement], layers: Sequence[str]) -> list[cst.BaseStatement]:
    """The statements of a file, with the definitions of einops' layers after its imports."""
    if not layers:
        return body
    places = [i for i, each in enumerate(body) if code(each).lstrip().startswith(("import ", "from "))]
    definitions = [statement(EINOPS_LAYERS[layer]) for layer in layers]
    return [*body[: places[-1] + 1], *definitions, *body[places[-1] + 1 :]]
