"""Random sequences of operations on modules, with torch and with purenn at once.

After every step both sides must have the same parameters, buffers, modes and ties. Every call must give the same
output, eager, compiled and by `functional_call`, and every training step the same loss. `make test-all` runs many more
sequences.
"""

import copy
import os
import pickle
import warnings

import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from purenn import nn

WIDTH = 2
RATE = 0.05
KINDS = ["linear", "linear", "norm", "layer_norm", "tanh", "drop"]
GAINS = {"gain": 1.0}
SHIFT = 0.0


class Forward:
    """The same `forward` on both sides. It reaches children, also shared ones, in every way that Python has."""

    def forward(self, x, boost=1.0):
        y = self.body(x) * self.scale[0] + self.config["shift"]
        y = self.by_lambda(y)
        for module in self.listed:
            y = module(y)
        y = y * self.alpha * GAINS["gain"] + SHIFT
        return type(self).squash(self.last(y)) * boost

    def wire(self):
        """Ways to a child outside of the tree: a function's closure and a plain list."""
        last = self.last
        self.by_lambda = lambda y: last(y) * 0.5
        self.listed = [self.last]


class Ours(Forward, nn.Module):
    squash = staticmethod(jnp.tanh)

    def __init__(self):
        super().__init__()
        self.body, self.last = nn.Sequential(), nn.Linear(WIDTH, WIDTH)
        self.scale, self.config, self.alpha = [1.0], {"shift": 0.0}, 1.0
        self.wire()

    def __getstate__(self):  # a lambda can't be pickled
        return {k: v for k, v in super().__getstate__().items() if k != "by_lambda"}


class Theirs(Forward, torch.nn.Module):
    squash = staticmethod(torch.tanh)

    def __init__(self):
        super().__init__()
        self.body, self.last = torch.nn.Sequential(), torch.nn.Linear(WIDTH, WIDTH)
        self.scale, self.config, self.alpha = [1.0], {"shift": 0.0}, 1.0
        self.wire()

    def __getstate__(self):
        return {k: v for k, v in self.__dict__.items() if k != "by_lambda"}


def make(library, kind):
    if kind == "linear":
        return library.Linear(WIDTH, WIDTH)
    if kind == "norm":
        return library.BatchNorm1d(WIDTH, eps=0.1)
    if kind == "layer_norm":
        return library.LayerNorm(WIDTH, eps=0.1)
    return library.Tanh() if kind == "tanh" else library.Dropout(0.0)


def copied(net):
    """A copy with its own ways to its child."""
    net = copy.deepcopy(net)
    net.wire()
    return net


def to_torch(x):
    return torch.from_numpy(np.array(x))


def same(ours, theirs, what):
    np.testing.assert_allclose(np.asarray(ours), theirs.detach().numpy(), rtol=2e-4, atol=2e-5, err_msg=what)


def change(**strategies):
    """A rule that changes modules: alone, or between two calls or two steps. The second one must see the change."""

    def decorate(function):
        def run(self, around, **given):
            self.use(around)
            function(self, **given)
            self.use(around)

        run.__name__ = run.__qualname__ = function.__name__
        return rule(around=st.sampled_from(["nothing", "call", "step"]), **strategies)(run)

    return decorate


def halve_input(module, args):
    """A hook that can be pickled."""
    return (args[0] * 0.5,)


def raise_output(module, args, output):
    """A hook that can be pickled."""
    return output + 0.25


