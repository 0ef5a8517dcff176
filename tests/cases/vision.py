import itertools

import numpy as np
from functional_engine import Bad, Case, booleans, integers, normal, transposed, uniform, values

IMAGE, WIDE = normal(2, 2, 5, 4), normal(1, 1, 4, 5)
BYTES = values(np.random.default_rng(0).integers(0, 256, (1, 2, 4, 3)).astype(np.uint8))
BYTES_MODES = (("bilinear", False), ("bicubic", False), ("bilinear", True), ("bicubic", True), ("lanczos", True))
POINTS = uniform(2, 2, 3, 2, low=-1.6, high=1.6)
POINTS_3D = uniform(2, 1, 2, 3, 3, low=-1.6, high=1.6)
SAMPLE = {"align_corners": False}

CASES = [
    # every mode, with sizes and with factors, in every rank it takes
    Case("interpolate", (normal(2, 2, 5), 7)),
    Case("interpolate", (normal(1, 2, 3, 4),), {"scale_factor": 2}),
    Case("interpolate", (normal(1, 1, 4, 2, 3), (2, 5, 3))),
    Case("interpolate", (BYTES, (2, 7))),
    *(
        Case("interpolate", (transposed(IMAGE),), {"mode": mode, "scale_factor": (0.6, 2.3)})
        for mode in ("nearest", "nearest-exact", "bilinear", "bicubic")
    ),
    Case("interpolate", (normal(1, 1, 4, 2, 3), (3, 5, 3)), {"mode": "nearest-exact"}),
    *(
        Case("interpolate", (normal(2, 1, 5),), {"mode": "linear", **how})
        for how in ({"size": 8}, {"size": 3, "align_corners": True}, {"scale_factor": 2.3}, {"size": 1})
    ),
    Case("interpolate", (normal(0, 2, 4, 4), 3), {"mode": "bilinear"}),
    *(
        Case("interpolate", (WIDE,), {"mode": mode, **how})
        for mode, how in (
            ("bilinear", {"size": (3, 9)}),
            ("bilinear", {"size": (7, 1), "align_corners": True}),
            ("bicubic", {"size": (7, 3), "align_corners": True}),
            ("bicubic", {"scale_factor": (2.3, 0.7), "recompute_scale_factor": True}),
            ("bilinear", {"size": (2, 6), "antialias": True}),
            ("bicubic", {"size": (2, 6), "antialias": True, "align_corners": True}),
            ("lanczos", {"size": (2, 6), "antialias": True}),
        )
    ),
    Case("interpolate", (normal(1, 1, 8, 7),), {"mode": "bicubic", "antialias": True, "scale_factor": (0.3, 1.3)}),
    # so many elements of an output that they are added in a loop
    Case("interpolate", (normal(1, 2, 45, 50),), {"mode": "bicubic", "antialias": True, "size": (4, 3)}),
    *(Case("interpolate", (BYTES, (2, 7)), {"mode": mode, "antialias": anti}) for mode, anti in BYTES_MODES),
    Case("interpolate", (normal(1, 2, 3, 4, 2),), {"mode": "trilinear", "size": (5, 2, 4)}),
    Case("interpolate", (normal(1, 1, 3, 4, 2),), {"mode": "trilinear", "scale_factor": 1.5, "align_corners": True}),
    Case("interpolate", (normal(2, 2, 5),), {"mode": "area", "scale_factor": 1.4}),
    Case("interpolate", (IMAGE,), {"mode": "area", "size": (3, 2)}),
    Case("interpolate", (normal(1, 1, 4, 3, 5),), {"mode": "area", "scale_factor": 0.5}),
    # an infinite element is felt by its neighbours only
    Case("interpolate", (values([[[0.0, np.inf, 2.0, 3.0, 4.0]]]),), {"size": 9, "mode": "linear"}, grad=False),
    Case(
        "interpolate",
        (values([[[[0.0, np.inf, *range(8)]]]]),),
        {"size": (1, 4), "mode": "bilinear", "antialias": True},
        grad=False,
    ),
    # sampling: modes, borders, corners; points beyond the border too, and on it. Of half types torch rounds the points'
    # coordinates as well, ours are float32, so that it can differ by a neighbour, and by a cubic's slope
    *(
        Case("grid_sample", (IMAGE, POINTS, *how, corners), second=False, half=how[0] == "bilinear")
        for how, corners in zip(
            itertools.product(("bilinear", "nearest", "bicubic"), ("zeros", "border", "reflection")),
            itertools.cycle((False, True)),
        )
    ),
    *(
        Case("grid_sample", (normal(2, 1, 3, 4, 2), POINTS_3D, *how), second=False, half=how[1] == "zeros")
        for how in (
            ("bilinear", "zeros", True),
            ("bilinear", "border", False),
            ("bilinear", "reflection", True),
            ("nearest", "reflection", False),
        )
    ),
    *(
        Case(
            "grid_sample",
            (normal(1, 1, 3, 4), values([[[[-1.0, 1.0], [0.0, 5.25], [-3.5, -1.0], [1.0, 0.25]]]])),
            {"padding_mode": pad, "align_corners": True},
            second=False,
        )
        for pad in ("zeros", "border", "reflection")
    ),
    Case("grid_sample", (normal(1, 2, 1, 1), normal(1, 2, 2, 2), "bilinear", "reflection", True), second=False),
    Case("grid_sample", (normal(0, 2, 3, 3), normal(0, 2, 2, 2)), SAMPLE, second=False),
    Case("grid_sample", (transposed(normal(1, 2, 3, 3)), transposed(normal(1, 2, 3, 2))), second=False),
    Case(
        "grid_sample",
        (normal(1, 1, 3, 3), values([[[[np.nan, 0.0], [np.inf, 0.0], [0.0, -1e10], [3e9, 0.0]]]], False), "nearest"),
        grad=False,
        half=False,  # 3e9 is infinite then
    ),
    *(Case("affine_grid", (normal(2, 2, 3), (2, 1, 3, 2)), {"align_corners": corners}) for corners in (True, False)),
    Case("affine_grid", (normal(1, 3, 4), [1, 1, 2, 3, 1]), {"align_corners": True}),
    Case("affine_grid", (normal(1, 3, 4), [1, 2, 2, 3, 1])),
    # rearranging
    Case("pixel_shuffle", (normal(2, 8, 3, 2), 2)),
    Case("pixel_shuffle", (transposed(normal(9, 3, 2)), 3)),
    Case("pixel_shuffle", (booleans(2, 1, 4, 0, 2), 2), grad=False),
    Case("pixel_shuffle", (normal(0, 4, 2, 3), 2), grad=False),  # torch's gradient has a wrong shape
    Case("pixel_unshuffle", (normal(2, 2, 4, 6), 2)),
    Case("pixel_unshuffle", (transposed(normal(2, 3, 6)), 3)),
    Case("pixel_unshuffle", (integers(9, 2, 1, 1, 2, 2), 2)),
    Case("channel_shuffle", (normal(2, 6, 2), 3)),
    Case("channel_shuffle", (transposed(normal(1, 6, 3, 2)), 2)),
    Case("channel_shuffle", (integers(9, 0, 4, 2, 2), 1)),
    Case("native_channel_shuffle", (normal(2, 6, 2, 1), 3), grad=False),
]

