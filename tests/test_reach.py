"""A compiled call and a step compute what the Python code says now, wherever the value is."""

import argparse
import array
import collections
import contextvars
import dataclasses
import functools
import itertools
import operator
import sys
import types
import warnings
import weakref
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from purenn import functional as F
from purenn import nn

X = jnp.ones((2, 2))
PLACE: Any = None
SETTINGS: Any = None
PACKAGE: Any = None
BATCH: Any = None
VALUES = {
    "float": (2.0, 3.0),
    "int": (2, 3),
    "array": (jnp.full((), 2.0), jnp.full((), 3.0)),
    "numpy": (np.full((), 2.0, np.float32), np.full((), 3.0, np.float32)),
    "tuple": ((2.0, 1), (3.0, 1)),
    "equal tuples of other types": ((1, 2.0, True), (1.0, 2.0, 1)),
    "list": ([2.0], [3.0]),
    "function": (lambda: 2.0, lambda: 3.0),
    "partial": (functools.partial(float, 2.0), functools.partial(float, 3.0)),
    "module": (nn.Linear(1, 1), nn.Linear(1, 1)),
    "layer": (nn.Softplus(2.0)._layer, nn.Softplus(3.0)._layer),
}


def number(value):
    """A number that depends on a value of any kind, and on the types in it."""
    if isinstance(value, nn.Module):
        return value(jnp.ones((1, 1))).sum()
    if callable(value):
        return value()
    if isinstance(value, tuple | list):
        return sum((100.0 if isinstance(v, int) else 1.0) * v for v in value)
    return value.beta if hasattr(value, "beta") else value


# Places: each gives a function that reads a value and one that sets it.


def closure(value):
    def set_value(new):
        nonlocal value
        value = new

    return lambda: value, set_value


def global_variable(value):
    globals()["PLACE"] = value
    return lambda: PLACE, lambda new: globals().update(PLACE=new)


def through_a_helper(value):
    globals()["PLACE"] = value
    return lambda: helper(), lambda new: globals().update(PLACE=new)


def helper():
    return PLACE


def default_argument(value):
    def read(given=value):
        return given

    return read, lambda new: setattr(read, "__defaults__", (new,))


def keyword_default(value):
    def read(*, given=value):
        return given

    return read, lambda new: read.__kwdefaults__.update(given=new)


def in_a_list(value):
    place = [None, value]
    return lambda: place[1], functools.partial(place.__setitem__, 1)


def in_a_dict(value):
    place = {"a": {"b": value}}
    return lambda: place["a"]["b"], functools.partial(place["a"].__setitem__, "b")


def in_a_deque(value):
    place = collections.deque([value])
    return lambda: place[0], functools.partial(place.__setitem__, 0)


class Holder:
    def __init__(self, value):
        self.value = value

    def read(self):
        return self.value

    def __call__(self):
        return self.value

    @property
    def prop(self):
        return self.value


def attribute(value):
    place = Holder(value)
    return lambda: place.value, functools.partial(setattr, place, "value")


def bound_method(value):
    place = Holder(value)
    return place.read, functools.partial(setattr, place, "value")


def callable_object(value):
    place = Holder(value)
    return place, functools.partial(setattr, place, "value")


def a_property(value):
    place = Holder(value)
    return lambda: place.prop, functools.partial(setattr, place, "value")


def by_getattr(value):
    place, name = Holder(value), "val" + "ue"
    return lambda: getattr(place, name), functools.partial(setattr, place, "value")


def by_vars(value):
    place = Holder(value)
    return lambda: vars(place)["value"], functools.partial(setattr, place, "value")


class Slots:
    __slots__ = ("value",)


def a_slot(value):
    place = Slots()
    place.value = value
    return lambda: place.value, functools.partial(setattr, place, "value")


@dataclasses.dataclass
class Data:
    inner: dict


def a_dataclass(value):
    place = Data({"value": value})
    return lambda: place.inner["value"], functools.partial(place.inner.__setitem__, "value")


def a_namespace(value):
    place = types.SimpleNamespace(deep=argparse.Namespace(value=value))
    return lambda: place.deep.value, functools.partial(setattr, place.deep, "value")


