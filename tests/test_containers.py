"""The containers beside torch's: the same operations give the same contents, names, order, print and refusals."""

import copy
import pickle
import warnings
from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from beside_torch import changed, outcome

from purenn import layers, nn


def linears(lib, *sizes):
    return [lib.Linear(n, n) for n in sizes]


def with_mul(net, times):
    net *= times
    return net


def with_add(net, other):
    net += other
    return net


def named(lib):
    return lib.Sequential(OrderedDict([("a", lib.Linear(2, 3)), ("b", lib.ReLU()), ("c", lib.Linear(3, 1))]))


SEQUENTIAL = {
    "empty": lambda lib, a: lib.Sequential(),
    "args": lambda lib, a: lib.Sequential(*linears(lib, 2, 3)),
    "named": lambda lib, a: named(lib),
    "attribute": lambda lib, a: named(lib).b,
    "length": lambda lib, a: len(named(lib)),
    "item": lambda lib, a: [named(lib)[0], named(lib)[-1]],
    "slice": lambda lib, a: named(lib)[1:],
    "slice of numbers": lambda lib, a: lib.Sequential(*linears(lib, 2, 3, 4, 5))[1::2],
    "out of range": lambda lib, a: named(lib)[3],
    "too negative": lambda lib, a: named(lib)[-4],
    "float index": lambda lib, a: named(lib)[1.0],
    "set": lambda lib, a: changed(named(lib), lambda n: n.__setitem__(-2, lib.Tanh())),
    "set out of range": lambda lib, a: changed(named(lib), lambda n: n.__setitem__(3, lib.Tanh())),
    "set no module": lambda lib, a: changed(named(lib), lambda n: n.__setitem__(1, 7)),
    "del": lambda lib, a: changed(named(lib), lambda n: n.__delitem__(1)),
    "del numbers": lambda lib, a: changed(lib.Sequential(*linears(lib, 2, 3, 4)), lambda n: n.__delitem__(-3)),
    "del slice": lambda lib, a: changed(
        lib.Sequential(*linears(lib, 2, 3, 4, 5)), lambda n: n.__delitem__(slice(1, 3))
    ),
    "del out of range": lambda lib, a: changed(named(lib), lambda n: n.__delitem__(5)),
    "add": lambda lib, a: lib.Sequential(*linears(lib, 2)) + named(lib),
    "add a list": lambda lib, a: named(lib) + linears(lib, 2),
    "iadd": lambda lib, a: with_add(lib.Sequential(*linears(lib, 2)), named(lib)),
    "iadd a list": lambda lib, a: with_add(named(lib), linears(lib, 2)),
    "mul": lambda lib, a: lib.Sequential(*linears(lib, 2, 3)) * 2,
    "rmul": lambda lib, a: 3 * lib.Sequential(*linears(lib, 2)),
    "imul": lambda lib, a: with_mul(lib.Sequential(*linears(lib, 2, 3)), 2),
    "mul by zero": lambda lib, a: named(lib) * 0,
    "mul by a float": lambda lib, a: named(lib) * 1.5,
    "pop": lambda lib, a: changed(lib.Sequential(*linears(lib, 2, 3, 4)), lambda n: n.pop(1)),
    "popped": lambda lib, a: lib.Sequential(*linears(lib, 2, 3, 4)).pop(-1),
    "popped slice": lambda lib, a: lib.Sequential(*linears(lib, 2, 3, 4)).pop(slice(0, 2)),
    "append": lambda lib, a: lib.Sequential().append(lib.ReLU()).append(lib.Tanh()),
    "append no module": lambda lib, a: lib.Sequential().append(3),
    "extend": lambda lib, a: lib.Sequential(lib.ReLU()).extend(linears(lib, 2, 3)),
    "insert": lambda lib, a: lib.Sequential(*linears(lib, 2, 3)).insert(1, lib.ReLU()),
    "insert negative": lambda lib, a: lib.Sequential(*linears(lib, 2, 3)).insert(-2, lib.ReLU()),
    "insert last": lambda lib, a: lib.Sequential(*linears(lib, 2, 3)).insert(2, lib.ReLU()),
    "insert out of range": lambda lib, a: lib.Sequential(*linears(lib, 2)).insert(2, lib.ReLU()),
    "dir": lambda lib, a: [d for d in dir(lib.Sequential(*linears(lib, 2))) if d.isdigit()],
    "in": lambda lib, a: (lambda n: [n[0] in n, lib.ReLU() in n])(named(lib)),
    "iter": lambda lib, a: list(named(lib)),
    "none": lambda lib, a: lib.Sequential(None, lib.ReLU()),
    "no module": lambda lib, a: lib.Sequential(lib.ReLU(), 3),
}

