"""A function that executes queries of several shapes asks the statement at run time what its rows are.

A legacy Query decides by itself whether it gives objects or rows, and whether it drops repeated rows. Where queries
that differ in the second come to one function, it asks the statement which they are, before it uses the rows:

    columns = query.column_descriptions
    rows = await (db.scalars if len(columns) == 1 else db.execute)(query)
    if any(column["expr"] is column["entity"] for column in columns):
        rows = rows.unique()
    return rows.all()
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from ..analysis.source import Source
from ..analysis.symbols import Function
from .edit import Edit, Replace

# What a statement may evaluate before the query without being able to notice that the query is now sent earlier.
QUIET = (
    ast.Name, ast.Constant, ast.Attribute, ast.expr_context, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.keyword,
    ast.Starred,
)  # fmt: skip
STATEMENTS = ast.Return | ast.Assign | ast.AnnAssign | ast.Expr


def statement_before(source: Source, node: ast.expr) -> ast.stmt | None:
    """The statement in front of which an expression may be evaluated instead; None: not without a difference."""
    inside: set[ast.AST] = {node}
    parent = source.parents[node]
    while not isinstance(parent, ast.stmt):
        children = ast.iter_child_nodes(parent)
        if not isinstance(parent, (*QUIET, ast.Call)) or any(not _is_quiet(child, inside) for child in children):
            return None
        inside.add(parent)
        parent = source.parents[parent]
    start = source.span(parent)[0]
    first = not source.content[source.offset(parent.lineno, 0) : start].strip()
    return parent if first and isinstance(parent, STATEMENTS) else None


def _is_quiet(node: ast.AST, inside: set[ast.AST]) -> bool:
    return node in inside or all(isinstance(n, QUIET) for n in ast.walk(node))


def asked_first(
    source: Source, statement: ast.stmt, root: ast.expr, function: Function, method: Sequence[str], awaits: bool
) -> Iterator[Edit]:
    """The statements in front, and the name of the rows in the place of the query.

    `method` are the session's methods: for objects and for rows; one of them alone where all queries share it.
    """
    taken = {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)} | {a.arg for a in function.parameters()}
    columns, rows = (_free(name, taken) for name in ("columns", "rows"))
    text = source.text(root)
    call = f"({method[0]} if len({columns}) == 1 else {method[1]})" if len(method) > 1 else method[0]
    start = source.span(statement)[0]
    indent = source.content[source.offset(statement.lineno, 0) : start].decode()
    unit = "\t" if "\t" in indent else "    "
    lines = [
        f"{columns} = {text}.column_descriptions",
        f"{rows} = {'await ' if awaits else ''}{call}({text})",
        f'if any(column["expr"] is column["entity"] for column in {columns}):',
        f"{unit}{rows} = {rows}.unique()",
        "",
    ]
    yield Replace(start, start, f"{source.newline}{indent}".join(lines))
    yield Replace(*source.span(root), rows)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
