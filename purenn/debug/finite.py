"""`purenn.debug.check_finite`: the first layer and array that is not finite, in either pass."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from purenn.layers.observe import Observer, observing

if TYPE_CHECKING:
    from purenn.layers.bound import Bound

__all__ = ["check_finite"]


@dataclasses.dataclass(eq=False)
class Check:
    """A place where numbers are looked at.

    Attributes:
        what: the array in words, such as "the output of encoder.layers.3: Linear(...)".
        kind: "value", "gradient", "late" of what follows from gradients, or "input", which explains and is no fault by
            itself.
        shape: its dtype and shape.
        call: the number of the call that it belongs to.
        nan, inf: how many numbers were found that aren't finite, the first time that there were any.
        runs: how often it was made.
        first: which of these times that was.
    """

    what: str
    kind: str
    shape: str
    call: int
    nan: int = 0
    inf: int = 0
    runs: int = 0
    first: int = -1

    def note(self, nan: SupportsIndex, inf: SupportsIndex) -> None:
        """Takes the counts of one time."""
        if (nan or inf) and self.first < 0:
            self.nan, self.inf, self.first = int(nan), int(inf), self.runs
        self.runs += 1

    def description(self) -> str:
        counts = [f"{self.nan} NaN"] * (self.nan > 0) + [f"{self.inf} infinite"] * (self.inf > 0)
        return f"{self.what} is not finite: {' and '.join(counts)} in {self.shape}"


class _Checks(Observer):
    """An observer that looks at all arrays that go into layers and come out, and at their gradients."""

    def __init__(self, allow_inf: bool):
        self.allow_inf = allow_inf
        self.checks: list[Check] = []
        self._calls = 0

    # Where numbers are looked at.

    def call(
        self, m: Bound, path: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        number, self._calls = self._calls, self._calls + 1
        where = f"{path}: {_name(m)}" if path else _name(m)
        gradient = functools.partial(self._gradient, call=number)
        args, kwargs = _mapped(
            (args, dict(kwargs)),
            lambda x: gradient(self._value(x, f"an input of {where}", number, "input"), f"an input of {where}"),
        )
        parameters = [(name, v) for name, v in m._parameters.items() if v is not None and _is_floating(v.value)]
        buffers = [(name, v) for name, v in m._buffers.items() if v is not None and _is_floating(v.value)]
        before = [v.value for _, v in parameters], [v.value for _, v in buffers]
        try:
            for name, variable in parameters:
                self._value(variable.value, f"the parameter {name} of {where}", number)
                if isinstance(variable.value, Tracer) and (vars(m).get("_pure") or not hasattr(m, "_pure")):
                    variable.value = gradient(variable.value, f"the parameter {name} of {where}")
            for name, variable in buffers:
                self._value(variable.value, f"the buffer {name} of {where}", number, inf=False)
            output = function(*args, **kwargs)
        finally:
            for (_, variable), value in zip(parameters, before[0], strict=True):
                if isinstance(value, Tracer):
                    variable.value = value
        what = f"the output of {where}"
        output = _mapped(output, lambda x: gradient(self._value(x, what, number), what))
        for (name, variable), old in zip(buffers, before[1], strict=True):
            if variable.value is not old:
                self._value(variable.value, f"the new buffer {name} of {where}", number)
        return output

    def value(self, value: object, what: str, *, late: bool = False) -> None:
        if _is_floating(value):
            number, self._calls = self._calls, self._calls + 1
            self._value(value, what, number, "late" if late else "value")

    def _check(self, x: jax.Array, what: str, kind: str, call: int) -> Check:
        check = Check(what, kind, f"{x.dtype}[{', '.join(map(str, x.shape))}]", call)
        self.checks.append(check)
        return check

    def _value(self, x: jax.Array, what: str, call: int, kind: str = "value", inf: bool = True) -> jax.Array:
        check = self._check(x, what, kind, call)
        self.look(check, x, inf)
        if not isinstance(x, Tracer) and kind == "value" and check.first >= 0:
            raise FloatingPointError(self.message(check))
        return x

    def _gradient(self, x: jax.Array, what: str, call: int) -> jax.Array:
        if not isinstance(x, Tracer):
            return x
        return probe.bind(x, checks=self, check=self._check(x, f"the gradient of {what}", "gradient", call))

    def look(self, check: Check, x: jax.Array, inf: bool = True) -> None:
        """Counts, when the program runs, what isn't finite."""

        inf = inf and not self.allow_inf
        if isinstance(x, Tracer):
            jax.debug.callback(check.note, jnp.isnan(x).sum(), jnp.isinf(x).sum() if inf else 0)
        elif x.is_fully_addressable and not x.is_deleted():
            array = np.asarray(x)
            check.note(np.isnan(array).sum(), np.isinf(array).sum() if inf else 0)

    # Afterwards.

    def message(self, check: Check) -> str:
        """The first fault, and whether it came from outside of the layer."""
        text = f"check_finite: {check.description()}"
        inputs = [c for c in self.checks if c.call == check.call and c.kind == "input" and c.first >= 0]
        if check.kind == "value" and inputs:
            text += f"; {inputs[0].description()}"
            if check.inf or any(each.nan for each in inputs):  # a mask of minus infinity isn't what makes a NaN
                text += ", so that the fault is before this layer"
        elif check.kind == "gradient" and check.what.startswith("the gradient of the output"):
            text += ": so it arrives, and the fault is in what follows this layer, such as the loss"
        elif check.kind == "gradient":
            text += ": so the layer's backward pass gives it, for a gradient of its output that is finite"
        return text

    def first(self) -> Check | None:
        """The first fault: of values in the order of the calls, of gradients in that of the backward pass, of the rest.

        A check inside of a loop is made in every round, and earlier rounds come first.
        """
        bad = [(check.first, place, check) for place, check in enumerate(self.checks) if check.first >= 0]
        values = [fault for fault in bad if fault[2].kind == "value"]
        gradients = [(first, -place, check) for first, place, check in bad if check.kind == "gradient"]
        late = [fault for fault in bad if fault[2].kind == "late"]
        fault = min(values or gradients or late, key=lambda each: each[:2], default=None)
        return fault and fault[2]


