"""Few functions are between a class and its formula, for readers who follow a call with "go to definition"."""

import sys
from pathlib import Path

import jax.numpy as jnp

import purenn
from purenn import nn

HOME = str(Path(purenn.__file__).parent)


def functions_on_the_way(call, last):
    """The functions of purenn on the stack at the first call of the function with this name."""
    found = []

    def watch(frame, event, argument):
        if event == "call" and frame.f_code.co_name == last and not found:
            while frame is not None:
                if frame.f_code.co_filename.startswith(HOME):
                    found.append(frame.f_code.co_qualname)
                frame = frame.f_back

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(before)
    return found[::-1]


def test_a_convolution_is_twelve_functions_from_its_formula():
    conv, x = nn.Conv2d(3, 5, 3, stride=3), jnp.ones((1, 3, 7, 7))
    way = functions_on_the_way(lambda: conv(x), "correlated")
    assert way[0] == "Module.__call__"
    assert {"Conv2d.forward", "conv2d", "Convolution.y"} <= set(way)
    assert len(way) <= 12, way
