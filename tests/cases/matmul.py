import jax.numpy as jnp
import numpy as np
import torch
from functional_engine import Bad, Case, Draw, integers, normal, values


def ends(*offs: int) -> Draw:
    return values(np.array(offs, np.int32))


def groups(a: torch.Tensor, b: torch.Tensor, offs: torch.Tensor | None = None) -> torch.Tensor:
    """grouped_mm group by group. torch's function takes no float64 and needs rows of multiples of 16 bytes."""
    if offs is None:
        return a @ b
    runs = list(zip([0, *offs.tolist()[:-1]], offs.tolist(), strict=True))
    if a.ndim == 2 and b.ndim == 2:
        return torch.stack([a[:, i:j] @ b[i:j] for i, j in runs])
    if a.ndim == 2:
        rest = torch.zeros(a.shape[0] - runs[-1][1], b.shape[-1], dtype=a.dtype)
        return torch.cat([*(a[i:j] @ b[g] for g, (i, j) in enumerate(runs)), rest])
    rest = torch.zeros(a.shape[1], b.shape[1] - runs[-1][1], dtype=a.dtype)
    return torch.cat([*(a[g] @ b[:, i:j] for g, (i, j) in enumerate(runs)), rest], 1)


CASES = [
    *(
        Case("grouped_mm", mats, {"offs": offs} if offs else {}, theirs=groups)
        for mats, offs in (
            ((normal(2, 3, 4), normal(2, 4, 5)), None),
            ((normal(6, 3), normal(3, 3, 4)), ends(2, 2, 6)),
            ((normal(6, 3), normal(2, 3, 4)), ends(1, 4)),
            ((normal(2, 3, 4), normal(4, 5)), ends(2, 5)),
            ((normal(2, 3, 4), normal(4, 5)), ends(0, 4)),
            ((normal(3, 6), normal(6, 4)), ends(1, 1, 5)),
            ((normal(3, 6), normal(8, 4)), ends(2, 6)),
            ((normal(0, 3), normal(2, 3, 4)), ends(0, 0)),
        )
    ),
]

BAD = [
    Bad("grouped_mm", ([1.0], normal(2, 4, 5)), match="grouped_mm: mat_a must be an array"),
    Bad("grouped_mm", (normal(4), normal(2, 4, 5)), match="grouped_mm: mat_a must have rank 2 or 3"),
    Bad("grouped_mm", (normal(2, 8, 4), normal(1, 2, 4, 8)), match="grouped_mm: mat_b must have rank 2 or 3"),
    Bad("grouped_mm", (normal(2, 8, 4), normal(2, 8, 4)), match=r"grouped_mm: mat_b must have shape \(\*, 4, N\)"),
    Bad("grouped_mm", (normal(2, 8, 4), normal(3, 4, 8)), match="grouped_mm: mat_b must have 2 groups, like mat_a"),
    Bad("grouped_mm", (normal(2, 8, 4), normal(2, 4, 8)), {"offs": ends(2, 4)}, match="grouped_mm: offs must be None"),
    Bad(
        "grouped_mm",
        (normal(8, 4), normal(2, 4, 8)),
        match="grouped_mm: offs must be given where a matrix is of rank 2",
    ),
    Bad("grouped_mm", (normal(8, 4), normal(2, 4, 8)), {"offs": ends(2, 4, 8)}, match=r"offs must have shape \(2,\)"),
    Bad(
        "grouped_mm",
        (normal(8, 4), normal(2, 4, 8)),
        {"offs": normal(2)},
        match="offs must have dtype int32 and rank 1",
    ),
    Bad("grouped_mm", (normal(2, 8, 4), integers(3, 2, 4, 8)), match="mat_a and mat_b must have one dtype"),
    Bad("grouped_mm", (integers(3, 2, 8, 4), integers(3, 2, 4, 8)), match="mat_a must be a floating-point array"),
    Bad("grouped_mm", (normal(2, 8, 4), normal(2, 4, 8)), {"bias": normal(8)}, match="grouped_mm: bias must be None"),
    Bad(
        "grouped_mm", (normal(2, 8, 4), normal(2, 4, 8)), {"out_dtype": jnp.float16}, match="out_dtype must be None or"
    ),
]
