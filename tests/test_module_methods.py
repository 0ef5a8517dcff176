"""Methods of Module beside torch's: the same script has the same outcome, or an error of the same kind."""

import copy
import functools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch
from beside_torch import array, changed, numbers, outcome

import purenn
from purenn import nn
from purenn.nn.remedies import REMEDIES


def net(lib):
    """A module with all kinds of parts."""
    made = lib.Module()
    made.first = lib.Linear(2, 2, bias=False)
    made.blocks = lib.ModuleList([lib.Sequential(lib.Linear(2, 3), lib.BatchNorm1d(3)) for _ in range(2)])
    made.register_buffer("steps", array(lib, 3, "int32"))
    made.register_buffer("scratch", array(lib, [1.0]), persistent=False)
    made.register_buffer("none", None)
    made.register_parameter("nothing", None)
    made.gone = lib.ReLU()
    made.gone = None
    made.number = 3
    return made


def twice(lib):
    """A module with a part and a parameter that have several names."""
    made = lib.Module()
    made.a = lib.Linear(1, 1)
    made.b = lib.Sequential(made.a, lib.ReLU())
    made.c = made.a
    made.p = lib.Parameter(array(lib, [1.0]))
    made.q = made.p
    return made


def kinds(lib):
    """A module with arrays of several dtypes."""
    made = lib.Module()
    made.w = lib.Parameter(array(lib, [1.0, 2.0]))
    for name, dtype in (("c", "complex64"), ("i", "int32"), ("h", "float16"), ("b", "bool")):
        made.register_buffer(name, array(lib, [1], dtype))
    return made


def dtypes(module):
    return [str(x.dtype).removeprefix("torch.") for x in module.state_dict().values()]


def dtype(lib, name):
    return jnp.dtype(name) if lib is nn else getattr(torch, name)


def names(found):
    return [name for name, _ in found]


def types(found):
    return [type(module).__name__ for module in found]


def modes(module):
    return [m.training for m in module.modules()]


def requests(module):
    return [p.requires_grad for p in module.parameters()]


def applied(lib, module):
    log = []
    result = module.apply(lambda m: log.append(type(m).__name__))
    return [log, result is module]


def memo(lib, module):
    """named_modules skips the modules in the memo, and adds the others to it."""
    seen = {module.a}
    return [names(module.named_modules(memo=seen)), len(seen)]


def printed(lib):
    class Shown(lib.Module):
        def extra_repr(self):
            return "size=3"

    outer = lib.Sequential(Shown())
    return [repr(outer), Shown().extra_repr(), lib.Linear(2, 3).extra_repr(), lib.Module().extra_repr()]


def registered(lib, kind, name, value):
    return changed(net(lib), lambda m: getattr(m, f"register_{kind}")(name, value))


def recurrent_methods(kind, layers, bias, lib, a):
    net = getattr(lib, kind)(2, 3, layers, bias=bias, bidirectional=layers == 2)
    shapes = [[list(w.shape) for w in group] for group in net.all_weights]
    return shapes, net.flatten_parameters(), net.reset_parameters(), len(list(net.parameters()))


def without_gpu(lib):
    try:
        kinds(lib).cuda()
    except (RuntimeError, AssertionError):
        return "refused"


