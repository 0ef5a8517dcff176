"""Which packages count as constant: installed ones, wherever they are installed, unless they build on purenn."""

import importlib
import sys

import jax.numpy as jnp
import pytest

from purenn import nn
from purenn.nn.code import is_library, is_library_class

X = jnp.ones((3, 2))
pytestmark = pytest.mark.filterwarnings("ignore:.*compiled for the third time")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages, in an unusual place."""
    (tmp_path / "something-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("installed_")]:
        del sys.modules[name]


def test_an_installed_package_is_constant(site):
    (site / "installed_tool.py").write_text("import sys\nN = len(sys.modules) * 0 + 2.0\ndef f(x): return x * N\n")
    tool = importlib.import_module("installed_tool")
    assert is_library("installed_tool") and is_library("jax.numpy") and is_library("os") and is_library("purenn.nn")
    assert not is_library(__name__) and not is_library("__main__")
    net = nn.Sequential(nn.Identity())
    net.forward = lambda x: tool.f(x).sum()
    assert float(net.compile()(X)) == 12.0


def test_an_installed_package_of_modules_is_followed(site):
    package = site / "installed_zoo"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "config.py").write_text("SCALE = 1.0\n")
    (package / "model.py").write_text(
        "from purenn import nn\n"
        "from installed_zoo import config\n"
        "class Head(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.k, self.list = 1.0, [1.0]\n"
        "    def forward(self, x):\n"
        "        return x.sum() * self.k * self.list[0] * config.SCALE\n"
    )
    model, config = (importlib.import_module(f"installed_zoo.{name}") for name in ("model", "config"))
    net = model.Head().compile()
    assert float(net(X)) == 6.0
    net.k = 2.0
    assert float(net(X)) == 12.0
    net.list[0] = 2.0
    assert float(net(X)) == 24.0
    config.SCALE = 2.0
    assert float(net(X)) == 48.0


def test_an_object_of_an_installed_package(site):
    (site / "installed_conf.py").write_text(
        "class Conf:\n    k = 1.0\n    def __init__(self): self.v = 1.0\n    def get(self): return self.v\n"
    )
    conf = importlib.import_module("installed_conf").Conf()
    net = nn.Identity()
    net.forward = lambda x: x.sum() * conf.get()
    net.compile()
    assert float(net(X)) == 6.0
    conf.v = 2.0
    assert float(net(X)) == 12.0


def test_what_exec_makes_is_a_users():
    """In a namespace without a name, a class has the module builtins. Python's own classes stay constant."""
    namespace = {}
    exec(
        "from purenn import nn\n"
        "factor = 2.0\n"
        "class Times:\n"
        "    def __call__(self, x): return x * factor\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.times = Times()\n"
        "    def forward(self, x): return self.times(x) * factor\n",
        namespace,
    )
    assert namespace["Net"].__module__ == "builtins"
    assert not is_library_class(namespace["Net"]) and not is_library_class(namespace["Times"])
    for own in (object, dict, ValueError, ExceptionGroup, type(None), type({}.keys()), type(len)):
        assert is_library_class(own), own
    net = namespace["Net"]().compile()
    assert float(net(X).sum()) == 24.0
    namespace["factor"] = 3.0
    assert float(net(X).sum()) == 54.0