def class_attribute(value):
    class Place:
        pass

    def set_value(new):
        Place.value = staticmethod(new) if isinstance(new, types.FunctionType) else new

    set_value(value)
    place = Place()
    return lambda: place.value, set_value


def class_as_namespace(value):
    class Place:
        pass

    Place.inner = {"a": value}
    return lambda: Place.inner["a"], functools.partial(Place.inner.__setitem__, "a")


def attribute_of_a_function(value):
    def read():
        return read.value

    read.value = value
    return read, functools.partial(setattr, read, "value")


class Bag(dict):
    pass


def attribute_of_a_dict(value):
    place = Bag(a=1)
    place.value = value
    return lambda: place.value, functools.partial(setattr, place, "value")


def class_method(value):
    class Place:
        @classmethod
        def read(cls):
            return cls.value

    Place.value = value
    return lambda: Place().read(), functools.partial(setattr, Place, "value")


def python_module(value):
    place = types.ModuleType("settings_of_the_test")
    place.value = value
    globals()["SETTINGS"] = place
    return lambda: SETTINGS.value, functools.partial(setattr, place, "value")


def settings(value):
    place = types.ModuleType("settings_of_the_test")
    place.value = value
    return place, functools.partial(setattr, place, "value")


def module_in_a_module(value):
    place, set_value = settings(value)
    globals()["PACKAGE"] = types.ModuleType("package_of_the_test")
    PACKAGE.settings = place
    return lambda: PACKAGE.settings.value, set_value


def module_in_an_object(value):
    place, set_value = settings(value)
    holder = Holder(place)
    return lambda: holder.value.value, set_value


def module_in_a_container(value):
    place, set_value = settings(value)
    places = {"a": [place]}
    return lambda: next(p.value for p in places["a"]), set_value


def module_as_a_default(value):
    place, set_value = settings(value)

    def read(place=place):
        return place.value

    return read, set_value


def module_by_getattr(value):
    place, set_value = settings(value)
    globals()["SETTINGS"], name = place, "val" + "ue"
    return lambda: getattr(SETTINGS, name), set_value


def function_of_a_module(value):
    place, set_value = settings(value)
    exec("def read():\n    return value", vars(place))
    holder = Holder(place)
    return lambda: holder.value.read(), set_value


def attrgetter(value):
    place = Holder(Holder(value))
    get = operator.attrgetter("value.value")
    return lambda: get(place), functools.partial(setattr, place.value, "value")


def class_attribute_of_a_subclass(value):
    class Base:
        pass

    class Place(Base):
        pass

    Base.value, place, times = [value], Place(), itertools.count()

    def set_value(new):
        if next(times):  # it first appears on the subclass after the first call
            Place.value = [new]

    return lambda: place.value[0], set_value


def another_class(value):
    place = Holder(None)

    def set_value(new):
        place.__class__ = type("Other", (Holder,), {"read": lambda self: new})

    set_value(value)
    return lambda: place.read(), set_value


def another_base(value):
    class Place(Holder):
        pass

    place = Place(None)

    def set_value(new):
        Place.__bases__ = (type("Base", (Holder,), {"read": lambda self: new}),)

    set_value(value)
    return lambda: place.read(), set_value


def attribute_of_a_metaclass(value):
    class Meta(type):
        @property
        def read(cls):
            return Meta.value[0]

    class Place(metaclass=Meta):
        pass

    Meta.value = [value]
    return lambda: Place.read, functools.partial(Meta.value.__setitem__, 0)


def partial_method(value):
    class Place:
        def give(self, given):
            return given[0]

        read = functools.partialmethod(give, given=[value])

    place = Place()
    return lambda: place.read(), lambda new: vars(Place)["read"].keywords.update(given=[new])


def keyword_of_a_partial(value):
    read = functools.partial(lambda given: given, given=value)
    return read, lambda new: read.keywords.update(given=new)


def single_dispatch(value):
    @functools.singledispatch
    def read(key):
        raise NotImplementedError

    def set_value(new):
        read.register(str, lambda key: new)

    set_value(value)
    return lambda: read("key"), set_value


def cached(value):
    place = [value]

    @functools.lru_cache
    def read():
        return place[0]

    def set_value(new):
        place[0] = new
        read.cache_clear()

    return lambda: read(), set_value


