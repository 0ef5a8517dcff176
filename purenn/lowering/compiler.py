"""How programs are compiled and where their memory comes from: `jit` with tuned options, `tune_allocator`."""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Callable
from typing import Any

import jax

try:
    from jax.extend.core import find_top_trace as _trace_now  # the faster of the two
except ImportError:
    from jax.extend.core import get_opaque_trace_state as _trace_now

__all__ = ["jit", "tune_allocator"]

# By backend; `benchmarks/models.py --options` compares what there is. XLA's names come and go.
OPTIONS: dict[str, dict[str, Any]] = {"cpu": {"xla_cpu_prefer_vector_width": 512}}


@functools.cache
def known_options(backend: str) -> dict[str, Any]:
    """The options among the backend's that this release of XLA has."""
    known = {}
    for name, value in OPTIONS.get(backend, {}).items():
        try:
            jax.jit(lambda: 0, compiler_options={name: value}).lower().compile()
        except jax.errors.JaxRuntimeError as error:
            if "No such compile option" not in str(error):
                raise
        else:
            known[name] = value
    return known


with jax.ensure_compile_time_eval():
    _NO_TRACE = _trace_now(())


class Jitted:
    """A function under two jits: one with options, and one without for calls inside another jit, which has its own."""

    def __init__(self, fun: Callable[..., Any], options: dict[str, Any], compiler_options: dict[str, Any]):
        functools.update_wrapper(self, fun)
        self._fun, self._options, self._compiler_options = fun, options, compiler_options
        self._plain = jax.jit(fun, **options)

    @functools.cached_property
    def _tuned(self) -> Any:
        # The options are looked up in the first call: the backend is not started before it is needed.
        chosen = {**known_options(jax.default_backend()), **self._compiler_options}
        return jax.jit(self._fun, **self._options, compiler_options=chosen)

    def chosen(self) -> Callable[..., Any]:
        """Returns the jit of the two that a call would run now."""
        return self._tuned if _trace_now(()) == _NO_TRACE else self._plain

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.chosen()(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __getattr__(self, name: str) -> Any:  # lower, trace, eval_shape, clear_cache
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._tuned, name)


def jit(fun: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """``jax.jit`` with the compiler's options that serve neural networks best on the backend at hand.

    On the CPU it asks for vectors of full width. An option that this release of XLA doesn't have is left out. Inside
    another jit or a gradient it is ``jax.jit``: the outermost decides how all is compiled. `nn.Module.compile`,
    `Optimizer` and eager modules use it.

    Args:
        fun: the function; without it a decorator is returned.
        options: ``jax.jit``'s. Of ``compiler_options`` the given ones win.

    Returns:
        A function like ``jax.jit``'s, with its ``lower``, ``trace``, ``eval_shape`` and ``clear_cache``.

    Source: ``jax.jit``.

    Example:
        >>> import jax.numpy as jnp, purenn
        >>> from purenn import functional as F
        >>> purenn.jit(F.gelu)(jnp.zeros(2)).tolist()
        [0.0, 0.0]
        >>> @purenn.jit(static_argnames="n")
        ... def power(x, n):
        ...     return x**n
        >>> float(power(2.0, n=3))
        8.0
    """
    if fun is None:
        return functools.partial(jit, **options)
    compiler_options = dict(options.pop("compiler_options", None) or {})
    return Jitted(fun, options, compiler_options)


# glibc's names for mallopt, and the environment variables that say the same before a process starts.
_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": (-3, 1 << 30),
    "MALLOC_TRIM_THRESHOLD_": (-1, (1 << 31) - 1),
    "MALLOC_ARENA_MAX": (-8, 1),
}


def tune_allocator() -> None:
    """Lets the process keep the memory of large arrays, where it would go back to the system and come back as faults.

    The CPU's backend takes every array of 32 MiB or more afresh from the system, which hands it out page by page as
    it is first written to. After this the memory is kept and used again: large models train faster, and the process
    never gets smaller. It acts on the whole process; call it before JAX runs anything. The same without Python::

        MALLOC_MMAP_THRESHOLD_=1073741824 MALLOC_TRIM_THRESHOLD_=2147483647 MALLOC_ARENA_MAX=1 python train.py

    Raises:
        RuntimeError: the system has no glibc (its ``mallopt`` is what is called), or it refused.

    Source: glibc's ``mallopt(3)``.

    Example:
        >>> import purenn
        >>> purenn.tune_allocator()  # doctest: +SKIP
    """
    library, version = platform.libc_ver()
    if library != "glibc":
        raise RuntimeError(f"tune_allocator: the C library must be glibc, on Linux, got {library or platform.system()}")
    mallopt = ctypes.CDLL(None).mallopt
    refused = [name for name, (parameter, value) in _MALLOC.items() if not mallopt(parameter, value)]
    if refused:
        raise RuntimeError(f"tune_allocator: glibc {version} refused {', '.join(refused)}")
