import torch
from functional_engine import Bad, Case, booleans, constant, integers, normal, transposed, uniform, values

FLAT = values([[2.0, 3.0], [2.0, -1e4], [2.0, 3.0]])
ZEROS = values([[0.0, 0.0, 0.0], [0.0, 2.0, -1.0]])
INF = float("inf")
MEAN, VAR = constant(normal(3)), constant(uniform(3, low=0.5, high=2.0))


def _batch_update(x, mean, var, momentum=0.1):
    mean, var = mean.clone(), var.clone()
    torch.nn.functional.batch_norm(x, mean, var, training=True, momentum=float(momentum))
    return mean, var


def _instance_update(x, mean, var, momentum=0.1):
    mean, var = mean.clone(), var.clone()
    torch.nn.functional.instance_norm(x, mean, var, momentum=float(momentum))
    return mean, var


CASES = [
    *(
        Case("batch_norm_update", (x, MEAN, VAR, *momentum), grad=False, theirs=_batch_update)
        for x, *momentum in ((normal(4, 3),), (normal(2, 3, 2, 2), constant(values(0.3))), (normal(0, 3), 1.0))
    ),
    *(
        Case("instance_norm_update", (x, MEAN, VAR, *momentum), grad=False, theirs=_instance_update)
        for x, *momentum in ((normal(4, 3, 2),), (normal(2, 3, 2, 2), constant(values(0.3))), (normal(2, 3, 0), 1.0))
    ),
    Case("batch_norm", (normal(4, 3), MEAN, VAR, normal(3), normal(3)), {"training": True}),
    Case("batch_norm", (normal(2, 3, 2, 2), None, None), {"training": True, "eps": 0.1}),
    Case("batch_norm", (transposed(normal(4, 2, 3)), None, None, normal(2)), {"training": True, "momentum": 0.5}),
    Case("batch_norm", (FLAT, None, None, normal(2), normal(2)), {"training": True}),
    Case("batch_norm", (normal(0, 3), MEAN, VAR, normal(3), normal(3)), {"training": True}),
    Case("batch_norm", (normal(4, 3, 2), MEAN, VAR, normal(3), normal(3))),
    Case("batch_norm", (normal(1, 3), MEAN, VAR), {"eps": 0.0}),
    Case("layer_norm", (normal(4, 3), (3,), normal(3), normal(3))),
    Case("layer_norm", (normal(2, 2, 3), [2, 3], normal(2, 3)), {"eps": 0.1}),
    Case("layer_norm", (transposed(normal(4, 3)), (3,), None, normal(3)), second=False),  # torch's fails without weight
    Case("layer_norm", (values([[1.0, 1.0, 1.0], [1e4, -1e4, 0.0]]), (3,))),
    Case("layer_norm", (normal(0, 3), (3,), normal(3), normal(3))),
    Case("layer_norm", (normal(2, 0), (0,))),
    Case("layer_norm", (normal(3, 1), (1,))),
    Case("instance_norm", (normal(2, 3, 4),)),
    Case("instance_norm", (transposed(normal(2, 3, 2, 3)), None, None, normal(3), normal(3)), {"eps": 0.1}),
    Case("instance_norm", (normal(2, 3), MEAN, VAR, normal(3), normal(3)), {"use_input_stats": False}),
    Case("instance_norm", (normal(2, 3, 2), MEAN, VAR, normal(3)), {"use_input_stats": False, "eps": 0.1}),
    Case("instance_norm", (normal(2, 3, 4), MEAN, VAR, normal(3), normal(3))),
    Case("instance_norm", (normal(0, 3, 4),)),
    Case("instance_norm", (values([[[1.0, 1.0, 1.0], [3.0, -1e4, 3.0]]]),)),
    Case("group_norm", (normal(2, 6), 2, normal(6), normal(6))),
    Case("group_norm", (transposed(normal(2, 4, 2, 3)), 2, normal(4)), {"eps": 0.1}),
    Case("group_norm", (normal(2, 3, 2), 3), half=False),  # of two values: the gradient is what rounding leaves
    Case("group_norm", (normal(2, 2), 2)),
    Case("group_norm", (normal(0, 4, 2), 2, normal(4), normal(4))),
    Case("group_norm", (normal(2, 4, 0), 1)),
    Case("rms_norm", (normal(4, 3), (3,), normal(3))),
    Case("rms_norm", (normal(2, 2, 3), [2, 3], normal(2, 3)), {"eps": 0.1}),
    Case("rms_norm", (transposed(normal(4, 3)), (3,))),
    Case("rms_norm", (values([[0.0, 0.0], [1e4, -1e4]]), (2,)), {"eps": 1e-3}),
    Case("rms_norm", (normal(3, 4, scale=1e-4), (4,)), half=False),  # float32's eps counts, and hides in float64
    Case("rms_norm", (normal(0, 3), (3,), normal(3))),
    *(Case("local_response_norm", (normal(2, 4, 3), size)) for size in (1, 2, 3, 9)),
    Case("local_response_norm", (transposed(normal(2, 3, 4, 2)), 2, 0.5, 1.5, 2.0)),
    Case("local_response_norm", (normal(1, 2, 2, 1, 2), 2, 0.5)),
    Case("local_response_norm", (normal(0, 3, 4), 0), second=False),
    Case("local_response_norm", (integers(9, 2, 3, 4), 2), {"alpha": 0.5}),
    *(Case("normalize", (normal(3, 4), p)) for p in (2.0, 1, 3.0, 0.5)),
    *(Case("normalize", (normal(3, 4), p), half=False) for p in (0, INF, -INF, -1.0)),  # ties and overflow
    Case("normalize", (transposed(normal(2, 3, 2)), 3, -2)),
    *(Case("normalize", (normal(2, 3), 2.0, dim)) for dim in ((0, 1), None, ())),
    Case("normalize", (normal(), 2.0, 0), second=False),  # of something constant
    Case("normalize", (normal(0, 3), "fro")),
    Case("normalize", (normal(2, 3), None), {"eps": 10.0}),
    # float16's eps is 0, and dividing by it nan or infinite
    *(Case("normalize", (ZEROS, p), second=False, half=False) for p in (2.0, 1.0, 3.0, 1.5, 0.5)),
    Case("normalize", (values([[2.0, -2.0, 1.0]]), INF)),
    Case("normalize", (values([[2.0, -2.0, 3.0]]), -INF)),
    Case("normalize", (values([[1e4, -1e4, 1.0]]),), half=False),  # the second derivatives underflow
]