def weak_reference(value):
    place = Holder(value)
    return functools.partial(lambda reference, place: reference().value, weakref.ref(place), place), functools.partial(
        setattr, place, "value"
    )


def by_an_f_string(value):
    place, end = Holder(None), "0"
    place.layer0 = value
    return lambda: getattr(place, f"layer{end}"), functools.partial(setattr, place, "layer0")


def partial_argument(value):
    place = [value]
    return functools.partial(lambda holder: holder[0], place), functools.partial(place.__setitem__, 0)


def context_variable(value):
    place = contextvars.ContextVar("place", default=value)
    return lambda: place.get(), place.set


def module_attribute(value):
    place = nn.Module()
    vars(place)["value"] = value
    return lambda: place.value, functools.partial(object.__setattr__, place, "value")


def list_of_a_module(value):
    place = nn.Module()
    place.settings = [value]
    return lambda: place.settings[0], functools.partial(place.settings.__setitem__, 0)


def inside_a_wrapper(value):
    read, set_value = closure(value)
    return jax.named_call(read, name="read"), set_value


PLACES = [
    closure, global_variable, through_a_helper, default_argument, keyword_default, in_a_list, in_a_dict, in_a_deque,
    attribute, bound_method, callable_object, a_property, by_getattr, by_vars, a_slot, a_dataclass, a_namespace,
    class_attribute, class_as_namespace, attribute_of_a_function, attribute_of_a_dict, class_method, python_module,
    module_in_a_module, module_in_an_object, module_in_a_container, module_as_a_default, module_by_getattr,
    function_of_a_module, attrgetter, class_attribute_of_a_subclass, another_class, another_base,
    weak_reference, by_an_f_string, attribute_of_a_metaclass, partial_method, keyword_of_a_partial, single_dispatch,
    cached,
    partial_argument, context_variable, module_attribute, list_of_a_module, inside_a_wrapper,
]  # fmt: skip


class Calls(nn.Module):
    """Calls a function that it holds."""

    def __init__(self, read):
        super().__init__()
        vars(self)["read"] = read

    def forward(self, x):
        return x.mean() * number(self.read())


