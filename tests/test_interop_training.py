"""Optimizer states to torch and back, training checkpoints, and a run that is killed during a save."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

import purenn
from purenn import functional as F
from purenn import interop, nn

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "resume.py"
X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
Y = X.sum(1, keepdims=True)


def block(lib):
    return lib.Sequential(lib.Linear(3, 4), lib.Tanh(), lib.Linear(4, 1))


def loss_fn(net, x, y):
    return F.mse_loss(net(x), y)


def torch_step(net, opt):
    opt.zero_grad()
    loss = torch.nn.functional.mse_loss(net(torch.from_numpy(X)), torch.from_numpy(Y))
    loss.backward()
    opt.step()
    return loss.item()


RATES = {"lr": 0.01, "momentum": 0.9}
ADAM = {"eps": 1e-3}
PAIRS = {
    "Adam": (lambda p: torch.optim.Adam(p, 0.01, **ADAM), lambda: optax.adam(0.01, **ADAM)),
    "AdamW": (
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, **ADAM),
        lambda: optax.adamw(0.01, weight_decay=0.1, **ADAM),
    ),
    "SGD": (lambda p: torch.optim.SGD(p, **RATES), lambda: optax.sgd(0.01, 0.9)),
    "SGD, Nesterov": (
        lambda p: torch.optim.SGD(p, nesterov=True, **RATES),
        lambda: optax.sgd(0.01, 0.9, nesterov=True),
    ),
    "Adam in a chain": (
        lambda p: torch.optim.Adam(p, 0.01, **ADAM),
        lambda: optax.chain(optax.clip_by_global_norm(1e9), optax.adam(optax.constant_schedule(0.01), **ADAM)),
    ),
    "AdamW, injected": (
        lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1, **ADAM),
        lambda: optax.inject_hyperparams(optax.adamw)(0.01, weight_decay=0.1, **ADAM),
    ),
    "SGD without momentum": (lambda p: torch.optim.SGD(p, 0.01), lambda: optax.sgd(0.01)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_run_moves_from_torch_and_back(name, tmp_path):
    """Through files: 3 steps in torch, 3 in purenn, 3 in torch, each compared with the other library."""
    make_torch, make_optax = PAIRS[name]
    torch.manual_seed(0)
    theirs = block(torch.nn)
    their_opt = make_torch(theirs.parameters())
    for _ in range(3):
        torch_step(theirs, their_opt)
    torch.save({"model": theirs.state_dict(), "optimizer": their_opt.state_dict()}, tmp_path / "x.pt")
    ours = block(nn)
    ours.load_state_dict(purenn.load(tmp_path / "x.pt", select="model"))
    opt = nn.Optimizer(ours, make_optax())
    opt.state = interop.optimizer_state_from_torch(purenn.load(tmp_path / "x.pt", select="optimizer"), opt)
    losses = [(torch_step(theirs, their_opt), float(opt.step(loss_fn, X, Y))) for _ in range(3)]
    np.testing.assert_allclose(*zip(*losses, strict=True), rtol=1e-5)
    new = block(torch.nn)
    new.load_state_dict({n: torch.from_numpy(np.array(a)) for n, a in ours.state_dict().items()})
    new_opt = make_torch(new.parameters())
    new_opt.load_state_dict(interop.optimizer_state_to_torch(opt, new_opt))
    again = [
        (torch_step(theirs, their_opt), torch_step(new, new_opt), float(opt.step(loss_fn, X, Y))) for _ in range(3)
    ]
    for step in again:
        np.testing.assert_allclose(step[1:], step[0], rtol=1e-5)
    for name, tensor in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name], tensor, rtol=1e-4, atol=1e-6)


def started(kind, **options):
    net = block(torch.nn)
    opt = getattr(torch.optim, kind)(net.parameters(), lr=0.1, **options)
    torch_step(net, opt)
    return opt.state_dict()


def swapped(state_dict):
    state_dict["state"][0], state_dict["state"][1] = state_dict["state"][1], state_dict["state"][0]
    return state_dict


def uneven(state_dict):
    state_dict["state"][0]["step"] = torch.tensor(7.0)
    return state_dict


def two_groups():
    net = block(torch.nn)
    return torch.optim.Adam([{"params": [p]} for p in net.parameters()]).state_dict()


REFUSED = {
    "amsgrad": (lambda: started("Adam", amsgrad=True), optax.adam(0.1), "amsgrad=True"),
    "dampening": (lambda: started("SGD", momentum=0.9, dampening=0.5), optax.sgd(0.1, 0.9), "dampening=0.5"),
    "another optimizer": (
        lambda: started("SGD", momentum=0.9),
        optax.adam(0.1),
        "0.bias has no exp_avg, but momentum_buffer",
    ),
    "an optimizer of optax's alone": (lambda: started("Adam"), optax.lion(0.1), "ScaleByLionState"),
    "no momentum here": (lambda: started("SGD", momentum=0.9), optax.sgd(0.1), "no place for the state of 0.weight"),
    "another order": (
        lambda: swapped(started("Adam")),
        optax.adam(0.1),
        r"exp_avg of 0.bias must be real with shape \(4,\)",
    ),
    "several counts": (
        lambda: uneven(started("Adam")),
        optax.adam(0.1),
        r"0.bias \(1\), .* took fewer than 7; give steps=",
    ),
    "several groups": (two_groups, optax.adam(0.1), "names= must tell the parameters' names"),
    "no state_dict": (dict, optax.adam(0.1), "with param_groups"),
    "no count": (
        lambda: started("SGD", momentum=0.9),
        optax.sgd(optax.constant_schedule(0.1), 0.9),
        "keeps no step count: give steps=",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_states_that_dont_map(name):
    make, transformation, message = REFUSED[name]
    opt = nn.Optimizer(block(nn), transformation)
    with pytest.raises(ValueError, match=message):
        interop.optimizer_state_from_torch(make(), opt)


def test_groups_and_multi_transform_by_names():
    net = block(torch.nn)
    weights = [p for n, p in net.named_parameters() if n.endswith("weight")]
    biases = [p for n, p in net.named_parameters() if n.endswith("bias")]
    theirs = torch.optim.AdamW([{"params": weights}, {"params": biases, "weight_decay": 0.0}], lr=0.1)
    torch_step(net, theirs)
    labels = {"0": {"weight": "w", "bias": "b"}, "2": {"weight": "w", "bias": "b"}}
    parts = {"w": optax.adamw(0.1), "b": optax.adam(0.1)}
    opt = nn.Optimizer(block(nn), optax.multi_transform(parts, labels))
    names = ["0.weight", "2.weight", "0.bias", "2.bias"]
    opt.state = interop.optimizer_state_from_torch(theirs.state_dict(), opt, names=names)
    inner = opt.state.inner_states["b"].inner_state[0]
    assert np.array_equal(inner.mu["0"]["bias"], theirs.state_dict()["state"][2]["exp_avg"]) and int(inner.count) == 1
    back = interop.optimizer_state_to_torch(opt, theirs, names=names)
    for number, entry in theirs.state_dict()["state"].items():
        assert all(torch.equal(back["state"][number][key], value) for key, value in entry.items())
    named = torch.optim.Adam(net.named_parameters())
    torch_step(net, named)
    state = interop.optimizer_state_from_torch(named.state_dict(), optax.adam(0.1).init(opt.module.params))
    assert np.array_equal(state[0].nu["2"]["weight"], named.state_dict()["state"][2]["exp_avg_sq"])


# Training checkpoints.


def noisy():
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))
    return nn.Optimizer(net, optax.adam(0.01))


def test_a_restored_run_goes_on_as_if_nothing_had_been():
    purenn.manual_seed(3)
    opt = noisy()
    for _ in range(2):
        opt.step(loss_fn, X, Y)
    saved = jax.tree.map(np.asarray, interop.training_state(opt, 2))
    expected = [float(opt.step(loss_fn, X, Y)) for _ in range(3)]
    purenn.manual_seed(99)
    other = noisy()
    assert interop.restore_training_state(other, saved) == 2
    assert [float(other.step(loss_fn, X, Y)) for _ in range(3)] == expected


def test_two_modules():
    opt = nn.Optimizer({"a": nn.Linear(1, 1), "b": nn.BatchNorm1d(1)}, optax.sgd(0.1, 0.9))
    saved = interop.training_state(opt, 1)
    fresh = nn.Optimizer({"a": nn.Linear(1, 1), "b": nn.BatchNorm1d(1)}, optax.sgd(0.1, 0.9))
    assert interop.restore_training_state(fresh, saved) == 1
    assert (fresh.module["a"].weight == opt.module["a"].weight).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.pop("state"),
        lambda saved: saved["params"].pop("module"),
        lambda saved: saved["params"]["module"]["0"].pop("bias"),
        lambda saved: saved.update(optimizer=optax.sgd(0.1).init({})),
        lambda saved: saved["generator"].update(key=np.zeros(3, np.uint32)),
        lambda saved: saved["state"]["module"]["1"].update(running_mean=jnp.zeros(9)),
    ],
)
def test_what_doesnt_fit_changes_nothing(change):
    opt, saved = noisy(), interop.training_state(noisy(), 4)
    before = jax.tree.map(np.asarray, interop.training_state(opt))
    change(saved)
    with pytest.raises((ValueError, RuntimeError)):
        interop.restore_training_state(opt, saved)
    assert jax.tree.all(jax.tree.map(np.array_equal, before, interop.training_state(opt)))


KILLED = """
import os, runpy, signal, sys
example, folder, steps, step = sys.argv[1:]
def hook(event, args):  # of a checkpoint that is written, and about to get its name
    if event == "os.rename" and os.path.basename(str(args[0])).startswith(step + "."):
        print("killed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
if step != "never":
    sys.addaudithook(hook)
sys.argv = [example, folder, steps]
runpy.run_path(example, run_name="__main__")
"""


def run(folder, steps, kill_at):
    command = [sys.executable, "-c", KILLED, EXAMPLE, folder, str(steps), str(kill_at)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if kill_at == "never" else -signal.SIGKILL), done.stderr
    return done.stdout.splitlines()


def test_a_run_that_is_killed_while_it_saves_goes_on(tmp_path):
    """kill -9 while the second checkpoint is renamed: the first one is complete, and the losses are the same."""
    first, second = run(tmp_path, 10, 10), run(tmp_path, 10, "never")
    losses = [line for line in first if re.fullmatch(r"step \d+: loss 0\.\d+", line)]
    assert first[0] == "from step 0" and "killed" in first and len(losses) == 10
    assert second == ["from step 5", *losses[5:]]
    assert sorted(int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()) == [5, 10]
