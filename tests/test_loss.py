"""Losses beyond the table of calls: warnings, NaN, mixed dtypes, complex numbers, memory, traced lengths."""

import inspect
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from functional_engine import Case, check_value_and_gradient, normal, values

import purenn.functional as F

T = torch.nn.functional
G = np.random.default_rng(0)


def draw(*shape, dtype=np.float32):
    return G.uniform(0.1, 0.9, shape).astype(dtype)


def both(name, *args, **kwargs):
    """The two libraries' results for numpy arrays."""
    ours = getattr(F, name)(*(jnp.asarray(a) if isinstance(a, np.ndarray) else a for a in args), **kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = getattr(T, name)(*(torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in args), **kwargs)
    return np.asarray(ours), theirs.numpy()


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_a_target_of_another_shape_is_broadcast_with_a_warning(name):
    case = Case(name, (normal(2, 1), normal(3)), {"reduction": "none"})
    with pytest.warns(UserWarning, match=r"target's shape \(3,\) differs from the input's \(2, 1\)"):
        check_value_and_gradient(case, "float32")


def test_a_target_that_does_not_broadcast_is_refused():
    with (
        pytest.warns(UserWarning, match="differs"),
        pytest.raises(ValueError, match="mse_loss: input and target must be broadcastable to a common shape"),
    ):
        F.mse_loss(jnp.ones((2, 3)), jnp.ones(2))


@pytest.mark.parametrize(
    ("size_average", "reduce"), [(True, None), (False, None), (None, True), (None, False), (False, False)]
)
@pytest.mark.parametrize("name", ["mse_loss", "kl_div", "soft_margin_loss", "binary_cross_entropy"])
def test_legacy_arguments_overrule_the_reduction_with_a_warning(name, size_average, reduce):
    with pytest.warns(UserWarning, match="size_average and reduce are deprecated"):
        ours, theirs = both(name, draw(2, 3), draw(2, 3), size_average=size_average, reduce=reduce, reduction="sum")
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_the_old_name_of_the_mean_is_taken_with_a_warning():
    with pytest.warns(UserWarning, match="elementwise_mean"):
        ours, theirs = both("mse_loss", draw(3), draw(3), reduction="elementwise_mean")
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


XY, CLASSES = (draw(2, 3), draw(2, 3)), np.array([2, 0])
ARGUMENTS = {
    **dict.fromkeys(("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div", "poisson_nll_loss"), XY),
    **dict.fromkeys(("hinge_embedding_loss", "soft_margin_loss", "multilabel_soft_margin_loss"), XY),
    **dict.fromkeys(("binary_cross_entropy", "binary_cross_entropy_with_logits"), XY),
    **dict.fromkeys(
        ("margin_ranking_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"), (*XY, draw(2, 3))
    ),
    **dict.fromkeys(("nll_loss", "cross_entropy", "multi_margin_loss"), (XY[0], CLASSES)),
    "cosine_embedding_loss": (*XY, np.array([1, -1])),
    "ctc_loss": (draw(4, 2, 3), np.array([[1, 2], [2, 1]]), (4, 3), (2, 1)),
    "gaussian_nll_loss": (*XY, 0.5),
    "linear_cross_entropy": (draw(2, 4), draw(3, 4), CLASSES),
    "multilabel_margin_loss": (XY[0], np.array([[1, 0, -1], [2, -1, 0]])),
}


def test_no_loss_of_torch_is_missing():
    theirs = {name for name in dir(T) if name.endswith(("_loss", "_cross_entropy", "_with_logits"))} | {
        "cross_entropy",
        "kl_div",
    }
    assert theirs == set(ARGUMENTS)
    assert theirs <= set(dir(F))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_reduction_of_every_loss(name, reduction):
    ours, theirs = both(name, *ARGUMENTS[name], reduction=reduction)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_signatures_are_torchs(name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (F, T))
    facts = [[(p.name, p.kind, p.default) for p in signature.parameters.values()] for signature in (ours, theirs)]
    assert facts[0] == facts[1]


EMPTY, NO_CLASS = np.zeros((0, 3), np.float32), np.zeros(0, int)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        *(
            (f, (EMPTY, EMPTY))
            for f in ("mse_loss", "smooth_l1_loss", "kl_div", "hinge_embedding_loss", "cross_entropy")
        ),
        *((f, (EMPTY, NO_CLASS)) for f in ("nll_loss", "cross_entropy")),
        ("cross_entropy", (np.zeros((2, 3), np.float32), np.full(2, -100))),
        ("cosine_embedding_loss", (EMPTY, EMPTY, NO_CLASS)),
    ],
)
def test_the_mean_of_nothing_is_nan(name, args):
    ours, theirs = both(name, *args)
    assert np.isnan(ours)
    assert np.isnan(theirs)


