"""`asyncshift plan --why NAME`: the chain of calls from a function down to the database."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from linecache import getline
from pathlib import Path

from rich.text import Text

from ..analysis.decisions import Decision, Status
from ..analysis.program import Program
from ..analysis.source import Site
from .console import line
from .listing import ASYNC_DEF, name_of
from .project import known


def about(decisions: Iterable[Decision], name: str, functions: Sequence[str]) -> list[Decision]:
    """What the plan says of the colour of the functions with this name, plain or dotted.

    Raises:
        Failure: none of the project's `functions` has the name.
    """
    found = [d for d in decisions if d.codemod == ASYNC_DEF and f".{_dotted(d)}".endswith(f".{name}")]
    if not found:
        known("function", [name.rpartition(".")[2]], functions)
    return found


def told(root: Path, decisions: Sequence[Decision], name: str) -> Iterator[Text]:
    """The chains of these decisions, each step with its place, its source line and what happens there."""
    if not decisions:
        yield Text(f"{name} stays as it is: no call in it is known to reach the database through sync SQLAlchemy.")
    for number, decision in enumerate(decisions):
        if number:
            yield Text("")
        yield from _chain(root, decision)


def _chain(root: Path, decision: Decision) -> Iterator[Text]:
    becomes = "becomes async" if decision.status is Status.DONE else "stays sync"
    yield line((name_of(decision), "bold"), f" {becomes}  ", (str(decision.site), "dim"))
    if not decision.why or decision.status is not Status.DONE:
        yield line(f"  {decision.action}")
    width = max((len(str(step.site)) for step in decision.why), default=0)
    for step in decision.why:
        yield line((f"  {str(step.site).ljust(width)}  ", "dim"), _source_line(root, step.site))
        yield line(" " * (width + 4), (step.what, "cyan"))
    if decision.concern:
        yield line("  look  ", (decision.concern, "yellow"))


def _dotted(decision: Decision) -> str:
    module = decision.site.path.removesuffix(".py").removesuffix("/__init__")
    return f"{module.replace('/', '.')}.{decision.function}"


def _source_line(root: Path, site: Site) -> str:
    return getline(str(root / site.path), site.line).strip()


def functions(program: Program) -> list[str]:
    """The names of all functions of the project."""
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = (node for source in program.sources.values() for node in source.nodes)
    return sorted({node.name for node in nodes if isinstance(node, definitions)})