class Modules(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 1000), kinds=st.lists(st.sampled_from(KINDS), max_size=2))
    def start(self, seed, kinds):
        global SHIFT
        SHIFT, GAINS["gain"] = 0.0, 1.0
        torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.ours, self.theirs = Ours(), Theirs()
        self.target_ours, self.target_theirs = Ours(), Theirs()
        for kind in kinds:
            self.ours.body.append(make(nn, kind))
            self.theirs.body.append(make(torch.nn, kind))
        self.ours.load_state_dict(self.theirs.state_dict())
        self.target_ours.load_state_dict(self.target_theirs.state_dict())
        self.optimizer = nn.Optimizer(self.ours, optax.sgd(RATE))
        self.hooks = []
        self.batch = jnp.zeros((3, WIDTH))

    def use(self, how):
        if how == "call":
            x = self.draw(3, WIDTH)
            same(self.ours(jnp.asarray(x)), self.theirs(torch.from_numpy(x)), "call")
        elif how == "step":
            self.train_once(1.0, "batch")

    def draw(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def part(self, number):
        """The same part of both bodies."""
        i = number % len(self.ours.body)
        return self.ours.body[i], self.theirs.body[i]

    def linear(self, number):
        """The same linear layer of both bodies, but not the last one."""
        found = [i for i, m in enumerate(self.theirs.body) if isinstance(m, torch.nn.Linear)]
        return self.part(found[number % len(found)]) if found else (self.ours.last, self.theirs.last)

    # Building.

    @precondition(lambda self: len(self.ours.body) < 5)
    @change(kind=st.sampled_from(KINDS))
    def append(self, kind):
        ours, theirs = make(nn, kind), make(torch.nn, kind)
        ours.load_state_dict(theirs.state_dict())
        self.ours.body.append(ours)
        self.theirs.body.append(theirs)

    @precondition(lambda self: 0 < len(self.ours.body) < 5)
    @change(number=st.integers(0, 9))
    def share(self, number):
        ours, theirs = self.part(number)
        self.ours.body.append(ours)
        self.theirs.body.append(theirs)

    @precondition(lambda self: 0 < len(self.ours.body) < 4)
    @change(number=st.integers(0, 9))
    def nest(self, number):
        ours, theirs = self.part(number)
        self.ours.body.append(nn.Sequential(ours, nn.Tanh(), ours))
        self.theirs.body.append(torch.nn.Sequential(theirs, torch.nn.Tanh(), theirs))

    @precondition(lambda self: len(self.ours.body) > 0)
    @change(number=st.integers(0, 9))
    def delete(self, number):
        i = number % len(self.ours.body)
        del self.ours.body[i], self.theirs.body[i]

    @change()
    def new_last(self):
        self.ours.last, self.theirs.last = nn.Linear(WIDTH, WIDTH), torch.nn.Linear(WIDTH, WIDTH)
        self.ours.last.load_state_dict(self.theirs.last.state_dict())
        self.ours.wire()
        self.theirs.wire()

    @change(number=st.integers(0, 9))
    def tie(self, number):
        ours, theirs = self.linear(number)
        ours.weight, theirs.weight = self.ours.last.weight, self.theirs.last.weight

    # Arrays and attributes.

    @change(number=st.integers(0, 9))
    def assign_parameter(self, number):
        ours, theirs = self.linear(number)
        weight = self.draw(WIDTH, WIDTH)
        ours.weight, theirs.weight = nn.Parameter(weight), torch.nn.Parameter(torch.from_numpy(weight))

    @change(number=st.integers(0, 9))
    def change_parameter(self, number):
        ours, theirs = self.linear(number)
        bias = self.draw(WIDTH)
        ours.set_parameter("bias", bias)
        theirs.bias.data.copy_(torch.from_numpy(bias))

    @change(
        value=st.sampled_from([0.5, 1.0, 2.0]),
        where=st.sampled_from(["list", "dict", "attribute", "global", "globals"]),
    )
    def change_state(self, value, where):
        global SHIFT
        for net in (self.ours, self.theirs):
            if where == "list":
                net.scale[0] = value
            elif where == "dict":
                net.config["shift"] = value
            elif where == "attribute":
                net.alpha = value
        if where == "global":
            SHIFT = value
        elif where == "globals":
            GAINS["gain"] = value

    @change()
    def new_batch(self):
        self.batch = jnp.asarray(self.draw(3, WIDTH))

    # Modes, freezing, casts, hooks.

    @change(mode=st.booleans(), number=st.integers(0, 9), whole=st.booleans())
    def flip_mode(self, mode, number, whole):
        pairs = [(self.ours, self.theirs)] if whole or not len(self.ours.body) else [self.part(number)]
        for net in pairs[0]:
            net.train(mode)

    @change(trained=st.booleans(), number=st.integers(0, 9), way=st.sampled_from(["method", "flags", "last"]))
    def freeze(self, trained, number, way):
        pair = (self.ours.last, self.theirs.last) if way == "last" else self.linear(number)
        for net in pair:
            if way == "method":
                net.requires_grad_(trained)
            else:
                for parameter in net.parameters():
                    parameter.requires_grad = trained

    @change()
    def round_to_half(self):
        self.ours.half().float()
        self.theirs.half().float()

    @precondition(lambda self: len(self.ours.body) > 0 and len(self.hooks) < 2)
    @change(number=st.integers(0, 9), before=st.booleans())
    def hook(self, number, before):
        for net in self.part(number):
            if before:
                self.hooks.append(net.register_forward_pre_hook(halve_input))
            else:
                self.hooks.append(net.register_forward_hook(raise_output))

    @precondition(lambda self: self.hooks)
    @change()
    def unhook(self):
        for handle in self.hooks:
            handle.remove()
        self.hooks.clear()

    # Copies and loading.

    @change(by_pickle=st.booleans())
    def replace_by_copy(self, by_pickle):
        if by_pickle and not self.hooks:
            self.ours, self.theirs = (pickle.loads(pickle.dumps(net)) for net in (self.ours, self.theirs))
        else:
            self.ours, self.theirs = copy.deepcopy(self.ours), copy.deepcopy(self.theirs)
            self.hooks = []  # the copies' stay: nobody has their handles
        self.ours.wire()
        self.theirs.wire()
        self.optimizer = nn.Optimizer(self.ours, optax.sgd(RATE))

    @change()
    def target_takes_all(self):
        """The target becomes a copy, as in DQN, with its own arrays from then on."""
        self.target_ours.last.load_state_dict(self.ours.last.state_dict())
        self.target_theirs.last.load_state_dict(self.theirs.last.state_dict())
        for net in (self.target_ours, self.target_theirs):
            net.requires_grad_(False)

    @change()
    def load_scaled(self):
        ours = {name: array * 0.5 for name, array in self.ours.state_dict().items() if array.dtype == jnp.float32}
        theirs = {name: t * 0.5 for name, t in self.theirs.state_dict().items() if t.dtype == torch.float32}
        self.ours.load_state_dict(ours, strict=False)
        self.theirs.load_state_dict(theirs, strict=False)

    @rule()
    def compile(self):
        self.ours.compile()

    # Calls and steps.

    @rule(boost=st.sampled_from([1.0, 2.0]))
    def call(self, boost):
        x = self.draw(3, WIDTH)
        pure, _ = nn.functional_call(
            copied(self.ours).eval(), self.ours.params, self.ours.state, jnp.asarray(x), boost=boost
        )
        same(pure, copied(self.theirs).eval()(torch.from_numpy(x), boost=boost), "functional_call")
        same(self.ours(jnp.asarray(x), boost=boost), self.theirs(torch.from_numpy(x), boost=boost), "call")
        same(self.ours(jnp.asarray(x)), self.theirs(torch.from_numpy(x)), "the next call")

    @rule(weight=st.sampled_from([0.5, 1.0]), closes_over=st.sampled_from(["batch", "target", "net", "both"]))
    def step(self, weight, closes_over):
        self.train_once(weight, closes_over)

    def train_once(self, weight, closes_over):
        x, batch = self.draw(3, WIDTH), self.batch
        net, target = self.ours, self.target_ours

        def loss_fn(given, x):
            used = net if closes_over == "net" else given
            goal = target(x) if closes_over in ("target", "both") else batch
            return (weight * (used(x) - goal) ** 2).mean()

        ours = self.optimizer.step(loss_fn, jnp.asarray(x))
        trained = [p for p in self.theirs.parameters() if p.requires_grad]
        goal = self.target_theirs(torch.from_numpy(x)) if closes_over in ("target", "both") else to_torch(batch)
        theirs = (weight * (self.theirs(torch.from_numpy(x)) - goal) ** 2).mean()
        if trained:
            torch.optim.SGD(trained, RATE).zero_grad()
            theirs.backward()
            torch.optim.SGD(trained, RATE).step()
        for parameter in (*self.theirs.parameters(), *self.target_theirs.parameters()):
            parameter.grad = None
        same(ours, theirs, "loss")

    # What must hold.

    @invariant()
    def agree(self):
        if not hasattr(self, "ours"):
            return
        for ours, theirs in ((self.ours, self.theirs), (self.target_ours, self.target_theirs)):
            state = theirs.state_dict()
            assert list(ours.state_dict()) == list(state)
            for name, array in ours.state_dict().items():
                assert not isinstance(array, jax.core.Tracer)
                same(array, state[name], name)
            assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
            assert [m.training for m in ours.modules()] == [m.training for m in theirs.modules()]
            assert [p.requires_grad for p in ours.parameters()] == [p.requires_grad for p in theirs.parameters()]


MORE = bool(os.environ.get("OPTIMIZED"))


@pytest.mark.filterwarnings("ignore:.*compiled for the third time")
def test_modules_do_what_torchs_do():
    settings = hypothesis.settings(
        max_examples=int(os.environ.get("EXAMPLES", 400 if MORE else 8)),
        stateful_step_count=30 if MORE else 22,
        deadline=None,
        derandomize=not MORE,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate]
        + [hypothesis.Phase.shrink] * ("NO_SHRINKING" not in os.environ),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        hypothesis.stateful.run_state_machine_as_test(Modules, settings=settings)
