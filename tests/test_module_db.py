"""Torch's own samples for its modules, written by others: every class that purenn has, on both faces."""

import warnings

import pytest
import torch
from functional_engine import assert_close
from layer_engine import check_against_torch, flat, to_jax

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

from purenn import layers, nn

RANDOM = {"Dropout"}  # in training


def samples(info, training, dtype=torch.float32):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        return info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)


def made(namespace, info, sample):
    args, kwargs = to_jax(sample.constructor_input.args), to_jax(sample.constructor_input.kwargs)
    return getattr(namespace, info.module_cls.__name__)(*args, **kwargs)


KNOWN = [info for info in module_db if hasattr(nn, info.module_cls.__name__)]


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.module_cls.__name__)
def test_module_db(info, training):
    count = 0
    for number, sample in enumerate(samples(info, training)):
        if info.module_cls.__name__ in RANDOM and training:
            continue
        torch.manual_seed(number)
        theirs = info.module_cls(*sample.constructor_input.args, **sample.constructor_input.kwargs).train(training)
        args, kwargs = list(sample.forward_input.args), sample.forward_input.kwargs
        layer, module = made(layers, info, sample), made(nn, info, sample).train(training)
        module.load_state_dict(theirs.state_dict())
        try:
            expected = check_against_torch(layer, theirs, args, kwargs, training=training, dtype="float32")
            got = flat(module(*to_jax(args), **to_jax(kwargs)))
            for o, t in zip(got, expected, strict=True):
                assert_close(o, t, "float32", 1.0, "the module's output")
        except Exception as error:
            error.add_note(f"sample {number} ({sample.desc}): {layer!r}")
            raise
        for name, tensor in theirs.state_dict().items():
            assert_close(module.state_dict()[name], tensor, "float32", 1.0, f"sample {number}: {name}")
        count += 1
    assert count or info.module_cls.__name__ in RANDOM
