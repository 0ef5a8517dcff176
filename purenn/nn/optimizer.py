"""Training in object style: one compiled pure step inside."""

from __future__ import annotations

import inspect
import re
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp

from purenn import random, tracing
from purenn.layers.location import describe_arguments
from purenn.layers.observe import show
from purenn.nn import access
from purenn.nn.arguments import Arguments
from purenn.nn.copies import Copies
from purenn.nn.handed_out import check_handed_out
from purenn.nn.keyed_jit import Call, KeyedJit
from purenn.nn.module import Module
from purenn.nn.program import Programs, traced
from purenn.nn.reach import Reach
from purenn.nn.structure import Structure, structure
from purenn.nn.swapped import told_of_swapped
from purenn.nn.trees import Result
from purenn.nn.values import Constant
from purenn.tree import flatten, nest
from purenn.variable import Variable, noted_flag

if TYPE_CHECKING:
    import optax

__all__ = ["Optimizer"]


class Optimizer:
    """Trains the parameters of a module, or of several, by an optax transformation.

    A step is compiled once for all that it depends on: the code of the loss function, what it closes over or reads as a
    global, the modules. Arrays and modules that the loss function reaches are inputs of the program, so it always
    computes what they are now. Frozen parameters (`Module.requires_grad_`) are left alone, tied ones are one. optax's
    Adam counts its steps for all parameters together, where torch counts for each: one that is unfrozen later is
    corrected as the others are. A step that raises leaves the modules, the optimizer and the generator as they were.

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
        self._constant = Constant(self.transformation)
        self._masked = False
        self._tree: Any = None
        self._leaves = Variable([])
        self._handed_out: Any = None
        self._old: list[tuple[Any, list[Any]]] = []  # what was given out before a step, and is held by the user
        self._resting: dict[Any, tuple[Owner, Any]] = {}
        self._followed: _Followed | None = None
        self._split: _Split | None = None
        self._programs = Programs(f"Optimizer.step of {'+'.join(type(m).__name__ for m in self._modules.values())}")
        self._follow()

    # Copies.

    def __getstate__(self) -> dict[str, Any]:
        """The content of a copy or a pickle; parameters are told by name, since their modules are copied too."""
        state, followed = self.state, self._follow()
        names = {owner: name for name, owner in followed.owners.items()}
        resting = {path: (names[owner], leaf) for path, (owner, leaf) in self._resting.items() if owner in names}
        arguments = {"module": self.module, "transformation": self.transformation, "donate": self.donate}
        return {"arguments": arguments, "copied": _Copied(state, followed.specs, resting)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # its modules may not be whole yet

    def _finish_copy(self) -> None:
        """Makes a copy whole when it is first used."""
        arguments, copied = vars(self).pop("arguments"), vars(self).pop("copied")
        self.__init__(**arguments)
        followed = self._follow()
        self._resting = {path: (followed.owners.get(name), leaf) for path, (name, leaf) in copied.resting.items()}
        if followed.specs == copied.specs:
            self.state = copied.state

    # The transformation's state.

    @property
    def state(self) -> Any:
        self._take_back()
        self._handed_out = jax.tree.unflatten(self._tree, self._leaves.value)
        return self._handed_out

    def _take_back(self) -> None:
        """Takes over what was changed in the dicts of the state that was given out last, a learning rate say."""
        handed_out, self._handed_out = self._handed_out, None
        old, self._old = self._old, []
        for tree, leaves in old:
            if not _holds(tree, leaves):
                raise RuntimeError(
                    "Optimizer: a state that opt.state gave out before a step was changed in place, which doesn't "
                    "change the state of now: read opt.state again, and change that"
                )
            if sys.getrefcount(tree) > _OURS:
                self._old.append((tree, leaves))
        if handed_out is not None:
            if not _holds(handed_out, self._leaves.value):
                self.state = handed_out
            if sys.getrefcount(handed_out) > _OURS - 1:
                self._old.append((handed_out, jax.tree.leaves(handed_out)))

    @state.setter
    def state(self, state: object) -> None:
        self._handed_out = None
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
        arrays_now = access.read([*variables.values()])
        access.note_requests([*variables.values()], arrays_now)
        trained = tuple(map(noted_flag, variables.values()))
        if old is not None and old.trained == trained:
            return old
        arrays = dict(zip(variables, arrays_now, strict=True))
        specs = {n: (a.shape, a.dtype) for (n, a), t in zip(arrays.items(), trained, strict=True) if t}
        owners = _owners(self._modules, variables) if old is None else old.owners
        last = self._followed
        if last is None or last.specs != specs or any(last.owners[name] != owners[name] for name in specs):
            self._start({name: arrays[name] for name in specs}, arrays, owners)
        self._followed = _Followed(structures, variables, owners, trained, specs)
        return self._followed

    def _start(self, trained: dict[str, Any], arrays: dict[str, Any], owners: dict[str, Owner]) -> None:
        """Makes the state for the parameters that are trained now.

        What belongs to a parameter stays as long as its module has one of its shape there, also while it is frozen.
        """
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            try:
                state, masked = self.transformation.init(nest(trained)), False
            except (ValueError, KeyError):  # of a tree of labels or masks that names frozen parameters too
                if len(trained) == len(arrays):
                    raise
                state, masked = self.transformation.init(_with_masks(trained, arrays)), True
        old = dict(self._resting)
        if self._followed is not None:
            before = jax.tree.unflatten(self._tree, self._leaves.value)
            for path, leaf in jax.tree_util.tree_leaves_with_path(before):
                old[path] = self._followed.owners.get(_parameter_of(path, self._followed.owners)), leaf
        taken = {id(array) for array in arrays.values()}
        used = set()

        def kept(path: tuple[Any, ...], leaf: jax.Array) -> Any:
            owner, last = old.get(path, (None, None))
            same = owner == owners.get(_parameter_of(path, owners))
            used.add(path)
            if same and last is not None and last.shape == jnp.shape(leaf) and last.dtype == jnp.result_type(leaf):
                return last
            leaf = jnp.asarray(leaf)
            if id(leaf) in taken:  # a parameter, or a leaf that is there already: memory that is reused must be its own
                return access.own_copy(leaf)
            taken.add(id(leaf))
            return leaf

        leaves, tree = jax.tree.flatten(jax.tree_util.tree_map_with_path(kept, state))
        present = set(owners.values())
        self._resting = {path: (o, leaf) for path, (o, leaf) in old.items() if path not in used and o in present}
        self._tree, self._leaves.value, self._masked = tree, leaves, masked

    def __getattr__(self, name: str) -> Any:
        if "copied" in vars(self):
            self._finish_copy()
            return getattr(self, name)
        if name in _REMEDIES:
            raise AttributeError(f"Optimizer has no {name}: {_REMEDIES[name]}", name=name, obj=self)
        raise AttributeError(f"Optimizer has no attribute {name!r}", name=name, obj=self)

    # Steps.

    def step(self, loss_fn: Callable[..., Any], /, *args: object, has_aux: bool = False, **kwargs: object) -> Any:
        """Takes one step down the gradient of ``loss_fn(module, *args, **kwargs)``.

        Args:
            loss_fn: gives a scalar, or with ``has_aux`` a pair of a scalar and anything. Its first argument is what the
                optimizer was made with.
            args: arrays and floats, which are inputs of the compiled step; integers, booleans and strings, each value
                of which is compiled for; other modules; lists, tuples, dicts and dataclasses of these. So are
                ``kwargs``.
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
            program = self._programs.program(
                reach,
                arguments,
                options,
                lambda: self._compiled(has_aux, [*followed.specs], [*followed.variables], split),
            )

            def finish(output: Any) -> tuple[Any, list[Variable], list[Any]]:
                result, new, leaves, changed = output
                buffers = [split.others[i] for i in changed]
                return result, [*split.trained, *buffers, self._leaves], [*new, *changed.values(), leaves]

            inputs = access.read(split.trained), self._leaves.value, access.read(split.others)
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

    def _split_variables(self, reach: Reach, followed: _Followed) -> _Split:
        """Which of a call's variables are trained, and which are not."""
        split = self._split
        if split is None or split.variables is not reach.variables or split.followed is not followed:
            trained = [followed.variables[name] for name in followed.specs]
            numbers = {variable: i for i, variable in enumerate(reach.variables)}
            places = tuple(numbers[variable] for variable in trained)
            chosen = set(trained)
            others = [variable for variable in reach.variables if variable not in chosen]
            split = self._split = _Split(reach.variables, followed, trained, others, places)
        return split

    def _compiled(self, has_aux: bool, names: list[str], every: list[str], split: _Split) -> KeyedJit:
        tx, tree, masked, places = self.transformation, self._tree, self._masked, split.places
        chosen = set(places)
        rest = [i for i in range(len(split.variables)) if i not in chosen]
        import optax

        def body(copies: Copies, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            loss_fn, module = (copies.of(value) for _, value in copies.reach.roots[:2])
            try:
                result = loss_fn(module, *args, **kwargs)
            except TypeError as error:
                if (told := told_of_swapped(error)) is None:
                    raise
                raise TypeError(told) from error
            value = result[0] if has_aux else result
            if getattr(value, "shape", None) != () or not jnp.issubdtype(value.dtype, jnp.floating):
                raise TypeError(
                    "Optimizer.step: the loss function must give a floating-point scalar that is computed from the "
                    f"module, got {describe_arguments((value,), {}) or 'None'}"
                )
            return value, Result.of(result, "the loss function")

        def as_tree(arrays: list[Any]) -> Any:
            by_name = dict(zip(names, arrays, strict=True))
            return _with_masks(by_name, every) if masked else nest(by_name)

        def as_list(tree: Any) -> list[Any]:
            flat = flatten(tree)
            return [flat[name] for name in names]

        def run(
            stream: random.Stream,
            parameters: list[Any],
            leaves: Sequence[Any],
            others: list[Any],
            arrays: list[Any],
            inputs: list[Any],
        ) -> Any:
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
            show(value, "the loss of Optimizer.step")
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
            for name, new in zip(names, as_list(params), strict=True):
                show(new, f"the parameter {name} after Optimizer.step", late=True)
            return result, as_list(params), jax.tree.leaves(state), {rest.index(i): new for i, new in changed.items()}

        return KeyedJit(run, "optimizer_step", donate=(0, 1) if self.donate else ())


_OURS = 3  # references to a tree that are no user's: of the entry, of the loop and of the count


def _holds(tree: object, leaves: list[Any]) -> bool:
    """Whether a tree has still these leaves."""
    now = jax.tree.leaves(tree)
    return len(now) == len(leaves) and all(a is b for a, b in zip(now, leaves, strict=True))


Owner = tuple[weakref.ref[Any], str] | None  # a parameter's module and its name there


class _Followed(NamedTuple):
    """The parameters as an optimizer's state fits them: by name, whose they are, which are trained, their shapes."""

    structures: tuple[Structure, ...]
    variables: dict[str, Variable]
    owners: dict[str, Owner]
    trained: tuple[bool, ...]
    specs: dict[str, Any]

    def facts(self) -> dict[str, Any]:
        """Which parameters are trained, in words."""
        return {f"{name}.requires_grad": name in self.specs for name in self.variables}


class _Copied(NamedTuple):
    """An optimizer's state, the shapes of the parameters that it is about, and what rests for frozen ones, by name."""

    state: Any
    specs: dict[str, Any]
    resting: dict[Any, tuple[str, Any]]


class _Split(NamedTuple):
    """The variables of a call, those that are trained and the others, with the places of the former."""

    variables: list[Variable]
    followed: _Followed
    trained: list[Variable]
    others: list[Variable]
    places: tuple[int, ...]


_REMEDIES = {
    "zero_grad": "gradients are values, which nobody keeps; step takes the loss function and computes them",
    "param_groups": "use optax.multi_transform for groups, and optax.inject_hyperparams for rates that change",
    "state_dict": "its state is opt.state, a tree of arrays, to read and to set",
    "load_state_dict": "its state is opt.state, a tree of arrays, to read and to set",
    "add_param_group": "make an Optimizer with optax.multi_transform, or one more Optimizer",
}


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


def _variables(modules: Mapping[str, Module]) -> dict[str, Variable]:
    """The parameters of modules by name, each once."""
    names: dict[Variable, str] = {}
    for prefix, module in modules.items():
        for name, variable in structure(module).parameters.items():
            names.setdefault(variable, f"{prefix}.{name}" if prefix else name)
    return {name: variable for variable, name in names.items()}


def parameter_names(optimizer: Optimizer) -> list[str]:
    """The names of all parameters of an optimizer's modules, in the order of torch's ``parameters()``."""
    return [*_variables(optimizer._modules)]


def _owners(modules: Mapping[str, Module], variables: Mapping[str, Variable]) -> dict[str, Owner]:
    """The owner of each parameter."""
    owners: dict[str, Owner] = {}
    for prefix, module in modules.items():
        for path, part in structure(module).parts.items():
            for key in part._parameters:
                name = ".".join(filter(None, (prefix, path, key)))
                if name in variables:
                    owners[name] = weakref.ref(part), key
    return owners


def _parameter_of(path: Sequence[Any], names: Mapping[str, Any]) -> str:
    """The parameter that a leaf of a state is about: the longest name that its path ends with, or ""."""
    keys: list[str] = []
    for entry in reversed(path):
        if not isinstance(entry, jax.tree_util.DictKey):
            break
        keys.insert(0, str(entry.key))
    return next((n for i in range(len(keys)) if (n := ".".join(keys[i:])) in names), "")


def _with_masks(trained: Mapping[str, Any], every: Iterable[str]) -> dict[str, Any]:
    """A tree of all parameters, with optax's sign for one that isn't there in place of the frozen ones."""
    import optax

    return nest({name: trained.get(name, optax.MaskedNode()) for name in every})


def _update(
    update: Callable[..., Any],
    grads: Mapping[str, Any],
    state: Mapping[str, Any],
    params: Mapping[str, Any],
    extra: dict[str, Any],
) -> Any:
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
