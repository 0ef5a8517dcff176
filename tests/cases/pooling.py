import numpy as np
from functional_engine import Bad, Case, booleans, integers, normal, transposed, uniform, values

TIES = values(np.array([[1.0, 1, 0, 1, 1], [-2, -2, 3, 3, 3], [0, 0, 0, 0, 0]])[None])
SPECIAL = values(
    np.array([[np.nan, np.nan, 0, 1, -np.inf], [-np.inf, -np.inf, -np.inf, -np.inf, np.inf], [1e4, -1e4, 0, -0.0, 2]])[
        None
    ]
)
PLACES = values(np.array([[[0, 3], [5, 9]], [[15, 11], [6, 1]]]), False)


def samples(*shape):
    return values(np.random.default_rng(0).random(shape), False)


CASES = [
    # max-pooling
    Case("max_pool1d", (normal(2, 2, 9), 3)),
    Case("max_pool1d", (normal(2, 8), 3, 2, 1, 2), {"ceil_mode": True, "return_indices": True}),
    Case("max_pool1d", (SPECIAL, 2, 1, 1), {"return_indices": True}),
    Case("max_pool1d", (integers(9, 1, 2, 6, low=-9), (2,), ()), {"return_indices": True}),
    Case("max_pool2d", (normal(1, 6, 7), (3, 2), (1, 2), (1, 0), (2, 3)), {"return_indices": True}),
    Case("max_pool2d", (SPECIAL, (2, 3), 1, 1), {"return_indices": True}),
    Case("max_pool2d", (TIES, 3, 2, 1, 1, True, True)),
    Case("max_pool2d", (transposed(normal(2, 2, 4, 3)), 2, 1)),
    Case("max_pool2d", (integers(9, 1, 4, 4, low=-9), 3, 2, 1)),
    Case("max_pool2d", (normal(0, 1, 4, 4), 2), {"return_indices": True}),
    Case("max_pool3d", (normal(1, 2, 3, 4, 5), 2, 2, 1), {"return_indices": True}),
    Case("max_pool3d", (normal(1, 4, 3, 5), (2, 1, 3), 1, (1, 0, 1), (1, 2, 2), True)),
    Case("max_pool1d_with_indices", (normal(2, 6), 2)),
    Case("max_pool2d_with_indices", (normal(2, 4, 4), 3, 2, 1)),
    Case("max_pool3d_with_indices", (integers(9, 1, 3, 3, 3), 2, 1)),
    # averages
    Case("avg_pool1d", (normal(2, 2, 9), 3)),
    Case("avg_pool1d", (normal(2, 8), 3, 2, 1, True, False)),
    Case("avg_pool1d", (integers(99, 1, 6, low=-99), 3, 2, 1)),
    Case("avg_pool2d", (normal(2, 1, 5, 6), (3, 2), None, (1, 0), True)),
    Case("avg_pool2d", (normal(1, 5, 6), 3, 2, 1, False, False)),
    Case("avg_pool2d", (transposed(normal(1, 2, 4, 5)), 2, 1), {"divisor_override": -3}),
    Case("avg_pool2d", (SPECIAL, 2, 1), grad=False),
    Case("avg_pool3d", (normal(1, 1, 4, 3, 5), (2, 3, 2), (2, 1, 3), (1, 1, 0), True)),
    Case("avg_pool3d", (normal(2, 3, 3, 3), 2, 2, 1, True, False, 5)),
    # powers; 1.5 of what may be negative is NaN
    Case("lp_pool1d", (normal(2, 2, 7), 2, 3)),
    Case("lp_pool1d", (values([[[0.0, 0, 0, 1, -1, 2]]]), 2.0, 2)),
    Case("lp_pool1d", (uniform(1, 7, low=0.5), 1.5, 3, 2, True)),
    Case("lp_pool1d", (normal(2, 6), float("inf"), 2, 1)),
    Case("lp_pool1d", (values([[0.0, 0, -1, 0, 0, 2]]), float("inf"), 2)),
    Case("lp_pool2d", (uniform(1, 2, 5, 5, low=0.5), 3, (2, 3), 2, True)),
    Case("lp_pool2d", (normal(1, 4, 4), -float("inf"), 2)),
    Case("lp_pool2d", (integers(9, 1, 4, 4), 2, 2)),
    Case("lp_pool2d", (integers(9, 1, 4, 4), 2.0, 2)),
    Case("lp_pool2d", (booleans(1, 4, 4), 2, 2)),
    Case("lp_pool3d", (uniform(1, 3, 3, 4, low=0.5), -1, 2, 1)),
    # adaptive: divisible, overlapping, longer than the input, nothing
    Case("adaptive_avg_pool1d", (normal(2, 2, 6), 3)),
    Case("adaptive_avg_pool1d", (normal(2, 5), (3,))),
    Case("adaptive_avg_pool1d", (normal(2, 3), 5)),
    Case("adaptive_avg_pool1d", (normal(2, 3), 0), grad=False),  # torch's own gradient fails
    Case("adaptive_avg_pool2d", (normal(1, 2, 5, 7), (3, None))),
    Case("adaptive_avg_pool2d", (normal(1, 1, 71, 100), (3, 7))),  # bins of more elements than are written out
    Case("adaptive_avg_pool2d", (transposed(normal(1, 2, 4, 6)), 2)),
    Case("adaptive_avg_pool2d", (normal(0, 2, 4, 4), 3)),
    Case("adaptive_avg_pool2d", (SPECIAL, 2), grad=False),
    Case("adaptive_avg_pool3d", (normal(1, 2, 3, 5, 4), (2, 3, 2))),
    Case("adaptive_max_pool1d", (normal(2, 2, 6), 3)),
    Case("adaptive_max_pool1d", (TIES, 2, True)),
    Case("adaptive_max_pool2d", (normal(1, 2, 5, 7), (3, None), True)),
    Case("adaptive_max_pool2d", (SPECIAL, 2, True)),
    Case("adaptive_max_pool2d", (normal(0, 2, 4, 4), 3, True)),
    Case("adaptive_max_pool3d", (normal(1, 3, 4, 5), (2, 4, 3), True)),
    Case("adaptive_max_pool1d_with_indices", (normal(2, 5), 2)),
    Case("adaptive_max_pool2d_with_indices", (normal(2, 5, 3), 2)),
    Case("adaptive_max_pool3d_with_indices", (normal(2, 2, 5, 3), 2)),
    # fractional
    Case("fractional_max_pool2d", (normal(2, 2, 6, 7), 2, (3, 4)), {"_random_samples": samples(2, 2, 2)}),
    Case("fractional_max_pool2d", (normal(2, 6, 7), (2, 3), None, (0.5, 0.4), True, samples(1, 2, 2))),
    Case("fractional_max_pool2d", (TIES, 2, 2, None, True, samples(2, 1, 2))),
    Case("fractional_max_pool2d", (SPECIAL, 2, 2, None, True, samples(1, 1, 2))),
    Case("fractional_max_pool2d", (normal(1, 1, 3, 3), 1, (1, 3), None, True, samples(1, 1, 2))),
    Case("fractional_max_pool2d", (normal(0, 1, 4, 4), 2, 2, None, True, samples(0, 1, 2))),
    Case("fractional_max_pool3d", (normal(2, 1, 5, 4, 6), 2, (3, 2, 4), None, True, samples(2, 1, 3))),
    Case("fractional_max_pool3d", (normal(1, 5, 4, 6), (2, 1, 3), None, 0.5, False, samples(1, 1, 3))),
    Case("fractional_max_pool2d_with_indices", (normal(1, 5, 5), 2, 2, None, False, samples(1, 1, 2))),
    Case("fractional_max_pool3d_with_indices", (normal(1, 4, 4, 4), 2, 2, None, False, samples(1, 1, 3))),
    # inverses
    Case("max_unpool1d", (normal(1, 2, 3), values(np.array([[[0, 2, 5], [1, 3, 4]]]), False), 2)),
    Case("max_unpool1d", (normal(1, 2), values(np.array([[0, 3]]), False), (3,), 2, 1, (4,))),
    Case("max_unpool2d", (normal(2, 2, 2), PLACES, 2)),
    Case("max_unpool2d", (normal(2, 2, 2), PLACES, 3, (2, 3), (0, 1), (5, 5))),
    Case(
        "max_unpool2d", (normal(1, 2, 2, 2), values(PLACES.make(None)[None], False), 2), {"output_size": (1, 2, 5, 5)}
    ),
    Case("max_unpool2d", (normal(0, 1, 2, 2), integers(4, 0, 1, 2, 2), 2)),
    Case("max_unpool3d", (normal(2, 1, 2, 2), values(PLACES.make(None)[:, None], False), 2)),
]