SCRIPTS = {
    "add_module": lambda lib, a: changed(net(lib), lambda m: m.add_module("x", lib.ReLU())),
    "add_module: none": lambda lib, a: changed(net(lib), lambda m: m.add_module("x", None)),
    "add_module: no module": lambda lib, a: net(lib).add_module("x", 3),
    "add_module: a class": lambda lib, a: net(lib).add_module("x", lib.ReLU),
    "add_module: a dot": lambda lib, a: net(lib).add_module("x.y", lib.ReLU()),
    "add_module: no name": lambda lib, a: net(lib).add_module("", lib.ReLU()),
    "add_module: a number": lambda lib, a: net(lib).add_module(1, lib.ReLU()),
    "add_module: a buffer's name": lambda lib, a: net(lib).add_module("steps", lib.ReLU()),
    "add_module: a parameter's name": lambda lib, a: net(lib).first.add_module("weight", lib.ReLU()),
    "add_module: a method's name": lambda lib, a: net(lib).add_module("train", lib.ReLU()),
    "add_module: an attribute's name": lambda lib, a: net(lib).add_module("number", lib.ReLU()),
    "add_module: a module's name": lambda lib, a: changed(net(lib), lambda m: m.add_module("first", lib.ReLU())),
    "register_module": lambda lib, a: registered(lib, "module", "x", lib.ReLU()),
    "apply": lambda lib, a: applied(lib, twice(lib)),
    "apply: none": lambda lib, a: net(lib).apply(None),
    "buffers": lambda lib, a: [list(net(lib).buffers()), list(net(lib).buffers(False)), list(twice(lib).buffers())],
    "named_buffers": lambda lib, a: [names(net(lib).named_buffers()), names(net(lib).named_buffers("p", False))],
    "named_buffers: shared": lambda lib, a: names(
        lib.ModuleList([b := lib.BatchNorm1d(1), b]).named_buffers(remove_duplicate=False)
    ),
    "children": lambda lib, a: [types(net(lib).children()), types(twice(lib).children())],
    "named_children": lambda lib, a: [names(net(lib).named_children()), names(twice(lib).named_children())],
    "modules": lambda lib, a: [types(net(lib).modules()), types(twice(lib).modules())],
    "modules: duplicates": lambda lib, a: types(twice(lib).modules(remove_duplicate=False)),
    "named_modules": lambda lib, a: [names(net(lib).named_modules()), names(twice(lib).named_modules(prefix="p"))],
    "named_modules: duplicates": lambda lib, a: names(twice(lib).named_modules(remove_duplicate=False)),
    "named_modules: memo": lambda lib, a: memo(lib, twice(lib)),
    "parameters": lambda lib, a: [list(net(lib).parameters()), list(twice(lib).parameters(recurse=False))],
    "named_parameters": lambda lib, a: [names(net(lib).named_parameters()), names(twice(lib).named_parameters("p"))],
    "named_parameters: duplicates": lambda lib, a: names(twice(lib).named_parameters(remove_duplicate=False)),
    "named_parameters: of its own": lambda lib, a: names(twice(lib).named_parameters("p", False, False)),
    "compile": lambda lib, a: changed(net(lib), lambda m: m.compile() if lib is nn else None),
    "eval": lambda lib, a: (lambda m: [m.eval() is m, modes(m)])(net(lib)),
    "train": lambda lib, a: (lambda m: [m.eval().train() is m, modes(m), modes(m.train(mode=False))])(net(lib)),
    "train: a part": lambda lib, a: modes(changed(net(lib), lambda m: m.blocks[0].train(False))),
    "train: a string": lambda lib, a: net(lib).train("yes"),
    "train: a number": lambda lib, a: net(lib).train(1),
    "train: none": lambda lib, a: net(lib).train(None),
    "requires_grad_": lambda lib, a: (lambda m: [m.requires_grad_(False) is m, requests(m)])(net(lib)),
    "requires_grad_: a part": lambda lib, a: requests(changed(net(lib), lambda m: m.first.requires_grad_(False))),
    "requires_grad_: tied": lambda lib, a: requests(changed(twice(lib), lambda m: m.a.requires_grad_(False))),
    "requires_grad_: back": lambda lib, a: requests(net(lib).requires_grad_(False).requires_grad_()),
    "requires_grad_: a string": lambda lib, a: net(lib).requires_grad_("no"),
    "half": lambda lib, a: dtypes(kinds(lib).half()),
    "bfloat16": lambda lib, a: dtypes(kinds(lib).bfloat16()),
    "float": lambda lib, a: dtypes(kinds(lib).half().float()),
    "cpu": lambda lib, a: (lambda m: [m.cpu() is m, dtypes(m)])(kinds(lib)),
    "to": lambda lib, a: dtypes(kinds(lib).to(dtype(lib, "float16"))),
    "to: keyword": lambda lib, a: dtypes(kinds(lib).to(dtype=dtype(lib, "bfloat16"), non_blocking=True)),
    "to: complex": lambda lib, a: dtypes(kinds(lib).to(dtype(lib, "complex64"))),
    "to: integers": lambda lib, a: kinds(lib).to(dtype(lib, "int32")),
    "to: bool": lambda lib, a: kinds(lib).to(dtype(lib, "bool")),
    "to: a device": lambda lib, a: dtypes(kinds(lib).to("cpu")),
    "to: torch's device": lambda lib, a: dtypes(kinds(lib).to(torch.device("cpu"))),
    "to: a numbered device": lambda lib, a: dtypes(kinds(lib).to("cpu:0")),
    "to: both": lambda lib, a: dtypes(kinds(lib).to("cpu", dtype(lib, "float16"), True)),
    "to: two devices": lambda lib, a: kinds(lib).to("cpu", "cpu"),
    "to: a device twice": lambda lib, a: kinds(lib).to("cpu", device="cpu"),
    "to: like an array": lambda lib, a: dtypes(kinds(lib).to(array(lib, [1.0], "float16"))),
    "to: like integers": lambda lib, a: kinds(lib).to(array(lib, [1], "int32")),
    "to: none": lambda lib, a: dtypes(kinds(lib).to(None)),
    "to: nothing": lambda lib, a: dtypes(kinds(lib).to(device="cpu", dtype=None)),
    "to: an unknown keyword": lambda lib, a: kinds(lib).to(place="cpu"),
    "to: a missing device": lambda lib, a: kinds(lib).to("cpu:-1"),
    "to: a number without a GPU": lambda lib, a: kinds(lib).to(0),
    "type": lambda lib, a: dtypes(kinds(lib).type(dtype(lib, "float16"))),
    "type: integers": lambda lib, a: kinds(lib).type(dtype(lib, "int32")),
    "type: of buffers alone": lambda lib, a: dtypes(
        changed(lib.Module(), lambda m: m.register_buffer("b", array(lib, [1.5]))).type(dtype(lib, "int32"))
    ),
    "to_empty": lambda lib, a: (lambda m: [m.to_empty(device="cpu") is m, dtypes(m)])(kinds(lib)),
    "to_empty: no device": lambda lib, a: dtypes(kinds(lib).to_empty(device=None)),
    "to_empty: no keyword": lambda lib, a: kinds(lib).to_empty("cpu"),
    "share_memory": lambda lib, a: (lambda m: m.share_memory() is m)(net(lib)),
    "zero_grad": lambda lib, a: [net(lib).zero_grad(), net(lib).zero_grad(set_to_none=False)],
    "extra_repr": lambda lib, a: printed(lib),
    "forward": lambda lib, a: lib.Module().forward(a(1)),
    "forward: called": lambda lib, a: lib.Module()(a(1)),
    "get_submodule": lambda lib, a: [net(lib).get_submodule(name) for name in ("", "first", "blocks.1.0")],
    "get_submodule: missing": lambda lib, a: net(lib).get_submodule("first.x"),
    "get_submodule: none": lambda lib, a: net(lib).get_submodule("gone"),
    "get_submodule: below none": lambda lib, a: net(lib).get_submodule("gone.x"),
    "get_submodule: a buffer": lambda lib, a: net(lib).get_submodule("steps"),
    "get_submodule: dots": lambda lib, a: net(lib).get_submodule("blocks..0"),
    "get_submodule: a dot at the end": lambda lib, a: net(lib).get_submodule("blocks."),
    "get_parameter": lambda lib, a: [net(lib).get_parameter("blocks.0.0.weight"), twice(lib).get_parameter("q")],
    "get_parameter: none": lambda lib, a: net(lib).get_parameter("nothing"),
    "get_parameter: a buffer": lambda lib, a: net(lib).get_parameter("steps"),
    "get_parameter: a module": lambda lib, a: net(lib).get_parameter("first"),
    "get_parameter: no name": lambda lib, a: net(lib).get_parameter(""),
    "get_buffer": lambda lib, a: [net(lib).get_buffer(n) for n in ("scratch", "none", "blocks.0.1.running_var")],
    "get_buffer: a parameter": lambda lib, a: net(lib).get_buffer("first.weight"),
    "get_buffer: missing": lambda lib, a: net(lib).get_buffer("x"),
    "set_submodule": lambda lib, a: changed(net(lib), lambda m: m.set_submodule("blocks.1.0", lib.ReLU())),
    "set_submodule: new": lambda lib, a: changed(net(lib), lambda m: m.set_submodule("blocks.1.x", lib.ReLU())),
    "set_submodule: at the top": lambda lib, a: changed(net(lib), lambda m: m.set_submodule("x", lib.ReLU())),
    "set_submodule: strict": lambda lib, a: changed(net(lib), lambda m: m.set_submodule("first", lib.ReLU(), True)),
    "set_submodule: new, strict": lambda lib, a: net(lib).set_submodule("blocks.1.x", lib.ReLU(), strict=True),
    "set_submodule: a buffer": lambda lib, a: net(lib).set_submodule("steps", lib.ReLU()),
    "set_submodule: a parameter": lambda lib, a: net(lib).set_submodule("first.weight", lib.ReLU()),
    "set_submodule: an attribute": lambda lib, a: net(lib).set_submodule("number", lib.ReLU()),
    "set_submodule: a method": lambda lib, a: net(lib).set_submodule("forward", lib.ReLU()),
    "set_submodule: in the place of none": lambda lib, a: net(lib).set_submodule("gone", lib.ReLU()),
    "set_submodule: nowhere": lambda lib, a: net(lib).set_submodule("x.y", lib.ReLU()),
    "set_submodule: no name": lambda lib, a: net(lib).set_submodule("", lib.ReLU()),
    "set_submodule: none": lambda lib, a: net(lib).set_submodule("first", None),
    "set_submodule: no module": lambda lib, a: net(lib).set_submodule("first", 3),
    "register_parameter": lambda lib, a: registered(lib, "parameter", "x", lib.Parameter(a(4))),
    "register_parameter: again": lambda lib, a: changed(
        net(lib), lambda m: m.first.register_parameter("weight", lib.Parameter(a(4)))
    ),
    "register_parameter: none": lambda lib, a: registered(lib, "parameter", "x", None),
    "register_parameter: no array": lambda lib, a: registered(lib, "parameter", "x", 3),
    "register_parameter: a dot": lambda lib, a: registered(lib, "parameter", "x.y", lib.Parameter(a(1))),
    "register_parameter: a buffer's name": lambda lib, a: registered(lib, "parameter", "steps", lib.Parameter(a(1))),
    "register_parameter: a module's name": lambda lib, a: registered(lib, "parameter", "first", lib.Parameter(a(1))),
    "register_parameter: an attribute's name": lambda lib, a: registered(
        lib, "parameter", "number", lib.Parameter(a(1))
    ),
    "register_parameter: a method's name": lambda lib, a: registered(lib, "parameter", "apply", lib.Parameter(a(1))),
    "register_buffer": lambda lib, a: registered(lib, "buffer", "x", a(4)),
    "register_buffer: again": lambda lib, a: registered(lib, "buffer", "steps", a(4)),
    "register_buffer: none": lambda lib, a: registered(lib, "buffer", "x", None),
    "register_buffer: not persistent": lambda lib, a: changed(
        net(lib), lambda m: m.register_buffer("steps", a(4), persistent=False)
    ),
    "register_buffer: persistent again": lambda lib, a: changed(net(lib), lambda m: m.register_buffer("scratch", a(4))),
    "register_buffer: no array": lambda lib, a: registered(lib, "buffer", "x", 3),
    "register_buffer: a parameter's name": lambda lib, a: net(lib).first.register_buffer("weight", a(1)),
    "register_buffer: a module's name": lambda lib, a: registered(lib, "buffer", "first", a(1)),
    "register_buffer: an attribute's name": lambda lib, a: registered(lib, "buffer", "number", a(1)),
    "set: a parameter to none": lambda lib, a: changed(net(lib), lambda m: setattr(m.first, "weight", None)),
    "set: a parameter to a number": lambda lib, a: setattr(net(lib).first, "weight", 3),
    "set: a parameter to a module": lambda lib, a: setattr(net(lib).first, "weight", lib.ReLU()),
    "set: a buffer to none": lambda lib, a: changed(net(lib), lambda m: setattr(m, "steps", None)),
    "set: a buffer to a number": lambda lib, a: setattr(net(lib), "steps", 3),
    "set: a buffer to a module": lambda lib, a: changed(net(lib), lambda m: setattr(m, "steps", lib.ReLU())),
    "set: a buffer to a parameter": lambda lib, a: changed(
        net(lib), lambda m: setattr(m, "steps", lib.Parameter(a(1)))
    ),
    "set: a module to none": lambda lib, a: changed(net(lib), lambda m: setattr(m, "first", None)),
    "set: a module to a number": lambda lib, a: setattr(net(lib), "first", 3),
    "set: a module to a parameter": lambda lib, a: changed(
        net(lib), lambda m: setattr(m, "first", lib.Parameter(a(1)))
    ),
    "set: an attribute to a module": lambda lib, a: changed(net(lib), lambda m: setattr(m, "number", lib.ReLU())),
    "set: an attribute to a parameter": lambda lib, a: changed(
        net(lib), lambda m: setattr(m, "number", lib.Parameter(a(1)))
    ),
    "del": lambda lib, a: changed(net(lib), lambda m: [delattr(m, n) for n in ("steps", "first", "number")]),
    "del: missing": lambda lib, a: delattr(net(lib), "stepps"),
    "init: with arguments": lambda lib, a: lib.Module(3),
    "register_module: new": lambda lib, a: changed(net(lib), lambda m: m.register_module("x", lib.ReLU())),
    "register_module: again": lambda lib, a: registered(lib, "module", "first", lib.ReLU()),
    "register_module: none": lambda lib, a: registered(lib, "module", "x", None),
    "register_module: no module": lambda lib, a: registered(lib, "module", "x", 3),
    "register_module: an attribute's name": lambda lib, a: registered(lib, "module", "number", lib.ReLU()),
    "Parameter": lambda lib, a: [lib.Parameter(a(2)).data, lib.Parameter(a(2)).requires_grad],
    "Parameter: frozen": lambda lib, a: [
        lib.Parameter(a(2), False).requires_grad,
        lib.Parameter(a(2)).requires_grad_(False).requires_grad,
        lib.Parameter(a(2), requires_grad=False).requires_grad_().requires_grad,
    ],
    "Parameter: of integers": lambda lib, a: lib.Parameter(array(lib, [1, 2], "int32")).data,
    **{
        f"{kind}: {layers} layers": functools.partial(recurrent_methods, kind, layers, bias)
        for kind, layers, bias in (("RNN", 1, True), ("LSTM", 2, False), ("GRU", 2, True))
    },
    "has": lambda lib, a: [hasattr(net(lib), n) for n in ("first", "steps", "none", "nothing", "gone", "x")],
}


