"""Operators of torch that take their arguments in another way than torch's functions compute what torch does."""

import jax
import numpy as np
import pytest
import torch
from torch import nn as tnn
from torch.nn import functional as TF

from purenn.interop import from_torch

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")

X, Y = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
PLACES = torch.tensor([2, 0])
LABELS = torch.tensor([[0, 1, -1, 0], [1, 2, -1, 0], [3, 0, -1, 1]])

FUNCTIONS = {
    "block_diag": lambda x, y: torch.block_diag(x, y),
    "broadcast_tensors": lambda x, y: torch.broadcast_tensors(x, y[:1]),
    "cartesian_prod": lambda x, y: torch.cartesian_prod(x[0], y[0]),
    "chain_matmul": lambda x, y: torch.chain_matmul(x, y.T, x),
    "index_copy": lambda x, y: x.index_copy(0, PLACES, y[:2]),
    "index_copy in place": lambda x, y: x.clone().index_copy_(1, PLACES, y[:, :2]),
    "mse_loss": lambda x, y: TF.mse_loss(x, y),
    "multilabel_margin_loss": lambda x, y: TF.multilabel_margin_loss(x * y, LABELS),
    "poisson_nll_loss": lambda x, y: TF.poisson_nll_loss(x.abs(), y.abs(), False, True, eps=0.1, reduction="none"),
    "tensordot": lambda x, y: torch.tensordot(x, y, dims=([1], [1])),
}


class Computed(tnn.Module):
    def __init__(self, function):
        super().__init__()
        self.function, self.scale = function, tnn.Parameter(torch.tensor(2.0))

    def forward(self, x, y):
        return self.function(self.scale * x, y)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_computes_what_torch_does(name):
    module = Computed(FUNCTIONS[name])
    layer, params, state = from_torch(module, X, Y)
    got, _ = layer.apply(params, state, X.numpy(), Y.numpy())
    wanted = module(X, Y)
    for a, b in zip(jax.tree.leaves(got), [wanted] if isinstance(wanted, torch.Tensor) else wanted, strict=True):
        np.testing.assert_allclose(a, b.detach(), rtol=1e-5, atol=1e-5)
