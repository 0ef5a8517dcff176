"""torch.nn.attention.flex_attention: attention with scores that a function changes, and masks by blocks."""

from purenn.functional.attention.block_mask import BlockMask, create_block_mask
from purenn.functional.attention.flex import AuxOutput, AuxRequest, flex_attention
from purenn.functional.attention.mask_mod import and_masks, create_mask, noop_mask, or_masks

__all__ = [
    "AuxOutput",
    "AuxRequest",
    "BlockMask",
    "and_masks",
    "create_block_mask",
    "create_mask",
    "flex_attention",
    "noop_mask",
    "or_masks",
]
