from functional_engine import Bad, Case, booleans, integers, normal, transposed

CASES = [
    Case("unfold", (normal(2, 2, 4, 5), 2)),
    Case("unfold", (normal(2, 4, 5), (3, 2), (1, 2), (2, 1), (2, 3))),
    Case("unfold", (transposed(normal(1, 2, 3, 3)), 2), {"padding": 3, "stride": 2}),
    Case("unfold", (normal(0, 2, 3, 3), 2)),
    Case("unfold", (booleans(1, 2, 3, 3), 2, 1, 1)),
    # kernels whose elements are copied and added in a loop
    Case("unfold", (normal(2, 15, 20), (9, 10), (1, 2), (3, 0), (2, 1))),
    Case("unfold", (booleans(1, 1, 12, 3), (11, 2), 1, (2, 0))),
    Case("fold", (normal(90, 14), (15, 20), (9, 10), (1, 2), (3, 0), (2, 1))),
    Case("fold", (booleans(22, 12), (12, 3), (11, 2), 1, (2, 0))),
    Case("fold", (normal(2, 8, 6), (3, 4), 2)),
    Case("fold", (normal(12, 15), (4, 5), (3, 2), (1, 2), (2, 1), (2, 1))),
    Case("fold", (transposed(normal(1, 4, 4)), 5, 2), {"stride": 3}),
    Case("fold", (normal(0, 4, 4), 3, 2)),
    Case("fold", (booleans(1, 4, 4), 3, 2)),
]

BAD = [
    Bad("unfold", ([1.0], 2), match="unfold: input must be an array"),
    Bad("unfold", (normal(4, 4), 2), match="unfold: input must have rank 3 or 4"),
    Bad("unfold", (normal(1, 0, 4, 4), 2), match="unfold: input must have non-zero size"),
    Bad("unfold", (integers(9, 1, 4, 4), 2), match="unfold: input must be a floating-point, complex or boolean array"),
    Bad("unfold", (normal(1, 4, 4), (2,)), match="unfold: kernel_size must be an integer or 2 integers"),
    Bad("unfold", (normal(1, 4, 4), 0), match="unfold: kernel_size must be at least 1"),
    Bad("unfold", (normal(1, 4, 4), 2, 0), match="unfold: dilation must be at least 1"),
    Bad("unfold", (normal(1, 4, 4), 2, 1, -1), match="unfold: padding must be at least 0"),
    Bad("unfold", (normal(1, 4, 4), 2, 1, 0, 0), match="unfold: stride must be at least 1"),
    Bad("unfold", (normal(1, 4, 4), 3, 2), match=r"unfold: kernel_size must fit, dilated, into \(4, 4\)"),
    Bad("fold", ([1.0], 2, 2), match="fold: input must be an array"),
    Bad("fold", (normal(1, 1, 4, 4), 3, 2), match="fold: input must have rank 2 or 3"),
    Bad("fold", (normal(1, 0, 4), 3, 2), match="fold: input must have non-zero size"),
    Bad("fold", (integers(9, 1, 4, 4), 3, 2), match="fold: input must be a floating-point, complex or boolean array"),
    Bad("fold", (normal(1, 4, 4), (3,), 2), match="fold: output_size must be an integer or 2 integers"),
    Bad("fold", (normal(1, 5, 4), 3, 2), match=r"fold: input must have shape \(\*, a multiple of 4, 4\).*\(1, 5, 4\)"),
    Bad("fold", (normal(1, 4, 3), 3, 2), match=r"fold: input must have shape \(\*, a multiple of 4, 4\)"),
    Bad("fold", (normal(1, 4, 4), 1, 2), match="fold: kernel_size must fit"),
    Bad("fold", (normal(1, 4, 4), 3, 2, 1, 0, 0), match="fold: stride must be at least 1"),
]
