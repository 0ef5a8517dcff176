"""Every test runs with jax's strict promotion of dtypes and ranks, on the CPU.

Most of the time is compile time of small programs. They are therefore compiled without LLVM's optimizations and with
the plain emitter of fusions (if XLA still has it), in less than half the time. ``OPTIMIZED=1`` compiles as for users;
`make test-all` sets it.
"""

import collections
import gc
import os
import re
from importlib.metadata import version

os.environ.setdefault("JAX_PLATFORMS", "cpu")
if not os.environ.get("OPTIMIZED"):
    quick = "--xla_backend_optimization_level=0"
    if version("jaxlib") < "0.11":  # XLA ends the process if it doesn't know a flag
        quick += " --xla_cpu_use_fusion_emitters=false"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {quick}"

import jax
import pytest
import torch

import purenn

torch.set_num_threads(1)


_events: list[str] = []
jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **_: _events.append(event))


@pytest.fixture
def compiled():
    """A function that returns the number of programs that XLA has compiled since the last call of it."""

    def count() -> int:
        number = sum("backend_compile" in event for event in _events)
        _events.clear()
        return number

    count()
    return count


# If a test has many cases per class or function, every third case runs, and always the first. If it has one case per
# class, every third class runs. -m '' runs all.
THIRD_CASE = {
    "test_bad_call_is_refused",
    "test_function_is_torchs",
    "test_layer_is_torchs",
    "test_module_db",
    "test_packed_is_torchs",
    "test_value_and_gradient_in_float64",
    "test_values_and_gradients_are_torchs",
}
THIRD_CLASS = {
    "test_a_call_without_jit_is_the_compiled_one",
    "test_a_function_has_no_nan_and_no_infinity_on_its_way",
    "test_a_gradient_with_rematerialization_is_the_same",
    "test_eager_jit_checkpoint_and_eval_shape_agree",
    "test_equal_calls_share_one_program",
    "test_equal_layers_are_one_and_compile_once",
    "test_half_types",
    "test_instructions_do_not_grow",
    "test_layer_and_module_are_the_same_arithmetic",
    "test_module_is_torchs",
    "test_module_round_trips",
    "test_second_derivative",
    "test_transforms",
    "test_vmap_over_examples_and_over_weights",
}
_cases: collections.Counter[tuple[str, ...]] = collections.Counter()


def pytest_itemcollected(item):
    """Marks the cases that the sample leaves out."""
    test, _, case = item.name.partition("[")
    subject = re.search(r"\w+(?=\()", case) or re.match(r"\w+", case)
    if item.get_closest_marker("slow"):
        return
    if test in THIRD_CASE and subject:
        key = item.parent.name, test, subject[0]
    elif test in THIRD_CLASS:
        key = item.parent.name, test
    else:
        return
    if _cases[key] % 3:
        item.add_marker(pytest.mark.slow)
    _cases[key] += 1


def pytest_collection_modifyitems(config, items):
    """Leaves out repeated doctests: a layer's in its module class, a function's in its package."""
    seen, again = set(), []
    for item in items:
        if isinstance(item, pytest.DoctestItem) and (text := item.dtest.docstring):
            (again.append(item) if text in seen else seen.add(text))
    if again:
        config.hook.pytest_deselected(items=again)
        left_out = set(again)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def strict_promotion():
    """Only for tests: examples of the documentation run as readers run them."""
    with jax.numpy_dtype_promotion("strict"), jax.numpy_rank_promotion("raise"):
        yield


@pytest.fixture(autouse=True, scope="module")
def each_file_alone():
    """A file draws the same numbers, whichever file ran before it in the process.

    The next file does not need its programs, and a large heap slows the garbage collector.
    """
    purenn.manual_seed(0)
    torch.manual_seed(0)
    yield
    jax.clear_caches()
    gc.collect()