MODULE_LIST = {
    "empty": lambda lib, a: lib.ModuleList(),
    "none": lambda lib, a: lib.ModuleList(None),
    "generator": lambda lib, a: lib.ModuleList(m for m in linears(lib, 2, 2, 3)),
    "nested": lambda lib, a: lib.ModuleList([lib.ModuleList(linears(lib, 2, 2)), named(lib), named(lib)]),
    "item": lambda lib, a: [lib.ModuleList(linears(lib, 2, 3))[i] for i in (0, -1)],
    "slice": lambda lib, a: lib.ModuleList(linears(lib, 2, 3, 4, 5))[::-2],
    "out of range": lambda lib, a: lib.ModuleList(linears(lib, 2))[1],
    "string index": lambda lib, a: lib.ModuleList(linears(lib, 2))["0"],
    "set": lambda lib, a: changed(lib.ModuleList(linears(lib, 2, 3)), lambda n: n.__setitem__(-1, lib.ReLU())),
    "set no module": lambda lib, a: changed(lib.ModuleList(linears(lib, 2, 3)), lambda n: n.__setitem__(0, "x")),
    "del": lambda lib, a: changed(lib.ModuleList(linears(lib, 2, 3, 4)), lambda n: n.__delitem__(0)),
    "del slice": lambda lib, a: changed(
        lib.ModuleList(linears(lib, 2, 3, 4)), lambda n: n.__delitem__(slice(None, None, 2))
    ),
    "del out of range": lambda lib, a: changed(lib.ModuleList(linears(lib, 2)), lambda n: n.__delitem__(-2)),
    "add": lambda lib, a: lib.ModuleList(linears(lib, 2)) + linears(lib, 3, 4),
    "iadd": lambda lib, a: with_add(lib.ModuleList(linears(lib, 2)), linears(lib, 3, 4)),
    "insert": lambda lib, a: changed(lib.ModuleList(linears(lib, 2, 3)), lambda n: n.insert(1, lib.ReLU())),
    "insert's result": lambda lib, a: lib.ModuleList(linears(lib, 2, 3)).insert(1, lib.ReLU()),
    "append": lambda lib, a: lib.ModuleList(linears(lib, 2)).append(lib.ReLU()),
    "append no module": lambda lib, a: lib.ModuleList().append(3),
    "append none": lambda lib, a: list(lib.ModuleList().append(None)),
    "extend": lambda lib, a: lib.ModuleList(linears(lib, 2)).extend(lib.ModuleList(linears(lib, 3))),
    "extend by a number": lambda lib, a: lib.ModuleList().extend(3),
    "pop": lambda lib, a: changed(lib.ModuleList(linears(lib, 2, 3, 4)), lambda n: n.pop(0)),
    "popped": lambda lib, a: lib.ModuleList(linears(lib, 2, 3, 4)).pop(1),
    "popped slice": lambda lib, a: lib.ModuleList(linears(lib, 2, 3, 4)).pop(slice(1, None)),
    "dir": lambda lib, a: [d for d in dir(lib.ModuleList(linears(lib, 2))) if d.isdigit()],
    "in": lambda lib, a: (lambda n: [n[1] in n, lib.ReLU() in n])(lib.ModuleList(linears(lib, 2, 3))),
    "length": lambda lib, a: len(lib.ModuleList(linears(lib, 2, 3))),
    "call": lambda lib, a: lib.ModuleList(linears(lib, 2))(a(2)),
}


def module_dict(lib):
    return lib.ModuleDict({"z": lib.Linear(2, 3), "a": lib.ReLU()})