IMAGE, PLACE = normal(1, 4, 4), integers(4, 1, 2, 2)
BAD = [
    # max-pooling
    *(
        Bad(f"max_pool{n}d", (normal(*(4,) * n), 2), match=f"max_pool{n}d: input must have rank {n + 1} or {n + 2}")
        for n in (1, 2, 3)
    ),
    Bad("max_pool2d", ([1.0], 2), match="max_pool2d: input must be an array"),
    Bad("max_pool2d", (normal(2, 0, 4, 4), 2), match="max_pool2d: input must have non-zero size but for the batch"),
    Bad("max_pool1d", (integers(9, 2, 4), 2), match="max_pool1d: input must be a floating-point array"),
    Bad("max_pool2d", (booleans(1, 4, 4), 2), match="max_pool2d: input must be a real array"),
    Bad("max_pool2d", (IMAGE, 0), match="max_pool2d: kernel_size must be at least 1"),
    Bad("max_pool2d", (IMAGE, 2.0), match="max_pool2d: kernel_size must be an integer"),
    Bad("max_pool2d", (IMAGE, (2, 2, 2)), match="max_pool2d: kernel_size must be an integer or 2 integers"),
    Bad("max_pool2d", (IMAGE, 2, 0), match="max_pool2d: stride must be at least 1"),
    Bad("max_pool2d", (IMAGE, 2, 1, -1), match="max_pool2d: padding must be at least 0"),
    Bad("max_pool2d", (IMAGE, 3, 1, 2), match="max_pool2d: padding must be at most half of kernel_size"),
    Bad("max_pool2d", (IMAGE, 2, 1, 0, 0), match="max_pool2d: dilation must be at least 1"),
    Bad("max_pool2d", (IMAGE, 2), {"ceil_mode": 1}, match="max_pool2d: ceil_mode must be True or False"),
    Bad("max_pool2d", (IMAGE, 2, 1, 0, 4), match=r"max_pool2d: kernel_size must be at most as wide .*\(4, 4\)"),
    # averages
    Bad("avg_pool1d", (normal(4), 2), match="avg_pool1d: input must have rank 2 or 3"),
    Bad("avg_pool2d", (normal(1, 0, 4), 2), match="avg_pool2d: input must have non-zero size"),
    Bad("avg_pool2d", (booleans(1, 4, 4), 2), match="avg_pool2d: input must be a floating-point or int32 array"),
    Bad("avg_pool2d", (IMAGE, 2, 1, 2), match="avg_pool2d: padding must be at most half"),
    Bad("avg_pool2d", (IMAGE, 5), match="avg_pool2d: kernel_size must be at most as wide"),
    Bad(
        "avg_pool2d", (IMAGE, 2), {"count_include_pad": 1}, match="avg_pool2d: count_include_pad must be True or False"
    ),
    Bad("avg_pool2d", (IMAGE, 2), {"divisor_override": 0}, match="avg_pool2d: divisor_override must be other than 0"),
    Bad("avg_pool2d", (IMAGE, 2), {"divisor_override": 2.0}, match="avg_pool2d: divisor_override must be an integer"),
    Bad(
        "avg_pool3d",
        (normal(1, 2, 3, 3), 3, 1, 1),
        match="avg_pool3d: kernel_size must be at most as wide as the input",
    ),
    # powers
    Bad("lp_pool1d", (normal(1, 4), 2, (2,)), match="lp_pool1d: kernel_size must be an integer"),
    Bad("lp_pool2d", (IMAGE, 2, (2,)), match="lp_pool2d: kernel_size must be an integer or 2"),
    Bad("lp_pool2d", (IMAGE, "2", 2), match="lp_pool2d: norm_type must be a number"),
    Bad("lp_pool2d", (IMAGE, 0, 2), match="lp_pool2d: norm_type must be other than 0"),
    Bad("lp_pool2d", (integers(9, 1, 4, 4), -1, 2), match="lp_pool2d: norm_type must be positive"),
    Bad("lp_pool2d", (booleans(1, 4, 4), float("inf"), 2), match="lp_pool2d: input must be a numeric array"),
    Bad("lp_pool3d", (normal(4, 4, 4), 2, 2), match="lp_pool3d: input must have rank 4 or 5"),
    # adaptive
    Bad("adaptive_avg_pool2d", (normal(4, 4), 2), match="adaptive_avg_pool2d: input must have rank 3 or 4"),
    Bad("adaptive_avg_pool2d", (integers(4, 1, 4, 4), 2), match="adaptive_avg_pool2d: input must be a floating-point"),
    Bad("adaptive_avg_pool2d", (normal(1, 0, 4), 2), match="adaptive_avg_pool2d: input must have non-zero size"),
    Bad("adaptive_avg_pool2d", (IMAGE, (2,)), match="avg_pool2d: output_size must be an integer or 2 integers"),
    Bad("adaptive_avg_pool2d", (IMAGE, -1), match="adaptive_avg_pool2d: output_size must be at least 0"),
    Bad("adaptive_avg_pool2d", (IMAGE, None), match="adaptive_avg_pool2d: output_size must be an integer"),
    Bad("adaptive_avg_pool1d", (normal(1, 4), (None,)), match="adaptive_avg_pool1d: output_size must be an integer"),
    Bad("adaptive_max_pool1d", (integers(4, 1, 4), 2), match="adaptive_max_pool1d: input must be a floating-point"),
    Bad("adaptive_max_pool2d", (normal(1, 0, 4, 4), 2), match="adaptive_max_pool2d: input must have non-zero size"),
    Bad("adaptive_max_pool3d", (normal(1, 4, 4), 2), match="adaptive_max_pool3d: input must have rank 4 or 5"),
    # fractional
    Bad("fractional_max_pool2d", (IMAGE, 2, 2), match="fractional_max_pool2d: rng must be a jax key", theirs=False),
    Bad("fractional_max_pool2d", (IMAGE, 2), match="fractional_max_pool2d: output_size must be given"),
    Bad("fractional_max_pool2d", (IMAGE, 2, (2,)), match="fractional_max_pool2d: output_size must be an integer or 2"),
    Bad("fractional_max_pool2d", (IMAGE, 2, None, (0.5, 0.5, 0.5)), match="output_ratio must be a number or 2 numbers"),
    Bad("fractional_max_pool2d", (IMAGE, 2, 4), match="output_size must be at most 3 for kernel_size 2"),
    Bad("fractional_max_pool3d", (normal(1, 4, 4, 4), 2, 3, None, False, normal(1, 1, 3)), match="at most 2 for"),
    Bad(
        "fractional_max_pool2d", (IMAGE, 0, 2), match="kernel_size must be at least 1", theirs=False
    ),  # torch gives -inf
    Bad("fractional_max_pool2d", (normal(4, 4), 2, 2), match="fractional_max_pool2d: input must have rank 3 or 4"),
    Bad("fractional_max_pool2d", (normal(1, 0, 4, 4), 2, 2), match="fractional_max_pool2d: input must have non-zero"),
    Bad("fractional_max_pool2d", (integers(4, 1, 4, 4), 2, 2, None, False, normal(1, 1, 2)), match="a floating-point"),
    Bad(
        "fractional_max_pool2d",
        (IMAGE, 2, 2, None, False, normal(1, 1, 3)),
        match=r"samples must have shape \(1, 1, 2\)",
    ),
    Bad("fractional_max_pool2d", (IMAGE, 2, 2, None, False, integers(1, 1, 1, 2)), match="samples must have one dtype"),
    # inverses
    Bad("max_unpool2d", (normal(2, 2), integers(4, 2, 2), 2), match="max_unpool2d: input must have rank 3 or 4"),
    Bad("max_unpool2d", (integers(4, 1, 2, 2), PLACE, 2), match="max_unpool2d: input must be a floating-point array"),
    Bad("max_unpool2d", (normal(1, 2, 2), normal(1, 2, 2), 2), match="max_unpool2d: indices must be an integer array"),
    Bad("max_unpool2d", (normal(1, 2, 3), PLACE, 2), match=r"max_unpool2d: indices must have shape \(1, 2, 3\)"),
    Bad(
        "max_unpool2d", (normal(1, 0, 3), integers(4, 1, 0, 3), 2), match="max_unpool2d: input must have non-zero size"
    ),
    Bad(
        "max_unpool2d",
        (normal(1, 2, 2), PLACE, (2,)),
        match="max_unpool2d: kernel_size must be an integer or 2 integers",
    ),
    Bad("max_unpool2d", (normal(1, 2, 2), PLACE, 2, ()), match="max_unpool2d: stride must be an integer or 2 integers"),
    Bad(
        "max_unpool3d",
        (normal(1, 1, 2, 2), integers(4, 1, 1, 2, 2), 2, 0),
        match="max_unpool3d: stride must be at least 1",
    ),
    Bad("max_unpool2d", (normal(1, 2, 2), PLACE, 2, 2, 3), match="max_unpool2d: output_size must be non-negative"),
    Bad(
        "max_unpool2d",
        (normal(1, 2, 2), PLACE, 2, 2, 0, 4),
        match="max_unpool2d: output_size must be a sequence of 2 or 4",
    ),
    Bad(
        "max_unpool2d",
        (normal(1, 2, 2), PLACE, 2, 2, 0, (4, 6)),
        match="max_unpool2d: output_size must be less than a stride",
    ),
    Bad("adaptive_avg_pool3d", (normal(4, 4, 4), 2), match="adaptive_avg_pool3d: input must have rank 4 or 5"),
    Bad("adaptive_avg_pool3d", (normal(1, 4, 4, 4), (2, 2)), match="output_size must be an integer or 3 integers"),
    *(
        Bad(f"{kind}max_pool{n}d_with_indices", (normal(*(4,) * n), 2), match=f"pool{n}d_with_indices: input must have")
        for kind in ("", "adaptive_")
        for n in (1, 2, 3)
    ),
    Bad("adaptive_max_pool2d_with_indices", (IMAGE, -1), match="with_indices: output_size must be at least 0, got -1"),
    Bad("max_pool2d_with_indices", (IMAGE, 0), match="max_pool2d_with_indices: kernel_size must be at least 1, got 0"),
    *(
        Bad(f"fractional_max_pool{n}d_with_indices", (normal(1, *(4,) * n), 2), match="output_size must be given where")
        for n in (2, 3)
    ),
    Bad("max_unpool1d", (normal(1, 2), integers(4, 1, 3), 2), match=r"indices must have shape \(1, 2\), got shape"),
]
