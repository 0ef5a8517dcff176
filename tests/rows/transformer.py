"""Rows of attention and transformers."""

from functional_engine import normal
from layer_engine import Row

X, Y = normal(5, 2, 8), normal(4, 2, 8)
BLOCK = (8, 2, 6, 0.0)

ROWS = [
    Row("MultiheadAttention", (8, 2), {}, (X, Y, Y)),
    Row("MultiheadAttention", (8, 4), {"bias": False, "add_bias_kv": True, "add_zero_attn": True}, (X, Y, Y)),
    Row("MultiheadAttention", (8, 2), {"kdim": 3, "vdim": 5}, (X, normal(4, 2, 3), normal(4, 2, 5))),
    Row("MultiheadAttention", (8, 2), {"batch_first": True}, (X, normal(5, 3, 8), normal(5, 3, 8))),
    Row("MultiheadAttention", (8, 2), {"dropout": 0.3}, (normal(5, 8), normal(4, 8), normal(4, 8)), random=True),
    Row("TransformerEncoderLayer", BLOCK, {}, (X,)),
    Row("TransformerEncoderLayer", (8, 2, 6), {"activation": "gelu", "batch_first": True}, (X,), random=True),
    Row("TransformerEncoderLayer", BLOCK, {"norm_first": True, "bias": False, "layer_norm_eps": 1e-2}, (normal(4, 8),)),
    Row("TransformerEncoderLayer", BLOCK, {"activation": Row("Tanh")}, (X,)),
    Row("TransformerDecoderLayer", BLOCK, {"activation": "gelu"}, (X, Y)),
    Row("TransformerDecoderLayer", (8, 2, 6), {"norm_first": True}, (X, Y), random=True),
    Row("TransformerDecoderLayer", BLOCK, {"batch_first": True, "bias": False}, (X, normal(5, 3, 8))),
    Row("TransformerEncoder", (Row("TransformerEncoderLayer", BLOCK), 2, Row("LayerNorm", (8,))), {}, (X,)),
    Row("TransformerEncoder", (Row("TransformerEncoderLayer", BLOCK), 1), {"enable_nested_tensor": False}, (X,)),
    Row("TransformerDecoder", (Row("TransformerDecoderLayer", BLOCK), 2), {}, (X, Y)),
    Row("Transformer", (8, 2, 1, 1, 6, 0.0), {}, (X, Y)),
    Row("Transformer", (8, 2, 1, 1, 6, 0.0), {"batch_first": True, "norm_first": True}, (X, normal(5, 3, 8))),
    Row(
        "Transformer",
        (8, 2, 1, 1, 6, 0.0),
        {"custom_encoder": Row("TransformerEncoder", (Row("TransformerEncoderLayer", BLOCK), 1)), "bias": False},
        (X, Y),
    ),
]
