"""Mutants of a module, made by mutmut's operators."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from libcst import CSTNode, FunctionDef, Module, parse_module
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

from tests.mutants.mapping import Project

NOTHING_IGNORED = IgnoredCode(set(), set(), set())


class Visitor(MutationVisitor):
    """mutmut's own leaves out decorated functions, which its way of running a mutant cannot call."""

    def _skip_node_and_children(self, node: CSTNode) -> bool:
        return not isinstance(node, FunctionDef) and super()._skip_node_and_children(node)


@dataclass(frozen=True)
class Mutant:
    """A module with one thing changed.

    :param line: the first line that differs.
    """

    path: Path
    line: int
    original: str
    source: str

    def changed(self) -> tuple[str, str]:
        """The lines that differ, before and after, without indentation."""
        lines = list(difflib.ndiff(self.original.splitlines(), self.source.splitlines()))
        before, after = ([line[2:].strip() for line in lines if line.startswith(sign)] for sign in ("- ", "+ "))
        return "\n".join(before), "\n".join(after)

    def diff(self) -> str:
        """As ``diff -u`` shows it, without the names of the files."""
        lines = difflib.unified_diff(self.original.splitlines(), self.source.splitlines(), n=1, lineterm="")
        return "\n".join(list(lines)[2:])


def sample(project: Project, seed: int, size: int | None) -> list[Mutant]:
    """So many mutants of all modules, drawn by a seed; all of them without a size."""
    found: list[tuple[Path, str, Module, Mutation]] = []
    for path in project.modules():
        text = path.read_text()
        parsed, visitor = MetadataWrapper(parse_module(text)), Visitor(mutation_operators, NOTHING_IGNORED)
        parsed.visit(visitor)
        found += [(path, text, parsed.module, mutation) for mutation in visitor.mutations]
    random.Random(seed).shuffle(found)
    mutants: list[Mutant] = []
    for mutant in _distinct(found):
        mutants.append(mutant)
        if len(mutants) == size:
            break
    return mutants


def _distinct(found: list[tuple[Path, str, Module, Mutation]]) -> Iterator[Mutant]:
    """Those that compile, each once."""
    known: set[tuple[Path, str]] = set()
    for path, text, module, mutation in found:
        replaced = module.deep_replace(mutation.original_node, mutation.mutated_node)
        source = replaced.code if isinstance(replaced, Module) else text
        if source == text or (path, source) in known:
            continue
        known.add((path, source))
        try:
            compile(source, str(path), "exec")
        except SyntaxError:
            continue
        pairs = enumerate(zip(text.splitlines(), source.splitlines(), strict=False), start=1)
        line = next((number for number, (before, after) in pairs if before != after), len(source.splitlines()))
        yield Mutant(path, line, text, source)
