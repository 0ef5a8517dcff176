"""torch modules with their own forward. Each has one feature that is difficult for converters."""

from __future__ import annotations

import dataclasses

import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn import functional as F


class Tied(nn.Module):
    """The embedding is also the head."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.head = nn.Linear(6, 11, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, x):
        return self.head(torch.tanh(self.embed(x)))


class Shared(nn.Module):
    """A module in two places."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.both = nn.Sequential(self.a, nn.ReLU(), self.a)

    def forward(self, x):
        return self.both(x) + self.a(x)


class Counts(nn.Module):
    """Buffers that change: in place, by assignment, through a view, and one that no state_dict has."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.register_buffer("mean", torch.zeros(3))
        self.register_buffer("last", torch.zeros(2, 3), persistent=False)
        self.register_buffer("scale", torch.tensor([1.0, 2.0, 3.0]), persistent=False)
        self.norm = nn.BatchNorm1d(3)

    def forward(self, x):
        if self.training:
            self.calls += 1
            self.mean = 0.9 * self.mean + 0.1 * x.detach().mean(0)
            self.last[1].copy_(x.detach()[0])
        return self.norm(x - self.mean) * self.scale + self.last.sum()


@dataclasses.dataclass
class Pair:
    first: torch.Tensor
    second: tuple
    third: str = "text"


class Outputs(nn.Module):
    """Containers as inputs and outputs."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, pair, *more, scale=1.0, options=None):
        y = self.fc(pair["x"]) * scale + more[0]
        return {"y": y, "all": [y, (y * 2, None)], "z": pair["n"][0]}


class Dataclass(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        if bool((x > 1e6).all()):  # sends it to the tape
            x = x * 2
        y = self.fc(x)
        return Pair(y, (y + 1, {"k": y * 2}))


class InPlace(nn.Module):
    """Writes through views, with steps, masks and indices."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 6))

    def forward(self, x):
        y = torch.zeros(x.shape[0], 4, 6)
        y[:, 0] = x
        y[:, 1, ::2] = x[:, :3] * 2
        row = y[:, 2].view(-1, 2, 3)
        row[:, 1] += x[:, 3:]
        row.transpose(1, 2)[:, 0, 0] = 7.0
        y[:, 3].add_(1).mul_(x)
        y[y > 1.5] = 0.5
        a, b = y.chunk(2, dim=2)
        a *= 3
        z = (y * self.w).mul_(2)
        z[0, [1, 2]] -= 1
        return z, b.clone(), row


class NoGrad(nn.Module):
    """Parts without a gradient."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)
        self.b.bias.requires_grad_(False)

    def forward(self, x):
        with torch.no_grad():
            target = self.a(x) * 2
        y = self.b(x)
        return y * target + self.a(x).detach() + y.data.sum()


class Tagger(nn.Module):
    """Packed sequences."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 5, padding_idx=0)
        self.lstm = nn.LSTM(5, 4, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        y, (h, _) = self.lstm(packed)
        y, _ = nn.utils.rnn.pad_packed_sequence(y, batch_first=True)
        return self.fc(y), h


class Cache:
    """Keys and values of earlier steps, in a class that is no pytree."""

    def __init__(self):
        self.keys, self.values = None, None

    def update(self, k, v):
        self.keys = k if self.keys is None else torch.cat([self.keys, k], 1)
        self.values = v if self.values is None else torch.cat([self.values, v], 1)
        return self.keys, self.values


class Cached(nn.Module):
    """Attention with a cache, step by step."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x):
        cache, ys = Cache(), []
        for t in range(x.shape[1]):
            q, k, v = self.qkv(x[:, t : t + 1]).chunk(3, -1)
            k, v = cache.update(k, v)
            ys.append(F.scaled_dot_product_attention(q, k, v))
        return self.out(torch.cat(ys, 1)), cache


class Normed(nn.Module):
    """Weight and spectral norm, old and new."""

    def __init__(self):
        super().__init__()
        self.a = nn.utils.parametrizations.weight_norm(nn.Linear(4, 6))
        self.b = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6))
        self.c = nn.utils.weight_norm(nn.Conv1d(1, 2, 3))

    def forward(self, x):
        return self.c(torch.tanh(self.b(self.a(x)))[:, None])


