"""torch.nn.attention beside torch: flexible attention, masks by blocks, causal masks, kernels."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from torch.nn.attention import bias as torch_bias
from torch.nn.attention import flex_attention as torch_flex

from purenn import functional as F
from purenn.nn.attention import SDPBackend, bias, sdpa_kernel
from purenn.nn.attention import flex_attention as flex

torch_flex._FLEX_ATTENTION_DISABLE_COMPILE_DEBUG = True


def arrays(heads=2, kv_heads=2, q_len=5, kv_len=7, batch=2, kv_batch=2, dtype=np.float32):
    rng = np.random.default_rng(0)
    return [
        rng.standard_normal(shape).astype(dtype)
        for shape in ((batch, heads, q_len, 4), (kv_batch, kv_heads, kv_len, 4), (kv_batch, kv_heads, kv_len, 3))
    ]


BIAS = np.random.default_rng(1).standard_normal((2, 13)).astype(np.float32)


def relative(table, _=None):
    return lambda score, b, h, q, k: score + table[h, q - k + 6]


def in_jax(x):
    return x.astype(jnp.float32)


SCORES = {
    "none": lambda table, cast: None,
    "scaled": lambda table, cast: lambda score, b, h, q, k: score * 2 + cast(q - k) * 0.5,
    "by_head": lambda table, cast: lambda score, b, h, q, k: score * cast(h + 1) - cast(b * k) * 0.25,
    "table": relative,
}
MASKS = {
    "causal": lambda b, h, q, k: q >= k,
    "window": lambda b, h, q, k: (q - k < 3) & (k - q < 2),
    "by_batch": lambda b, h, q, k: (k < 3 + 2 * b) & (q + h > 0),
}


def in_torch(q, k, v, score, mask, scale, gqa):
    """The values of torch's kernel with gradients, which it refuses on the CPU."""
    q, k, v = (torch.tensor(x, requires_grad=True) for x in (q, k, v))
    groups = q.shape[1] // k.shape[1]
    kk, vv = (x.repeat_interleave(groups, 1) for x in (k, v))
    s = q @ kk.transpose(-1, -2) * (scale or 1 / math.sqrt(q.shape[-1]))
    index = torch.meshgrid(*map(torch.arange, s.shape), indexing="ij")
    s = s if score is None else score(s, *index)
    s = s if mask is None else torch.where(mask(*index), s, -torch.inf)
    weights = torch.where((s == -torch.inf).all(-1, keepdim=True), 0, torch.softmax(s, -1).nan_to_num())
    out = weights @ vv
    out.square().sum().backward()
    return out.detach().numpy(), [x.grad.numpy() for x in (q, k, v)]


@pytest.mark.filterwarnings("ignore:return_lse")
@pytest.mark.parametrize("mask", [None, *MASKS])
@pytest.mark.parametrize(("score", "gqa"), [("none", False), ("scaled", True), ("by_head", False), ("table", True)])
def test_flex_attention(score, mask, gqa):
    q, k, v = arrays(heads=4 if gqa else 2)
    table = np.concatenate([BIAS, BIAS]) if gqa else BIAS
    ours, theirs = SCORES[score](jnp.asarray(table), in_jax), SCORES[score](torch.tensor(table), torch.Tensor.float)
    blocks = mask and flex.create_block_mask(MASKS[mask], 2, q.shape[1], 5, 7, BLOCK_SIZE=(2, 4))
    torch_blocks = mask and torch_flex.create_block_mask(MASKS[mask], 2, q.shape[1], 5, 7, "cpu", BLOCK_SIZE=(2, 4))
    scale = 0.3 if gqa else None

    def call(q, k, v, blocks):
        return flex.flex_attention(
            q, k, v, ours, blocks, scale, gqa, return_aux=flex.AuxRequest(lse=True, max_scores=True)
        )

    out, aux = jax.jit(call)(q, k, v, blocks)
    expected, lse = torch_flex.flex_attention(
        *map(torch.tensor, (q, k, v)), theirs, torch_blocks, scale, gqa, return_lse=True
    )
    np.testing.assert_allclose(out, expected.numpy(), atol=2e-6)
    np.testing.assert_allclose(aux.lse, lse.numpy(), atol=2e-6)
    assert aux.max_scores.shape == aux.lse.shape and (aux.max_scores <= aux.lse).all()
    value, grads = in_torch(q, k, v, theirs, MASKS.get(mask), scale, gqa)
    np.testing.assert_allclose(out, value, atol=2e-6)
    got = jax.grad(lambda *x: jnp.sum(jnp.square(flex.flex_attention(*x, ours, blocks, scale, gqa))), (0, 1, 2))(
        q, k, v
    )
    for a, e in zip(got, grads, strict=True):
        np.testing.assert_allclose(a, e, atol=1e-5)