BAD = [
    Bad("interpolate", ([1.0], 3), match="interpolate: input must be an array"),
    Bad("interpolate", (normal(1, 4), 3), match="interpolate: input must have rank 3 or 4 or 5"),
    Bad("interpolate", (IMAGE, 3), {"mode": "cubic"}, match="interpolate: mode must be one of 'nearest'"),
    Bad("interpolate", (IMAGE, 3), {"mode": "linear"}, match="interpolate: input must have rank 3, with mode='linear'"),
    Bad("interpolate", (integers(3, 1, 1, 4), 3), match="interpolate: input must be a floating-point array"),
    Bad("interpolate", (IMAGE,), match="interpolate: either size or scale_factor must be given, got neither"),
    Bad("interpolate", (IMAGE, 3, 2.0), match="either size or scale_factor must be given, got size=3"),
    Bad("interpolate", (IMAGE, (3,)), match="interpolate: size must be one number, or 2 numbers"),
    Bad("interpolate", (IMAGE, 3.0), match="interpolate: size must be an integer"),
    Bad("interpolate", (IMAGE, (3, 0)), match="interpolate: size must be at least 1"),
    Bad("interpolate", (IMAGE,), {"scale_factor": 0.1}, match="interpolate: size must be at least 1"),
    Bad("interpolate", (IMAGE,), {"scale_factor": -1.0}, match="interpolate: scale_factor must be a positive number"),
    Bad("interpolate", (IMAGE,), {"scale_factor": (2.0,)}, match="interpolate: scale_factor must be one number, or 2"),
    Bad(
        "interpolate",
        (IMAGE, 3),
        {"recompute_scale_factor": True},
        match="recompute_scale_factor must be None or False",
    ),
    Bad("interpolate", (IMAGE, 3), {"align_corners": False}, match="align_corners must be None with mode='nearest'"),
    Bad("interpolate", (IMAGE, 3), {"antialias": True}, match="antialias must be False with mode='nearest'"),
    Bad("interpolate", (IMAGE, 3), {"mode": "lanczos"}, match="antialias and align_corners must be True and False"),
    Bad(
        "interpolate",
        (IMAGE, 3),
        {"mode": "lanczos", "antialias": True, "align_corners": True},
        match="antialias and align_corners must be True and False",
    ),
    Bad("interpolate", (normal(2, 0, 3), 3), match="interpolate: input must have non-zero size but for the batch"),
    Bad("grid_sample", (IMAGE, normal(2, 3, 3, 2), "cubic"), match="grid_sample: mode must be one of"),
    Bad(
        "grid_sample", (IMAGE, normal(2, 3, 3, 2), "nearest", "ones"), match="grid_sample: padding_mode must be one of"
    ),
    Bad("grid_sample", (normal(2, 3, 4), normal(2, 3, 1)), match="grid_sample: input must have rank 4 or 5"),
    Bad(
        "grid_sample",
        (normal(1, 1, 2, 2, 2), normal(1, 2, 2, 2, 3), "bicubic"),
        match="grid_sample: input must have rank 4",
    ),
    Bad("grid_sample", (IMAGE, integers(2, 2, 3, 3, 2)), match="grid_sample: input and grid must have one dtype"),
    Bad(
        "grid_sample", (integers(2, 1, 1, 3, 3), integers(2, 1, 3, 3, 2)), match="input must be a floating-point array"
    ),
    Bad("grid_sample", (IMAGE, normal(1, 3, 3, 2)), match=r"grid_sample: grid must have shape \(2, H, W, 2\)"),
    Bad("grid_sample", (IMAGE, normal(2, 3, 3, 3)), match=r"grid_sample: grid must have shape \(2, H, W, 2\)"),
    Bad(
        "grid_sample",
        (normal(1, 1, 0, 3), normal(1, 3, 3, 2)),
        match="grid_sample: input must have non-zero size in space",
    ),
    Bad("affine_grid", (integers(2, 1, 2, 3), (1, 1, 2, 2)), match="affine_grid: theta must be a floating-point array"),
    Bad("affine_grid", (normal(1, 2, 3), (1, 1, 2)), match="affine_grid: size must be 4 or 5 integers"),
    Bad("affine_grid", (normal(2, 2, 3), (1, 1, 2, 2)), match=r"affine_grid: theta must have shape \(1, 2, 3\)"),
    Bad("affine_grid", (normal(1, 3, 4), (1, 1, 2, 2)), match=r"affine_grid: theta must have shape \(1, 2, 3\)"),
    Bad("affine_grid", (normal(1, 2, 3), (1, 0, 2, 2)), match="affine_grid: size must be positive"),
    Bad("pixel_shuffle", (normal(4, 4), 2), match="pixel_shuffle: input must have rank at least 3"),
    Bad(
        "pixel_shuffle",
        (normal(1, 6, 2, 2), 2),
        match="pixel_shuffle: input must have a number of channels divisible by 4",
    ),
    Bad("pixel_shuffle", (normal(1, 4, 2, 2), 0), match="pixel_shuffle: upscale_factor must be at least 1"),
    Bad("pixel_shuffle", (normal(1, 4, 2, 2), 2.0), match="pixel_shuffle: upscale_factor must be an integer"),
    Bad("pixel_unshuffle", (normal(4, 4), 2), match="pixel_unshuffle: input must have rank at least 3"),
    Bad("pixel_unshuffle", (normal(1, 4, 3, 2), 2), match="have a height and a width divisible by 2"),
    Bad("pixel_unshuffle", (normal(1, 4, 2, 2), -1), match="pixel_unshuffle: downscale_factor must be at least 1"),
    Bad("channel_shuffle", (normal(4, 4), 2), match="channel_shuffle: input must have rank at least 3"),
    Bad(
        "channel_shuffle",
        (normal(1, 3, 2), 2),
        match="channel_shuffle: input must have a number of channels divisible by 2",
    ),
    Bad("channel_shuffle", (normal(1, 4, 2), 0), match="channel_shuffle: groups must be at least 1"),
    Bad(
        "native_channel_shuffle",
        (normal(1, 3, 2), 2),
        match="native_channel_shuffle: input must have a number of channels",
    ),
    Bad("upsample", (normal(1, 4), 3), match="upsample: input must have rank 3 or 4 or 5"),
    Bad("upsample", (WIDE,), match="upsample: either size or scale_factor must be given, got neither"),
    Bad("upsample_nearest", (normal(1, 4), 3), match="upsample_nearest: input must have rank 3 or 4 or 5"),
    Bad("upsample_bilinear", (normal(1, 1, 4), 3), match="upsample_bilinear: input must have rank 4"),
]
