"""Training in object style: one compiled pure step inside."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from purenn import random, tracing
from purenn.layers.location import describe_arguments
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.given import check_given
from purenn.nn.module import Module
from purenn.nn.program import Call, KeyedJit, Programs, execute, traced
from purenn.nn.reach import Reach
from purenn.nn.structure import Structure, structure
from purenn.nn.trees import Result
from purenn.tree import flatten, nest
from purenn.variable import Variable

if TYPE_CHECKING:
    import optax

__all__ = ["Optimizer"]


class Optimizer:
    """Trains the parameters of a module, or of several, by an optax transformation.

    A step is compiled once for all that it depends on: the code of the loss function, what it closes over or reads as a
    global, the modules. Arrays and modules that the loss function reaches are inputs of the program, so it always
    computes what they are now. Frozen parameters (`Module.requires_grad_`) are left alone, tied ones are one. A step
    that raises leaves the modules, the optimizer and the generator as they were.

    Args:
        module: the module, or a list or dict of modules; their modes are used as they are at each step.
        transformation: any optax transformation, such as ``optax.adam(1e-3)``.
        donate: whether a step may reuse the memory of the old arrays: they must not be kept elsewhere then, and a
            step that fails while it runs loses them.

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
        import optax  # who trains has it; others are spared the time

        self._modules = _modules_by_name(module)
        if not hasattr(transformation, "init") or not hasattr(transformation, "update"):
            raise TypeError(
                f"Optimizer: transformation must be optax's, such as optax.adam(1e-3), got {transformation!r}"
            )
        for each in self._modules.values():
            if structure(each).lazy:
                raise ValueError(f"Optimizer: {each!r} has no arrays yet for its lazy layers: call it once before")
        self.module = module
        self.transformation = optax.with_extra_args_support(transformation)
        self.donate = donate
        self._masked = False
        self._tree: Any = None
        self._leaves = Variable([])
        self._followed: _Followed | None = None
        self._split: _Split | None = None
        self._programs = Programs(f"Optimizer.step of {'+'.join(type(m).__name__ for m in self._modules.values())}")
        self._follow()

    # The transformation's state.

    @property
    def state(self) -> Any:
        return jax.tree.unflatten(self._tree, self._leaves.value)

    @state.setter
    def state(self, state: Any) -> None:
        leaves, tree = jax.tree.flatten(state)
        if tree != self._tree:
            raise ValueError(f"Optimizer: state must have the structure {self._tree}, got {tree}")
        problems = []
        paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(state)]
        new = []
        for path, old, leaf in zip(paths, self._leaves.value, leaves, strict=True):
            array = leaf if isinstance(leaf, jax.Array) else jnp.asarray(leaf, getattr(leaf, "dtype", old.dtype))
            if array.shape != old.shape or array.dtype != old.dtype:
                problems.append(f"{path} must be {old.dtype}{list(old.shape)}, got {array.dtype}{list(array.shape)}")
            new.append(access.own_copy(array) if self.donate else array)
        if problems:
            raise ValueError("Optimizer: state doesn't fit: " + "; ".join(problems))
        self._leaves.value = new

    def _follow(self) -> _Followed:
        """Fits the state to the parameters that are trained now: those that stay keep theirs, new ones start."""
        structures = tuple(map(structure, self._modules.values()))
        old = self._followed
        if old is not None and old.structures != structures:
            old = None
        variables = _variables(self._modules) if old is None else old.variables
        held = access.read([*variables.values()])
        if any(map(_attributes, held)):
            access.note_requests([*variables.values()], held)
        trained = tuple(variable.requires_grad for variable in variables.values())
        if old is not None and old.trained == trained:
            return old
        arrays = dict(zip(variables, held, strict=True))
        specs = {n: (a.shape, a.dtype) for (n, a), t in zip(arrays.items(), trained, strict=True) if t}
        if self._followed is None or self._followed.specs != specs:
            self._start({name: arrays[name] for name in specs}, arrays)
        self._followed = _Followed(structures, variables, trained, specs)
        return self._followed

    def _start(self, trained: dict[str, Any], arrays: dict[str, Any]) -> None:
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            try:
                state, masked = self.transformation.init(nest(trained)), False
            except (ValueError, KeyError):  # of a tree of labels or masks that names frozen parameters too
                if len(trained) == len(arrays):
                    raise
                state, masked = self.transformation.init(_with_masks(trained, arrays)), True
        old = dict(jax.tree_util.tree_leaves_with_path(self.state)) if self._tree is not None else {}
        held = {id(array) for array in arrays.values()}

        def kept(path: Any, leaf: Any) -> Any:
            last = old.get(path)
            if last is not None and jnp.shape(last) == jnp.shape(leaf) and last.dtype == jnp.result_type(leaf):
                return last
            leaf = jnp.asarray(leaf)
            if id(leaf) in held:  # a parameter, or a leaf that is there already: memory that is reused must be its own
                return access.own_copy(leaf)
            held.add(id(leaf))
            return leaf

        leaves, tree = jax.tree.flatten(jax.tree_util.tree_map_with_path(kept, state))
        self._tree, self._leaves.value, self._masked = tree, leaves, masked

    # Steps.

    def step(self, loss_fn: Callable[..., Any], /, *args: Any, has_aux: bool = False, **kwargs: Any) -> Any:
        """Takes one step down the gradient of ``loss_fn(module, *args, **kwargs)``.

        Args:
            loss_fn: gives a scalar, or with ``has_aux`` a pair of a scalar and anything. Its first argument is what the
                optimizer was made with.
            args: arrays and floats, which are inputs of the compiled step; integers, booleans and strings, each value
            of
                which is compiled for; other modules; lists, tuples, dicts and dataclasses of these. So are ``kwargs``.
            has_aux: whether the loss comes with something else.

        Returns:
            The result of ``loss_fn``, before the step.

        Raises:
            TypeError: the loss is no scalar, or an argument is of a kind that can't be followed.
            RuntimeError: the loss function changes something that would be lost, or it is called in a transformation.
        """
        if tracing.current() != tracing.NO_TRACE:
            raise RuntimeError(
                "Optimizer.step is called inside a transformation of jax, where its changes would be lost: call it "
                "outside, or write the step with functional_call and the transformation's own update"
            )
        check_given()
        followed = self._follow()

        def run(found: Reach, arguments: Arguments) -> Any:
            split = self._split_variables(found, followed)
            options = has_aux, split.places, self._tree, self._masked
            program = self._programs.program(
                found,
                arguments,
                options,
                lambda: self._compiled(has_aux, [*followed.specs], [*followed.variables], split),
            )

            def finish(output: Any) -> tuple[Any, list[Variable], list[Any]]:
                result, new, leaves, changed = output
                buffers = [split.others[i] for i in changed]
                return result, [*split.trained, *buffers, self._leaves], [*new, *changed.values(), leaves]

            inputs = access.read(split.trained), self._leaves.value, access.read(split.others)
            return execute(program, Call(found, arguments), None, finish, *inputs, found.arrays, arguments.inputs)

        modules = [("the module" if name == "" else name, each) for name, each in self._modules.items()]
        loss = [("the loss function", loss_fn), ("the modules", self.module)]
        result = self._programs.call(modules, loss, args, kwargs, run)
        return result.value() if isinstance(result, Result) else result

    def _split_variables(self, found: Reach, followed: _Followed) -> _Split:
        """Which of a call's variables are trained, and which are not."""
        split = self._split
        if split is None or split.variables is not found.variables or split.followed is not followed:
            trained = [followed.variables[name] for name in followed.specs]
            numbers = {variable: i for i, variable in enumerate(found.variables)}
            places = tuple(numbers[variable] for variable in trained)
            chosen = set(trained)
            others = [variable for variable in found.variables if variable not in chosen]
            split = self._split = _Split(found.variables, followed, trained, others, places)
        return split

    def _compiled(self, has_aux: bool, names: list[str], every: list[str], split: _Split) -> KeyedJit:
        tx, tree, masked, places = self.transformation, self._tree, self._masked, split.places
        chosen = set(places)
        rest = [i for i in range(len(split.variables)) if i not in chosen]
        import optax

        def body(copies: Any, args: Any, kwargs: Any) -> Any:
            loss_fn, module = (copies.of(value) for _, value in copies.reach.roots[:2])
            result = loss_fn(module, *args, **kwargs)
            value = result[0] if has_aux else result
            if getattr(value, "shape", None) != ():
                raise TypeError(
                    f"Optimizer.step: the loss function must give a scalar, got {describe_arguments((value,), {})}"
                )
            return value, Result.of(result, "the loss function")

        def as_tree(arrays: list[Any]) -> Any:
            by_name = dict(zip(names, arrays, strict=True))
            return _with_masks(by_name, every) if masked else nest(by_name)

        def as_list(tree: Any) -> list[Any]:
            flat = flatten(tree)
            return [flat[name] for name in names]

        def run(stream: random.Stream, parameters: Any, leaves: Any, others: Any, arrays: Any, inputs: Any) -> Any:
            def loss(parameters: list[Any]) -> tuple[Any, tuple[Any, Any]]:
                by_place = dict(zip((*places, *rest), (*parameters, *others), strict=True))
                values = [by_place[i] for i in range(len(by_place))]
                # each evaluation draws the same numbers: a line search compares values of one function
                (value, result), changed = traced(stream.afresh(), values, arrays, inputs, None, body)
                return value, (result, changed)

            def gradient(parameters: list[Any]) -> tuple[Any, Any]:
                value, gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
                return value, as_tree([g.conj() if jnp.iscomplexobj(g) else g for g in gradients])

            (value, (result, changed)), grads = gradient(parameters)
            params = as_tree(parameters)
            extra = {
                "value": value,
                "grad": grads,
                "value_fn": lambda params: loss(as_list(params))[0],
                "grad_fn": lambda params, *batch: gradient(as_list(params))[1],
            }
            with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):  # optax needs them
                updates, state = _update(tx.update, grads, jax.tree.unflatten(tree, leaves), params, extra)
                params = optax.apply_updates(params, updates)
            return result, as_list(params), jax.tree.leaves(state), {rest.index(i): new for i, new in changed.items()}

        return KeyedJit(run, "optimizer_step", donate=(0, 1) if self.donate else ())


