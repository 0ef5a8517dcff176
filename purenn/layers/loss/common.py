"""The base of losses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from purenn import check
from purenn.functional.loss.common import reduction_of
from purenn.layers.base import Constant, Layer, Spec
from purenn.layers.spec import array_spec


class Loss(Layer):
    """The base of losses. As in torch, their repr has no hyper-parameters.

    The deprecated ``size_average`` and ``reduce`` become ``reduction``. The hyper-parameters ``weight`` and
    ``pos_weight``, arrays or None, are buffers.
    """

    repr_fields = ()

    def buffers(self) -> Mapping[str, Spec | None]:
        return {name: array_spec(array) for name, array in vars(self).items() if name in ("weight", "pos_weight")}

    def normalize(self) -> Mapping[str, Any]:
        name, fields = type(self).__name__, vars(self)
        for buffer in self.buffers():
            given_array(name, buffer, fields.get(buffer))
        deprecated = fields.get("size_average"), fields.get("reduce")
        if deprecated == (None, None):
            return {}
        return {"reduction": reduction_of(name, fields["reduction"], *deprecated), "size_average": None, "reduce": None}


def given_array(where: str, argument: str, value: object) -> Constant | None:
    """Returns a hyper-parameter that is an array or None; refuses any other value."""
    if value is not None and not isinstance(value, Constant):
        check.fail(where, argument, "be an array or None", repr(value), TypeError)
    return value