@pytest.mark.parametrize("what", SCRIPTS)
def test_it_is_torchs(what):
    assert outcome(SCRIPTS[what], nn) == outcome(SCRIPTS[what], torch.nn)


def test_double_and_cuda():
    with jax.enable_x64(True):
        double = lambda lib: dtypes(kinds(lib).double())  # noqa: E731
        assert double(nn) == double(torch.nn)
        assert dtypes(kinds(nn).to(jnp.complex128)) == ["complex128", "complex128", "int32", "complex128", "bool"]
    assert without_gpu(nn) == without_gpu(torch.nn)
    with pytest.raises(RuntimeError, match="jax_enable_x64"):
        kinds(nn).double()
    for move in (lambda m: m.cuda(), lambda m: m.cuda(1), lambda m: m.to("cuda:0"), lambda m: m.to(device=0)):
        with pytest.raises(RuntimeError, match=r"there is no device .*: jax sees cpu:0"):
            move(kinds(nn))
    with pytest.raises(ValueError, match=r"no meta device: jax.eval_shape"):
        kinds(nn).to_empty(device="meta")
    with pytest.raises(TypeError, match="'gpus' is neither a dtype, such as jnp.float16, nor a device"):
        kinds(nn).to("gpus")


def test_a_cast_that_fails_changes_nothing():
    module = kinds(nn)
    for call in (lambda: module.to("cpu:7", jnp.float16), lambda: module.to(jnp.float16, device="cuda")):
        with pytest.raises(RuntimeError, match="no device"):
            call()
    assert dtypes(module) == dtypes(kinds(nn))