def test_flex_attention_gives_what_is_asked():
    q, k, v = map(jnp.asarray, arrays())
    out = flex.flex_attention(q, k, v)
    np.testing.assert_allclose(out, F.scaled_dot_product_attention(q, k, v), atol=1e-6)
    out, lse = flex.flex_attention(q, k, v, return_lse=True, kernel_options={"BLOCK_M": 16})
    assert lse.shape == out.shape[:-1]
    _, aux = flex.flex_attention(q, k, v, return_aux=flex.AuxRequest())
    assert aux == flex.AuxOutput(None, None)
    half = [x.astype(jnp.bfloat16) for x in (q, k, v)]
    expected = torch_flex.flex_attention(*(torch.tensor(np.asarray(x)).bfloat16() for x in (q, k, v)))
    got = flex.flex_attention(*half, lambda s, *_: s)
    assert got.dtype == jnp.bfloat16
    np.testing.assert_allclose(np.asarray(got, np.float32), expected.float().numpy(), atol=0.02)
    table = jnp.asarray(BIAS)
    gradient = jax.grad(lambda t: jnp.sum(flex.flex_attention(q, k, v, relative(t)) ** 2))(table)
    assert gradient.shape == table.shape and jnp.abs(gradient).sum() > 0
    with jax.enable_x64():
        wide = flex.flex_attention(*(np.asarray(x, np.float64) for x in (q, k, v)), lambda s, *_: s * 2)
        assert wide.dtype == jnp.float64


def test_rows_without_keys_and_shared_keys():
    q, k, v = arrays(kv_batch=1)

    def never(b, h, q, k):
        return (q > 0) & (k < 3)

    blocks = flex.create_block_mask(never, 2, None, 5, 7)
    out, aux = flex.flex_attention(q, k, v, block_mask=blocks, return_aux=flex.AuxRequest(lse=True))
    theirs = torch_flex.create_block_mask(never, 2, None, 5, 7, "cpu")
    expected = torch_flex.flex_attention(*map(torch.tensor, (q, k, v)), block_mask=theirs)
    np.testing.assert_allclose(out, expected.numpy(), atol=1e-6)
    assert not out[:, :, 0].any() and (aux.lse[:, :, 0] == -jnp.inf).all()
    grads = jax.grad(lambda q: jnp.sum(flex.flex_attention(q, k, v, block_mask=blocks) ** 2))(jnp.asarray(q))
    assert jnp.isfinite(grads).all() and not grads[:, :, 0].any()


FIELDS = [
    f"{full}{side}_{what}" for full in ("", "full_") for side in ("kv", "q") for what in ("num_blocks", "indices")
]


