"""Looking at a model: `purenn.summary`, `purenn.graph`, and what a notebook shows of a layer or module."""

__all__: list[str] = []  # its functions are purenn's


def __dir__() -> list[str]:
    return __all__
