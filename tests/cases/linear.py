from functional_engine import Bad, Case, integers, normal, transposed

CASES = [
    Case("linear", (normal(2, 3), normal(4, 3), normal(4))),
    Case("linear", (normal(2, 5, 3), normal(4, 3))),
    Case("linear", (normal(3), normal(4, 3), normal(4))),
    Case("linear", (normal(2, 3), normal(3))),
    Case("linear", (normal(2, 2, 3), normal(3), normal())),
    Case("linear", (normal(2, 3), normal(4, 3), normal(1))),
    Case("linear", (normal(0, 3), normal(4, 3), normal(4))),
    Case("linear", (transposed(normal(2, 3)), transposed(normal(4, 3)), normal(4))),
    Case("bilinear", (normal(2, 3), normal(2, 4), normal(5, 3, 4), normal(5))),
    Case("bilinear", (normal(2, 2, 3), transposed(normal(2, 2, 4)), normal(1, 3, 4))),
    Case("bilinear", (normal(3), normal(4), normal(2, 3, 4))),
    Case("bilinear", (normal(0, 3), normal(0, 4), normal(5, 3, 4), normal(5))),
    Case("bilinear", (integers(5, 2, 3), integers(5, 2, 4), integers(5, 2, 3, 4))),
]

BAD = [
    Bad("linear", (normal(2, 3), normal(4, 5)), match=r"linear: input must have shape \(\*, 5\).*\(2, 3\)"),
    Bad(
        "linear",
        (normal(2, 3), normal(4, 3), normal(5)),
        match=r"linear: bias must be broadcastable to \(2, 4\).*\(5,\)",
    ),
    Bad("linear", (normal(2, 3), normal(2, 4, 3)), match="linear: weight must have rank 1 or 2"),
    Bad("linear", (normal(), normal(4, 3)), match=r"linear: input must have shape \(\*, 3\)"),
    Bad("linear", (integers(5, 2, 3), normal(4, 3)), match="linear: input and weight must have one dtype"),
    Bad("linear", ([[1.0]], normal(4, 3)), match="linear: input must be an array, got list"),
    Bad("bilinear", (normal(2, 3), normal(2, 4), normal(3, 4)), match="bilinear: weight must have rank 3"),
    Bad("bilinear", (normal(2, 3), normal(2, 4), normal(5, 2, 4)), match=r"bilinear: input1 must have shape \(\*, 2\)"),
    Bad("bilinear", (normal(2, 3), normal(2, 4), normal(5, 3, 3)), match=r"bilinear: input2 must have shape \(\*, 3\)"),
    Bad("bilinear", (normal(), normal(), normal(5, 3, 4)), match=r"bilinear: input1 must have shape \(\*, 3\)"),
    Bad("bilinear", (normal(2, 1, 3), normal(2, 2, 4), normal(5, 3, 4)), match=r"input2 must have shape \(2, 1, 4\)"),
    Bad("bilinear", (normal(2, 3), normal(4), normal(5, 3, 4)), match=r"input2 must have shape \(2, 4\) as input1's"),
    Bad("bilinear", (normal(2, 3), normal(2, 4), normal(5, 3, 4), normal(1)), match=r"bias must have shape \(5,\)"),
    Bad("bilinear", (normal(2, 3), normal(2, 4), integers(2, 5, 3, 4)), match="must have one dtype"),
]
