"""Hooks around a call beside torch's: order, replacement, keywords, errors, handles, copies, and pure calls."""

import copy
import functools
import gc
import pickle
import warnings
import weakref

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from beside_torch import array, outcome

import purenn
from purenn import nn


class Stop(Exception):
    pass


def net_of(lib):
    """A module that adds, so that both libraries compute the same."""

    class Add(lib.Module):
        def forward(self, x, *, twice=False, fail=False):
            if fail:
                raise Stop
            return x + 1 if not twice else x + 2

    return Add()


def plus(x):
    return lambda m, args, output: output + x


def called(lib, *hooks, fail=False, **kwargs):
    """The result of a call with hooks, and the order in which they were called.

    A hook is given as its kind, its name, its result, and options.
    """
    net, log = net_of(lib), []
    for kind, name, given, options in hooks:

        def hook(module, *args, name=name, given=given):
            log.append([name, module is net, *[entry(a) for a in args]])
            return given(*args) if given else None

        getattr(net, f"register_forward_{kind}hook")(hook, **options)
    try:
        result = entry(net(array(lib, [1.0]), fail=fail, **kwargs) if fail else net(array(lib, [1.0]), **kwargs))
    except (Stop, RuntimeError) as error:
        result = type(error)
    return [result, log]


def entry(value):
    """A value in the form of a log entry."""
    if isinstance(value, dict):
        return {k: entry(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [entry(v) for v in value]
    return value.tolist() if hasattr(value, "tolist") else value


def throw(*args):
    raise Stop


PRE, POST = "pre_", ""
KW, FIRST, ALWAYS = {"with_kwargs": True}, {"prepend": True}, {"always_call": True}
CALLS = {
    "nothing": ([],),
    "before": ([(PRE, "a", None, {})],),
    "before, one value": ([(PRE, "a", lambda args: args[0] * 3, {})],),
    "before, a tuple": ([(PRE, "a", lambda args: (args[0] * 3,), {}), (PRE, "b", lambda args: args[0] + 1, {})],),
    "before, a list": ([(PRE, "a", lambda args: [args[0]], {})],),
    "before, prepended": ([(PRE, "a", lambda args: args[0] * 3, {}), (PRE, "b", lambda args: args[0] + 1, FIRST)],),
    "before, keywords": (
        [
            (PRE, "a", lambda args, kw: ((args[0] * 2,), {"twice": True}), KW),
            (PRE, "b", None, {}),
            (PRE, "c", None, KW),
        ],
    ),
    "before, keywords of a call": (
        [(PRE, "a", None, KW), (POST, "b", None, KW), (POST, "c", None, {})],
        {"twice": True},
    ),
    "before, keywords, no pair": ([(PRE, "a", lambda args, kw: args, KW)],),
    "before, keywords, a list": ([(PRE, "a", lambda args, kw: [args, kw], KW)],),
    "before, keywords, nothing": ([(PRE, "a", lambda args, kw: ((), {}), KW)],),
    "after": ([(POST, "a", None, {})],),
    "after, replaced": ([(POST, "a", lambda args, y: y * 2, {}), (POST, "b", lambda args, y: y + 5, {})],),
    "after, prepended": ([(POST, "a", lambda args, y: y * 2, {}), (POST, "b", lambda args, y: y + 5, FIRST)],),
    "after, keywords": ([(POST, "a", lambda args, kw, y: y * (2 if kw else 1), KW)], {"twice": True}),
    "after, falsy": ([(POST, "a", lambda args, y: 0, {})],),
    "after, sees new arguments": ([(PRE, "a", lambda args: args[0] * 3, {}), (POST, "b", None, {})],),
    "always, no error": ([(POST, "a", lambda args, y: y * 2, ALWAYS), (POST, "b", None, {})],),
    "always": ([(POST, "a", None, ALWAYS), (POST, "b", None, {}), (POST, "c", None, ALWAYS | KW)], {"fail": True}),
    "always, prepended": ([(POST, "a", None, ALWAYS), (POST, "b", None, ALWAYS | FIRST)], {"fail": True}),
    "always, replaced": ([(POST, "a", lambda args, y: 7, ALWAYS), (POST, "b", None, ALWAYS)], {"fail": True}),
    "a hook before fails": ([(PRE, "a", throw, {}), (PRE, "b", None, {}), (POST, "c", None, ALWAYS)],),
    "a hook after fails": ([(POST, "a", None, {}), (POST, "b", throw, {}), (POST, "c", None, ALWAYS)],),
    "an always hook fails": ([(POST, "a", throw, ALWAYS), (POST, "b", None, ALWAYS)],),
    "an always hook fails after an error": ([(POST, "a", throw, ALWAYS), (POST, "b", None, ALWAYS)], {"fail": True}),
}


@pytest.mark.parametrize("what", CALLS)
def test_calls_are_torchs(what):
    hooks, *keywords = CALLS[what]
    with warnings.catch_warnings(action="ignore"):
        results = [outcome(lambda lib, a: called(lib, *hooks, **(keywords or [{}])[0]), lib) for lib in (nn, torch.nn)]
    assert results[0] == results[1]


def removed_inside(lib):
    """A hook removes itself, and another one adds a hook: the call continues with the hooks from its start."""
    net, log = net_of(lib), []
    handles = []

    def once(m, args):
        log.append("once")
        handles[0].remove()
        m.register_forward_pre_hook(lambda m, args: log.append("late"))

    handles.append(net.register_forward_pre_hook(once))
    net.register_forward_pre_hook(lambda m, args: log.append("other"))
    for _ in range(2):
        net(array(lib, [1.0]))
    handles[0].remove()
    return log


def with_statement(lib):
    net = net_of(lib)
    with net.register_forward_hook(plus(10)) as handle:
        inside = entry(net(array(lib, [1.0])))
        same = hasattr(handle, "remove")
    return [inside, same, entry(net(array(lib, [1.0])))]


def after_an_error(lib):
    net = net_of(lib)
    try:
        with net.register_forward_hook(plus(10)):
            raise Stop
    except Stop:
        return entry(net(array(lib, [1.0])))


def copied(lib, copy):
    """A copy has the hooks. A handle removes only the hook of its own module."""
    net = net_of(lib) if copy is not pickled else lib.Identity()
    handle = net.register_forward_hook(functools.partial(added, 10))
    twin = copy(net)
    handle.remove()
    return [entry(net(array(lib, [1.0]))), entry(twin(array(lib, [1.0])))]


def added(x, m, args, output):
    return output + x


def pickled(net):
    return pickle.loads(pickle.dumps(net))


def on_children(lib):
    """Hooks on the parts of a network, one of which occurs twice."""
    part, log = net_of(lib), []
    net = lib.Sequential(part, lib.Sequential(part), lib.Identity())
    for name, module in net.named_modules():
        module.register_forward_hook(lambda m, args, y, name=name: log.append([name, entry(args), entry(y)]))
    return [entry(net(array(lib, [1.0]))), log]


def copied_with_its_handle(lib, copy, first):
    """A module and a handle are copied together: the copy of the handle removes the hook of the module's copy."""
    net = lib.Identity()
    handle = net.register_forward_hook(functools.partial(added, 10))
    twin, other = copy([net, handle] if first else [handle, net])[:: 1 if first else -1]
    other.remove()
    return [entry(net(array(lib, [1.0]))), entry(twin(array(lib, [1.0])))]


SCRIPTS = {
    "removed inside": lambda lib, a: removed_inside(lib),
    "with": lambda lib, a: with_statement(lib),
    "with, after an error": lambda lib, a: after_an_error(lib),
    "deepcopy": lambda lib, a: copied(lib, copy.deepcopy),
    "pickle": lambda lib, a: copied(lib, pickled),
    "deepcopy of both": lambda lib, a: copied_with_its_handle(lib, copy.deepcopy, True),
    "deepcopy of the handle first": lambda lib, a: copied_with_its_handle(lib, copy.deepcopy, False),
    "pickle of both": lambda lib, a: copied_with_its_handle(lib, pickled, True),
    "pickle of the handle first": lambda lib, a: copied_with_its_handle(lib, pickled, False),
    "children": lambda lib, a: on_children(lib),
    "no function": lambda lib, a: (net_of(lib).register_forward_hook(3), None)[1],
    "an unknown option": lambda lib, a: net_of(lib).register_forward_hook(print, always=True),
    "always before": lambda lib, a: net_of(lib).register_forward_pre_hook(print, always_call=True),
    "no keyword": lambda lib, a: net_of(lib).register_forward_hook(print, True),
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_it_is_torchs(what):
    assert outcome(SCRIPTS[what], nn) == outcome(SCRIPTS[what], torch.nn)


def test_a_silenced_error_is_warned_of():
    for lib in (nn, torch.nn):
        net = net_of(lib)
        net.register_forward_hook(throw, always_call=True)
        with pytest.warns(UserWarning, match=r"always_call=True.* raised"), pytest.raises(Stop):
            net(array(lib, [1.0]), fail=True)


X = jnp.ones((2, 3))


@pytest.mark.parametrize("make", [lambda: nn.Linear(3, 3), lambda: nn.Sequential(nn.Linear(3, 3), nn.ReLU())])
def test_hooks_of_stock_modules_run_on_every_way(make):
    """The hook changes the result in eager, compiled and pure calls and in a step."""
    net = make()
    plain = net(X)
    net.register_forward_hook(lambda m, args, y: y * 2 + sum(p.sum() for p in m.parameters()) * 0)
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {}), with_kwargs=True)
    for y in (
        net(X),
        copy.deepcopy(net).compile()(X),
        purenn.functional_call(net, net.params, net.state, X)[0],
        jax.jit(lambda p: purenn.functional_call(net, p, net.state, X)[0])(net.params),
    ):
        np.testing.assert_allclose(y, 2 * plain, rtol=1e-6)


def test_always_call_inside_a_compiled_call():
    class Fails(nn.Module):
        def forward(self, x):
            raise Stop

    seen = []
    net = Fails()
    net.register_forward_hook(lambda m, args, y: seen.append(y), always_call=True)
    for call in (net, nn.Sequential(net)):
        with pytest.raises(Stop):
            call(X)
    assert seen == [None, None]


def test_hooks_cannot_be_put_on_inside_a_pure_call():
    class Hooks(nn.Module):
        def forward(self, x):
            self.register_forward_hook(print)
            return x

    net = Hooks()
    with pytest.raises(RuntimeError, match="a hook can't be set inside a pure call"):
        purenn.functional_call(net, {}, {}, X)
    with pytest.raises(RuntimeError, match="a hook can't be set inside a pure call"):
        net.compile()(X)


def test_a_handle_keeps_no_module_alive_that_is_gone():
    net = nn.Linear(1, 1)
    handle, gone = net.register_forward_hook(print), weakref.ref(net)
    del net
    gc.collect()
    assert gone() is None
    handle.remove()
