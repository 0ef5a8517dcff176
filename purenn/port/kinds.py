"""Kinds of expressions: which are tensors, modules, numbers and shapes, as far as the source tells.

A kind is a word, or a tuple of the kinds of a tuple's elements:
``tensor``, ``tensors`` (a sequence of them), ``module``, ``modules``, ``int``, ``float``, ``shape`` (a tuple of ints),
``bool``, ``str``, ``dtype``, ``device``, ``numpy``, ``list``, ``dict``, ``none`` and ``unknown``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = [
    "Kind",
    "Scope",
    "element",
    "join",
    "kind_of_annotation",
    "kind_of_name",
    "kind_of_operation",
    "subscripted",
]

Kind: TypeAlias = "str | tuple[Kind, ...]"

_TENSOR_NAMES = """
    x y z h c q k v u t0 out output outputs input inputs src tgt trg query queries key keys value values mask masks
    hidden hiddens cell states tokens logits feat feats features emb embs embedding embeddings memory mems idx img imgs
    image images data batch residual attn attention_mask attn_mask src_mask tgt_mask trg_mask noise mu logvar log_var
    label labels target targets context scores score pred preds prediction predictions loss adj mel audio sample samples
    obs action actions timesteps freqs_cis xq xk
"""
_TENSORS = frozenset(_TENSOR_NAMES.split())


def kind_of_name(name: str) -> Kind:
    """The usual kind of a parameter of this name."""
    if name in _TENSORS:
        return "tensor"
    if name in ("device", "dev"):
        return "device"
    return "unknown"


def kind_of_annotation(annotation: str) -> Kind | None:
    """The kind that an annotation states, or None."""
    text = annotation.strip("'\"").replace("typing.", "")
    if "Module" in text:
        return "module" if "[" not in text else "modules"
    if "Tensor" in text:
        return "tensors" if text.lower().startswith(("list[", "tuple[", "sequence[", "iterable[")) else "tensor"
    words: dict[str, Kind] = {
        "int": "int",
        "float": "float",
        "bool": "bool",
        "str": "str",
        "dict": "dict",
        "list": "list",
        "torch.device": "device",
        "torch.dtype": "dtype",
        "np.ndarray": "numpy",
    }
    for word, kind in words.items():
        if text in (word, f"Optional[{word}]", f"{word} | None"):
            return kind
    if text.startswith(("List[int", "Tuple[int", "tuple[int", "list[int", "Sequence[int")):
        return "shape"
    return None


def join(a: Kind, b: Kind) -> Kind:
    """The kind of a value that is of one of two kinds."""
    if a == b or b in ("none", "unknown"):
        return a
    if a in ("none", "unknown"):
        return b
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return tuple(map(join, a, b))
    if {a, b} == {"int", "float"}:
        return "float"
    return "tensor" if "tensor" in (a, b) else "unknown"


def element(kind: Kind) -> Kind:
    """The kind of a value's elements."""
    if isinstance(kind, tuple):
        joined: Kind = "unknown"
        for each in kind:
            joined = join(joined, each)
        return joined
    kinds = {"tensor": "tensor", "tensors": "tensor", "modules": "module", "module": "module", "shape": "int"}
    return {**kinds, "numpy": "numpy", "str": "str"}.get(kind, "unknown")


def kind_of_operation(left: Kind, right: Kind, divides: bool) -> Kind:
    """The kind of ``left + right`` and of the other operations of arithmetic."""
    if "tensor" in (left, right):
        return "tensor"
    if "numpy" in (left, right):
        return "numpy"
    if left in ("int", "bool") and right in ("int", "bool"):
        return "float" if divides else "int"
    if {left, right} <= {"int", "float", "bool"}:
        return "float"
    if left in ("shape", "tensors", "list", "str", "modules"):
        return left
    return right if right in ("shape", "tensors", "list", "str") else "unknown"


def subscripted(kind: Kind, place: int | None, is_slice: bool) -> Kind:
    """The kind of ``value[place]``."""
    if isinstance(kind, tuple):
        if place is not None and -len(kind) <= place < len(kind):
            return kind[place]
        return kind if is_slice else element(kind)
    if kind in ("tensor", "numpy", "module"):
        return kind
    return kind if is_slice else element(kind)


@dataclass
class Scope:
    """The names of a function, a class or the file, with the kinds of their values.

    Attributes:
        names: kinds by name.
        outer: the scope around it.
        owner: the class whose method it is.
    """

    names: dict[str, Kind] = field(default_factory=dict)
    outer: Scope | None = None
    owner: str | None = None

    def kind(self, name: str) -> Kind:
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.outer
        return "unknown"

    def set(self, name: str, kind: Kind) -> None:
        self.names[name] = kind

    @property
    def self_class(self) -> str | None:
        scope: Scope | None = self
        while scope is not None:
            if scope.owner is not None:
                return scope.owner
            scope = scope.outer
        return None