def test_ignored_targets_alone_have_no_gradient():
    gradient = jax.grad(lambda x: F.cross_entropy(x, jnp.full(2, -100)))(jnp.ones((2, 3)))
    np.testing.assert_array_equal(gradient, np.zeros((2, 3)))


@pytest.mark.parametrize("target", [3, -1])
@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t: F.nll_loss(x, t, reduction="none"),
        lambda x, t: F.cross_entropy(x, t, reduction="none", label_smoothing=0.1, weight=jnp.ones(3)),
        lambda x, t: F.multi_margin_loss(x, t, reduction="none"),
        lambda x, t: F.multilabel_margin_loss(x, jnp.stack([t, t, jnp.full_like(t, -2)], 1), reduction="none"),
    ],
)
def test_a_class_out_of_range_makes_its_loss_nan(loss, target):
    losses = jax.jit(loss)(jnp.ones((2, 3)), jnp.array([target, 1]))
    assert bool(jnp.isnan(losses[0]))


def test_a_label_of_ctc_loss_that_is_none_makes_the_loss_nan():
    assert np.isnan(F.ctc_loss(jnp.zeros((4, 3)), jnp.array([7]), (4,), (1,)))


MIXED = [
    *(("mse_loss", a, b) for a, b in (("f4", "f8"), ("f2", "f4"), ("f4", "i4"))),
    *(("huber_loss", a, b) for a, b in (("f4", "f8"), ("f4", "i4"))),
    *(("binary_cross_entropy_with_logits", a, b) for a, b in (("f4", "f8"), ("f8", "f4"))),
    *(("cross_entropy", a, b) for a, b in (("f4", "f8"), ("f2", "f4"))),
    *(("hinge_embedding_loss", a, b) for a, b in (("f4", "f8"), ("f8", "i4"))),
    *(("soft_margin_loss", a, b) for a, b in (("f4", "f8"), ("f4", "i4"))),
    *(("poisson_nll_loss", a, b) for a, b in (("f4", "f8"), ("i4", "f8"), ("f2", "i4"))),
    *(("cosine_similarity", a, b) for a, b in (("f4", "f8"), ("f2", "f4"), ("i4", "f4"))),
    *(("pairwise_distance", a, b) for a, b in (("f4", "f8"), ("i4", "f2"), ("i4", "i4"))),
    ("kl_div", "f2", "f8"),
    ("multilabel_soft_margin_loss", "f4", "i4"),
]


@pytest.mark.parametrize(("name", "first", "second"), MIXED)
def test_mixed_dtypes_promote_as_in_torch(name, first, second):
    with jax.enable_x64(True):
        ours, theirs = both(name, (draw(2, 3) * 4).astype(first), (draw(2, 3) * 4).astype(second))
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=4e-3 if "f2" in (first, second) else 1e-5)


def test_a_scalar_of_the_same_kind_does_not_promote():
    with jax.enable_x64(True):
        ours, theirs = both("poisson_nll_loss", draw(3), np.array(0.5), reduction="none")
    assert ours.dtype == theirs.dtype == np.float32


