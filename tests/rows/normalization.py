"""Rows of normalizations."""

from functional_engine import normal
from layer_engine import Row

IMAGE = normal(2, 4, 3, 5)

ROWS = [
    Row("GroupNorm", (2, 4), {}, (IMAGE,)),
    Row("GroupNorm", (4, 4), {"bias": False, "eps": 1e-2}, (IMAGE,)),
    Row("GroupNorm", (1, 6), {"affine": False}, (normal(3, 6),)),
    Row("RMSNorm", (5,), {}, (IMAGE,)),
    Row("RMSNorm", ([3, 5],), {"eps": 1e-2}, (IMAGE,)),
    Row("RMSNorm", (5,), {"elementwise_affine": False}, (normal(2, 5),)),
    Row("LocalResponseNorm", (2,), {}, (IMAGE,)),
    Row("LocalResponseNorm", (3,), {"alpha": 0.5, "beta": 0.6, "k": 1.5}, (IMAGE,)),
    # one channel: with more, torch's gradient isn't that of its values; tests/test_layer_details.py has those
    Row("CrossMapLRN2d", (3,), {"alpha": 0.5, "beta": 0.6, "k": 1.5}, (normal(2, 1, 3, 4),)),
    Row("InstanceNorm1d", (4,), {}, (normal(2, 4, 5),)),
    Row("InstanceNorm1d", (4,), {"affine": True, "track_running_stats": True}, (normal(3, 4, 5),)),
    Row("InstanceNorm1d", (4,), {"affine": True}, (normal(4, 5),)),
    Row("InstanceNorm2d", (4,), {"track_running_stats": True, "momentum": 0.3, "eps": 1e-2}, (IMAGE,)),
    Row("InstanceNorm2d", (4,), {"track_running_stats": True, "momentum": None}, (normal(4, 3, 5),)),
    Row("InstanceNorm2d", (4,), {"affine": True, "bias": False}, (IMAGE,)),
    Row("InstanceNorm3d", (2,), {}, (normal(2, 2, 2, 3, 2),)),
    Row("InstanceNorm3d", (2,), {"affine": True, "track_running_stats": True}, (normal(2, 2, 3, 2),)),
    Row("SyncBatchNorm", (4,), {}, (IMAGE,)),
    Row("SyncBatchNorm", (4,), {"momentum": None, "eps": 1e-2, "bias": False}, (normal(5, 4),)),
    Row("SyncBatchNorm", (4,), {"affine": False, "track_running_stats": False}, (normal(3, 4, 2),)),
]
