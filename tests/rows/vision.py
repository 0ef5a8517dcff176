"""Rows of layers that rearrange, resize and compare."""

from functional_engine import normal
from layer_engine import Row

SIGNAL, IMAGE, VOLUME = normal(2, 3, 5), normal(2, 4, 4, 6), normal(1, 2, 3, 4, 3)

ROWS = [
    Row("Unflatten", (1, (2, 3)), {}, (normal(2, 6, 2),)),
    Row("Unflatten", (-1, (3, -1)), {}, (normal(2, 6),)),
    Row("Fold", ((4, 5), (2, 3)), {}, (normal(2, 12, 9),)),
    Row("Fold", (6, 2), {"dilation": 2, "padding": 1, "stride": (2, 3)}, (normal(8, 6),)),
    Row("Unfold", ((2, 3),), {}, (IMAGE,)),
    Row("Unfold", (2,), {"dilation": (2, 1), "padding": 1, "stride": 2}, (normal(4, 4, 6),)),
    Row("ChannelShuffle", (2,), {}, (IMAGE,)),
    Row("PixelShuffle", (2,), {}, (IMAGE,)),
    Row("PixelUnshuffle", (2,), {}, (normal(3, 4, 6),)),
    Row("Upsample", (7,), {}, (SIGNAL,)),
    Row("Upsample", (), {"scale_factor": 2}, (IMAGE,)),
    Row("Upsample", (None, (1.5, 2)), {"mode": "bilinear"}, (IMAGE,)),
    Row("Upsample", (), {"scale_factor": 1.7, "mode": "linear", "align_corners": True}, (SIGNAL,)),
    Row("Upsample", (), {"scale_factor": 1.7, "mode": "linear", "recompute_scale_factor": True}, (SIGNAL,)),
    Row("Upsample", ((5, 3, 4),), {"mode": "trilinear"}, (VOLUME,)),
    Row("Upsample", (), {"size": (5, 7), "mode": "bicubic"}, (IMAGE,)),
    Row("UpsamplingBilinear2d", (), {"scale_factor": 2}, (IMAGE,)),
    Row("UpsamplingBilinear2d", ((5, 9),), {}, (IMAGE,)),
    Row("UpsamplingNearest2d", (None, (2, 1.5)), {}, (IMAGE,)),
    Row("UpsamplingNearest2d", (7,), {}, (IMAGE,)),
    Row("CosineSimilarity", (), {}, (normal(3, 4), normal(3, 4))),
    Row("CosineSimilarity", (0,), {"eps": 1.5}, (normal(3, 4), normal(3, 1))),
    Row("PairwiseDistance", (), {}, (normal(3, 4), normal(3, 4))),
    Row("PairwiseDistance", (1.0,), {"eps": 0.1, "keepdim": True}, (normal(3, 4), normal(4))),
]
