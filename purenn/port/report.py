"""Remarks on code that a port could not translate, or translated with a difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["MARK", "Remark", "Report"]

MARK = "# PORT:"


@dataclass(frozen=True, order=True)
class Remark:
    """A problem in a line of the source, and the remedy.

    Attributes:
        line: the line of the torch source, counted from 1.
        problem: the construct and why it stays as it is.
        remedy: the code to write instead.
        todo: whether the line isn't translated. If not, its translation differs as the remark says.
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
        remarks: the remarks so far.
        marks: the texts of the comments to write above the current statement.
        comments: comments of the source that have lost their place inside the current statement.
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
        """Records an untranslated node, and marks its statement."""
        remark = Remark(self.line_of(node) or self.last_line, problem, remedy)
        self.remarks.add(remark)
        if str(remark) not in self.marks:
            self.marks.append(str(remark))

    def note(self, node: Any, problem: str, remedy: str = "") -> None:
        """Records a node whose translation differs."""
        self.remarks.add(Remark(self.line_of(node) or self.last_line, problem, remedy, todo=False))
