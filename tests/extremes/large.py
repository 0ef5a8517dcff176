"""Rows of 70,000 numbers: a half type can hold neither their sums nor the reciprocals of the sums."""

import numpy as np
from extremes_engine import HALF, Row, constant, integers, of

COUNT = 70_000
ZEROS, ONES = of(np.zeros((1, COUNT))), of(np.ones((1, COUNT)))
WAVE = of(np.sin(np.arange(COUNT))[None] * 4)
SHIFTED = of(np.cos(np.arange(COUNT))[None] * 4)
SIGNS = constant(np.where(np.arange(COUNT) % 3, 1.0, -1.0)[None])
CHANCES = of(0.5 + np.sin(np.arange(COUNT))[None] / 4)
LAST = integers([COUNT - 1])


def half(name, *args, **kwargs):
    return Row(name, args, kwargs, dtypes=HALF, atol=4)


TABLE = [
    *(half(name, x, dim=1) for name in ("softmax", "log_softmax", "softmin") for x in (ZEROS, WAVE)),
    *(half("cross_entropy", x, LAST, label_smoothing=s) for x in (ZEROS, WAVE) for s in (0.0, 0.1)),
    half("cross_entropy", WAVE, CHANCES),
    half("linear_cross_entropy", of(np.ones((1, 2))), of(np.ones((COUNT, 2)) / 4), LAST),
    *(
        half(name, WAVE, SHIFTED, reduction=r)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss")
        for r in ("mean", "sum")
    ),
    half("kl_div", WAVE, CHANCES),
    half("binary_cross_entropy", CHANCES, CHANCES),
    half("binary_cross_entropy_with_logits", WAVE, CHANCES),
    half("gaussian_nll_loss", WAVE, SHIFTED, CHANCES),
    half("soft_margin_loss", WAVE, SIGNS),
    half("hinge_embedding_loss", WAVE, SIGNS),
    half("margin_ranking_loss", WAVE, SHIFTED, SIGNS),
    half("multilabel_soft_margin_loss", WAVE, constant(np.arange(COUNT)[None] % 2.0)),
    half("triplet_margin_loss", WAVE, SHIFTED, ONES),
    half("pairwise_distance", WAVE, SHIFTED),
    half("cosine_similarity", WAVE, SHIFTED, eps=1e-3),
    *(half("normalize", x, p, eps=1e-3) for x in (ONES, WAVE) for p in (1.0, 2.0)),
    half("norm", WAVE, 2.0),
    half("layer_norm", WAVE, (COUNT,)),
    half("rms_norm", WAVE, (COUNT,)),
    half("group_norm", of(WAVE.make(None).reshape(1, 2, -1)), 2),
    half("instance_norm", of(WAVE.make(None).reshape(1, 2, -1))),
    half("batch_norm", of(WAVE.make(None).reshape(-1, 1)), None, None, training=True),
    half("adaptive_avg_pool1d", of(WAVE.make(None)[None]), 1),
    half("avg_pool1d", of(np.full((1, 1, 32), 6e4)), 16),
    half("lp_pool1d", of(np.linspace(200, 300, 32)[None, None]), 2.0, 16),
    half("embedding_bag", integers(np.zeros((1, COUNT))), of([[1.0, 0.25]]), mode="mean"),
]
