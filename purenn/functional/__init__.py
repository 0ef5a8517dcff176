"""torch.nn.functional for JAX: pure functions under torch's names, with torch's arguments.

The functions of ``torch.functional`` are here too. Randomness comes from an explicit ``rng=``, a jax key.
"""

from purenn.functional.activation import *
from purenn.functional.attention import *
from purenn.functional.contraction import *
from purenn.functional.conv import *
from purenn.functional.distance import *
from purenn.functional.dropout import *
from purenn.functional.fold import *
from purenn.functional.linalg import *
from purenn.functional.linear import *
from purenn.functional.loss import *
from purenn.functional.matmul import *
from purenn.functional.normalization import *
from purenn.functional.padding import *
from purenn.functional.pooling import *
from purenn.functional.rnn import *
from purenn.functional.sets import *
from purenn.functional.sparse import *
from purenn.functional.spectral import *
from purenn.functional.tensor import *
from purenn.functional.vision import *