MODULE_DICT = {
    "empty": lambda lib, a: lib.ModuleDict(),
    "mapping": lambda lib, a: module_dict(lib),
    "pairs": lambda lib, a: lib.ModuleDict([("b", lib.ReLU()), ["a", lib.Tanh()]]),
    "of another": lambda lib, a: lib.ModuleDict(module_dict(lib)),
    "item": lambda lib, a: module_dict(lib)["a"],
    "missing": lambda lib, a: module_dict(lib)["b"],
    "set": lambda lib, a: changed(module_dict(lib), lambda d: d.__setitem__("z", lib.Tanh())),
    "set no module": lambda lib, a: changed(module_dict(lib), lambda d: d.__setitem__("z", 1)),
    "set a dotted name": lambda lib, a: changed(module_dict(lib), lambda d: d.__setitem__("a.b", lib.ReLU())),
    "set a method's name": lambda lib, a: changed(module_dict(lib), lambda d: d.__setitem__("keys", lib.ReLU())),
    "set no string": lambda lib, a: changed(module_dict(lib), lambda d: d.__setitem__(1, lib.ReLU())),
    "del": lambda lib, a: changed(module_dict(lib), lambda d: d.__delitem__("z")),
    "del missing": lambda lib, a: changed(module_dict(lib), lambda d: d.__delitem__("b")),
    "length": lambda lib, a: len(module_dict(lib)),
    "iter": lambda lib, a: list(module_dict(lib)),
    "in": lambda lib, a: ["z" in module_dict(lib), "b" in module_dict(lib)],
    "clear": lambda lib, a: changed(module_dict(lib), lambda d: d.clear()),
    "pop": lambda lib, a: changed(module_dict(lib), lambda d: d.pop("z")),
    "popped": lambda lib, a: module_dict(lib).pop("z"),
    "pop missing": lambda lib, a: module_dict(lib).pop("b"),
    "views": lambda lib, a: [list(module_dict(lib).keys()), list(module_dict(lib).values())],
    "items": lambda lib, a: list(module_dict(lib).items()),
    "update": lambda lib, a: changed(module_dict(lib), lambda d: d.update({"b": lib.Tanh(), "a": lib.Sigmoid()})),
    "update with a number": lambda lib, a: module_dict(lib).update(3),
    "update with numbers": lambda lib, a: module_dict(lib).update([3]),
    "update with triples": lambda lib, a: module_dict(lib).update([("a", lib.ReLU(), 1)]),
}


def parameter_list(lib, a):
    return lib.ParameterList([a(2), lib.Parameter(a(3, 1)), a(4)])


PARAMETER_LIST = {
    "empty": lambda lib, a: lib.ParameterList(),
    "none": lambda lib, a: lib.ParameterList(None),
    "one": lambda lib, a: lib.ParameterList([a(2, 3)]),
    "several": parameter_list,
    "others": lambda lib, a: lib.ParameterList([a(2), "text", None, 3, lib.Linear(2, 1), a()]),
    "others' values": lambda lib, a: list(lib.ParameterList([a(2), "text", None, 3, lib.Linear(2, 1)])),
    "item": lambda lib, a: [parameter_list(lib, a)[i] for i in (0, -1)],
    "slice": lambda lib, a: parameter_list(lib, a)[::-2],
    "out of range": lambda lib, a: parameter_list(lib, a)[3],
    "set": lambda lib, a: changed(parameter_list(lib, a), lambda p: p.__setitem__(-1, a(7))),
    "set text": lambda lib, a: changed(parameter_list(lib, a), lambda p: p.__setitem__(0, "text")),
    "set text for text": lambda lib, a: changed(lib.ParameterList(["a"]), lambda p: p.__setitem__(0, "b")),
    "length": lambda lib, a: len(parameter_list(lib, a)),
    "iter": lambda lib, a: list(parameter_list(lib, a)),
    "iadd": lambda lib, a: with_add(parameter_list(lib, a), [a(9), "text"]),
    "append": lambda lib, a: parameter_list(lib, a).append(a(1)).append(lib.Parameter(a(1), requires_grad=False)),
    "extend": lambda lib, a: parameter_list(lib, a).extend(parameter_list(lib, a)),
    "extend by an array": lambda lib, a: parameter_list(lib, a).extend(a(2)),
    "extend by a number": lambda lib, a: parameter_list(lib, a).extend(2),
    "dir": lambda lib, a: [d for d in dir(parameter_list(lib, a)) if d.isdigit()],
    "call": lambda lib, a: parameter_list(lib, a)(a(2)),
    "trained": lambda lib, a: [n for n, _ in lib.ParameterList(["x", a(2), None, a(3)]).named_parameters()],
}


