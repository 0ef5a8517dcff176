"""torch.nn's layers as frozen values, each an ``init``/``apply`` pair over explicit pytrees."""

from purenn.layers.activation import *
from purenn.layers.adaptive import *
from purenn.layers.attention import *
from purenn.layers.base import *
from purenn.layers.batchnorm import *
from purenn.layers.channelshuffle import *
from purenn.layers.container import *
from purenn.layers.conv import *
from purenn.layers.distance import *
from purenn.layers.dropout import *
from purenn.layers.flatten import *
from purenn.layers.fold import *
from purenn.layers.instancenorm import *
from purenn.layers.lazy import *
from purenn.layers.linear import *
from purenn.layers.loss import *
from purenn.layers.normalization import *
from purenn.layers.padding import *
from purenn.layers.pixelshuffle import *
from purenn.layers.pooling import *
from purenn.layers.rnn import *
from purenn.layers.rnn_cell import *
from purenn.layers.sparse import *
from purenn.layers.transformer import *
from purenn.layers.upsampling import *