class _Followed(NamedTuple):
    """The parameters as an optimizer's state fits them: by name, which are trained, and the shapes of these."""

    structures: tuple[Structure, ...]
    variables: dict[str, Variable]
    trained: tuple[bool, ...]
    specs: dict[str, Any]


class _Split(NamedTuple):
    """The variables of a call, those that are trained and the others, with the places of the former."""

    variables: list[Variable]
    followed: _Followed
    trained: list[Variable]
    others: list[Variable]
    places: tuple[int, ...]


def _modules_by_name(module: Any) -> dict[str, Module]:
    """The modules of an optimizer by the prefix of their parameters' names; a single one has none."""
    if isinstance(module, Module):
        return {"": module}
    named = module if isinstance(module, Mapping) else dict(enumerate(module)) if isinstance(module, Sequence) else {}
    if not named or not all(isinstance(each, Module) for each in named.values()):
        raise TypeError(f"Optimizer: module must be a Module, or a list or dict of them, got {module!r}")
    return {str(name): each for name, each in named.items()}


def _variables(modules: Mapping[str, Module]) -> dict[str, Variable]:
    """The parameters of modules by name, each once."""
    found: dict[Variable, str] = {}
    for prefix, module in modules.items():
        for name, variable in structure(module).parameters.items():
            found.setdefault(variable, f"{prefix}.{name}" if prefix else name)
    return {name: variable for variable, name in found.items()}


def _with_masks(trained: Mapping[str, Any], every: Iterable[str]) -> dict[str, Any]:
    """A tree of all parameters, with optax's sign for one that isn't there in place of the frozen ones."""
    import optax

    return nest({name: trained.get(name, optax.MaskedNode()) for name in every})


def _attributes(array: Any) -> dict[str, Any]:
    return getattr(array, "__dict__", {})


def _update(update: Callable[..., Any], grads: Any, state: Any, params: Any, extra: dict[str, Any]) -> Any:
    """Calls a transformation's update with those of the extra arguments that it takes."""
    parameters = inspect.signature(update).parameters
    if "grad_fn" not in parameters:
        del extra["grad_fn"]
    if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()):
        return update(grads, state, params, **{name: value for name, value in extra.items() if name in parameters})
    extra = dict(extra)
    while True:  # a chain says that it takes anything, and hands it on to parts that may not
        try:
            return update(grads, state, params, **extra)
        except TypeError as error:
            refused = re.search(r"unexpected keyword argument '(\w+)'", str(error))
            if refused is None or refused[1] not in extra:
                raise
            del extra[refused[1]]
