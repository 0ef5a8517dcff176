"""Torch models in the style of public models, for tests/test_port_models.py: source, constructor and inputs."""

import numpy as np

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


ATTENTION = '''
import math
import torch
import torch.nn as nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, width, heads, length):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.heads = heads
        self.register_buffer("mask", torch.tril(torch.ones(length, length)).view(1, 1, length, length))

    def forward(self, x):
        B, T, C = x.size()  # batch, time, width
        q, k, v = self.qkv(x).split(C, dim=2)
        k = k.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        q = q.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        v = v.view(B, T, self.heads, C // self.heads).transpose(1, 2)
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        att = att.masked_fill(self.mask[:, :, :T, :T] == 0, float("-inf"))
        att = F.softmax(att, dim=-1)
        y = (att @ v).transpose(1, 2).contiguous().view(B, T, C)
        return self.out(y)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(20, 8)
        self.places = nn.Embedding(10, 8)
        self.attention = Attention(8, 2, 10)
        self.head = nn.Linear(8, 20, bias=False)
        self.tokens.weight = self.head.weight  # tied
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            torch.nn.init.normal_(module.weight, mean=0.0, std=0.2)
            if module.bias is not None:
                module.bias.data.zero_()

    def forward(self, idx, targets=None):
        pos = torch.arange(0, idx.size(1), dtype=torch.long, device=idx.device).unsqueeze(0)
        x = self.tokens(idx) + self.places(pos)
        x = x + self.attention(x)
        logits = self.head(x)
        loss = None
        if targets is not None:
            loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return logits, loss
'''

POSITIONS = """
import math
import torch
from torch import nn, Tensor


class Model(nn.Module):
    def __init__(self, d_model: int = 8, max_len: int = 12):
        super().__init__()
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)
        self.layer = nn.TransformerEncoder(nn.TransformerEncoderLayer(d_model, 2, 16, 0.1), 1)

    def forward(self, x: Tensor) -> Tensor:
        x += self.pe[:x.size(0)]
        mask = torch.triu(torch.full((x.size(0), x.size(0)), float("-inf")), diagonal=1)
        return self.layer(x, mask)
"""

RESIDUAL = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.init as init


def _weights_init(m):
    if isinstance(m, (nn.Linear, nn.Conv2d)):
        init.kaiming_normal_(m.weight)


