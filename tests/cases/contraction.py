from functional_engine import Bad, Case, booleans, integers, normal, transposed

A, B = normal(2, 3), normal(3, 4)

CASES = [
    Case("einsum", ("ij,jk", A, B)),
    Case("einsum", (" Ji , ik -> kJ", transposed(A), [B][0])),
    Case("einsum", ("ij,jk->", [A, B])),  # the operands as one list
    Case("einsum", ("ij,jk,kl,l->i", A, B, normal(4, 2), normal(2))),
    Case("einsum", ("baC", normal(2, 3, 2))),  # the result in alphabetical order, capitals first
    Case("einsum", ("ii->i", normal(3, 3))),
    Case("einsum", ("ii", normal(3, 3))),
    Case("einsum", ("...ij,...jk->...ik", normal(2, 1, 2, 3), normal(3, 3, 4))),
    Case("einsum", ("i...,...", A, normal())),
    Case("einsum", ("...j->j", A)),  # an ellipsis that isn't in the result is summed
    Case("einsum", ("ij->...i", A)),
    Case("einsum", ("ij,ij->j", A, normal(1, 3))),  # size 1 broadcasts
    Case("einsum", ("ij,jk->ik", normal(2, 1), B)),
    Case("einsum", ("i,->i", normal(3), normal())),
    Case("einsum", ("ij,j->i", normal(0, 3), normal(3))),
    Case("einsum", ("ij,j->i", normal(2, 0), normal(0))),
    Case("einsum", (A, [0, 51], B, [51, 30], [30, 0])),
    Case("einsum", (A, [..., 1], [1, ...])),
    Case("einsum", (normal(3, 3), [0, 0])),
    Case("einsum", ("ij,jk", integers(5, 2, 3), integers(5, 3, 4))),
    Case("einsum", ("ij->j", booleans(2, 3))),  # sums of booleans are integers
    Case("einsum", ("i,j->ij", booleans(2), booleans(3))),
    Case("tensordot", (normal(2, 3, 4), normal(3, 4, 5))),
    Case("tensordot", (normal(2), normal(2, 3), 0)),
    Case("tensordot", (normal(2, 3, 4), normal(4, 5, 3), ([1, -1], [2, 0]))),
    Case("tensordot", (normal(2, 3, 4), normal(1, 4, 5)), {"dims": [[1, 2], [0, 1]]}),  # size 1 broadcasts
    Case("tensordot", (normal(2, 1), normal(4, 3), ([1], [0]))),
    Case("tensordot", (integers(9, 2, 3), integers(9, 3, 2), 1)),
    Case("tensordot", (normal(2, 0), normal(0, 3), 1)),
]

BAD = [
    Bad("einsum", ("ij",), match="einsum: args must be an equation and operands"),
    Bad("einsum", (A,), match="einsum: args must be an equation and operands"),
    Bad("einsum", ("i,j", normal(2)), match="einsum: args must be an equation and its 2 operands, got 1"),
    Bad("einsum", ("i", normal(2), normal(2)), match="einsum: args must be an equation and its 1 operands, got 2"),
    Bad("einsum", ("ij->ijk", A), match="einsum: equation must have a result that uses letters of the operands"),
    Bad(
        "einsum",
        ("ij->ii", A),
        match="einsum: equation must have a result that uses letters of the operands, each once",
    ),
    Bad("einsum", ("i1->1i", A), match="einsum: equation must consist of letters, commas"),
    Bad("einsum", ("i.j", A), match="einsum: equation must consist of letters, commas"),
    Bad("einsum", ("ij->j->i", A), match="einsum: equation must consist of letters, commas"),
    Bad("einsum", ("...i...->i", A), match="einsum: equation must consist of letters, commas"),
    Bad("einsum", ("ijk", A), match=r"einsum: operands\[0\] must have the rank that 'ijk' says"),
    Bad("einsum", ("i", A), match=r"einsum: operands\[0\] must have the rank that 'i' says"),
    Bad("einsum", ("ii", A), match=r"einsum: operands\[0\] must have one size where 'i' is repeated"),
    Bad("einsum", ("ij,jk", A, normal(4, 4)), match=r"operands\[1\] must have size 3 in dimension 'j', or 1"),
    Bad("einsum", ("...i,...i", A, normal(4, 3)), match=r"operands\[1\] must have size 2 in dimension -1, or 1"),
    Bad("einsum", ("ij,jk", A, integers(3, 3, 4)), match="einsum: operands must have one dtype"),
    Bad("einsum", ("i,i", booleans(3), booleans(3)), match="einsum: operands must be numeric arrays"),
    Bad("einsum", ("i", [1.0]), match=r"einsum: operands\[0\] must be an array, got float"),
    Bad("einsum", (A, [0, 52]), match="einsum: subscript must be at most 51"),
    Bad("einsum", (A, [0, -1]), match="einsum: subscript must be at least 0"),
    Bad("einsum", (A, [..., 0, ...]), match="einsum: subscripts must have at most one ellipsis"),
    Bad("einsum", (A, "ij"), match="einsum: subscripts must be a list of integers"),
    Bad("tensordot", (A, integers(5, 3, 2), 1), match="tensordot: a and b must have one dtype"),
    Bad("tensordot", (booleans(2, 3), booleans(3, 2), 1), match="tensordot: a must be a numeric array"),
    Bad("tensordot", (A, B, -1), match="tensordot: dims must be at least 0"),
    Bad("tensordot", (A, B, 3), match="tensordot: dims must be at most the ranks 2 and 2"),
    Bad("tensordot", (A, B, 1.0), match="tensordot: dims must be an integer, or two lists"),
    Bad("tensordot", (A, B, ([0], [0, 1])), match="tensordot: dims must be an integer, or two lists of one length"),
    Bad("tensordot", (A, B, (1, 0)), match="tensordot: dims must be an integer, or two lists"),
    Bad("tensordot", (A, B, ([2], [0])), match=r"tensordot: dims\[0\] must be in \[-2, 1\]"),
    Bad("tensordot", (A, B, ([0, 0], [0, 1])), match=r"tensordot: dims\[0\] must have no repetitions"),
    Bad("tensordot", (A, B, 2), match="tensordot: b must have size 2 in dimension 0, like a in dimension 0"),
]