def _is_floating(x: object) -> TypeGuard[jax.Array]:
    if not isinstance(x, jax.Array) or jnp.issubdtype(x.dtype, jax.dtypes.extended):
        return False
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _name(m: Bound) -> str:
    return m._get_name() if m._modules else repr(m)


def _mapped(tree: object, function: Callable[[jax.Array], jax.Array]) -> Any:
    """A tree with a function applied to its arrays of floating-point numbers: what is one array stays one."""
    results: dict[int, jax.Array] = {}

    def leaf(x: object) -> object:
        if not _is_floating(x):
            return x
        if id(x) not in results:
            results[id(x)] = function(x)
        return results[id(x)]

    return jax.tree.map(leaf, tree)


# The identity, whose transpose looks at the cotangent: it goes through every derivative, as a linear function.

probe = Primitive("gradient_probe")


def _transpose(
    cotangent: jax.Array | ad.Zero, x: jax.Array, *, checks: _Checks, check: Check
) -> list[jax.Array | ad.Zero]:
    if not isinstance(cotangent, ad.Zero):
        checks.look(check, cotangent)
    return [cotangent]


probe.def_impl(lambda x, **_: x)
probe.def_abstract_eval(lambda x, **_: x)
ad.deflinear2(probe, _transpose)
batching.defvectorized(probe)
mlir.register_lowering(probe, lambda context, x, **_: [x])


@contextlib.contextmanager
def check_finite(*, allow_inf: bool = False) -> Iterator[None]:
    """Names the first layer and array that is not finite, in the calls and derivatives that run inside.

    It looks at the outputs, parameters and buffers of all layers and modules that are called, and at the gradients that
    pass through them, compiled or not, and at the loss and the new parameters of `Optimizer.step`. Programs are traced
    once more, with these checks, and are slower: put it around the step that goes wrong. Infinite inputs and buffers,
    such as masks of minus infinity, are no fault. A function that is called outside of layers isn't seen:
    ``jax.config.update("jax_debug_nans", True)`` finds those.

    Args:
        allow_inf: whether only NaN is a fault.

    Raises:
        FloatingPointError: something is not finite: at once where values are at hand, and at the end of the context for
            programs. In the backward pass the first is the one that is computed first, nearest to the loss.

    Example:
        >>> import jax, jax.numpy as jnp, purenn
        >>> from purenn import layers
        >>> net = layers.Sequential(layers.Linear(2, 2), layers.Linear(2, 2))
        >>> params, state = net.init(jax.random.key(0))
        >>> params["1"]["bias"] = jnp.array([0.0, jnp.inf])
        >>> apply = jax.jit(net.apply)
        >>> y, state = apply(params, state, jnp.ones((1, 2)))
        >>> try:
        ...     with purenn.debug.check_finite():
        ...         y, state = apply(params, state, jnp.ones((1, 2)))
        ... except FloatingPointError as error:
        ...     print(str(error).partition(" of ")[2])
        1: Linear(in_features=2, out_features=2, bias=True) is not finite: 1 infinite in float32[2]
    """
    checks = _Checks(allow_inf)
    try:
        with observing(checks):
            yield
    except FloatingPointError:
        raise
    except Exception as error:
        jax.effects_barrier()
        if (first := checks.first()) is not None:
            error.add_note(checks.message(first))
        raise
    jax.effects_barrier()
    if (first := checks.first()) is not None:
        raise FloatingPointError(checks.message(first))