@pytest.mark.parametrize("name", ["l1_loss", "pairwise_distance"])
def test_distances_of_complex_numbers_are_real(name):
    ours, theirs = both(name, *((draw(2, 3) + 1j * draw(2, 3)).astype(np.complex64) for _ in range(2)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert ours.dtype == theirs.dtype == np.float32


@pytest.mark.parametrize("option", ["auto", "aspect_ratio", "aspect_ratio:4", None])
def test_chunks_of_the_batch_are_torchs(option):
    ours, theirs = (
        F.LinearCrossEntropyOptions(chunking_method=option),
        torch.nn.LinearCrossEntropyOptions(chunking_method=option),
    )
    for sizes in ((100, 8, 64), (7, 16, 3), (1, 4, 4), (3, 2, 1000)):
        chosen = theirs._adjust(*sizes, torch.float32).batch_chunk_size
        assert min(ours.rows(*sizes), sizes[0]) == chosen


@pytest.mark.parametrize(
    "bad", [{"batch_chunk_size": 0}, {"chunking_method": "aspect_ratio:0"}, {"acc_policy": "fast"}]
)
def test_options_are_checked(bad):
    with pytest.raises(ValueError, match="LinearCrossEntropyOptions: "):
        F.LinearCrossEntropyOptions(**bad)
    with pytest.raises(ValueError, match=r"\w"):
        torch.nn.LinearCrossEntropyOptions(**bad)


def test_chunked_logits_never_exist_together():
    rows, features, classes = 512, 8, 2048
    x, a, t = jnp.ones((rows, features)), jnp.ones((classes, features)), jnp.zeros(rows, int)

    def temporary(options):
        gradient = jax.grad(lambda x, a: F.linear_cross_entropy(x, a, t, options=options), (0, 1))
        return jax.jit(gradient).lower(x, a).compile().memory_analysis().temp_size_in_bytes

    whole = rows * classes * 4
    assert temporary(None) >= whole
    assert temporary(F.LinearCrossEntropyOptions(batch_chunk_size=16)) < whole / 4


def ctc_arguments():
    log_probs = jnp.asarray(G.standard_normal((5, 2, 4)), jnp.float32)
    return log_probs, jnp.array([1, 2, 3]), jnp.array([5, 4]), jnp.array([2, 1])


def test_ctc_loss_of_concatenated_targets_with_traced_lengths():
    args = ctc_arguments()
    np.testing.assert_allclose(jax.jit(F.ctc_loss)(*args), F.ctc_loss(*args), rtol=1e-6)


def test_ctc_loss_of_lengths_out_of_range_is_nan_under_jit():
    log_probs, targets, _, lengths = ctc_arguments()
    losses = jax.jit(lambda n: F.ctc_loss(log_probs, targets, n, lengths, reduction="none"))(jnp.array([6, 4]))
    assert np.isnan(losses).tolist() == [True, False]


def test_ctc_loss_without_a_path_is_infinite_with_a_gradient_of_nan():
    x = G.standard_normal((3, 2, 3)).astype(np.float32)
    call = {
        "targets": np.array([[1, 1], [2, 1]]),
        "input_lengths": np.array([2, 3]),
        "target_lengths": np.array([2, 1]),
    }
    theirs = torch.from_numpy(x).requires_grad_()
    expected = T.ctc_loss(theirs, **{k: torch.from_numpy(v) for k, v in call.items()}, reduction="none")
    expected.sum().backward()
    ours = F.ctc_loss(jnp.asarray(x), **call, reduction="none")
    gradient = jax.jit(jax.grad(lambda x: F.ctc_loss(x, **call, reduction="none").sum()))(jnp.asarray(x))
    np.testing.assert_allclose(ours, expected.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(gradient, theirs.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_second_derivatives_that_torch_lacks_are_finite():
    log_probs, targets, inputs, lengths = ctc_arguments()
    twice = jax.jit(jax.hessian(lambda x: F.ctc_loss(x, targets, inputs, lengths)))(log_probs)
    assert bool(jnp.isfinite(twice).all())
    assert bool(jnp.isfinite(jax.hessian(lambda x: F.pdist(x).sum())(jnp.ones((3, 2)))).all())


def test_chunked_linear_cross_entropy_has_second_derivatives():
    x, a, t = jnp.asarray(draw(5, 3)), jnp.asarray(draw(4, 3)), jnp.array([0, 1, 2, 3, 1])
    plain, chunked = (
        jax.jit(jax.hessian(lambda x, o=o: F.linear_cross_entropy(x, a, t, options=o)))(x)
        for o in (None, F.LinearCrossEntropyOptions(batch_chunk_size=2))
    )
    np.testing.assert_allclose(plain, chunked, atol=1e-6)


def test_soft_margin_loss_overflows_as_torchs():
    case = Case(
        "soft_margin_loss",
        (values([-1e4, 1e4, 200.0]), values([1.0, 1.0, -1.0], differentiate=False)),
        {"reduction": "none"},
    )
    check_value_and_gradient(case, "float32")


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
def test_soft_margin_where_the_exponential_is_about_to_overflow(dtype):
    """The derivative is -1 until exp overflows. A product with the reciprocal would underflow earlier."""
    with jax.enable_x64(dtype == "float64"):
        x = np.linspace(*((-710, -700) if dtype == "float64" else (-88.8, -86.0)), 101)
        given = torch.tensor(x).to(getattr(torch, dtype)).requires_grad_()
        torch.nn.functional.soft_margin_loss(given, torch.ones_like(given), reduction="sum").backward()
        x = jnp.asarray(x, dtype)
        gradient = jax.jit(jax.grad(lambda x: F.soft_margin_loss(x, jnp.ones_like(x), reduction="sum")))(x)
        np.testing.assert_allclose(
            np.asarray(gradient, "float64"), given.grad.double(), rtol=1e-2 if x.itemsize == 2 else 1e-6
        )
