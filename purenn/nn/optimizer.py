"""`Optimizer`: training of modules by compiled steps.

`purenn.nn.optimizer_state` has the state of an optimizer, `purenn.nn.optimizer_step` the program of a step.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from purenn import tracing
from purenn.layers.location import describe_arguments
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.handed_out import check_handed_out
from purenn.nn.keyed_jit import Call, KeyedJit
from purenn.nn.module import Module
from purenn.nn.optimizer_state import FittedState, Followed, parameters_of
from purenn.nn.optimizer_step import Step
from purenn.nn.program import Programs
from purenn.nn.reach import Reach
from purenn.nn.remedies import remedy_for
from purenn.nn.structure import structure
from purenn.nn.trees import Result
from purenn.nn.values import Constant
from purenn.variable import Variable

if TYPE_CHECKING:
    import optax

__all__ = ["Optimizer"]


class Optimizer(FittedState):
    """Trains the parameters of a module, or of several, by an optax transformation.

    A step is compiled once for all that it depends on: the code of the loss function, what it closes over or reads as a
    global, the modules. Arrays and modules that the loss function reaches are inputs of the program, so a step always
    uses their present values. Frozen parameters (`Module.requires_grad_`) don't change; tied parameters are one.
    optax's Adam has one step count for all parameters, torch's one per parameter: a parameter that is unfrozen later
    has the bias correction of the others. A step that raises changes neither modules, nor optimizer, nor generator.

    Args:
        module: the module, or a list or dict of modules; their modes are used as they are at each step.
        transformation: any optax transformation, such as ``optax.adam(1e-3)``.
        donate: whether a step may reuse the memory of the old arrays. They must not be kept elsewhere then, and a step
            that fails while it runs loses them.

    Attributes:
        state: the transformation's state, to read and to set.

    Example:
        >>> import jax.numpy as jnp, optax
        >>> from purenn import nn, functional as F
        >>> net = nn.Linear(3, 1)
        >>> opt = nn.Optimizer(net, optax.sgd(0.1))
        >>> def loss_fn(net, x, y):
        ...     return F.mse_loss(net(x), y)
        >>> x, y = jnp.ones((4, 3)), jnp.zeros((4, 1))
        >>> first = opt.step(loss_fn, x, y)
        >>> bool(opt.step(loss_fn, x, y) < first)
        True
    """

    def __init__(
        self,
        module: Module | Sequence[Module] | Mapping[str, Module],
        transformation: optax.GradientTransformation,
        *,
        donate: bool = False,
    ):
        import optax  # only training needs it, and it takes time to import

        modules = _modules_by_name(module)
        if not hasattr(transformation, "init") or not hasattr(transformation, "update"):
            raise TypeError(
                f"Optimizer: transformation must be optax's, such as optax.adam(1e-3), got {transformation!r}"
            )
        for each in modules.values():
            if structure(each).lazy:
                raise ValueError(f"Optimizer: {each!r} has no arrays yet for its lazy layers: call it once before")
        self.module = module
        self._split: _Split | None = None
        self._programs = Programs(f"Optimizer.step of {'+'.join(type(m).__name__ for m in modules.values())}")
        super().__init__(modules, optax.with_extra_args_support(transformation), donate)
        self._constant = Constant(self.transformation)

    # Copies.

    def __getstate__(self) -> dict[str, Any]:
        """The content of a copy or pickle, with parameters by name, since their modules are copied too."""
        state, followed = self.state, self._follow()
        names = {owner: name for name, owner in followed.owners.items()}
        resting = {path: (names[owner], leaf) for path, (owner, leaf) in self._resting.items() if owner in names}
        arguments = {"module": self.module, "transformation": self.transformation, "donate": self.donate}
        return {"arguments": arguments, "copied": (state, followed.specs, resting)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # its modules may not be whole yet

    def _finish_copy(self) -> None:
        """Completes a copy when it is first used."""
        arguments, (state, specs, resting) = vars(self).pop("arguments"), vars(self).pop("copied")
        self.__init__(**arguments)
        followed = self._follow()
        self._resting = {path: (followed.owners.get(name), leaf) for path, (name, leaf) in resting.items()}
        if followed.specs == specs:
            self.state = state

    def __getattr__(self, name: str) -> Any:
        if "copied" in vars(self):
            self._finish_copy()
            return getattr(self, name)
        remedy = remedy_for(Optimizer, name)
        raise AttributeError(f"Optimizer has no attribute {name!r}{remedy and f': {remedy}'}", name=name, obj=self)

    # Steps.

    def step(self, loss_fn: Callable[..., Any], /, *args: object, has_aux: bool = False, **kwargs: object) -> Any:
        """Takes one step down the gradient of ``loss_fn(module, *args, **kwargs)``.

        Args:
            loss_fn: returns a scalar, or with ``has_aux`` a pair of a scalar and anything. Its first argument is the
                ``module`` of the optimizer.
            args: arrays and floats, which are inputs of the compiled step; integers, booleans and strings, which are
                compiled in; other modules; lists, tuples, dicts and dataclasses of these. ``kwargs`` are the same.
            has_aux: whether ``loss_fn`` returns a pair.

        Returns:
            The result of ``loss_fn``, before the step.

        Raises:
            TypeError: the loss is no scalar, or an argument is of a kind that can't be followed.
            RuntimeError: the loss function makes a change that would be lost, or a jax transformation is around.
        """
        if tracing.current() != tracing.NO_TRACE:
            raise RuntimeError(
                "Optimizer.step is called inside a transformation of jax, where its changes would be lost: call it "
                "outside, or write the step with functional_call and the transformation's own update"
            )
        if not callable(loss_fn):
            raise TypeError(
                "Optimizer.step: the first argument must be a function that gives the loss of the module, as in "
                f"opt.step(loss_fn, x, y), got {describe_arguments((loss_fn,), {})}"
            )
        check_handed_out()
        self._take_back()
        followed = self._follow()

        def run(reach: Reach, arguments: Arguments) -> Any:
            split = self._split_variables(reach, followed)
            options = has_aux, split.places, self._tree, self._masked

            def make() -> KeyedJit:
                names, every, count = [*followed.specs], [*followed.variables], len(split.variables)
                step = Step(self.transformation, has_aux, names, every, split.places, count, self._tree, self._masked)
                return step.program(self.donate)

            program = self._programs.program(reach, arguments, options, make)

            def finish(output: Any) -> tuple[Any, list[Variable], list[Any]]:
                result, new, leaves, changed = output
                buffers = [split.untrained[i] for i in changed]
                return result, [*split.trained, *buffers, self._leaves], [*new, *changed.values(), leaves]

            inputs = access.read(split.trained), self._leaves.value, access.read(split.untrained)
            return program(
                Call(reach, arguments, self._programs, followed.facts),
                None,
                finish,
                *inputs,
                reach.arrays,
                arguments.inputs,
            )

        modules: list[tuple[str, Any]] = [(name or "the module", each) for name, each in self._modules.items()]
        modules.append(("the transformation", self._constant))
        loss = [("the loss function", loss_fn), ("the modules", self.module)]
        result = self._programs.call(modules, loss, args, kwargs, run)
        return result.value() if isinstance(result, Result) else result

    def _split_variables(self, reach: Reach, followed: Followed) -> _Split:
        """The variables of a call, split into trained and untrained ones; the last split is kept."""
        split = self._split
        if split is None or split.variables is not reach.variables or split.followed is not followed:
            trained = [followed.variables[name] for name in followed.specs]
            numbers = {variable: i for i, variable in enumerate(reach.variables)}
            places = tuple(numbers[variable] for variable in trained)
            chosen = set(trained)
            untrained = [variable for variable in reach.variables if variable not in chosen]
            split = self._split = _Split(reach.variables, followed, trained, untrained, places)
        return split


class _Split(NamedTuple):
    """The variables of a call, the trained and the untrained ones, and the places of the trained ones."""

    variables: list[Variable]
    followed: Followed
    trained: list[Variable]
    untrained: list[Variable]
    places: tuple[int, ...]


def _modules_by_name(module: Module | Sequence[Module] | Mapping[str, Module]) -> dict[str, Module]:
    """The modules of an optimizer by the prefix of their parameters' names; a single one has none."""
    if isinstance(module, Module):
        return {"": module}
    named = module if isinstance(module, Mapping) else dict(enumerate(module)) if isinstance(module, Sequence) else {}
    if not named or not all(isinstance(each, Module) for each in named.values()):
        raise TypeError(
            "Optimizer: module must be a Module, or a list or dict of them, as in nn.Optimizer(net, optax.adam(1e-3)), "
            f"got {_described(module)}"
        )
    return {str(name): each for name, each in named.items()}


def _described(value: object) -> str:
    if inspect.isgenerator(value) or isinstance(value, Sequence | Mapping):
        return f"a {type(value).__name__}" + ("" if inspect.isgenerator(value) else f" of {len(value)} entries")
    return describe_arguments((value,), {})


def parameter_names(optimizer: Optimizer) -> list[str]:
    """The names of all parameters of an optimizer's modules, in the order of torch's ``parameters()``."""
    return [*parameters_of(optimizer._modules)]
