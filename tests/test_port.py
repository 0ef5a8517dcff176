"""The command, the marks, and pieces of source with their ports."""

import subprocess
import sys
import textwrap

import pytest

from purenn.port import port
from purenn.port.__main__ import main


def body(source, head="import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"):
    """The port of a piece of source without its imports, and the remarks."""
    ported = port(head + textwrap.dedent(source))
    lines = [line for line in ported.source.splitlines() if not line.startswith(("import ", "from "))]
    return "\n".join(lines).strip(), ported.remarks


def in_function(source, arguments="x, y"):
    text, remarks = body(f"def f({arguments}):\n" + textwrap.indent(textwrap.dedent(source), "    "))
    return textwrap.dedent(text.partition("\n")[2]), remarks


# The command.


def test_command(tmp_path, capsys):
    given, made = tmp_path / "model.py", tmp_path / "model_jax.py"
    given.write_text("import torch\n\nx = torch.zeros(2, 3)  # a start\n")
    assert main([str(given), "-o", str(made)]) == 0
    assert made.read_text() == "import jax.numpy as jnp\n\nx = jnp.zeros((2, 3))  # a start\n"
    assert capsys.readouterr() == ("", "")
    assert main([str(given)]) == 0
    assert capsys.readouterr().out == made.read_text()


def test_command_lists_what_is_left(tmp_path, capsys):
    given = tmp_path / "model.py"
    given.write_text("import torch\n\nx = torch.zeros(2)\ny = torch.autograd.grad(x.sum(), x)\n")
    assert main([str(given)]) == 1
    out, err = capsys.readouterr()
    assert "# PORT: torch.autograd.grad has no translation" in out
    assert "import torch\n" in out
    assert err.startswith(f"{given}:4: torch.autograd.grad has no translation: gradients are values")


@pytest.mark.parametrize(
    "make", [lambda path: None, lambda path: path.write_text("def f(:\n"), lambda path: path.mkdir()]
)
def test_unreadable_files(make, tmp_path, capsys):
    make(tmp_path / "model.py")
    made = tmp_path / "out.py"
    assert main([str(tmp_path / "model.py"), "-o", str(made)]) == 2
    assert str(tmp_path / "model.py") in capsys.readouterr().err
    assert not made.exists()


def test_syntax_error():
    with pytest.raises(ValueError, match="port: the source must be valid Python: line [34]: "):
        port("import torch\n\ndef f(:\n    pass\n")


def test_runs_as_a_module(tmp_path):
    (tmp_path / "model.py").write_text("import torch\nx = torch.ones(2)\n")
    command = [sys.executable, "-m", "purenn.port", str(tmp_path / "model.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "import jax.numpy as jnp\nx = jnp.ones(2)\n"


def test_purenn_alone_does_not_import_libcst():
    code = "import sys, purenn; assert 'libcst' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_file_without_torch_stays():
    source = "import numpy as np\nx = np.zeros(3).transpose(0)\n"
    assert port(source).source == source


# What stays, and is marked.


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("y = x[0]\ny += 1\nreturn x", "changes x too"),
        ("y = x.view(-1)\nx[0] = 1\nreturn y", "changes y too"),
        ("y = x\ny.add_(1)\nreturn x", "changes x too"),
        ("z = F.relu(x, inplace=True)\nreturn z + x", "changes x too"),
        ("a = x.transpose(0, 1)\nb = a[0]\nb.zero_()\nreturn a", "changes x too|changes a too"),
        ("g = x.grad\nreturn g", "gradients are no attributes"),
        ("x.register_hook(print)\nreturn x", "register_hook"),
        ("return torch.autograd.functional.jacobian(f, x)", "autograd.functional.jacobian"),
        ("torch.add(x, 1, out=x)\nreturn x", "out="),
    ],
)
def test_marked(source, problem):
    import re

    text, remarks = in_function(source)
    assert any(remark.todo and re.search(problem, str(remark)) for remark in remarks), (text, remarks)
    assert "# PORT: " in text


@pytest.mark.parametrize(
    "source",
    [
        "y = x[0] + 1\ny += 1\nreturn x",
        "y = x[0].clone()\ny += 1\nreturn x",
        "x = F.relu(x, inplace=True)\nreturn x",
        "y = x[0]\nx = x + 1\nx += 1\nreturn y",
        "out = nn.Linear(2, 2)(x)\nout += x\nreturn out + x",
    ],
)
def test_not_marked(source):
    text, remarks = in_function(source)
    assert not [remark for remark in remarks if remark.todo]
    assert "# PORT" not in text