def parameter_dict(lib, a):
    return lib.ParameterDict(OrderedDict([("z", a(2)), ("a", lib.Parameter(a(3, 1)))]))


PARAMETER_DICT = {
    "empty": lambda lib, a: lib.ParameterDict(),
    "ordered": lambda lib, a: list(parameter_dict(lib, a).state_dict()),
    "sorted": lambda lib, a: list(lib.ParameterDict({"z": a(2), "a": a(1)}).items()),
    "pairs": lambda lib, a: list(lib.ParameterDict([("z", a(2)), ["a", a(1)]]).items()),
    "of another": lambda lib, a: list(lib.ParameterDict(parameter_dict(lib, a))),
    "others": lambda lib, a: list(lib.ParameterDict({"a": None, "b": "text", "c": lib.Linear(1, 2), "d": 3}).items()),
    "item": lambda lib, a: parameter_dict(lib, a)["a"],
    "no string": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.__setitem__(1, a(1))),
    "set": lambda lib, a: list(changed(parameter_dict(lib, a), lambda d: d.__setitem__("z", a(5))).items()),
    "set text": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.__setitem__("z", "text")),
    "set a dotted name": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.__setitem__("z.a", a(1))),
    "set a method's name": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.__setitem__("keys", a(1))),
    "del": lambda lib, a: list(changed(parameter_dict(lib, a), lambda d: d.__delitem__("z")).state_dict()),
    "del missing": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.__delitem__("q")),
    "length": lambda lib, a: len(parameter_dict(lib, a)),
    "iter": lambda lib, a: [list(parameter_dict(lib, a)), list(reversed(parameter_dict(lib, a)))],
    "in": lambda lib, a: ["z" in parameter_dict(lib, a), "q" in parameter_dict(lib, a)],
    "clear": lambda lib, a: changed(parameter_dict(lib, a), lambda d: d.clear()),
    "pop": lambda lib, a: list(changed(parameter_dict(lib, a), lambda d: d.pop("z"))),
    "popped": lambda lib, a: parameter_dict(lib, a).pop("z"),
    "popitem": lambda lib, a: parameter_dict(lib, a).popitem(),
    "popitem of nothing": lambda lib, a: lib.ParameterDict().popitem(),
    "get": lambda lib, a: [parameter_dict(lib, a).get(k) for k in "zq"] + [parameter_dict(lib, a).get("q", 5)],
    "setdefault": lambda lib, a: [parameter_dict(lib, a).setdefault(k, a(8)) for k in "zq"],
    "setdefault's entry": lambda lib, a: list(changed(parameter_dict(lib, a), lambda d: d.setdefault("q")).items()),
    "copy": lambda lib, a: list(parameter_dict(lib, a).copy().items()),
    "fromkeys": lambda lib, a: list(lib.ParameterDict().fromkeys(["b", "a"], 4).items()),
    "fromkeys none": lambda lib, a: list(lib.ParameterDict().fromkeys(["b", "a"]).items()),
    "views": lambda lib, a: [list(parameter_dict(lib, a).keys()), list(parameter_dict(lib, a).values())],
    "update": lambda lib, a: list(changed(parameter_dict(lib, a), lambda d: d.update({"y": a(1), "b": 2})).items()),
    "update with a number": lambda lib, a: parameter_dict(lib, a).update(3),
    "update with numbers": lambda lib, a: parameter_dict(lib, a).update([3]),
    "update with triples": lambda lib, a: parameter_dict(lib, a).update([("a", a(1), 1)]),
    "or": lambda lib, a: list((parameter_dict(lib, a) | lib.ParameterDict({"q": a(4), "a": a(5)})).items()),
    "ror": lambda lib, a: list((OrderedDict(q=a(4)) | parameter_dict(lib, a)).items()),
    "call": lambda lib, a: parameter_dict(lib, a)(a(2)),
    "print of others": lambda lib, a: lib.ParameterDict({"b": "text", "c": lib.Linear(1, 2), "d": 3}),
}