def test_to_empty_has_zeros_here_and_below_or_here_alone():
    module = net(nn).to_empty(device="cpu")
    assert not any(numbers(x).any() for x in module.state_dict().values())
    module = net(nn)
    before = module.state_dict()
    module.to_empty(device=None, recurse=False)
    same = {name for name, x in module.state_dict().items() if x is before[name]}
    assert same == set(before) - {"steps"} and int(module.steps) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.half(),
        lambda m: m.to("cpu"),
        lambda m: m.to_empty(device=None),
        lambda m: m.train(),
        lambda m: m.requires_grad_(False),
        lambda m: m.set_submodule("first", nn.ReLU()),
        lambda m: m.register_buffer("x", jnp.ones(1)),
        lambda m: m.register_parameter("x", jnp.ones(1)),
        lambda m: m.set_parameter("first.weight", jnp.ones((1, 1))),
        lambda m: m.first.reset_parameters(),
        lambda m: m.norm.reset_running_stats(),
    ],
)
def test_a_pure_call_refuses_changes(change):
    class Changes(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.norm = nn.Linear(1, 1), nn.BatchNorm1d(1)

        def forward(self, x):
            change(outer[0] if live[0] else self)
            return x

    module, x = Changes(), jnp.ones((1, 1))
    outer, live = [module], [False]
    before = {name: np.asarray(v) for name, v in module.state_dict().items()}
    for live[0] in (False, True):
        with pytest.raises(RuntimeError, match="pure call"):
            purenn.functional_call(module, module.params, module.state, x)
        with pytest.raises(RuntimeError, match="pure call"):
            module.compile()(x)
    assert all((before[name] == v).all() for name, v in module.state_dict().items())


def test_a_cast_inside_a_transformation_is_refused():
    module = nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match="inside a jax transformation"):
        jax.jit(lambda x: module.half()(x))(jnp.ones((1, 1)))
    assert module.weight.dtype == jnp.float32 and not isinstance(module.weight, jax.core.Tracer)


