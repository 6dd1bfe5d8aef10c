"""The normal form of a definition: two that differ only in how they wait have the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

from .symbols import Class, Function
from .threads import handed_function, handing_call
from .values import External

if TYPE_CHECKING:
    from .program import Program

# What libraries have in both colours: async name -> sync name.
LIBRARY_TWINS = {
    "AsyncSession": "Session", "AsyncConnection": "Connection", "AsyncEngine": "Engine", "AsyncClient": "Client",
    "create_async_engine": "create_engine", "async_sessionmaker": "sessionmaker",
    "async_scoped_session": "scoped_session", "asynccontextmanager": "contextmanager", "__aenter__": "__enter__",
    "__aexit__": "__exit__", "__aiter__": "__iter__", "__anext__": "__next__", "anext": "next", "aiter": "iter",
    "aclose": "close", "AsyncExitStack": "ExitStack", "enter_async_context": "enter_context",
}  # fmt: skip
SLEEPS = frozenset({External("time.sleep"), External("asyncio.sleep"), External("anyio.sleep")})
_ASYNC_NODES = re.compile(r"\bAsync(For|With|FunctionDef)\b")


def normal(program: Program, definition: Function | Class, names: Mapping[str, str]) -> str:
    """What a definition does, without annotations, docstrings and all that makes it sync or async.

    `names` are replaced, besides those of what libraries have in both colours.
    """
    plain = _Plain(program, {**LIBRARY_TWINS, **names})
    if isinstance(definition, Class):
        parts = [*definition.node.bases, *without_docstring(definition.node.body)]
    else:
        spec = definition.arguments
        assert spec is not None
        parts = [*spec.defaults, *(d for d in spec.kw_defaults if d), *without_docstring(definition.body)]
    text = "\n".join(ast.dump(plain.visit(plain.copied(part))) for part in parts)
    return _ASYNC_NODES.sub(r"\1", text).replace("is_async=1", "is_async=0")


def without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    """A body without the string at its beginning."""
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body


class _Plain(ast.NodeTransformer):
    """Takes away all that only says how code waits."""

    def __init__(self, program: Program, names: Mapping[str, str]) -> None:
        self._program = program
        self._names = names
        # By the ids of copies, which are kept so that an id stays theirs.
        self._originals: dict[int, ast.AST] = {}
        self._copies: list[ast.AST] = []

    def copied(self, node: ast.AST) -> ast.AST:
        """A copy that may be changed, whose nodes remember what they were."""
        copy = deepcopy(node)
        self._copies.append(copy)
        self._originals.update((id(c), n) for c, n in zip(ast.walk(copy), ast.walk(node), strict=True))
        return copy

    def visit_Await(self, node: ast.Await) -> ast.AST:
        return self.visit(node.value)  # type: ignore[no-any-return]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        original = self._originals.get(id(node))
        run = self._program.bridges.sites.get(original) if isinstance(original, ast.Call) else None
        if run is not None and not run.calls:
            return self.visit(self.copied(run.subject))  # type: ignore[no-any-return]
        if isinstance(original, ast.Call) and (handing := handing_call(self._program, original)) is not None:
            function = handed_function(self._program, handing)
            if function is not None:
                rest = handing.args[handing.args.index(function) + 1 :]
                return self.visit(self.copied(ast.Call(function, rest, handing.keywords)))  # type: ignore[no-any-return]
        if isinstance(original, ast.Call) and not SLEEPS.isdisjoint(self._program.values(original.func)):
            node.func = ast.Name("sleep", ast.Load())
        return self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.name = self._name(node.name)
        node.returns = None
        node.body = without_docstring(node.body)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return self.generic_visit(node)
        return self.generic_visit(ast.Assign([node.target], node.value))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = self._name(node.attr)
        return self.generic_visit(node)

    def _name(self, name: str) -> str:
        return self._names.get(name, name)
