"""`purenn.jit` and `purenn.tune_allocator`."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

import purenn
from purenn import nn
from purenn.lowering import compiler


@pytest.fixture
def options(monkeypatch):
    """One option that XLA has, and one that it lacks."""
    monkeypatch.setitem(compiler.OPTIONS, "cpu", {"xla_cpu_prefer_vector_width": 128, "xla_no_such_option": True})
    compiler.known_options.cache_clear()
    yield
    compiler.known_options.cache_clear()


def test_options_that_xla_lacks_are_left_out(options):
    assert compiler.known_options("cpu") == {"xla_cpu_prefer_vector_width": 128}
    assert purenn.jit(lambda x: x + 1)(1) == 2
    assert compiler.known_options("tpu") == {}


def test_a_value_that_xla_refuses_is_an_error(monkeypatch):
    monkeypatch.setitem(compiler.OPTIONS, "cpu", {"xla_cpu_prefer_vector_width": "wide"})
    compiler.known_options.cache_clear()
    with pytest.raises(jax.errors.JaxRuntimeError, match="xla_cpu_prefer_vector_width"):
        compiler.known_options("cpu")
    compiler.known_options.cache_clear()


def test_options_of_the_caller_win(options):
    with pytest.raises(jax.errors.JaxRuntimeError, match="No such compile option"):
        purenn.jit(lambda x: x, compiler_options={"xla_no_such_option_either": 1})(1.0)


def test_it_is_jit_inside_of_every_transformation():
    square = purenn.jit(lambda x: x * x)
    assert jax.jit(lambda x: square(x) + 1)(3.0) == 10
    assert jax.jit(lambda: square(jnp.float32(3)))() == 9  # no tracer among the arguments
    assert jax.grad(square)(3.0) == 6
    assert jax.grad(jax.grad(square))(3.0) == 2
    assert jax.vmap(square)(jnp.arange(3)).tolist() == [0, 1, 4]
    assert jax.jvp(square, (3.0,), (1.0,)) == (9, 6)
    assert jax.eval_shape(square, 1.0).shape == ()
    assert square.lower(2.0).compile()(2.0) == 4
    assert purenn.jit(square)(2.0) == 4


def test_it_has_jits_arguments_and_decorates_methods():
    traces = []

    class Scale:
        factor = 2

        @purenn.jit(static_argnums=0)
        def times(self, x):
            """Scales."""
            traces.append(1)
            return self.factor * x

    scale = Scale()
    assert scale.times(3) == scale.times(3) == 6 and len(traces) == 1
    assert Scale.times.__name__ == "times" and Scale.times.__doc__ == "Scales."


def test_modules_run_inside_of_transformations():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval()
    x = jnp.ones((3, 2))
    for module in (net, net.compile()):
        expected = module(x)
        assert jnp.allclose(jax.jit(module)(x), expected)
        assert jax.grad(lambda x, module=module: module(x).sum())(x).shape == x.shape


def test_the_allocator_is_tuned_once_for_a_process():
    code = "import purenn; purenn.tune_allocator(); import jax.numpy as jnp; print(float(jnp.ones(1 << 24).sum()))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "16777216.0"


def test_without_glibc_there_is_nothing_to_tune(monkeypatch):
    monkeypatch.setattr("platform.libc_ver", lambda: ("", ""))
    with pytest.raises(RuntimeError, match="must be glibc"):
        purenn.tune_allocator()
