"""Torch's own samples for its modules: every class that purenn has, on both faces."""

import warnings

import jax
import pytest
import torch
from functional_engine import assert_close
from layer_engine import check_against_torch, flat, to_jax

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from torch.testing._internal.common_modules import module_db

import purenn.functional as F
from purenn import layers, nn

RANDOM = {  # in training
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "RReLU",
}
WHOLE_TARGETS = {"SoftMarginLoss"}  # of which torch refuses gradients
TOLERANCE = {"CTCLoss": 4.0}  # torch's gradient in float32 is 4e-5 from that in float64, this one's 1e-6


def samples(info, training, dtype=torch.float32):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        return info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)


def made(namespace, info, sample):
    def converted(value):
        if value is getattr(torch.nn.functional, getattr(value, "__name__", ""), torch):  # an activation
            return getattr(F, value.__name__)
        if not isinstance(value, torch.nn.TransformerEncoderLayer):
            return value
        attention = value.self_attn
        sizes = attention.embed_dim, attention.num_heads, value.linear1.out_features, value.dropout.p
        return namespace.TransformerEncoderLayer(
            *sizes, value.activation.__name__, value.norm1.eps, attention.batch_first, value.norm_first,
            attention.in_proj_bias is not None,
        )  # fmt: skip

    args, kwargs = jax.tree.map(converted, (sample.constructor_input.args, sample.constructor_input.kwargs))
    return getattr(namespace, info.module_cls.__name__)(*to_jax(args), **to_jax(kwargs))


KNOWN = [info for info in module_db if hasattr(nn, info.module_cls.__name__)]
SHARE = {True: 2, False: 1}  # so many samples of a class, spread over all, run by default in training, in evaluation


def test_all_of_module_db_is_known():
    assert [info.module_cls.__name__ for info in module_db if info not in KNOWN] == []


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["share", "whole"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize("info", KNOWN, ids=lambda info: info.module_cls.__name__)
def test_module_db(info, training, whole):
    if info.module_cls.__name__ in RANDOM and training:
        pytest.skip("torch draws other numbers")
    numbered = list(enumerate(samples(info, training)))
    assert numbered
    step = -(-len(numbered) // SHARE[training])
    for number, sample in numbered if whole else numbered[0 if training else step // 2 :: step]:
        torch.manual_seed(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = info.module_cls(*sample.constructor_input.args, **sample.constructor_input.kwargs).train(training)
        theirs.to(torch.float32)  # as torch's own tests do: some samples have arrays of float64
        if isinstance(theirs, torch.nn.modules.lazy.LazyModuleMixin):
            theirs(*sample.forward_input.args, **sample.forward_input.kwargs)
        args, kwargs = list(sample.forward_input.args), sample.forward_input.kwargs
        if info.module_cls.__name__ in WHOLE_TARGETS:
            args[1] = args[1].detach().long()
        tolerance = TOLERANCE.get(info.module_cls.__name__, 1.0)
        layer, module = made(layers, info, sample), made(nn, info, sample).train(training)
        module.load_state_dict(theirs.state_dict())
        try:
            expected = check_against_torch(
                layer, theirs, args, kwargs, training=training, dtype="float32", tolerance=tolerance
            )
            got = flat(module(*to_jax(args), **to_jax(kwargs)))
            for o, t in zip(got, expected, strict=True):
                assert_close(o, t, "float32", tolerance, "the module's output")
        except Exception as error:
            error.add_note(f"sample {number} ({sample.desc}): {layer!r}")
            raise
        for name, tensor in theirs.state_dict().items():
            assert_close(module.state_dict()[name], tensor, "float32", 1.0, f"sample {number}: {name}")