def test_set_parameter_by_dotted_name():
    module, log = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(2, 3).half(), nn.BatchNorm1d(3))), []
    module[1][0].weight = module[0].weight
    module.register_forward_hook(lambda *_: log.append(1))
    values = np.arange(6.0).reshape(3, 2)
    module.set_parameter("1.0.weight", values)
    assert module[0].weight is module[1][0].weight and (np.asarray(module[0].weight) == values).all()
    assert module[0].weight.dtype == jnp.float32
    module.set_parameter("1.0.bias", values[:, 0])
    assert module[1][0].bias.dtype == jnp.float16 and module[1][0].bias.tolist() == [0, 2, 4]
    for name, wrong, error in (
        ("0.weight", values.T, ValueError),
        ("0.weight", 3.0, TypeError),
        ("0.scale", values, AttributeError),
        ("1.1.running_mean", values[:, 0], AttributeError),
        ("5.weight", values, AttributeError),
    ):
        with pytest.raises(error):
            module.set_parameter(name, wrong)


ONES = jnp.ones((2, 2))
LATER = {
    "assigned": lambda m: setattr(m, "weight", ONES),
    "set_parameter": lambda m: m.set_parameter("weight", ONES),
    "load_state_dict": lambda m: m.load_state_dict({"weight": ONES, "bias": ONES[0]}),
    "half": lambda m: m.half(),
    "to": lambda m: m.to("cpu"),
    "to_empty": lambda m: m.to_empty(device="cpu"),
    "params": lambda m: setattr(m, "params", {"weight": ONES, "bias": ONES[0]}),
    "reset_parameters": lambda m: m.reset_parameters(),
    "init": lambda m: nn.init.ones_(m.weight),
    "step": lambda m: nn.Optimizer(m, optax.sgd(1.0)).step(lambda m: m(ONES).sum()),
    "deepcopy": copy.deepcopy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "parametrized": lambda m: nn.utils.parametrize.register_parametrization(m, "bias", nn.Identity()),
}


