"""Remarks about what a port could not translate, and about what it changed the meaning of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["MARK", "Remark", "Report"]

MARK = "# PORT:"


@dataclass(frozen=True, order=True)
class Remark:
    """A place of the source, what is to be known about it, and the remedy.

    Attributes:
        line: the line of the torch source, counted from 1.
        problem: the construct and why it stays as it is.
        remedy: the code to write instead.
        todo: whether the line isn't translated; otherwise it is, and the remark tells a difference.
    """

    line: int
    problem: str
    remedy: str
    todo: bool = True

    def __str__(self) -> str:
        return f"{self.problem}: {self.remedy}" if self.remedy else self.problem


@dataclass
class Report:
    """The remarks of one file.

    Attributes:
        positions: the line of each node of the torch source.
        remarks: what was found.
        marks: the texts of the comments that the statement being rewritten gets.
        comments: comments that have lost their place inside of that statement.
    """

    positions: dict[Any, int]
    remarks: set[Remark] = field(default_factory=set)
    marks: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    last_line: int = 1

    def line_of(self, node: Any) -> int:
        """The line of a node, or of the first part of it that comes from the torch source."""
        if node in self.positions:
            return self.positions[node]
        for child in getattr(node, "children", ()):
            line = self.line_of(child)
            if line:
                return line
        return 0

    def todo(self, node: Any, problem: str, remedy: str) -> None:
        """Records what isn't translated, and marks the statement around it."""
        remark = Remark(self.line_of(node) or self.last_line, problem, remedy)
        self.remarks.add(remark)
        if str(remark) not in self.marks:
            self.marks.append(str(remark))

    def note(self, node: Any, problem: str, remedy: str = "") -> None:
        """Records a difference of what is translated."""
        self.remarks.add(Remark(self.line_of(node) or self.last_line, problem, remedy, todo=False))