class Block(nn.Module):
    def __init__(self, a, b, stride=1):
        super(Block, self).__init__()
        self.conv1 = nn.Conv2d(a, b, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(b)
        self.fc1 = nn.Conv2d(b, b // 2, kernel_size=1)
        self.fc2 = nn.Conv2d(b // 2, b, kernel_size=1)
        self.shortcut = nn.Sequential()
        if stride != 1 or a != b:
            self.shortcut = nn.Sequential(nn.Conv2d(a, b, 1, stride=stride, bias=False), nn.BatchNorm2d(b))

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        # squeeze and excitation
        w = F.avg_pool2d(out, out.size(2))
        w = torch.sigmoid(self.fc2(F.relu(self.fc1(w))))
        out = out * w.expand_as(out)
        out += self.shortcut(x)
        return F.relu(out, inplace=True)


class Model(nn.Module):
    def __init__(self):
        super(Model, self).__init__()
        self.layers = nn.ModuleList([Block(3, 4), Block(4, 6, 2)])
        self.linear = nn.Linear(6, 5)
        self.apply(_weights_init)
        for m in self.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.weight.data.fill_(0.5)
                m.bias.data.normal_(0, 0.1)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        out = F.adaptive_avg_pool2d(x, 1)
        out = out.view(out.size(0), -1)
        return self.linear(out)
"""

AUTOENCODER = """
import torch
import torch.utils.data
from torch import nn
from torch.nn import functional as F


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(16, 8)
        self.mean = nn.Linear(8, 2)
        self.log_variance = nn.Linear(8, 2)
        self.fc3 = nn.Linear(2, 16)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std if self.training else mu

    def forward(self, x):
        h1 = F.relu(self.fc1(x.view(-1, 16)))
        mu, logvar = self.mean(h1), self.log_variance(h1).clamp(min=-4, max=4)
        z = self.reparameterize(mu, logvar)
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
        return torch.sigmoid(self.fc3(z)), kld.mean()
"""

RECURRENT = """
import torch
import torch.nn as nn
from torch.autograd import Variable


class Model(nn.Module):
    def __init__(self, kind="LSTM", n=12, hidden_size=6, layers=2):
        super().__init__()
        self.hidden_size, self.layers = hidden_size, layers
        self.embed = nn.Embedding(n, 5)
        self.rnn = getattr(nn, kind)(5, hidden_size, layers, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_size, n)
        self.init_weights()

    def init_weights(self):
        initrange = 0.1
        nn.init.uniform_(self.embed.weight, -initrange, initrange)
        self.fc.bias.data.zero_()
        self.fc.weight.data.uniform_(-initrange, initrange)

    def forward(self, x, lengths):
        h0 = Variable(torch.zeros(self.layers * 2, x.size(0), self.hidden_size)).to(x.device)
        c0 = torch.zeros_like(h0)
        out, (h, c) = self.rnn(self.embed(x), (h0, c0))
        mask = torch.arange(x.size(1))[None, :] < lengths[:, None]
        pooled = out.masked_fill(~mask.unsqueeze(-1), -1e9).max(1)[0]
        mean = (out * mask.unsqueeze(2).float()).sum(1) / lengths.unsqueeze(1).float()
        last = h.view(self.layers, 2, x.size(0), self.hidden_size)[-1].permute(1, 0, 2).reshape(x.size(0), -1)
        return self.fc(pooled + mean + last), c.std()
"""

POINTS = """
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Transform(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.conv = torch.nn.Conv1d(k, 8, 1)
        self.fc = nn.Linear(8, k * k)
        self.k = k

    def forward(self, x):
        batchsize = x.size()[0]
        x = F.relu(self.conv(x))
        x = torch.max(x, 2, keepdim=True)[0]
        x = x.view(-1, 8)
        x = self.fc(x)
        iden = torch.from_numpy(np.eye(self.k).flatten().astype(np.float32))
        iden = iden.view(1, self.k * self.k).repeat(batchsize, 1)
        if x.is_cuda:
            iden = iden.cuda()
        x = x + iden
        return x.view(-1, self.k, self.k)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.transform = Transform()
        self.conv = nn.Conv1d(3, 6, 1)

    def forward(self, x):
        trans = self.transform(x)
        x = x.transpose(2, 1)
        x = torch.bmm(x, trans)
        x = x.transpose(2, 1)
        x = self.conv(x)
        values, places = torch.max(x, dim=2)
        _, top = values.topk(2, dim=1)
        eye = torch.eye(3)[None, :, :]
        loss = torch.mean(torch.norm(torch.bmm(trans, trans.transpose(2, 1)) - eye, dim=(1, 2)))
        return F.log_softmax(values, dim=-1), places, top, loss
"""

CODEBOOK = """
import torch
from torch import nn
from torch.nn import functional as F


class Quantize(nn.Module):
    def __init__(self, dim, n_embed):
        super().__init__()
        embed = torch.randn(dim, n_embed)
        self.register_buffer("embed", embed)
        self.register_buffer("cluster_size", torch.zeros(n_embed))

    def forward(self, input):
        flatten = input.reshape(-1, input.shape[-1])
        dist = (
            flatten.pow(2).sum(1, keepdim=True)  # of each vector
            - 2 * flatten @ self.embed
            + self.embed.pow(2).sum(0, keepdim=True)
        )
        _, embed_ind = (-dist).max(1)
        onehot = F.one_hot(embed_ind, self.embed.shape[1]).type(flatten.dtype)
        embed_ind = embed_ind.view(*input.shape[:-1])
        quantize = F.embedding(embed_ind, self.embed.transpose(0, 1))
        if self.training:
            self.cluster_size.data.mul_(0.9).add_(onehot.sum(0), alpha=0.1)
        diff = (quantize.detach() - input).pow(2).mean()
        quantize = input + (quantize - input).detach()
        return quantize, diff, embed_ind


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 4, 4, stride=2, padding=1)
        self.quantize = Quantize(4, 6)
        self.up = nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1)

    def forward(self, x):
        quant, diff, ids = self.quantize(self.down(x).permute(0, 2, 3, 1))
        quant = quant.permute(0, 3, 1, 2)
        decoded = self.up(quant)
        diffY = x.size()[2] - decoded.size()[2]
        decoded = F.pad(decoded, [0, 0, diffY // 2, diffY - diffY // 2])
        return torch.cat([decoded, x], dim=1), diff.unsqueeze(0), ids
"""

# name: source, inputs
MODELS = {
    "attention": (ATTENTION, lambda: [rng.integers(0, 20, (2, 7)), rng.integers(0, 20, (2, 7))]),
    "positions": (POSITIONS, lambda: [normal(5, 2, 8)]),
    "residual": (RESIDUAL, lambda: [normal(2, 3, 8, 8)]),
    "autoencoder": (AUTOENCODER, lambda: [normal(3, 4, 4)]),
    "recurrent": (RECURRENT, lambda: [rng.integers(0, 12, (2, 5)), np.array([5, 3])]),
    "points": (POINTS, lambda: [normal(2, 3, 9)]),
    "codebook": (CODEBOOK, lambda: [normal(2, 3, 6, 8)]),
}