@pytest.fixture(autouse=True)
def many_programs():
    """Disables the warning: here values change in every call, on purpose."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*compiled for the third time")
        yield


def places_and_kinds():
    """Every place with one kind of values, and each kind in several places. The rest is slow."""
    for i, place in enumerate(PLACES):
        for j, kind in enumerate(VALUES):
            fast = (i - j) % len(VALUES) == 0
            yield pytest.param(place, kind, id=f"{place.__name__}-{kind}", marks=() if fast else pytest.mark.slow)


@pytest.mark.parametrize(("place", "kind"), list(places_and_kinds()))
def test_what_python_says_now(place, kind):
    first, second = VALUES[kind]
    read, set_value = place(first)
    net = Calls(read).compile()
    optimizer = nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.0))
    for value in (first, second, first):
        set_value(value)
        expected = float(number(value))
        assert float(net(X)) == expected, "compiled"
        assert float(optimizer.step(lambda _: jnp.ones(()) * number(read()))) == expected, "step"
        y, _ = nn.functional_call(net, {}, {}, X)
        assert float(y) == expected, "functional_call"


class ReadsByItself(nn.Module):
    """A class whose methods read a global, a class attribute and their own attributes."""

    factor = 1.0

    def __init__(self):
        super().__init__()
        self.table, self.settings, self.pair = [1.0], {"a": 1.0}, (1, 1)

    def scaled(self, x):
        return x * self.table[0] * self.settings["a"] * self.factor

    def forward(self, x):
        return self.scaled(x).mean() * OWN["gain"] * number(self.pair)


OWN = {"gain": 1.0}


def test_a_modules_own_methods():
    net = ReadsByItself().compile()
    changes = [
        lambda: net.table.__setitem__(0, 3.0),
        lambda: net.settings.update(a=5.0),
        lambda: setattr(net, "pair", (1.0, 1.0)),
        lambda: OWN.update(gain=7.0),
        lambda: setattr(ReadsByItself, "factor", 2.0),
        lambda: setattr(net, "factor", 3.0),
        lambda: net.table.__setitem__(0, jnp.full((), 2.0)),
        lambda: net.__dict__.pop("factor"),
    ]
    for i, change in enumerate([lambda: None, *changes]):
        change()
        assert float(net(X)) == float(net.forward(X)), i


class TestArraysAreInputs:
    def step_over(self, make, compiled, times=4):
        """The compilations of a step whose loss function is made anew each time, over a new batch."""
        optimizer = nn.Optimizer(nn.Linear(2, 1), optax.sgd(0.1))
        counts, losses, gone = [], [], []
        for i in range(times):
            batch = jnp.full((3, 2), float(i))
            gone.append(weakref.ref(batch))
            compiled()
            losses.append(float(optimizer.step(make(batch))))
            counts.append(compiled())
            del batch
        assert counts[1:] == [0] * (times - 1), counts
        assert sum(reference() is not None for reference in gone) <= 1  # that of the last step
        return losses

    def test_closures_partials_and_defaults_compile_once(self, compiled):
        def closes(batch):
            return lambda net: net(batch).mean() + batch.mean()

        def in_trees(batch):
            trees = {"x": [batch]}
            return lambda net: net(trees["x"][0]).mean() + batch.mean()

        def part(batch):
            return functools.partial(lambda net, batch: net(batch).mean() + batch.mean(), batch=batch)

        def default(batch):
            return lambda net, batch=batch: net(batch).mean() + batch.mean()

        def from_numpy(batch):
            batch = np.array(batch)
            return lambda net: net(batch).mean() + batch.mean()

        def of_an_object(batch):
            holder = Holder(batch)
            return lambda net: net(holder.value).mean() + holder.read().mean()

        for make in (closes, in_trees, part, default, from_numpy, of_an_object):
            purenn_losses = self.step_over(make, compiled)
            assert len(set(purenn_losses)) == len(purenn_losses), make.__name__

    def test_global_batches(self):
        optimizer = nn.Optimizer(nn.Linear(2, 1), optax.sgd(0.0))
        for value in (1.0, 2.0):
            globals()["BATCH"] = jnp.full((3, 2), value)
            loss = optimizer.step(lambda net: (net(BATCH) + BATCH.sum()).sum())
            assert float(loss) == float((optimizer.module(BATCH) + BATCH.sum()).sum())

    def test_numpy_changed_in_place(self):
        optimizer, data = nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.0)), np.ones(3, np.float32)
        loss_fn = lambda net: jnp.asarray(data).sum()  # noqa: E731
        for value in (1.0, 2.0):
            data[:] = value
            assert float(optimizer.step(loss_fn)) == 3 * value

    def test_a_numpy_array_as_a_shape(self):
        class Reshapes(nn.Module):
            def __init__(self):
                super().__init__()
                self.shape = np.array([4, 1])

            def forward(self, x):
                return x.reshape(self.shape)

        net = Reshapes().compile()
        assert net(X).shape == (4, 1)
        net.shape = np.array([1, 4])
        assert net(X).shape == (1, 4)

    def test_values_that_python_asks_for_become_facts(self):
        """An array whose value decides what Python does, or that numpy works on, is compared by content."""
        optimizer = nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.0))
        flag, table, count = jnp.asarray(True), np.array([1.0, 2.0]), np.array(2)

        def loss_fn(net, scale):
            total = float(np.sqrt(table).sum()) if flag else 0.0
            return jnp.ones(int(count)).sum() * total * (2.0 if scale > 1 else 1.0)

        assert float(optimizer.step(loss_fn, 1.0)) == pytest.approx(2 * (1 + 2**0.5))
        table[0], count = 4.0, np.array(3)
        assert float(optimizer.step(loss_fn, 2.0)) == pytest.approx(2 * 3 * (2 + 2**0.5))
        flag = jnp.asarray(False)
        assert float(optimizer.step(loss_fn, 2.0)) == 0.0


class TestModulesThatAreReached:
    def nets(self, library, count=2):
        return [library.Linear(1, 1, bias=False) for _ in range(count)]

    def test_a_target_network_follows_its_source(self):
        """The published DQN loop: the target is loaded before each step."""
        (q, t), (tq, tt) = self.nets(nn), self.nets(torch.nn)
        q.load_state_dict(tq.state_dict())
        optimizer, x = nn.Optimizer(q, optax.sgd(0.5)), jnp.ones((4, 1))
        for _ in range(3):
            t.load_state_dict({"weight": q.weight + 1})
            tt.load_state_dict({"weight": tq.weight.detach() + 1})
            loss = ((tq(torch.ones(4, 1)) - tt(torch.ones(4, 1))) ** 2).mean()
            (gradient,) = torch.autograd.grad(loss, [tq.weight])
            np.testing.assert_allclose(optimizer.step(lambda net, x: ((net(x) - t(x)) ** 2).mean(), x), loss.item())
            tq.weight.data -= 0.5 * gradient
            np.testing.assert_allclose(q.weight, tq.weight.detach(), rtol=1e-5)

    @pytest.mark.parametrize("road", ["lambda", "list", "dict", "method", "weakref", "property", "registry"])
    def test_a_child_by_another_road_is_trained(self, road):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = fc = nn.Linear(1, 1)
                self.by_lambda, self.in_list, self.in_dict = (lambda x: fc(x)), [fc], {"fc": fc}
                self.method, self.reference = fc.forward, weakref.ref(fc)
                REGISTRY["fc"] = fc

            @property
            def child(self):
                return self.fc

            def forward(self, x):
                if road in ("list", "dict"):
                    return (self.in_list[0] if road == "list" else self.in_dict["fc"])(x)
                if road == "weakref":
                    return self.reference()(x)  # pyright: ignore[reportOptionalCall]
                if road == "registry":
                    return REGISTRY["fc"](x)
                return {"lambda": self.by_lambda, "method": self.method, "property": self.child}[road](x)

        net, x = Net(), jnp.ones((1, 1))
        gradient = jax.grad(lambda p: nn.functional_call(net, p, {}, x)[0].sum())(net.params)
        assert float(gradient["fc"]["bias"][0]) == 1.0
        before = float(net.fc.bias[0])
        nn.Optimizer(net, optax.sgd(1.0)).step(lambda net, x: net(x).sum(), x)
        assert float(net.fc.bias[0]) == before - 1
        compiled = net.compile()(x)
        net.fc.bias = net.fc.bias + 1
        assert float(net(x)[0, 0]) == pytest.approx(float(compiled[0, 0]) + 1)

    def test_the_module_itself_closed_over(self):
        net, x = nn.Linear(1, 1), jnp.ones((1, 1))
        before = float(net.bias[0])
        nn.Optimizer(net, optax.sgd(1.0)).step(lambda _, x: net(x).sum(), x)
        assert float(net.bias[0]) == before - 1

    def test_buffers_and_modes_of_reached_modules_are_followed(self):
        teacher, x = nn.BatchNorm1d(2), jnp.asarray(np.random.default_rng(0).standard_normal((4, 2)), jnp.float32)
        net = nn.Linear(2, 2)
        optimizer = nn.Optimizer(net, optax.sgd(0.0))
        loss_fn = lambda net, x: F.mse_loss(net(x), teacher(x))  # noqa: E731
        optimizer.step(loss_fn, x)
        assert int(teacher.num_batches_tracked) == 1
        teacher.eval()
        loss = optimizer.step(loss_fn, x)
        assert int(teacher.num_batches_tracked) == 1
        np.testing.assert_allclose(loss, F.mse_loss(net(x), teacher(x)), rtol=1e-5)

    def test_modules_as_arguments(self):
        @dataclasses.dataclass
        class Pair:
            first: nn.Module
            factor: float

        generator, critic = self.nets(nn)
        x, optimizer = jnp.ones((2, 1)), nn.Optimizer(generator, optax.sgd(0.1))
        expected = float(critic(generator(x)).mean())
        assert float(optimizer.step(lambda g, c, x: c(g(x)).mean(), critic, x)) == pytest.approx(expected)
        for tree in ([critic], {"c": critic}, (critic,)):
            expected = float(critic(generator(x)).mean())
            loss_fn = lambda g, t, x: (t["c"] if isinstance(t, dict) else t[0])(g(x)).mean()  # noqa: E731
            assert float(optimizer.step(loss_fn, tree, x)) == pytest.approx(expected)
        expected = 2 * float(critic(generator(x)).mean())
        loss = optimizer.step(lambda g, x, *, pair: pair.factor * pair.first(g(x)).mean(), x, pair=Pair(critic, 2.0))
        assert float(loss) == pytest.approx(expected)

        class Through(nn.Module):
            def forward(self, x, modules):
                return modules[0](x)

        net = Through().compile()
        first = net(x, [critic])
        critic.weight = critic.weight + 1
        np.testing.assert_allclose(net(x, [critic]), first + x, rtol=1e-6)

    def test_an_optimizer_over_several_modules(self):
        g, d = self.nets(nn)
        x = jnp.ones((2, 1))
        for modules in ([g, d], {"g": g, "d": d}):
            optimizer = nn.Optimizer(modules, optax.sgd(0.1))
            get = (lambda m: (m[0], m[1])) if isinstance(modules, list) else (lambda m: (m["g"], m["d"]))
            before = float(g.weight[0, 0]), float(d.weight[0, 0])

            def loss_fn(modules, x, get=get):
                g, d = get(modules)
                return d(g(x)).mean()

            optimizer.step(loss_fn, x)
            after = float(g.weight[0, 0]), float(d.weight[0, 0])
            assert after == pytest.approx((before[0] - 0.1 * before[1], before[1] - 0.1 * before[0]))
        with pytest.raises(TypeError, match="a list or dict of them"):
            nn.Optimizer([], optax.sgd(0.1))


REGISTRY = {}


def counts_itself(m, x):
    counts_itself.calls = getattr(counts_itself, "calls", 0) + 1


def count(m, x):
    global COUNTER
    COUNTER += 1


@functools.lru_cache
def mask(n):
    return jnp.tril(jnp.ones((n, n)))


class Masks(nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        return self.dropout(mask(2) @ x)


def test_a_cache_keeps_no_traced_array():
    """The first trace is abandoned when it needs a key. The second must not find arrays of the first."""
    net = Masks().compile()
    assert net(X).shape == (2, 2)
    np.testing.assert_array_equal(mask(2) @ X, net.eval()(X))


class Layers(nn.Module):
    """Looks its layers up by an f-string, and also counts epochs."""

    def __init__(self):
        super().__init__()
        self.layer0, self.epoch, self.out = nn.Linear(2, 2), 0, sys.stdout

    def forward(self, x):
        for i in range(1):
            x = getattr(self, f"layer{i}")(x)
        return x


def test_what_an_f_string_cannot_name_does_not_count(compiled):
    net = Layers()
    optimizer = nn.Optimizer(net, optax.sgd(0.1))
    counts = []
    for net.epoch in range(3):
        optimizer.step(lambda net, x: net(x).sum(), X)
        counts.append(compiled())
    assert counts[1:] == [0, 0]


class TestRefusals:
    """Changes that would happen only once, when a call is traced, and then be lost."""

    def calls(self, change, net=None):
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(2, 2)
                self.log = []

            def forward(self, x):
                change(self, x)
                return self.fc(x)

        made = net or Net()
        yield lambda: made.compile()(X)
        yield lambda: nn.Optimizer(made, optax.sgd(0.1)).step(lambda net: net(X).mean())
        yield lambda: nn.functional_call(made, made.params, made.state, X)

    @pytest.mark.parametrize(
        "change",
        [
            lambda m, x: m.log.append(x),
            lambda m, x: LOG.append(x),
            lambda m, x: TABLE.update(x=1),
            count,
            lambda m, x: counts_itself(m, x),
            lambda m, x: vars(m).update(last=x),
            lambda m, x: setattr(m, "last", x),
            lambda m, x: setattr(OBJECT, "value", x),
            lambda m, x: m.register_buffer("late", x),
            lambda m, x: m.eval(),
            lambda m, x: m.half(),
            lambda m, x: m.load_state_dict(m.state_dict()),
            lambda m, x: m.requires_grad_(False),
            lambda m, x: setattr(m.fc, "weight", m.fc.weight * 2),
            lambda m, x: m.fc.register_forward_hook(lambda *_: None),
        ],
    )
    def test_changes(self, change):
        LOG.clear()
        TABLE.clear()
        for call in self.calls(change):
            with pytest.raises((RuntimeError, AttributeError), match=r"pure call|inside a"):
                call()
        leaves = jax.tree.leaves([LOG, list(TABLE.values()), OBJECT.value])
        assert not any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)

    @pytest.mark.parametrize(
        ("read", "message"),
        [
            (lambda: next(NUMBERS), "is an iterator"),
            (lambda: float(np.random.rand()), "numpy's global generator"),
            (lambda: GENERATOR.normal(), "GENERATOR.*inside a compiled call"),
            (lambda: TENSOR.sum(), "is a torch tensor: convert it"),
            (lambda: len(WEAK), "is a WeakSet, whose content a compiled call can't follow"),
            (lambda: C_ARRAY[0], "is a array, whose content a compiled call can't follow"),
            (lambda: PROXY.value, "is a weakref.proxy, behind which .* use weakref.ref"),
        ],
    )
    def test_what_cannot_be_followed(self, read, message):
        optimizer = nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.0))
        with pytest.raises((TypeError, RuntimeError), match=message):
            optimizer.step(lambda net: jnp.ones(()) * read())

    @pytest.mark.parametrize(
        ("argument", "message"),
        [
            (types.SimpleNamespace(a=1), r"argument \[1\] is a SimpleNamespace.*vars\(namespace\)"),
            (argparse.Namespace(a=1), "is a Namespace"),
            (torch.ones(1), r"is a torch Tensor: convert it, jnp.asarray\(tensor"),
            ([1, {"a": torch.ones(1)}], r"argument \[1\]\[1\]\['a'\] is a torch Tensor"),
        ],
    )
    def test_arguments(self, argument, message):
        net = Calls(lambda: 1.0)
        net.forward = lambda x, other: x
        for call in (
            lambda: net.compile()(X, argument),
            lambda: nn.Optimizer(net, optax.sgd(0.1)).step(lambda net, x, other: net(x, other).mean(), X, argument),
        ):
            with pytest.raises(TypeError, match=message):
                call()

    def test_arguments_that_are_changed(self):
        class Taps(nn.Module):
            def forward(self, x, taps):
                taps["x"] = x
                return x

        with pytest.raises(RuntimeError, match="a list or dict among the arguments is changed"):
            Taps().compile()(X, {})
        taps = {}
        Taps()(X, taps)
        assert taps["x"] is X

    def test_hooks_that_keep_what_they_see(self):
        seen = []
        net = nn.Sequential(nn.Linear(2, 2))
        net[0].register_forward_hook(lambda m, args, y: seen.append(y))
        net(X)
        assert len(seen) == 1
        with pytest.raises(RuntimeError, match="seen .* is changed inside a compiled or pure call"):
            net.compile()(X)
        assert len(seen) == 1

    def test_an_eager_call_of_a_compiled_module(self):
        net, seen = nn.Sequential(nn.Linear(2, 2)).compile(), []
        net(X)
        net(X)  # the short way
        net[0].register_forward_hook(lambda m, args, y: seen.append(y))
        with jax.disable_jit():
            net(X)
        net.compile(disable=True)(X)
        assert len(seen) == 2
        with pytest.raises(TypeError):
            net.compile(False)

    def test_what_a_loss_must_be(self):
        optimizer = nn.Optimizer(nn.Linear(2, 1), optax.sgd(0.1))
        losses = [(1.0, "1.0"), (jnp.ones((), int), r"int\d+\[\]"), (jnp.ones(2), r"float32\[2\]"), (None, "None")]
        for loss, got in losses:
            with pytest.raises(TypeError, match=f"a floating-point scalar that is computed from the module, got {got}"):
                optimizer.step(lambda net, loss=loss: loss)

    @pytest.mark.parametrize("ask", [lambda x: x if x > 0 else -x, lambda x: x.item(), float, np.asarray])
    def test_a_value_that_is_not_there_yet(self, ask):
        optimizer = nn.Optimizer(nn.Linear(2, 1), optax.sgd(0.1))
        with pytest.raises(jax.errors.JAXTypeError) as caught:
            optimizer.step(lambda net: jnp.asarray(ask(net(X).sum())))
        assert "use jnp.where or jax.lax.cond" in caught.value.__notes__[-1]


LOG, TABLE, COUNTER, OBJECT = [], {}, 0, Holder(None)
C_ARRAY, PROXY = array.array("f", [1.0]), weakref.proxy(OBJECT)
NUMBERS, GENERATOR, TENSOR, WEAK = itertools.count(), np.random.default_rng(0), torch.ones(2), weakref.WeakSet()


@dataclasses.dataclass
class Output:
    z: jax.Array
    a: list


@dataclasses.dataclass(frozen=True)
class FrozenOutput:
    z: jax.Array
    a: list


class TestForms:
    """Arguments and results keep their Python form."""

    def test_dicts_keep_their_order(self):
        class Orders(nn.Module):
            def forward(self, given):
                return {name: x * (i + 1.0) for i, (name, x) in enumerate(given.items())}

        net, given = Orders(), {"z": X, "a": X}
        eager, compiled = net(given), Orders().compile()(given)
        assert list(eager) == list(compiled) == ["z", "a"]
        for name in eager:
            np.testing.assert_array_equal(eager[name], compiled[name])

    def test_numbers_and_strings_stay_what_they_are(self):
        class Returns(nn.Module):
            def forward(self, x, flag=True):
                return x, x.shape[0], "name", flag, [1.5, None]

        _, *rest = Returns().compile()(X)
        assert rest == [2, "name", True, [1.5, None]] and rest[2] is True
        _, (_, kind) = (
            nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.1)).step(lambda net: (X.mean(), "aux"), has_aux=True),
            (
                None,
                None,
            ),
        )
        assert kind is None

    @pytest.mark.parametrize("kind", [Output, FrozenOutput, Bag, collections.OrderedDict, types.SimpleNamespace])
    def test_objects_that_a_call_returns(self, kind):
        class Returns(nn.Module):
            def forward(self, x):
                return kind(z=x, a=[1, x])

        result = Returns().compile()(X)
        parts = result if isinstance(result, dict) else vars(result)
        assert type(result) is kind and list(parts) == ["z", "a"] and parts["a"][0] == 1
        np.testing.assert_array_equal(parts["z"], X)

    def test_what_a_program_cannot_return(self):
        class Returns(nn.Module):
            def forward(self, x):
                return {"out": Holder(x)}

        with pytest.raises(TypeError, match=r"Returns returned a Holder at \['out'\]"):
            Returns().compile()(X)


class TestWarnings:
    def test_the_third_program_says_what_was_new(self):
        net = nn.Linear(2, 2)
        optimizer = nn.Optimizer(net, optax.sgd(0.1))
        rate = None

        def loss_fn(net, x):
            return rate * net(x).mean()

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            for rate in (0.1, 0.2):  # noqa: B007, the loss function reads it
                optimizer.step(loss_fn, X)
            optimizer.step(lambda net, x: net(x).sum(), X)  # another function is no change of a value
        rate = 0.3
        with pytest.warns(UserWarning, match=r"third time.*New this time: rate .* is 0.3, before 0.2") as caught:
            optimizer.step(loss_fn, X)
        assert caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            rate = 0.4
            optimizer.step(loss_fn, X)

        class Steps(nn.Module):
            def forward(self, x, number):
                return x * number

        compiled = Steps().compile()
        compiled(X, 1)
        compiled(X, 2)
        with pytest.warns(UserWarning, match=r"argument \[1\] is 3, before 2"):
            compiled(X, 3)

    def test_jax_s_own_jit_goes_on_with_the_present_arrays(self):
        net = nn.Linear(2, 2)
        jitted, checkpointed = jax.jit(lambda x: net(x)), jax.checkpoint(net)
        for function in (jitted, checkpointed):
            np.testing.assert_allclose(function(X), net(X), rtol=1e-6)
            with warnings.catch_warnings(record=True):
                warnings.simplefilter("always")
                net.weight = net.weight + 1
            np.testing.assert_allclose(function(X), net(X), rtol=1e-6)
