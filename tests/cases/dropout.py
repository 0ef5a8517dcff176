from functional_engine import Bad, Case, integers, normal, values

OTHERS = ("alpha_dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout")
OFF = {"training": False}

CASES = [
    Case("dropout", (normal(2, 3),), OFF),
    Case("dropout", (normal(2, 3), 0.0)),
    Case("dropout", (values([[1.0, -2.0, float("inf")]]), 1.0), second=False),
    Case("dropout", (normal(0, 3), 0.5)),
    Case("dropout", (integers(5, 4), 0.5), OFF),
    Case("dropout", (integers(5, 4), 1.0)),
    *(Case(name, (normal(2, 3, 2), 0.5, False)) for name in OTHERS),
    *(Case(name, (normal(2, 3, 2), 0.0, True)) for name in OTHERS),
    *(Case(name, (values([[[1.0, -2.0, float("inf")]]]), 1.0, True), second=False) for name in OTHERS),
    Case("dropout2d", (normal(4), 0.5, False)),
    Case("dropout2d", (normal(4), 1.0)),
    Case("dropout2d", (normal(0), 0.5)),
]

BAD = [
    Bad("dropout", (normal(2, 3),), match="dropout: rng must be a jax key where training=True, got None", theirs=False),
    Bad("dropout", (normal(2, 3), 1.5), match="dropout: p must be a probability, from 0 to 1, got 1.5"),
    Bad("dropout", (normal(2, 3), -0.1), OFF, match="dropout: p must be a probability"),
    Bad("dropout", (normal(2, 3), float("nan")), match="dropout: p must be a probability"),
    Bad("dropout", (integers(5, 4), 0.5), match="dropout: input must be a floating-point array"),
    Bad("dropout", ([1.0], 0.5), match="dropout: input must be an array, got list"),
    *(
        Bad(name, (normal(2, 3, 2), 0.5, True), match=f"{name}: rng must be a jax key where", theirs=False)
        for name in OTHERS
    ),
    *(Bad(name, (normal(2, 3, 2), 1.5), match=f"{name}: p must be a probability, from 0 to 1") for name in OTHERS),
    *(Bad(name, (integers(5, 2, 3, 2), 0.5, True), match=f"{name}: input must be a floating-point") for name in OTHERS),
    Bad("dropout1d", (normal(2),), match=r"dropout1d: input must have rank 2 or 3, \(C, L\) or \(N, C, L\)"),
    Bad("dropout1d", (normal(2, 3, 4, 5),), match="dropout1d: input must have rank 2 or 3"),
    Bad("dropout2d", (normal(4),), match="dropout2d: input must have rank 2 or more"),
    Bad("dropout3d", (normal(),), match="dropout3d: input must have rank 1 or more"),
    Bad("feature_alpha_dropout", (normal(4), 0.5, True), match="feature_alpha_dropout: input must have rank 2 or more"),
    Bad("dropout", (normal(2), 0.5, True, False, 0), match="dropout: rng must be a jax key, got int"),
]
