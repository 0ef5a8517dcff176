"""torch.nn.utils.rnn: the functions of `purenn.utils.rnn`, under torch's import path."""

from purenn.utils.rnn import *