def test_a_layer_that_writes_into_its_input():
    _, remarks = body("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.act = nn.ReLU(inplace=True)

            def forward(self, x):
                y = self.act(x)
                return x + y
        """)
    (remark,) = remarks
    assert remark.line == 11
    assert "changes x too" in str(remark)


def test_marks_are_not_repeated():
    source = "import torch\n\n\ndef f(x):\n    return torch.autograd.grad(x.sum(), x)\n"
    once = port(source).source
    assert port(once).source == once


def test_imports_that_are_still_needed_stay():
    source = "import torch\nfrom torch.utils.data import DataLoader\n\nloader = DataLoader(torch.zeros(3))\n"
    ported = port(source)
    assert "from torch.utils.data import DataLoader\n" in ported.source
    assert "jnp.zeros(3)" in ported.source
    assert not ported.complete


# Pieces.


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("return x.view(x.size(0), -1)", "return x.reshape(x.shape[0], -1)"),
        ("return x.to(y.device).float()", "return x.astype(jnp.float32)"),
        ("return x.to(torch.float16)", "return x.astype(jnp.float16)"),
        ("return x.to(y)", "return x.astype(y.dtype)"),
        ("x = x.cuda()\nreturn x", "return x"),
        ("return x.detach().cpu().numpy()", "return np.asarray(x)"),
        ("return x.new_zeros(2, 3)", "return jnp.zeros((2, 3), x.dtype)"),
        ("return torch.where(x > 0, x, torch.zeros_like(x))", "return jnp.where(x > 0, x, jnp.zeros_like(x))"),
        ("return torch.stack([x, y], dim=1)", "return jnp.stack([x, y], axis=1)"),
        ("with torch.no_grad():\n    x = x * 2\nreturn x", "x = x * 2\nreturn x"),
        ("return x.pow(2).sum(1, keepdim=True)", "return (x**2).sum(1, keepdims=True)"),
        ("_, i = torch.max(x, 1)\nreturn i", "i = x.argmax(1)\nreturn i"),
        ("x.detach_()\nreturn x", "x = jax.lax.stop_gradient(x)\nreturn x"),
        ("return torch.eye(n=3, m=2)", "return jnp.eye(N=3, M=2)"),
        ("return torch.finfo(x.dtype).min", "return jnp.finfo(x.dtype).min"),
        ("return torch.sqrt(x * y.mean(-1))", "return jnp.sqrt(x * y.mean(-1))"),
        ("return x.type(torch.LongTensor)", "return x.astype(int)"),
        ("return torch.empty(3).fill_(2.0)", "return jnp.full_like(jnp.zeros(3), 2.0)"),
        ("return torch.FloatTensor([1, 2])", "return jnp.array([1, 2], jnp.float32)"),
        (
            "return torch.randint(0, 5, (3,))",
            "return jax.random.randint(purenn.random.default_generator().next(), (3,), 0, 5)",
        ),
    ],
)
def test_pieces(source, expected):
    text, remarks = in_function(source)
    assert text == expected
    assert not remarks


@pytest.mark.parametrize(
    "source",
    ["return 'a,b'.split(',')", "d = {}\nd['a'] = 1\nreturn d", "return [1, 2].copy()", "return np.zeros(3).max(0)"],
)
def test_what_is_no_tensor_stays(source):
    ported = port(f"import numpy as np\nimport torch\n\n\ndef f():\n{textwrap.indent(source, '    ')}\n")
    assert textwrap.indent(source, "    ") in ported.source


def test_requires_grad_is_left_out_with_a_remark():
    text, remarks = in_function("return x.requires_grad_()")
    assert text == "return x"
    assert [str(remark) for remark in remarks] == [
        "requires_grad_() was left out: tell jax.grad which arrays to differentiate with respect to"
    ]


def test_formatting_stays():
    text, _ = in_function("""\
        return (
            x.view(2, -1)  # rows
             .transpose(0, 1)  # columns
             .contiguous()
        )
        """)
    assert text == "# columns\nreturn (\n    x.reshape(2, -1)  # rows\n     .swapaxes(0, 1)\n)"


def test_no_grad_in_a_module_stops_gradients():
    text, _ = body("""
        class Net(nn.Module):
            def forward(self, x):
                with torch.no_grad():
                    target = self.teacher(x)  # as it is
                return x - target
        """)
    assert "target = jax.lax.stop_gradient(self.teacher(x))  # as it is" in text
    assert "with " not in text


def test_initialisation():
    text, remarks = body("""
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter(torch.Tensor(2, 3))
                self.register_buffer("count", torch.zeros(1))
                self.w.data.uniform_(-1, 1)
                nn.init.kaiming_normal(self.w.data)
                for m in self.modules():
                    if isinstance(m, nn.Conv2d):
                        m.weight.data.normal_(0, 0.02)
                        m.bias.data.zero_()
                        m.weight.data = m.weight.data * 2

            def forward(self, x):
                self.count += 1
                return x + torch.randn(3)
        """)
    for line in (
        "self.w = nn.Parameter(jnp.zeros((2, 3)))",
        "nn.init.uniform_(self.w, -1, 1)",
        "nn.init.kaiming_normal_(self.w)",
        "nn.init.normal_(m.weight, 0, 0.02)",
        "nn.init.zeros_(m.bias)",
        "self.count += 1",
        "return x + jax.random.normal(self.make_rng(), (3,))",
    ):
        assert line in text
    assert not remarks


def test_einops_layers():
    source = "import torch\nfrom torch import nn\nfrom einops.layers.torch import Rearrange\n"
    source += "\nlayer = Rearrange('a b -> b a')\n"
    new = port(source).source
    assert "class Rearrange(nn.Module):" in new
    assert "import einops\n" in new
    assert "torch" not in new
