"""state_dict and load_state_dict beside torch's: names, order, metadata, hooks, extra state, refusals, and remedies."""

import copy
import pickle
import re
import warnings
from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from beside_torch import array, changed, numbers, outcome
from hypothesis import example, given, settings
from hypothesis import strategies as st

import purenn
from purenn import nn


def block(lib):
    return lib.Sequential(lib.Linear(2, 3), lib.BatchNorm1d(3), lib.ReLU())


def nested(lib):
    net = lib.Module()
    net.first, net.blocks = lib.Linear(2, 2, bias=False), lib.ModuleList([block(lib), block(lib)])
    net.norm = lib.InstanceNorm1d(2, affine=True, track_running_stats=True)
    net.register_buffer("steps", array(lib, 3, "int32"))
    net.register_buffer("scratch", array(lib, [1.0]), persistent=False)
    net.register_buffer("none", None)
    net.register_parameter("nothing", None)
    return net


def shared(lib):
    net = lib.Module()
    net.a = lib.Linear(2, 2)
    net.b = net.a
    net.c = lib.Linear(2, 2)
    net.c.weight = net.a.weight
    return net


def counted(lib):
    """A module with an extra state."""

    class Counted(lib.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.count = lib.Linear(1, 1), 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    return Counted()


def numbered(net, lib, start=0.5):
    """The net with other numbers in every array."""
    sd = net.state_dict()
    for i, (name, value) in enumerate(sd.items()):
        if hasattr(value, "shape"):
            dtype = str(value.dtype).removeprefix("torch.")
            sd[name] = array(lib, np.full(tuple(value.shape), start + i), dtype)
    net.load_state_dict(sd)
    return net


def content(net):
    """Names and numbers; extra states as they are."""
    return {n: numbers(v).tolist() if hasattr(v, "shape") else v for n, v in net.state_dict().items()}


def loaded(lib, net, change, plain=False, **options):
    """The net after it loaded a changed state_dict of another instance, and the result of load_state_dict."""
    other = numbered(copy.deepcopy(net), lib)
    sd = dict(other.state_dict()) if plain else other.state_dict()
    sd = change(sd) or sd
    result = numbered(net, lib, -50.5).load_state_dict(sd, **options)
    return [list(result.missing_keys), list(result.unexpected_keys), content(net)]


def without(*names):
    return lambda sd: {n: sd.pop(n) for n in names} and None


def old_count(sd, **local):
    """A state_dict of an older torch's."""
    del sd["1.num_batches_tracked"]
    sd._metadata["1"].clear()
    sd._metadata["1"].update(local)


def with_shape(name, *shape):
    def change(sd):
        lib = nn if isinstance(sd[name], jax.Array) else torch.nn
        sd[name] = array(lib, np.full(shape, 7), str(sd[name].dtype).removeprefix("torch."))

    return change


def versions(sd):
    return {name: dict(local) for name, local in sd._metadata.items()}


def logged(lib, log):
    """A net whose hooks record their arguments."""
    net = nested(lib)
    for path in ("", "blocks", "blocks.0", "blocks.0.1"):
        part = net.get_submodule(path)
        part.register_state_dict_pre_hook(lambda m, prefix, keep, p=path: log.append(("before", p, prefix, keep)))
        part.register_state_dict_post_hook(
            lambda m, sd, prefix, local, p=path: log.append(("after", p, prefix, len(sd), dict(local)))
        )
        part.register_load_state_dict_pre_hook(
            lambda m, sd, prefix, local, strict, missing, unexpected, errors, p=path: log.append(
                ("load", p, prefix, dict(local), strict)
            )
        )
        part.register_load_state_dict_post_hook(lambda m, keys, p=path: log.append(("loaded", p, list(keys[0]))))
    return net


def hooks_log(lib, **options):
    log = []
    net = logged(lib, log)
    sd = net.state_dict(keep_vars=True)
    del sd["steps"]
    net.load_state_dict(sd, strict=False, **options)
    return log


def renaming(lib, child):
    """A net that accepts old names: a hook on it or on its child renames them."""
    net = block(lib)

    def rename(module, sd, prefix, *rest):
        for name in [n for n in sd if n.startswith(prefix) and n.endswith("old")]:
            sd[name.removesuffix("old") + "weight"] = sd.pop(name)

    (net[0] if child else net).register_load_state_dict_pre_hook(rename)
    sd = numbered(block(lib), lib).state_dict()
    sd["0.old"] = sd.pop("0.weight")
    result = net.load_state_dict(sd)
    return [*result, content(net), "0.old" in sd]


def forgiving(lib, strict):
    """A net that tolerates a missing bias: a hook removes it from the missing names."""
    net = block(lib)
    net.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    sd = net.state_dict()
    del sd["0.bias"]
    return list(net.load_state_dict(sd, strict=strict))


def complaining(lib):
    net = block(lib)
    net[1].register_load_state_dict_pre_hook(lambda m, sd, p, local, strict, missing, unexpected, e: e.append("no"))
    return net.load_state_dict(net.state_dict())


def versioned(lib):
    class Versioned(lib.Module):
        _version = 7

    net = Versioned()
    net.inner = lib.BatchNorm1d(1)
    net.register_state_dict_post_hook(lambda m, sd, prefix, local: local.update(note="kept"))
    seen = []
    net.register_load_state_dict_pre_hook(lambda m, sd, prefix, local, *rest: seen.append(dict(local)))
    sd = net.state_dict()
    net.load_state_dict(sd)
    net.load_state_dict(dict(sd))
    net.load_state_dict(pickle.loads(pickle.dumps(OrderedDict(sd))))
    return [versions(sd), seen]


def without_child(lib):
    net = block(lib)
    sd = net.state_dict()
    net[0].register_parameter("bias", None)
    del sd["0.bias"]
    net.norm = lib.Linear(1, 1)
    net.norm = None
    sd["norm.weight"] = array(lib, [[1.0]])
    return list(net.load_state_dict(sd))


class Failing:
    """A hook that raises."""

    def __call__(self, *args):
        raise ZeroDivisionError


def failing_hook(lib):
    net = block(lib)
    net.register_load_state_dict_post_hook(Failing())
    return net.load_state_dict(net.state_dict())


def returning_hook(lib, kind):
    net = block(lib)
    getattr(net, f"register_{kind}_hook")(lambda *args: {"a": 1})
    return net.load_state_dict(net.state_dict())


SCRIPTS = {
    "names": lambda lib, a: [list(m.state_dict()) for m in (block(lib), nested(lib), shared(lib), counted(lib))],
    "type": lambda lib, a: type(nested(lib).state_dict()).__name__,
    "metadata": lambda lib, a: versions(nested(lib).state_dict()),
    "metadata under a prefix": lambda lib, a: versions(block(lib).state_dict(prefix="net.")),
    "metadata of shared modules": lambda lib, a: versions(shared(lib).state_dict()),
    "prefix": lambda lib, a: list(nested(lib).state_dict(prefix="net.")),
    "destination": lambda lib, a: changed({"x": 1}, lambda d: nested(lib).state_dict(destination=d, prefix="n.")),
    "destination is returned": lambda lib, a: (lambda d: block(lib).state_dict(destination=d) is d)({}),
    "keep_vars": lambda lib, a: list(block(lib).state_dict(keep_vars=True)),
    "no keyword": lambda lib, a: block(lib).state_dict(oops=1),
    "versions": lambda lib, a: versioned(lib),
    "round trip": lambda lib, a: [loaded(lib, m, lambda sd: None) for m in (block(lib), nested(lib), shared(lib))],
    "plain dict": lambda lib, a: loaded(lib, nested(lib), lambda sd: None, plain=True),
    "missing": lambda lib, a: loaded(lib, block(lib), without("0.bias")),
    "missing, not strict": lambda lib, a: loaded(lib, nested(lib), without("steps", "blocks.1.0.weight"), strict=False),
    "unexpected": lambda lib, a: loaded(lib, block(lib), lambda sd: sd.update(more=a(1))),
    "unexpected, not strict": lambda lib, a: loaded(
        lib,
        nested(lib),
        lambda sd: sd.update(
            dict.fromkeys(["blocks.0.9.x", "a.b.c", "first.bias", "none", "x", "blocks.2.y", "_extra_state"], a(1))
        ),
        strict=False,
    ),
    "shapes": lambda lib, a: loaded(lib, block(lib), with_shape("0.weight", 2, 3)),
    "shapes, not strict": lambda lib, a: loaded(lib, block(lib), with_shape("0.bias", 1), strict=False),
    "a number": lambda lib, a: loaded(lib, block(lib), lambda sd: sd.update({"0.bias": 3.0})),
    "a list": lambda lib, a: loaded(lib, block(lib), lambda sd: sd.update({"0.bias": [1.0, 2.0, 3.0]})),
    "none": lambda lib, a: loaded(lib, block(lib), lambda sd: sd.update({"0.bias": None})),
    "not a dict": lambda lib, a: block(lib).load_state_dict([("0.weight", a(3, 2))]),
    "nothing": lambda lib, a: block(lib).load_state_dict(None),
    "empty, not strict": lambda lib, a: list(block(lib).load_state_dict({}, strict=False)),
    "no count": lambda lib, a: loaded(lib, block(lib), without("1.num_batches_tracked")),
    "no count, plain": lambda lib, a: loaded(lib, block(lib), without("1.num_batches_tracked"), plain=True),
    "no count, deep": lambda lib, a: loaded(lib, nested(lib), without("blocks.1.1.num_batches_tracked"), plain=True),
    "no count of an instance norm": lambda lib, a: loaded(
        lib, nested(lib), without("norm.num_batches_tracked"), plain=True
    ),
    "no count, version 1": lambda lib, a: loaded(lib, block(lib), lambda sd: old_count(sd, version=1)),
    "no count, version none": lambda lib, a: loaded(lib, block(lib), lambda sd: old_count(sd)),
    "no count of another's": lambda lib, a: loaded(
        lib,
        changed(lib.Module(), lambda m: m.register_buffer("num_batches_tracked", array(lib, 1, "int32"))),
        without("num_batches_tracked"),
        plain=True,
    ),
    "count of shape (1,)": lambda lib, a: loaded(lib, block(lib), with_shape("1.num_batches_tracked", 1)),
    "count of shape (2,)": lambda lib, a: loaded(lib, block(lib), with_shape("1.num_batches_tracked", 2)),
    "count of shape (1, 1)": lambda lib, a: loaded(lib, block(lib), with_shape("1.num_batches_tracked", 1, 1)),
    "count of shape (0,)": lambda lib, a: loaded(lib, block(lib), with_shape("1.num_batches_tracked", 0)),
    "a scalar of shape (1,)": lambda lib, a: loaded(lib, nested(lib), with_shape("steps", 1)),
    "a vector from a scalar": lambda lib, a: loaded(
        lib, changed(lib.Module(), lambda m: m.register_buffer("b", a(1))), with_shape("b")
    ),
    "extra state": lambda lib, a: loaded(lib, counted(lib), lambda sd: sd.update(_extra_state={"count": 5})),
    "extra state below": lambda lib, a: loaded(
        lib, lib.Sequential(counted(lib)), lambda sd: sd.update({"0._extra_state": {"count": 6}})
    ),
    "no extra state": lambda lib, a: loaded(lib, counted(lib), without("_extra_state"), strict=False),
    "no extra state, strict": lambda lib, a: loaded(lib, counted(lib), without("_extra_state")),
    "extra state of a module that has none": lambda lib, a: block(lib).get_extra_state(),
    "set of a module that has none": lambda lib, a: block(lib).set_extra_state(1),
    "a broken extra state": lambda lib, a: loaded(lib, counted(lib), lambda sd: sd.update(_extra_state={})),
    "hooks": lambda lib, a: hooks_log(lib),
    "hooks, assign": lambda lib, a: hooks_log(lib, assign=True),
    "a hook renames": lambda lib, a: renaming(lib, child=False),
    "a child's hook renames": lambda lib, a: renaming(lib, child=True),
    "a hook forgives": lambda lib, a: [forgiving(lib, strict) for strict in (True, False)],
    "a hook complains": lambda lib, a: complaining(lib),
    "a hook raises": lambda lib, a: failing_hook(lib),
    "a loading hook returns": lambda lib, a: returning_hook(lib, "load_state_dict_post"),
    "a saving hook returns": lambda lib, a: returning_hook(lib, "state_dict_post"),
    "a child that is none": lambda lib, a: without_child(lib),
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_it_is_torchs(what):
    assert outcome(SCRIPTS[what], nn) == outcome(SCRIPTS[what], torch.nn)


# Arrays of any kind.


@pytest.mark.parametrize("kept", ["float32", "float16", "bfloat16", "float8_e4m3fn", "int32", "bool", "complex64"])
@pytest.mark.parametrize(
    "given", ["float64", "float32", "float16", "bfloat16", "float8_e5m2", "int64", "int8", "uint8", "bool", "complex64"]
)
def test_dtypes_are_cast_as_torch_casts(given, kept):
    values = torch.tensor([0.0, 1.0, 2.7, 100.3, 1.0009765]).to(getattr(torch, given))
    theirs, ours = torch.nn.Module(), nn.Module()
    theirs.register_buffer("x", torch.zeros(5, dtype=getattr(torch, kept)))
    ours.register_buffer("x", jnp.zeros(5, kept))
    with warnings_off():
        theirs.load_state_dict({"x": values})
        ours.load_state_dict({"x": values})
    wide = torch.complex64 if kept == "complex64" else torch.float32
    expected = theirs.x.to(wide).numpy()
    assert ours.x.dtype == kept
    np.testing.assert_array_equal(np.asarray(ours.x).astype(expected.dtype), expected)
    others = [jnp.asarray(expected)] if given == "float32" else []
    others += [values.numpy()] if given not in ("bfloat16", "float8_e5m2") else []
    for other in others:
        again = nn.Module()
        again.register_buffer("x", jnp.zeros(5, kept))
        with warnings_off():
            again.load_state_dict({"x": other})
        np.testing.assert_array_equal(again.x, ours.x)


def warnings_off():
    return warnings.catch_warnings(action="ignore")  # of imaginary parts that are lost


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float8_e4m3fn", "float64", "int32"])
def test_assigned_arrays_keep_their_dtypes(dtype):
    net, theirs = block(nn), block(torch.nn)
    given = {n: a.to(getattr(torch, dtype)) for n, a in theirs.state_dict().items()}
    with jax.enable_x64(dtype == "float64"), warnings_off():
        theirs.load_state_dict({n: a.clone() for n, a in given.items() if dtype != "int32"}, strict=False, assign=True)
        net.load_state_dict(given, assign=True)
        assert {str(a.dtype) for a in net.state_dict().values()} == {dtype}
        assert [n for n, _ in net.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    net[0].requires_grad_(False)
    net.load_state_dict(given, assign=True)
    assert [p.requires_grad for p in net.parameters()] == [False, False, True, True]


def test_what_is_no_array_of_numbers_is_refused():
    net = block(nn)
    before = content(net)
    for wrong in (
        np.array(["a", "b", "c"]),
        np.array([None] * 3),
        torch.zeros(3, device="meta"),
    ):
        with pytest.raises(RuntimeError, match=r'copying the parameter named "0.bias", an exception occurred'):
            net.load_state_dict({**net.state_dict(), "0.bias": wrong})
    assert content(net) == before


def test_loaded_arrays_are_copies():
    net, sd = block(nn), block(nn).state_dict()
    host = {n: np.array(a) for n, a in sd.items()}
    net.load_state_dict(host)
    expected = content(net)
    for a in host.values():
        a += 1
    assert content(net) == expected
    net.load_state_dict(sd)
    assert all(a is not sd[n] for n, a in net.state_dict().items())


def test_nested_dicts_are_taken():
    net, other = nested(nn), numbered(nested(nn), nn)
    net.load_state_dict(jax.tree.map(lambda *x: x[0], {**other.params, "blocks": other.params["blocks"]}), strict=False)
    assert all((a == b).all() for a, b in zip(net.parameters(), other.parameters(), strict=True))


# A tree of modules that nobody chose.

NAMES = st.sampled_from(["a", "b", "weight_", "num_batches_tracked"])
TREES = st.recursive(
    st.sampled_from(["linear", "norm", "counted", None]),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def built(tree, lib):
    if not isinstance(tree, dict):
        return {
            "linear": lambda: lib.Linear(1, 2),
            "norm": lambda: lib.BatchNorm1d(1),
            "counted": lambda: counted(lib),
        }[tree]()
    net = lib.Module()
    net.register_buffer("own", array(lib, [2.0]))
    for name, part in tree.items():
        net.add_module(name, None if part is None else built(part, lib))
    return net


@pytest.mark.filterwarnings("ignore:.*found none of its names")  # ours alone, where strict=False loads nothing
@settings(max_examples=60, deadline=None)
@example({}, {0}, [("a", "a", "own")], False, False)
@given(
    st.dictionaries(NAMES, TREES, max_size=3),
    st.sets(st.integers(0, 30)),
    st.lists(st.tuples(NAMES, NAMES, st.sampled_from(["own", "weight", "_extra_state", "b"])), max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_trees_load_as_torchs_do(tree, dropped, added, plain, strict):
    def result(lib):
        net = built(tree, lib)

        def change(sd):
            for name in [name for i, name in enumerate(list(sd)) if i in dropped]:
                del sd[name]
            for path in added:
                sd.setdefault(".".join(path), {"count": 1} if path[-1] == "_extra_state" else array(lib, [3.0]))

        return loaded(lib, net, change, plain=plain, strict=strict)

    assert outcome(lambda lib, a: result(lib), nn) == outcome(lambda lib, a: result(lib), torch.nn)


@pytest.mark.parametrize("strict", [True, False])
def test_messages_list_the_same_names_in_the_same_order(strict):
    messages = []
    for lib in (nn, torch.nn):
        net, given = nested(lib), numbered(nested(lib), lib).state_dict()
        given["blocks.0.0.weight"] = array(lib, [[1.0]])
        given["blocks.9.weight"] = given.pop("blocks.0.1.bias")
        given["zzz"] = given.pop("steps")
        given["norm.bias"] = array(lib, 1.0)
        given["first.weight"] = "text"
        with pytest.raises(RuntimeError) as caught:
            net.load_state_dict(given, strict=strict)
        text = re.sub(r"torch.Size\(\[(\d+)\]\)", r"(\1,)", str(caught.value)).replace("torch.Size([", "(")
        messages.append(re.sub("expected .*| $", "", text.replace("])", ")"), flags=re.MULTILINE).splitlines())
    assert messages[0] == messages[1]


# All or nothing.


@pytest.mark.parametrize(
    "spoil",
    [
        lambda net, sd: sd.pop("0.fc.weight"),
        lambda net, sd: sd.update(more=1),
        lambda net, sd: sd.update({"1.weight": jnp.ones(3)}),
        lambda net, sd: sd.update({"0._extra_state": {}}),
        lambda net, sd: net.register_load_state_dict_post_hook(Failing()),
        lambda net, sd: net[1].register_load_state_dict_pre_hook(Failing()),
        lambda net, sd: net.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.append("x")),
    ],
)
def test_a_load_that_fails_changes_nothing(spoil):
    net = nn.Sequential(counted(nn), nn.Linear(1, 1))
    net[0].count = 4
    sd = net.state_dict()
    sd.update({n: a + 1 for n, a in sd.items() if n != "0._extra_state"})
    sd["0._extra_state"] = {"count": 9}
    before = content(net)
    spoil(net, sd)
    with pytest.raises((RuntimeError, ZeroDivisionError, KeyError)):
        net.load_state_dict(sd)
    assert content(net) == before and net[0].count == 4


def test_hooks_of_handles_go_off_and_survive_copies():
    net, log = nn.Linear(1, 1), []
    with net.register_state_dict_pre_hook(lambda m, prefix, keep_vars: log.append(m)):
        twin = copy.deepcopy(net)
        net.state_dict()
    net.state_dict()
    twin.state_dict()
    assert log == [net, twin]


# What isn't a state_dict gets a remedy.


def under(prefix, sd):
    return {f"{prefix}{name}": array for name, array in sd.items()}


REMEDIES = {
    "a module": (lambda net, sd: net, "got the module Sequential: give its state_dict()"),
    "torch's module": (lambda net, sd: block(torch.nn), "got the module Sequential: give its state_dict()"),
    "a list": (lambda net, sd: list(sd.items()), "got list"),
    "a wrapper": (lambda net, sd: {"model": sd, "epoch": 3}, "give state_dict['model']."),
    "a checkpoint": (
        lambda net, sd: {"opt": {"state": {0: {"step": 1}}, "groups": [{}]}, "state_dict": sd},
        "give state_dict['state_dict'].",
    ),
    "a prefix": (
        lambda net, sd: under("module.", sd),
        "give {name.removeprefix('module.'): array for name, array in state_dict.items()}.",
    ),
    "a wrapper with a prefix": (
        lambda net, sd: {"epoch": 1, "state": {"ema": under("module.", sd)}},
        "give {name.removeprefix('module.'): array for name, array in state_dict['state']['ema'].items()}.",
    ),
    "two prefixes": (lambda net, sd: under("_orig_mod.module.", sd), "without '_orig_mod.module.'"),
    "a prefix and a few names missing": (lambda net, sd: dict(list(under("net.", sd).items())[1:]), "without 'net.'"),
}


@pytest.mark.parametrize("what", REMEDIES)
def test_what_is_no_state_dict_gets_a_remedy(what):
    net = block(nn)
    make, message = REMEDIES[what]
    sd, before = numbered(block(nn), nn).state_dict(), content(net)
    with pytest.raises((TypeError, RuntimeError)) as caught:
        net.load_state_dict(make(net, sd))
    assert message in str(caught.value)
    assert content(net) == before
    if match := re.search(r": give (.*state_dict.*)\.$", str(caught.value)):  # the remedy is code that works
        net.load_state_dict(eval(match[1], {"state_dict": make(net, sd)}), strict="few" not in what)
        assert sum(content(net)[name] == before[name] for name in before) == ("few" in what)


def test_names_of_the_inner_module_get_a_remedy():
    net = nn.DataParallel(block(nn))
    with pytest.raises(RuntimeError, match=r"fit with 'module.' before them: load into net.module"):
        net.load_state_dict(block(nn).state_dict())
    with pytest.raises(RuntimeError) as caught:
        block(nn).load_state_dict({"other.weight": jnp.ones(1)})
    assert "fit" not in str(caught.value)


def test_a_loading_that_finds_nothing_warns_if_it_isn_t_strict():
    net = block(nn)
    with pytest.warns(UserWarning, match=r"found none of its names.*\n.*give state_dict\['model'\]"):
        net.load_state_dict({"model": net.state_dict()}, strict=False)
    net.load_state_dict({"0.bias": net[0].bias, "other": jnp.ones(1)}, strict=False)


def test_torch_s_private_ways_are_refused():
    class Old(nn.Linear):
        def _load_from_state_dict(self, *args):
            raise AssertionError

    class Older(nn.Linear):
        def _save_to_state_dict(self, *args):
            raise AssertionError

    with pytest.raises(RuntimeError, match="_load_from_state_dict is never called here: use register_load_state_dict"):
        nn.Sequential(Old(1, 1)).load_state_dict({})
    with pytest.raises(RuntimeError, match="_save_to_state_dict is never called here: use register_state_dict_post"):
        nn.Sequential(Older(1, 1)).state_dict()


def test_nothing_is_loaded_inside_a_pure_call():
    class Loads(nn.Linear):
        def forward(self, input):
            self.load_state_dict(given)
            return super().forward(input)

    net = Loads(1, 1)
    given = net.state_dict()
    with pytest.raises(RuntimeError, match="call it before or afterwards"):
        purenn.functional_call(net, net.params, net.state, jnp.ones((1, 1)))
    with pytest.raises(RuntimeError, match="call it before or afterwards"):
        net.compile()(jnp.ones((1, 1)))


def test_state_dict_is_readable_inside_a_pure_call():
    class Saves(nn.Linear):
        def forward(self, input):
            return sum(a.sum() for a in self.state_dict().values()) * input

    net = Saves(1, 1)
    expected = sum(float(a.sum()) for a in net.state_dict().values())
    np.testing.assert_allclose(net.compile()(jnp.ones((1, 1))), [[expected]], rtol=1e-6)
    params = jax.tree.map(jnp.ones_like, net.params)
    assert purenn.functional_call(net, params, {}, jnp.ones((1, 1)))[0].tolist() == [[2.0]]


@pytest.mark.parametrize("missing", [[], ["0.bias"]])
def test_the_result_of_loading_reads_as_torchs(missing):
    def printed(lib):
        net = block(lib)
        sd = {name: value for name, value in net.state_dict().items() if name not in missing}
        return str(net.load_state_dict(sd, strict=False)).removeprefix("_")

    assert printed(nn) == printed(torch.nn)


@pytest.mark.parametrize(
    "wrap", [lambda sd: sd, lambda sd: {"state": {"ema": under("module.", sd)}}], ids=["it", "a part"]
)
def test_a_path_is_read(wrap, tmp_path):
    """A file of torch.save. If it holds more, the error says how to read the part, and this code works."""
    theirs, net = numbered(block(torch.nn), torch.nn), block(nn)
    path, before = tmp_path / "x.pt", content(net)
    torch.save(wrap(theirs.state_dict()), path)
    if "state" not in wrap({}):
        assert net.load_state_dict(path) == ([], [])
    else:
        with pytest.raises(RuntimeError, match=r"The names fit without 'state.ema.module.': give ") as caught:
            net.load_state_dict(str(path))
        assert content(net) == before
        code = re.search(r": give (.*)\.$", str(caught.value), re.MULTILINE)[1]
        assert net.load_state_dict(eval(code, {"purenn": purenn})) == ([], [])
    assert content(net) == content(theirs)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-30], lambda raw: b"no checkpoint", lambda raw: b""])
def test_a_path_of_a_damaged_file_changes_nothing(damage, tmp_path):
    net = block(nn)
    path, before = tmp_path / "x.pt", content(net)
    torch.save(numbered(block(torch.nn), torch.nn).state_dict(), path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"x\.pt: "):
        net.load_state_dict(path)
    assert content(net) == before
    with pytest.raises(FileNotFoundError):
        net.load_state_dict(tmp_path / "none.pt")