SCRIPTS = {
    "Sequential": SEQUENTIAL,
    "ModuleList": MODULE_LIST,
    "ModuleDict": MODULE_DICT,
    "ParameterList": PARAMETER_LIST,
    "ParameterDict": PARAMETER_DICT,
}


@pytest.mark.parametrize(("cls", "what"), [(cls, what) for cls, table in SCRIPTS.items() for what in table])
def test_container_is_torchs(cls, what):
    script = SCRIPTS[cls][what]
    assert outcome(script, nn) == outcome(script, torch.nn)


@pytest.mark.parametrize("cls", SCRIPTS)
def test_every_public_method_of_torchs_is_there(cls):
    theirs = {name for name in vars(getattr(torch.nn, cls)) if not name.startswith("_") or name.endswith("__")}
    own = set(dir(getattr(nn, cls)))
    assert theirs - {"__constants__"} <= own


def test_a_failed_change_leaves_the_list_as_it_was():
    net = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    with pytest.raises(TypeError, match="takes a module"):
        net.insert(0, 3)
    assert len(net) == 2 and isinstance(net[0], nn.ReLU)


def test_parameter_dict_refuses_a_missing_name_as_a_dict_does():
    for call in (lambda d: d["missing"], lambda d: d.pop("missing")):  # where torch has an AttributeError
        with pytest.raises(KeyError):
            call(nn.ParameterDict())


class Weighted(nn.Module):
    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterList([jnp.full(3, 2.0), "not trained", jnp.ones(3), None])
        self.named = nn.ParameterDict({"bias": jnp.zeros(3), "name": "the bias"})

    def forward(self, x):
        for weight in self.weights:
            if weight is not None and not isinstance(weight, str):
                x = x * weight
        return x + self.named["bias"]


def test_lists_of_parameters_and_others_are_called_traced_copied_and_trained():
    net, x = Weighted(), jnp.arange(3.0)
    expected = [0.0, 2.0, 4.0]
    assert list(net.state_dict()) == ["weights.0", "weights.2", "named.bias"]
    assert net(x).tolist() == copy.deepcopy(net)(x).tolist() == expected
    assert nn.functional_call(net, net.params, net.state, x)[0].tolist() == expected
    twin = pickle.loads(pickle.dumps(net))
    assert repr(twin) == repr(net) and twin.compile()(x).tolist() == expected
    twin.weights[0] = jnp.zeros(3)
    assert twin(x).tolist() == [0.0, 0.0, 0.0]
    net.weights.append(jnp.full(3, 10.0))
    assert np.allclose(net(x), [0.0, 20.0, 40.0])
    grads = jax.grad(lambda p: nn.functional_call(net, p, net.state, x)[0].sum())(net.params)
    assert grads["named"]["bias"].tolist() == [1.0, 1.0, 1.0] and set(grads["weights"]) == {"0", "2", "4"}


def test_container():
    def made(library):
        with pytest.warns(FutureWarning):
            return library.Container(first=library.Linear(2, 3), second=library.ReLU())

    ours, theirs = made(nn), made(torch.nn)
    assert repr(ours) == repr(theirs) and list(ours.state_dict()) == list(theirs.state_dict())
    with warnings.catch_warnings(action="ignore"), pytest.raises(TypeError):
        nn.Container(first=3)
    with pytest.raises(NotImplementedError):
        ours(jnp.ones(2))


class Tower(layers.Composite):
    """Iterates over lists as forwards in torch do."""

    width: int

    def children(self):
        floor = layers.Linear(self.width, self.width)
        return {"floors": layers.ModuleList([floor, floor, floor]), "roof": layers.Sequential(floor, layers.ReLU())}

    def forward(self, m, x):
        for floor in m.floors:
            x = floor(x)
        first, *rest = m.floors[1:]
        return m.roof[-1](m.roof[0](first(x))) + len(m.floors) + len(rest) + m.floors[-1](x)


def test_lists_are_iterated_and_indexed_in_a_forward_on_both_faces():
    module, x = nn.stateful(Tower)(2), jnp.ones((1, 2))
    expected, _ = Tower(2).apply(module.params, {}, x)
    assert jnp.allclose(module(x), expected, atol=1e-6)
    with pytest.raises(TypeError, match="not iterable"):
        iter(layers.Linear(2, 2).bind(module.params["roof"]["0"], {}))
