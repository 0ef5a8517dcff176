import functools

from functional_engine import Bad, Case, booleans, integers, normal, values

NAN = float("nan")
ALL = {"return_inverse": True, "return_counts": True}
ROWS = values([[3, 1], [1, 2], [3, 1], [1, 0], [3, 1], [3, 1]], False)
eager = functools.partial(Case, grad=False, jit=False, vmap=False)  # the shapes depend on values

CASES = [
    *(
        eager(name, (x,), kwargs)
        for name in ("unique", "unique_consecutive")
        for x, kwargs in (
            (integers(4, 9), {}),
            (integers(3, 9), {"return_counts": True}),
            (integers(3, 3, 4), ALL),
            (values([1.0, NAN, -0.0, 0.0, 0.0, NAN, NAN]), ALL),  # NaNs are distinct, zeros are not
            (booleans(5), {"return_inverse": True}),
            (normal(), ALL),
            (normal(0, 3), ALL),
            (ROWS, {"dim": 0, **ALL}),
            (ROWS, {"dim": -1, **ALL}),
            (values([[1.0, NAN], [0.0, 1.0], [1.0, NAN], [-0.0, 1.0]]), {"dim": 0, **ALL}),
            (values([[[1, 2], [1, 2], [0, 2]], [[1, 2], [1, 2], [1, 2]]], False), {"dim": 1, **ALL}),
            (normal(0, 3), {"dim": 0, **ALL}),
        )
    ),
    eager("unique", (ROWS, False)),
]

BAD = [
    bad
    for name in ("unique", "unique_consecutive")
    for bad in (
        Bad(name, ([1, 2],), match=f"{name}: input must be an array"),
        Bad(name, (values([1j], False),), match=f"{name}: input must be a real array"),
        Bad(name, (normal(2, 3),), {"dim": 2}, match=rf"{name}: dim must be in \[-2, 1\]"),
        Bad(name, (normal(),), {"dim": 0}, match=f"{name}: dim must be None for a scalar"),
        Bad(name, (normal(0, 3),), {"dim": 1}, match="input must have non-zero size in all dimensions but dim"),
        Bad(name, (normal(3),), {"size": -1}, match=f"{name}: size must be at least 0", theirs=False),
        Bad(name, (normal(0),), {"size": 2}, match=f"{name}: size must be 0 for an array", theirs=False),
    )
]