@pytest.mark.parametrize(("size", "separate"), [(4, True), ((2, 4), False), (128, True)])
@pytest.mark.parametrize("mask", MASKS)
def test_block_masks(mask, size, separate):
    args = MASKS[mask], 2, 2, 10, 12
    ours = flex.create_block_mask(*args, BLOCK_SIZE=size, separate_full_blocks=separate)
    theirs = torch_flex.create_block_mask(*args, "cpu", BLOCK_SIZE=size, separate_full_blocks=separate)
    for a, e in (
        (ours, theirs),
        (ours[0], theirs[0]),
        (ours[:, 1:, :1], theirs[:, 1:, :1]),
        (ours[-1, 0], theirs[-1, 0]),
    ):
        for field in FIELDS:
            x, y = getattr(a, field), getattr(e, field)
            assert (x is None) == (y is None), field
            if x is not None:
                np.testing.assert_array_equal(x, y.numpy(), err_msg=field)
                assert x.dtype == jnp.int32
        assert a.shape == e.shape and a.BLOCK_SIZE == e.BLOCK_SIZE and a.numel() == e.numel()
        assert math.isclose(a.sparsity(), e.sparsity())
        np.testing.assert_array_equal(a.to_dense(), e.to_dense().numpy())
        assert a.to_string() == e.to_string()
        expected = repr(e).replace("torch.Size([", "(").replace("])", ")")
        assert repr(a).split("mask_mod")[0] == expected.split("mask_mod")[0]
    np.testing.assert_array_equal(ours.to_mask(2, 2), flex.create_mask(*args))
    assert len(ours.as_tuple()) == 13 and len(ours.as_tuple(flatten=False)) == 11
    with pytest.raises(RuntimeError, match="sliced BlockMask"):
        flex.flex_attention(*arrays(q_len=10, kv_len=12), block_mask=ours[:, :1])
    small = ours._adjust(5, 7)
    assert small.shape == (2, 2, 5, 7)
    q, k, v = arrays()
    np.testing.assert_allclose(
        flex.flex_attention(q, k, v, block_mask=small),
        torch_flex.flex_attention(*map(torch.tensor, (q, k, v)), block_mask=theirs._adjust(5, 7)).numpy(),
        atol=2e-6,
    )


def test_masks_and_their_combinations():
    def combined(wing):
        return [
            wing.and_masks(*MASKS.values()),
            wing.or_masks(*MASKS.values()),
            wing.and_masks(),
            wing.or_masks(),
            wing.noop_mask,
            lambda score, b, h, q, k: (jnp if wing is flex else torch).where(q >= k, score, -math.inf),
        ]

    for ours, theirs in zip(combined(flex), combined(torch_flex), strict=True):
        np.testing.assert_array_equal(
            jax.jit(lambda mask=ours: flex.create_mask(mask, 2, 2, 4, 5))(),
            torch_flex.create_mask(theirs, 2, 2, 4, 5, "cpu").numpy(),
        )
    blocks = flex.BlockMask.from_kv_blocks(
        jnp.ones((1, 1, 2), jnp.int32), jnp.array([[[[0, 1], [1, 0]]]]), BLOCK_SIZE=2
    )
    expected = np.kron(np.eye(2, dtype=bool), np.ones((2, 2), bool))
    np.testing.assert_array_equal(blocks.to_mask(1, 1)[0, 0], expected)  # blocks that aren't listed are left out
    assert jax.tree.unflatten(*jax.tree.flatten(blocks)[::-1]).shape == blocks.shape