class Noisy(nn.Module):
    """A variational autoencoder."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(6, 4), nn.Linear(2, 6)

    def forward(self, x):
        mean, log_var = self.encoder(x).chunk(2, -1)
        z = mean
        if self.training:
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_var)
        return self.decoder(z), mean, log_var


class Recommender(nn.Module):
    """Bags of categories, interactions, and their upper triangle."""

    def __init__(self):
        super().__init__()
        self.bags = nn.ModuleList([nn.EmbeddingBag(n, 4, mode="sum") for n in (7, 9)])
        self.bottom = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
        self.top = nn.Linear(7, 1)

    def forward(self, dense, indices, offsets):
        x = self.bottom(dense)
        parts = [x] + [bag(i, o) for bag, i, o in zip(self.bags, indices, offsets, strict=True)]
        stacked = torch.stack(parts, 1)
        products = torch.bmm(stacked, stacked.transpose(1, 2))
        rows, columns = torch.triu_indices(3, 3, offset=1)
        return torch.sigmoid(self.top(torch.cat([x, products[:, rows, columns]], 1)))


def hooked():
    """A stock network with hooks that change inputs and outputs."""
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    net[0].register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    net[1].register_forward_hook(lambda m, args, y: y + 1)
    return net


class Branches(nn.Module):
    """A Python branch on values, and a size that is one."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x, index):
        y = self.fc(x)
        if not bool(torch.isfinite(x).all()):
            raise ValueError("not finite")
        rows = int(index.max()) + 1
        return torch.zeros(rows, 3).index_add_(0, index, y)


class Cond(nn.Module):
    """torch.cond."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x):
        return torch.cond(x.sum() > 0, lambda x: self.a(x), lambda x: self.b(x) * 2, (x,))


class Dropping(nn.Module):
    """Dropout and batch statistics."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(F.relu(self.norm(self.conv(x)))).mean((2, 3))


class FloatShapes(nn.Module):
    """A shape that depends on float values, and a library's operator."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        y = self.fc(x)
        return y[y > 0].sum()


class Reversed(torch.autograd.Function):
    """Reverses the gradient, and scales it by a value of the forward."""

    @staticmethod
    def forward(ctx, x, strength):
        ctx.save_for_backward(x)
        ctx.strength = strength
        return x.clone()

    @staticmethod
    def backward(ctx, *grads):
        (grad,), (x,) = grads, ctx.saved_tensors
        return -ctx.strength * grad * torch.cos(x), None


reverse = Reversed.apply


class Adversarial(nn.Module):
    """A function with its own backward pass, and a checkpoint."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 3), nn.Linear(3, 2)

    def forward(self, x):
        y = reverse(self.a(x), 0.5)
        return torch.utils.checkpoint.checkpoint(self.b, y, use_reentrant=True)


class Loops(nn.Module):
    """torch's while_loop and scan."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x):
        from torch._higher_order_ops.scan import scan
        from torch._higher_order_ops.while_loop import while_loop

        _, y = while_loop(
            lambda i, y: i < 3, lambda i, y: (i + 1, torch.tanh(y) + x), (torch.zeros((), dtype=torch.long), x)
        )
        last, all_of_them = scan(lambda c, v: (c * 0.5 + v, torch.sin(c)), y[0], y)
        return self.fc(last), all_of_them


class Same(nn.Module):
    """Convolutions with a padding that depends on the size, as in TensorFlow."""

    def __init__(self, layers):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(2, 2, 3, stride=2 - i % 2) for i in range(layers))

    def forward(self, x):
        for conv in self.convs:
            step = conv.stride[0]
            missing = [max((-(n // -step) - 1) * step + 3 - n, 0) for n in x.shape[:1:-1]]
            x = torch.relu(conv(F.pad(x, [n for m in missing for n in (m // 2, m - m // 2)])))
        return x.mean((2, 3))


class Gated(nn.Module):
    """A decoder block: a convolution with batch norm, and gates for channels and positions."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
        self.channels, self.places = nn.Conv2d(4, 4, 1), nn.Conv2d(4, 1, 1)

    def forward(self, x):
        x = F.relu(self.norm(self.conv(x)))
        return x * torch.sigmoid(self.channels(F.adaptive_avg_pool2d(x, 1))) + x * torch.sigmoid(self.places(x))
