import numpy as np
from functional_engine import Bad, Case, Draw, booleans, integers, normal, transposed, uniform, values

INF, GENERATOR = np.inf, np.random.default_rng(0)
Q, K, V = normal(2, 3, 4, 3), normal(2, 3, 5, 3), normal(2, 3, 5, 2)
SMALL = (normal(3, 2), normal(2, 2), normal(2, 2))
# the first query may attend to nothing
BLOCKED = values([[False, False], [True, False], [True, True]])
BLOCKING = values([[-INF, -INF], [0.5, -INF], [1.0, -1.0]])

# E = 4, 2 heads, L = 3, S = 5, N = 2
X, Y = normal(3, 2, 4), normal(5, 2, 4)
IN, BIAS, OUT, BIAS_OUT = normal(12, 4, scale=0.5), normal(12), normal(4, 4, scale=0.5), normal(4)
ROW = normal(1, 1, 4)
PADDING = values([[False, True, False, False, False], [False, False, False, True, True]])
CAUSAL = values(np.triu(np.ones((3, 5), bool), 1))
SEPARATE = {
    "use_separate_proj_weight": True,
    "q_proj_weight": normal(4, 4, scale=0.5),
    "k_proj_weight": normal(4, 3, scale=0.5),
    "v_proj_weight": normal(4, 2, scale=0.5),
}


def heads(
    *qkv: Draw,
    weight: Draw | None = IN,
    bias: Draw | None = BIAS,
    rows: tuple[Draw | None, Draw | None] = (None, None),
    zero: bool = False,
    out: tuple[Draw, Draw | None] = (OUT, BIAS_OUT),
    embed: int = 4,
    count: int = 2,
    p: float = 0.0,
) -> tuple:
    return (*qkv, embed, count, weight, bias, *rows, zero, p, *out)


def product(*args: Draw, half: bool = True, **kwargs: object) -> Case:
    """torch's fused kernel for arrays of rank 4 has no second derivative."""
    return Case("scaled_dot_product_attention", args, kwargs, second=len(args[0].make(GENERATOR).shape) != 4, half=half)


def attend(args: tuple, second: bool = True, **kwargs: object) -> Case:
    return Case("multi_head_attention_forward", args, kwargs, second=second and bool(kwargs.get("need_weights", True)))


CASES = [
    # batches: none, several, broadcast; and empty in every dimension
    product(*SMALL),
    product(transposed(Q), K, V),
    product(normal(2, 1, 2, 2, 2), normal(1, 2, 3, 2), normal(3, 2)),
    product(normal(0, 2, 3, 2), normal(0, 2, 4, 2), normal(0, 2, 4, 2)),
    product(normal(2, 3, 2), normal(2, 0, 2), normal(2, 0, 2)),
    product(normal(2, 0), normal(3, 0), normal(3, 2)),
    *(product(Q, K, V, mask) for mask in (booleans(4, 5), booleans(2, 1, 1, 5), normal(3, 4, 1))),
    *(
        product(*(normal(*lead, n, 2) for n in (3, 2, 2)), mask)
        for lead in ((), (1, 2))
        for mask in (BLOCKED, BLOCKING)
    ),
    product(Q, K, V, is_causal=True),
    product(normal(5, 3), normal(3, 3), normal(3, 3), is_causal=True, scale=-0.7),
    product(values([[1e2, -1e2]]), values([[1e2, 0.0], [0.0, 1e2], [-1e2, 1e2]]), normal(3, 2)),
    product(*SMALL, uniform(3, 2, low=-1e4, high=1e4)),
    *(
        product(normal(*lead, 6, 4, 3), normal(*lead, k, 5, 3), normal(*lead, v, 5, 2), *mask, enable_gqa=True)
        for lead, k, v, mask in (
            ((2,), 2, 2, (normal(2, 6, 4, 5),)),
            ((), 3, 2, ()),
            ((2, 1), 1, 6, (booleans(6, 1, 5),)),
        )
    ),
    product(*SMALL, dropout_p=1.0),
    # self-attention, memory, both apart; with the weights and without
    attend(heads(X, X, X)),
    attend(heads(X, Y, Y), attn_mask=normal(4, 3, 5), need_weights=False),
    attend(
        heads(transposed(X), Y, normal(5, 2, 4, scale=2.0), bias=None, out=(normal(3, 4), None)),
        average_attn_weights=False,
    ),
    attend(
        heads(normal(3, 4), normal(5, 4), normal(5, 4)),
        key_padding_mask=values([False, True, False, False, True]),
        attn_mask=normal(2, 3, 5),
        average_attn_weights=False,
    ),
    attend(heads(X, Y, Y, count=4), key_padding_mask=PADDING, attn_mask=CAUSAL, is_causal=True),
    attend(heads(X, Y, Y, count=4), key_padding_mask=PADDING, attn_mask=CAUSAL, is_causal=True, need_weights=False),
    attend(heads(X, Y, Y), key_padding_mask=normal(2, 5), attn_mask=CAUSAL),
    # where the hint is believed the mask is not read
    attend(heads(X, Y, Y), attn_mask=values(np.zeros((1, 9), bool)), is_causal=True, need_weights=False),
    # keys that are all padding: nan with the weights, none without
    attend(heads(X, Y, Y), key_padding_mask=values([[True] * 5, [False] * 5])),
    attend(heads(X, Y, Y), key_padding_mask=values([[True] * 5, [False] * 5]), need_weights=False),
    attend(
        heads(X, Y, Y, rows=(ROW, normal(1, 1, 4, scale=2.0)), zero=True), attn_mask=CAUSAL, key_padding_mask=PADDING
    ),
    attend(heads(X, normal(5, 2, 3), normal(5, 2, 2), weight=None), **SEPARATE),
    attend(heads(X, Y, Y, zero=True), static_k=normal(4, 6, 2), static_v=normal(4, 6, 2, scale=2.0)),
    attend(heads(normal(3, 0, 4), normal(5, 0, 4), normal(5, 0, 4)), need_weights=False),
]