def test_flex_bad_calls():
    q, k, v = arrays()
    for args, match in (
        ((q[0], k, v), "query must have rank 4"),
        ((q, k[..., :2], v), "key must have shape"),
        ((q, k, v[:, :, :3]), "value must have shape"),
        ((q, k[:, :1], v[:, :1]), "enable_gqa=True"),
        ((q, k[:1], v[:1]), "batch size 2"),
    ):
        with pytest.raises(ValueError, match=match):
            flex.flex_attention(*args)
    with pytest.raises(ValueError, match="divides"):
        flex.flex_attention(*arrays(heads=3), enable_gqa=True)
    with pytest.raises(ValueError, match=r"made for the lengths \(5, 7\)"):
        flex.flex_attention(q, k, v, block_mask=flex.create_block_mask(MASKS["causal"], None, None, 8, 7))
    with pytest.raises(ValueError, match="batch and heads"):
        flex.flex_attention(q, k, v, block_mask=flex.create_block_mask(MASKS["causal"], 3, None, 5, 7))
    with pytest.raises(ValueError, match="return_lse must be False"):
        flex.flex_attention(q, k, v, return_lse=True, return_aux=flex.AuxRequest())
    with pytest.raises(ValueError, match="function of 4 indices"):
        flex.create_block_mask(lambda s, b, h, q, k: s, 1, 1, 4, 4)
    with pytest.raises(ValueError, match="got 2 arguments"):
        flex.create_mask(lambda q, k: q > k, 1, 1, 4, 4)
    with pytest.raises(TypeError, match="functions of the indices"):
        flex.and_masks(MASKS["causal"], True)
    with pytest.raises(ValueError, match="given together"):
        flex.BlockMask((2, 2), jnp.ones(1), jnp.ones((1, 1)), jnp.ones(1), *(None,) * 5)


@pytest.mark.parametrize("shape", [(5, 7), (7, 7), (3, 4)])
@pytest.mark.parametrize("name", ["causal_upper_left", "causal_lower_right"])
def test_causal_bias(name, shape):
    ours, theirs = getattr(bias, name)(*shape), getattr(torch_bias, name)(*shape)
    np.testing.assert_array_equal(ours, theirs._materialize().numpy())
    assert ours == getattr(bias, name)(*shape) and hash(ours) == hash(getattr(bias, name)(*shape))
    assert ours.variant == bias.CausalVariant[theirs.variant.name] and ours.shape == shape
    q, k, v = arrays(q_len=shape[0], kv_len=shape[1])
    expected = torch.nn.functional.scaled_dot_product_attention(*map(torch.tensor, (q, k, v)), theirs)
    got = jax.jit(F.scaled_dot_product_attention)(q, k, v, ours)
    np.testing.assert_allclose(got, np.asarray(expected), atol=1e-6)
    with pytest.raises(ValueError, match="is_causal=True"):
        F.scaled_dot_product_attention(q, k, v, ours, is_causal=True)


def test_causal_bias_bad_calls_and_empty_rows():
    with pytest.raises(ValueError, match="an integer or 2 integers"):
        bias.causal_upper_left(2, 3, 4)
    with pytest.raises(TypeError, match="a CausalVariant"):
        bias.CausalBias(1, 2, 3)
    q, k, v = arrays(q_len=4, kv_len=2)
    out = F.scaled_dot_product_attention(q, k, v, bias.causal_lower_right(4, 2))
    assert not out[:, :, :2].any() and out[:, :, 2:].all()


def test_sdpa_kernel():
    q, k, v = map(jnp.asarray, arrays())
    expected = F.scaled_dot_product_attention(q, k, v)
    for choice in (SDPBackend.MATH, [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH], SDPBackend.CUDNN_ATTENTION):
        with sdpa_kernel(choice, set_priority=True):
            np.testing.assert_array_equal(F.scaled_dot_product_attention(q, k, v), expected)
    for bad in ("math", ["math"], None):
        with pytest.raises(TypeError, match="SDPBackend"), sdpa_kernel(bad):
            pass
    for bad in ([], SDPBackend.ERROR, [SDPBackend.OVERRIDEABLE]):
        with pytest.raises(ValueError, match="can be run"), sdpa_kernel(bad):
            pass
    names = ["ERROR", "MATH", "FLASH_ATTENTION", "EFFICIENT_ATTENTION", "CUDNN_ATTENTION", "OVERRIDEABLE"]
    assert [int(SDPBackend[n]) for n in names] == [int(getattr(torch.nn.attention.SDPBackend, n)) for n in names]