@pytest.mark.parametrize("later", LATER)
def test_what_an_array_was_told_stays_when_another_takes_its_place(later):
    """``net.weight.requires_grad = False`` is set on an array, but freezes the parameter."""
    module = nn.Linear(2, 2)
    module.weight.requires_grad = False
    grads = nn.grad(lambda m: m(ONES).sum())(module)
    assert not grads["weight"].any() and grads["bias"].all()
    result = LATER[later](module)
    for m in [module, result] if later in ("deepcopy", "pickle") else [module]:
        trained = {name: p.requires_grad for name, p in m.named_parameters()}
        assert trained.pop("weight") is False and list(trained.values()) == [True]
        m.requires_grad_(True)
        assert all(p.requires_grad for p in m.parameters()) and m.weight.requires_grad
    array = module.weight
    array.requires_grad = False
    assert [p.requires_grad for p in module.parameters()].count(False) == 1 and not module.weight.requires_grad
    assert not any(p.requires_grad for p in module.requires_grad_(False).parameters())


# Drawing anew.

DRAWN = [
    (name, args)
    for name, args in {
        "Linear": (3, 2),
        "Bilinear": (2, 3, 4),
        "Conv2d": (2, 3, 3),
        "ConvTranspose1d": (2, 3, 3),
        "BatchNorm1d": (3,),
        "InstanceNorm2d": (3, 1e-5, 0.1, True, True),
        "SyncBatchNorm": (3,),
        "LayerNorm": (3,),
        "GroupNorm": (1, 3),
        "RMSNorm": (3,),
        "PReLU": (3,),
        "Embedding": (5, 3, 1),
        "EmbeddingBag": (5, 3),
        "RNN": (2, 3),
        "LSTM": (2, 3, 2),
        "GRU": (2, 3),
        "RNNBase": ("LSTM", 2, 3),
        "LSTMCell": (2, 3),
        "GRUCell": (2, 3),
        "RNNCell": (2, 3),
        "AdaptiveLogSoftmaxWithLoss": (16, 6, [2, 4]),
    }.items()
]