BAD = [
    Bad("batch_norm", (normal(4), None, None), {"training": True}, match="batch_norm: input must have rank 2 or more"),
    Bad("batch_norm", (integers(4, 4, 3), MEAN, VAR), match="batch_norm: input must be a floating-point array"),
    Bad("batch_norm", (normal(4, 3), None, None), match="running_var must be given where training is False, got None"),
    Bad("batch_norm", (normal(4, 3), MEAN, None), {"training": True}, match="must be both given or both None"),
    Bad("batch_norm", (normal(4, 2), MEAN, VAR), match=r"running_mean must have shape \(2,\), got shape \(3,\)"),
    Bad("batch_norm", (normal(4, 3), MEAN, VAR, normal(2)), match=r"weight must have shape \(3,\), got shape \(2,\)"),
    Bad("batch_norm", (normal(4, 3), MEAN, VAR, integers(4, 3)), match="have one dtype, got float32, float32, int"),
    Bad(
        "batch_norm",
        (normal(4, 3), None, None, integers(4, 3)),
        {"training": True},
        match="weight must have the input's dtype",
    ),
    Bad(
        "batch_norm",
        (normal(1, 3), None, None),
        {"training": True},
        match="input must have more than 1 value per channel",
    ),
    Bad("batch_norm", (normal(4, 3), MEAN, VAR), {"eps": -1.0}, match="eps must be positive in training and else not"),
    Bad(
        "batch_norm",
        (normal(4, 3), MEAN, VAR),
        {"eps": 0.0, "training": True},
        match="eps must be positive in training",
    ),
    Bad("batch_norm", (normal(4, 3), MEAN, VAR), {"momentum": None}, match="batch_norm: momentum must be a number"),
    Bad("layer_norm", (integers(4, 4, 3), (3,)), match="layer_norm: input must be a floating-point array"),
    Bad("layer_norm", (normal(4, 3), 3), match="layer_norm: normalized_shape must be a sequence of integers, got 3"),
    Bad("layer_norm", (normal(4, 3), (3.0,)), match="layer_norm: normalized_shape must be an integer"),
    Bad("layer_norm", (normal(4, 3), ()), match="layer_norm: normalized_shape must have at least one size"),
    Bad(
        "layer_norm",
        (normal(4, 3), (4,)),
        match=r"layer_norm: input must have shape \(\*, 4\) for normalized_shape=\(4,\)",
    ),
    Bad("layer_norm", (normal(), (1,)), match=r"layer_norm: input must have shape \(\*, 1\)"),
    Bad(
        "layer_norm",
        (normal(4, 3), (4, 3), normal(3)),
        match=r"layer_norm: weight must have shape \(4, 3\), got shape \(3,\)",
    ),
    Bad("layer_norm", (normal(4, 3), (3,), None, normal(1)), match=r"layer_norm: bias must have shape \(3,\)"),
    Bad(
        "layer_norm",
        (normal(4, 3), (3,), integers(4, 3)),
        match="layer_norm: weight must have the input's dtype",
    ),
    Bad("instance_norm", (normal(3),), match="instance_norm: input must have rank 2 or more"),
    Bad("instance_norm", (integers(4, 2, 3, 4),), match="instance_norm: input must be a floating-point array"),
    Bad("instance_norm", (normal(2, 3),), match="instance_norm: input must have more than 1 value per channel"),
    Bad("instance_norm", (normal(2, 3, 1),), match="instance_norm: input must have more than 1 value per channel"),
    Bad("instance_norm", (normal(2, 3, 4), MEAN), match="running_mean and running_var must be both given or both None"),
    Bad("instance_norm", (normal(2, 3, 4),), {"use_input_stats": False}, match="given where use_input_stats is False"),
    Bad("instance_norm", (normal(2, 4, 4), MEAN, VAR), match=r"instance_norm: running_mean must have shape \(4,\)"),
    Bad("instance_norm", (normal(2, 3, 4), None, None, normal(4)), match=r"weight must have shape \(3,\), got shape"),
    Bad(
        "instance_norm",
        (normal(2, 3, 4), None, None, integers(4, 3)),
        match="weight must have the input's dtype",
    ),
    Bad("instance_norm", (normal(2, 3, 4),), {"momentum": None}, match="instance_norm: momentum must be a number"),
    Bad("group_norm", (normal(4), 2), match="group_norm: input must have rank 2 or more"),
    Bad("group_norm", (integers(4, 2, 4), 2), match="group_norm: input must be a floating-point array"),
    Bad("group_norm", (normal(2, 4), 2.0), match="group_norm: num_groups must be an integer"),
    Bad("group_norm", (normal(2, 4), 0), match="group_norm: num_groups must be at least 1"),
    Bad(
        "group_norm",
        (normal(2, 4), 3),
        match=r"input must have channels divisible by num_groups=3, got shape \(2, 4\)",
    ),
    Bad("group_norm", (normal(1, 2), 2), match="group_norm: input must have more than 1 value per group"),
    Bad(
        "group_norm",
        (normal(2, 4), 2, normal(2)),
        match=r"group_norm: weight must have shape \(4,\), got shape \(2,\)",
    ),
    Bad("group_norm", (normal(2, 4), 2, integers(4, 4)), match="group_norm: weight must have the input's dtype"),
    Bad("rms_norm", (integers(4, 2, 3), (3,)), match="rms_norm: input must be a floating-point or complex array"),
    Bad("rms_norm", (normal(2, 3), (2,)), match=r"rms_norm: input must have shape \(\*, 2\)"),
    Bad("rms_norm", (normal(2, 3), ()), match="rms_norm: normalized_shape must have at least one size"),
    Bad("rms_norm", (normal(2, 3), 3), match="rms_norm: normalized_shape must be a sequence of integers"),
    Bad(
        "rms_norm", (normal(2, 3), (3,), normal(1)), match=r"rms_norm: weight must have shape \(3,\), got shape \(1,\)"
    ),
    Bad("rms_norm", (normal(2, 3), (3,), integers(2, 3)), match="weight must be a floating-point array", theirs=False),
    Bad("local_response_norm", (normal(2, 3), 2), match="local_response_norm: input must have rank 3 or more"),
    Bad("local_response_norm", (normal(2, 3, 4), 0), match="local_response_norm: size must be at least 1, got 0"),
    Bad("local_response_norm", (normal(2, 3, 4), 2.0), match="local_response_norm: size must be an integer"),
    Bad("local_response_norm", (booleans(2, 3, 4), 2), match="local_response_norm: input must be a real array"),
    Bad("normalize", (integers(4, 2, 3),), match="normalize: input must be a floating-point or complex array"),
    Bad("normalize", (normal(3),), match=r"normalize: dim must be in \[-1, 0\], got 1"),
    Bad("normalize", (normal(2, 3), 2.0, (0, -2)), match=r"normalize: dim must have no repetitions, got \(0, -2\)"),
    Bad("normalize", (normal(2, 3), "max"), match="normalize: p must be one of 'fro', got 'max'"),
    Bad("normalize", (normal(2, 0), INF), match="normalize: input must have non-zero size along dim=1 for p=inf"),
    *(
        bad
        for name in ("batch_norm_update", "instance_norm_update")
        for bad in (
            Bad(name, (normal(3), MEAN, VAR), match=f"{name}: input must have rank 2 or more", theirs=False),
            Bad(name, (integers(3, 2, 3, 4), MEAN, VAR), match=f"{name}: input must be a floating-point", theirs=False),
            Bad(name, (normal(1, 3, 1), MEAN, VAR), match="have more than 1 value per channel", theirs=False),
            Bad(
                name, (normal(2, 4, 3), MEAN, VAR), match=rf"{name}: running_mean must have shape \(4,\)", theirs=False
            ),
            Bad(name, (normal(2, 3, 3), None, VAR), match=f"{name}: running_mean must be an array", theirs=False),
            Bad(name, (normal(2, 3, 3), MEAN, integers(3, 3)), match="running_var must be a floating", theirs=False),
        )
    ),
    Bad("cross_map_lrn2d", (normal(2, 3, 3), 2), match="cross_map_lrn2d: input must have rank 4, ", theirs=False),
    Bad("cross_map_lrn2d", (normal(1, 2, 3, 3), 0), match="cross_map_lrn2d: size must be at least 1", theirs=False),
    Bad("sync_batch_norm", (normal(4), None, None), match="sync_batch_norm: input must have rank 2", theirs=False),
]
