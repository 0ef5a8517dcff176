"""Torch's import paths, such as ``import purenn.nn.functional as F``: each name is that of purenn's own module."""

import importlib
import pkgutil
import subprocess
import sys
import types

import pytest

from purenn import functional

PATHS = {
    "purenn.nn.functional": "purenn.functional",
    "purenn.nn.init": "purenn.init",
    "purenn.nn.utils": "purenn.utils",
    "purenn.nn.utils.rnn": "purenn.utils.rnn",
    "purenn.nn.utils.parametrize": "purenn.utils.parametrize",
    "purenn.nn.utils.parametrizations": "purenn.utils.parametrizations",
    "purenn.nn.utils.prune": "purenn.utils.prune",
}


@pytest.mark.parametrize("path", PATHS)
def test_names_are_those_of_purenns_own_module(path):
    module, own = importlib.import_module(path), importlib.import_module(PATHS[path])
    public = [n for n, value in vars(own).items() if n[0] != "_" and not isinstance(value, types.ModuleType)]
    names = getattr(own, "__all__", public)
    assert names
    assert [name for name in names if getattr(module, name) is not getattr(own, name)] == []


def test_functional_exports_all_that_its_families_do():
    """A function that is missing in the list is missing in ``purenn.nn.functional`` too."""
    rooms = [sys.modules[f"purenn.functional.{m.name}"] for m in pkgutil.iter_modules(functional.__path__)]
    families = [room for room in rooms if room.__name__.rpartition(".")[2] not in ("calls", "dtypes")]
    assert functional.__all__ == sorted(name for family in families for name in family.__all__)
    assert len(set(functional.__all__)) == len(functional.__all__)


SCRIPT = """
import sys
import purenn
from purenn import nn
late = [name for name in ("purenn.nn.attention", "purenn.nn.utils", "purenn.nn.utils.rnn") if name in sys.modules]
assert not late, f"{late} make every import slower"
assert {"attention", "utils", "init", "functional"} <= set(dir(nn))
assert nn.utils.rnn.pad_sequence and nn.attention.SDPBackend and nn.parallel.DataParallel is nn.DataParallel
import purenn.nn.functional as F
import purenn.nn.init, purenn.nn.utils.rnn, purenn.nn.utils.parametrize as P
from purenn.nn.attention.flex_attention import flex_attention
from purenn.nn.parallel import DataParallel
from purenn.nn.utils import clip_grad_norm
from purenn.nn.utils.parametrizations import weight_norm
assert F is nn.functional and purenn.nn.init is nn.init and P.is_parametrized is nn.utils.parametrize.is_parametrized
try:
    nn.nothing
except AttributeError as error:
    assert str(error) == "module 'purenn.nn' has no attribute 'nothing'"
else:
    raise AssertionError
"""


def test_paths_can_be_imported_and_load_nothing_before():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