@pytest.mark.parametrize(("name", "args"), DRAWN)
def test_reset_parameters_draws_what_the_constructor_draws(name, args):
    purenn.manual_seed(3)
    module = getattr(nn, name)(*args)
    expected = module.state_dict()
    module.half()
    module._map(lambda x: x + jnp.ones((), x.dtype))
    purenn.manual_seed(3)
    assert module.reset_parameters() is None
    for key, value in module.state_dict().items():
        np.testing.assert_array_equal(value, expected[key].astype(value.dtype))
    module.reset_parameters()
    theirs = getattr(torch.nn, name)(*args)
    assert hasattr(theirs, "reset_parameters") and hasattr(theirs, "reset_running_stats") == hasattr(
        module, "reset_running_stats"
    )


def test_reset_running_stats_leaves_parameters():
    results = []
    for lib in (nn, torch.nn):
        module = lib.BatchNorm1d(2)
        module.load_state_dict(
            {n: array(lib, np.full(tuple(x.shape), 7), "float32") for n, x in module.state_dict().items()}
        )
        module.reset_running_stats()
        results.append({n: numbers(x).tolist() for n, x in module.state_dict().items()})
        assert lib.BatchNorm1d(2, track_running_stats=False).reset_running_stats() is None
    assert results[0] == results[1]


def test_apply_draws_a_network_anew():
    """Ties and a user's additions stay, and a lazy module waits for its size."""

    class Scaled(nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.scale = nn.Parameter(jnp.full(2, 5.0))

    module = nn.Sequential(
        Scaled(), nn.Linear(2, 2), nn.LazyLinear(3), nn.MultiheadAttention(2, 1), nn.Linear(2, 2, False)
    )
    module[1].weight = module[0].weight
    before = module.state_dict()
    module.apply(lambda m: m.reset_parameters() if hasattr(m, "reset_parameters") else None)
    after = module.state_dict()
    assert module[1].weight is module[0].weight and module[2].has_uninitialized_params()
    assert {n for n in after if after[n] is before[n]} == {"0.scale", "3.in_proj_weight", "3.in_proj_bias"}


def test_a_computed_array_is_drawn_by_its_sources():
    module = purenn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    purenn.manual_seed(1)
    module.reset_parameters()
    purenn.manual_seed(1)
    np.testing.assert_allclose(module.weight, nn.Linear(3, 2).weight, rtol=1e-5)


# What has no meaning here.

MADE = {
    "Module": lambda: nn.Linear(1, 1),
    "RNNBase": lambda: nn.LSTM(1, 1),
    "MultiheadAttention": lambda: nn.MultiheadAttention(2, 1),
    "Lazy": lambda: nn.LazyLinear(1),
    "DataParallel": lambda: nn.DataParallel(nn.Linear(1, 1)),
    "Optimizer": lambda: nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.1)),
    "Parameter": lambda: nn.Parameter(jnp.ones(1)),
    "utils": lambda: nn.utils,
}


@pytest.mark.parametrize(("cls", "name"), [(cls, name) for cls, table in REMEDIES.items() for name in table])
def test_what_has_no_meaning_says_what_to_do(cls, name):
    owner = MADE[cls]()
    assert not hasattr(owner, name) and getattr(owner, name, 3) == 3
    with pytest.raises(AttributeError) as caught:
        getattr(owner, name)
    assert str(caught.value).endswith(f"has no attribute {name!r}: {REMEDIES[cls][name]}")


def test_other_classes_have_no_such_remedy():
    with pytest.raises(AttributeError, match=r"Linear has no attribute 'scatter'$"):
        _ = nn.Linear(1, 1).scatter
    net = nn.Linear(1, 1)
    net.xpu = 3
    assert net.xpu == 3
