"""``dir()`` of every public package shows the names of ``__all__``, and no private or imported names."""

import types

import pytest

import purenn
from purenn import functional, interop, layers, nn, utils

PACKAGES = [purenn, functional, interop, layers, nn, utils]
MODULES = {
    "attention",
    "debug",
    "functional",
    "init",
    "interop",
    "layers",
    "nn",
    "parametrizations",
    "ops",
    "parametrize",
    "prune",
    "rnn",
    "utils",
}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_dir(package):
    shown = dir(package)
    assert set(package.__all__) <= set(shown)
    for name in shown:
        assert not name.startswith("_"), name
        value = getattr(package, name)
        if isinstance(value, types.ModuleType):
            assert name in MODULES and value.__name__.startswith("purenn."), name
        else:
            assert value.__module__.startswith("purenn"), name


def test_functions_are_of_the_public_package():
    for name in functional.__all__:
        if isinstance(value := getattr(functional, name), types.FunctionType):
            assert value.__module__ == "purenn.functional", name