def bad_heads(args: tuple, match: str, theirs: bool = True, **kwargs: object) -> Bad:
    return Bad(
        "multi_head_attention_forward", args, kwargs, match=f"multi_head_attention_forward: {match}", theirs=theirs
    )


def bad_product(*args: object, match: str, theirs: bool = True, **kwargs: object) -> Bad:
    return Bad(
        "scaled_dot_product_attention", args, kwargs, match=f"scaled_dot_product_attention: {match}", theirs=theirs
    )


BAD = [
    bad_product([1.0], K, V, match="query must be an array"),
    bad_product(normal(3), normal(3), normal(3), match="query must have rank at least 2"),
    bad_product(*SMALL, match="query must have rank at least 3", enable_gqa=True),
    bad_product(normal(2, 3), integers(3, 4, 3), normal(4, 3), match="query and key and value must have one dtype"),
    bad_product(integers(3, 2, 3), integers(3, 4, 3), integers(3, 4, 3), match="query must be a floating-point array"),
    bad_product(Q, normal(2, 3, 5, 4), V, match=r"key must have shape \(\*, S, 3\)"),
    bad_product(normal(4, 3), normal(5, 3), normal(6, 3), match=r"value must have shape \(\*, 5, E\)"),
    bad_product(
        Q, normal(3, 3, 5, 3), normal(3, 3, 5, 3), match="query, key and value must have leading dimensions that"
    ),
    bad_product(
        Q, normal(2, 2, 5, 3), normal(2, 3, 5, 3), match="key must have a number of heads that", enable_gqa=True
    ),
    bad_product(Q, K, normal(2, 2, 5, 3), match="value must have a number of heads that", enable_gqa=True),
    bad_product(*SMALL, booleans(3, 2), match="attn_mask must be None with is_causal=True", is_causal=True),
    bad_product(Q, K, V, integers(2, 4, 5), match="attn_mask must be bool, float32 or float32"),
    bad_product(Q, K, V, normal(5), match="attn_mask must have rank at least 2"),
    bad_product(Q, K, V, normal(4, 4), match="attn_mask must be broadcastable"),
    bad_product(Q, K, V, booleans(1, 2, 3, 4, 5), match="attn_mask must be broadcastable"),
    bad_product(Q, K, V, match="dropout_p must be a probability", dropout_p=1.5),
    bad_product(Q, K, V, match="rng must be a jax key where dropout_p > 0, got None", dropout_p=0.5, theirs=False),
    bad_heads(heads(normal(2, 3, 2, 4), Y, Y), "query must have rank 2 or 3"),
    bad_heads(heads(normal(3, 4), Y, Y), "key must have rank 2"),
    bad_heads(heads(X, Y, normal(5, 4)), "value must have rank 3"),
    bad_heads(heads(X, Y, Y), "key_padding_mask must have rank 2", key_padding_mask=booleans(5)),
    bad_heads(heads(X, Y, Y), "attn_mask must have rank 2 or 3", attn_mask=booleans(5)),
    bad_heads(heads(X, Y, Y), "attn_mask must be given with is_causal=True", is_causal=True),
    bad_heads(heads(X, Y, Y, embed=5), "query must have embedding dimension 5"),
    bad_heads(heads(X, Y, Y, count=3), "num_heads must be a divisor of the embedding dimension 4"),
    bad_heads(heads(X, Y, Y, count=0), "num_heads must be at least 1"),
    bad_heads(heads(X, normal(5, 1, 4), normal(5, 1, 4)), "key must have the query's batch size 2"),
    bad_heads(heads(X, Y, normal(6, 2, 4)), r"value must have the key's shape \(5, 2, 4\)"),
    bad_heads(heads(X, Y, normal(5, 2, 3)), r"value must have the key's shape \(5, 2, 4\)"),
    bad_heads(heads(X, normal(5, 2, 3), normal(5, 2, 3)), r"key must have shape \(5, 2, 4\)"),
    bad_heads(heads(X, Y, Y, p=1.5), "dropout_p must be a probability"),
    bad_heads(heads(X, Y, Y, p=0.5), "rng must be a jax key where training=True, got None", theirs=False),
    bad_heads(heads(X, Y, Y), "attn_mask must be bool or float32", attn_mask=integers(2, 3, 5)),
    bad_heads(heads(X, Y, Y), "key_padding_mask must be bool or float32", key_padding_mask=integers(2, 2, 5)),
    bad_heads(heads(X, Y, Y), r"attn_mask must have shape \(3, 5\)", attn_mask=booleans(1, 5)),
    bad_heads(heads(X, Y, Y), r"attn_mask must have shape \(4, 3, 5\)", attn_mask=booleans(1, 3, 5)),
    bad_heads(heads(X, Y, Y), r"key_padding_mask must have shape \(2, 5\)", key_padding_mask=booleans(2, 6)),
    bad_heads(heads(X, Y, Y, weight=None), "in_proj_weight must be given"),
    bad_heads(heads(X, Y, Y, weight=normal(11, 4)), r"in_proj_weight must have shape \(12, 4\)"),
    bad_heads(heads(X, Y, Y, bias=normal(11)), r"in_proj_bias must have shape \(12,\)"),
    bad_heads(heads(X, Y, Y), "q_proj_weight must be given", use_separate_proj_weight=True),
    bad_heads(heads(X, Y, Y), r"k_proj_weight must have shape \(4, 4\)", **SEPARATE),
    bad_heads(heads(X, Y, Y, rows=(ROW, None)), "bias_k and bias_v must be both given or both None"),
    bad_heads(heads(X, Y, Y, rows=(normal(1, 1, 3), ROW)), r"bias_k must have shape \(1, 1, 4\)"),
    bad_heads(heads(X, Y, Y, rows=(integers(3, 1, 1, 4), ROW)), "query and bias_k must have one dtype", theirs=False),
    bad_heads(
        heads(X, Y, Y, rows=(ROW, ROW)), "bias_k and bias_v must be None with static_k", static_k=normal(4, 5, 2)
    ),
    bad_heads(heads(X, Y, Y), r"static_k must have shape \(4, S, 2\)", static_k=normal(3, 5, 2)),
    bad_heads(heads(X, Y, Y), r"static_v must have shape \(4, S, 2\)", static_v=normal(4, 5, 3)),
    bad_heads(heads(X, Y, Y), "query and static_k must have one dtype", static_k=integers(3, 4, 5, 2)),
    bad_heads(heads(X, Y, Y), "static_k and static_v must have one length, got 6 and 5", static_k=normal(4, 6, 2)),
    bad_heads(
        heads(X, Y, Y),
        "attn_mask must be 6 wide",
        static_k=normal(4, 6, 2),
        static_v=normal(4, 6, 2),
        attn_mask=normal(3, 5),
    ),
    Bad(
        "multi_head_attention_forward", heads(X, Y, Y, out=(normal(4, 5), None)), match="linear: input must have shape"
    ),
]
