"""A compiled call refuses functions that return something else at each call, and functions that hide their reads."""

import datetime
import importlib
import os
import random
import secrets
import sys
import time
import uuid
from pathlib import Path
from time import perf_counter

import jax.numpy as jnp
import numpy as np
import optax
import pytest
import torch

from purenn import nn

X = jnp.ones((2, 2))
SYSTEM = random.SystemRandom()


def imports_inside():
    from time import monotonic as clock

    return clock()


def imports_a_module_inside():
    import uuid as ids

    return ids.uuid4().int % 7


def reads_a_file():
    with open(__file__) as file:
        return len(file.read())


def inner_function():
    def read():
        return time.time()

    return read()


OUTSIDE = "reads something outside of the program, which would be the same in every call"
RANDOM = "draws random numbers that jax doesn't know of"
HIDING = "in a way that a compiled call can't follow"
READS = [
    (lambda: time.time(), "time.time", OUTSIDE),
    (lambda: perf_counter(), "time.perf_counter", OUTSIDE),
    (imports_inside, "time.monotonic", OUTSIDE),
    (inner_function, "time.time", OUTSIDE),
    (lambda: datetime.datetime.now().microsecond, "datetime.datetime.now", OUTSIDE),
    (lambda: reads_a_file(), "open", OUTSIDE),
    (lambda: os.urandom(1)[0], "os.urandom", RANDOM),
    (imports_a_module_inside, "uuid.uuid4", RANDOM),
    (lambda: uuid.uuid1().int % 7, "uuid.uuid1", RANDOM),
    (lambda: secrets.randbelow(7), "secrets.randbelow", RANDOM),
    (lambda: random.Random().random(), "random.Random", RANDOM),
    (lambda: np.load(__file__), "numpy.load", OUTSIDE),
    (lambda: len(Path(__file__).read_bytes()), "pathlib.Path.read_bytes", OUTSIDE),
    (lambda: float(os.path.exists(__file__)), "os.path.exists", OUTSIDE),
    (lambda: os.stat(__file__).st_size, "os.stat", OUTSIDE),
    (lambda: np.random.default_rng().random(), "numpy.random.default_rng", RANDOM),
    (lambda: float(torch.rand(1)), "torch.rand", RANDOM),
    (lambda: len(sys.modules), "sys.modules", HIDING),
    (lambda: importlib.import_module("math").pi, "importlib.import_module", HIDING),
    (lambda: __import__("math").pi, "__import__", HIDING),
]


class Reads(nn.Module):
    def __init__(self, read):
        super().__init__()
        self.read = read

    def forward(self, x):
        return x.mean() * self.read()


@pytest.mark.parametrize(("read", "name", "reason"), READS, ids=[name for _, name, _ in READS])
def test_what_a_program_would_hold_for_ever(read, name, reason):
    with pytest.raises(TypeError, match=f"{name}, which .*{reason}"):
        Reads(read).compile()(X)
    with pytest.raises(TypeError, match=f"{name}, which .*{reason}"):
        nn.Optimizer(nn.Linear(1, 1), optax.sgd(0.1)).step(lambda _: jnp.ones(()) * read())


def test_random_numbers_of_the_system():
    with pytest.raises(TypeError, match=r"SYSTEM .* is a random.SystemRandom"):
        Reads(lambda: SYSTEM.random()).compile()(X)


def test_a_seeded_generator_gives_the_same_each_time():
    net = Reads(lambda: np.random.default_rng(3).random() + random.Random(3).random())
    assert float(net.compile()(X)) == float(net(X))


class Saves(nn.Module):
    """Looks its parts up by name, so it might call any of its methods."""

    def __init__(self):
        super().__init__()
        self.linear0 = nn.Linear(2, 2)

    def forward(self, x):
        for i in range(1):
            x = getattr(self, f"linear{i}")(x)
        return x

    def save(self, path):
        with open(path, "w") as file:
            file.write(f"{time.time()} {eval('1')}")


def test_only_what_is_called_is_refused():
    net = Saves()
    np.testing.assert_allclose(net.compile()(X), net.linear0(X), rtol=1e-6)
    net.forward = lambda x: net.save(os.devnull)
    with pytest.raises(TypeError, match=r"Saves.save uses (time.time|open|eval)"):
        net(X)


class Times(nn.Module):
    profile = False

    def forward(self, x):
        if self.profile:
            print(time.time())
        return x


def test_a_branch_that_is_not_taken():
    net = Times().compile()
    assert net(X) is not None
    net.profile = True
    with pytest.raises(TypeError, match=r"Times.forward uses time.time"):
        net(X)


def test_a_profiler_goes_on():
    seen = []
    sys.setprofile(lambda frame, event, argument: seen.append(frame.f_code.co_name))
    try:
        Saves().compile()(X)
        after = sys.getprofile()
    finally:
        sys.setprofile(None)
    assert after is not None and "forward" in seen
