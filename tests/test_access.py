"""A step, a load and a call change everything or nothing, despite interrupts and concurrent readers."""

import linecache
import sys
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import purenn
from purenn import nn, random

OURS = str(Path(purenn.__file__).parent)
X = jnp.asarray(np.random.default_rng(0).standard_normal((4, 2)), jnp.float32)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.norm(self.fc(x)))


def loss_fn(net, x):
    return (net(x) ** 2).mean()


def interrupt_at(number, call):
    """Calls and raises KeyboardInterrupt at a line of the library. Returns whether the call reached the line.

    The first lines of with statements are left out: Python visits them again on exit, before the lock is released,
    where it handles no signal.
    """
    lines = 0

    def trace(frame, event, arg):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line" and not linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip().startswith(
            "with "
        ):
            lines += 1
            if lines == number:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(old)
    return False


def step(net, optimizer):
    optimizer.step(loss_fn, X)


def compiled_call(net, optimizer):
    net(X)


def load(net, optimizer):
    net.load_state_dict({name: array + jnp.ones((), array.dtype) for name, array in net.state_dict().items()})


def assign(net, optimizer):
    net.params = jax.tree.map(lambda p: p + 1, net._params_tree())


@pytest.mark.parametrize("call", [step, compiled_call, load, assign], ids=lambda f: f.__name__)
def test_an_interrupt_at_any_line(call):
    purenn.manual_seed(3)
    net = Net().compile()
    optimizer = nn.Optimizer(net, optax.adam(0.1))

    def everything():
        arrays = [*net.state_dict().values(), *jax.tree.leaves(optimizer.state)]
        return [np.asarray(a) for a in arrays] + [np.asarray(random.default_generator().count)]

    call(net, optimizer)  # compiled before
    kept = net.state_dict(), optimizer.state, random.default_generator().count
    before = everything()
    call(net, optimizer)
    after = everything()
    number, done, halves = 0, False, []
    while not done:
        net.load_state_dict(kept[0])
        optimizer.state, random.default_generator().count = kept[1], kept[2]
        number += 1 if number < 60 else 3
        done = not interrupt_at(number, lambda: call(net, optimizer))
        now = everything()
        if not any(all(np.array_equal(a, b) for a, b in zip(now, other, strict=True)) for other in (before, after)):
            halves.append(number)
    assert number > 20 and halves == []


class Difference(nn.Module):
    """Two equal layers, whose difference is 0 unless one is old and the other new."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x):
        a = self.a(x)
        for _ in range(3):
            x = x * 1.0
        return a - self.b(x)


@pytest.mark.parametrize("compile", [False, True])
def test_a_reader_sees_old_or_new_weights(compile):
    net = Difference()
    if compile:
        net.compile()
    shapes = net.params
    trees = [jax.tree.map(lambda p, i=i: jnp.full_like(p, i), shapes) for i in range(2)]
    net.params = trees[0]
    net(X)
    done, mixed = threading.Event(), []

    def train():
        i = 0
        while not done.is_set():
            i += 1
            net.params = trees[i % 2]

    writer = threading.Thread(target=train)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        writer.start()
        for _ in range(300):
            mixed.append(float(jnp.abs(net(X)).max()))
    finally:
        done.set()
        writer.join()
        sys.setswitchinterval(switch)
    assert max(mixed) == 0.0


def test_threads_draw_different_keys():
    generator, keys = random.Stream(0), []
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def draw():
        keys.extend([tuple(np.asarray(jax.random.key_data(generator.next())).tolist()) for _ in range(200)])

    threads = [threading.Thread(target=draw) for _ in range(4)]
    try:
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    finally:
        sys.setswitchinterval(switch)
    assert len(set(keys)) == len(keys) == 800


def test_threads_draw_different_masks():
    drop, x, masks = nn.Sequential(nn.Dropout(0.5)).compile(), jnp.ones(64), []
    drop(x)

    def run():
        masks.extend([tuple(drop(x).tolist()) for _ in range(30)])

    threads = [threading.Thread(target=run) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(set(masks)) == len(masks)
