"""Where an `await` may stand, and how it is written there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from ..analysis.source import Source
from .edit import Edit, Replace, Wrap

# Whoever calls or reads from an awaited value needs it in parentheses.
_TIGHTER = (ast.Attribute, ast.Subscript, ast.Call, ast.Await)
# What stops at the first true or false item: what stands before, the name of an item, what stands before that.
_STOPPING = {"any": ("", "found", ""), "all": ("not ", "holds", "not ")}
OPEN = ord("(")
CLOSE = ord(")")


def wrap_await(source: Source, node: ast.expr, text: str = "await ") -> Iterator[Edit]:
    """The edits that await an expression where it stands; the generator expression around it becomes a list."""
    start, end = source.span(node)
    if needs_parentheses(source, node):
        yield Wrap(start, end, f"({text}", ")")
    else:
        yield Wrap(start, end, text, "")
    yield from list_instead_of_generator(source, node)


def read_first(source: Source, statement: ast.AugAssign, awaited: str) -> Iterator[Edit]:
    """`x.name = await … + value` in the place of `x.name += value`; `awaited` is what stands before the name."""
    assert isinstance(statement.target, ast.Attribute)
    (_, start), (end, stop) = source.span(statement.target), source.span(statement.value)
    sign = source.content.index(b"=", start, end)
    operator = source.content[start:sign].strip().decode()
    yield Replace(start, sign + 1, f" = {awaited}{statement.target.attr} {operator}")
    is_plain = isinstance(statement.value, ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript)
    if not (is_plain or is_parenthesised(source, statement.value)):
        yield Wrap(end, stop, "(", ")")


def needs_parentheses(source: Source, node: ast.expr) -> bool:
    """Would `await node` be read differently where it stands?"""
    parent = source.parents.get(node)
    if isinstance(parent, ast.Call):
        binds_tighter = parent.func is node
    elif isinstance(parent, ast.Attribute | ast.Subscript):
        binds_tighter = parent.value is node
    elif isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow):
        binds_tighter = parent.left is not node
    else:
        binds_tighter = isinstance(parent, _TIGHTER)
    return binds_tighter and not is_parenthesised(source, node)


def is_parenthesised(source: Source, node: ast.expr) -> bool:
    """Does the expression stand in parentheses of its own already?"""
    start, end = source.span(node)
    content = source.content
    before, after = start - 1, end
    while before >= 0 and content[before] in b" \t\r\n":
        before -= 1
    while after < len(content) and content[after] in b" \t\r\n":
        after += 1
    if before < 0 or after >= len(content) or content[before] != OPEN or content[after] != CLOSE:
        return False
    parent = source.parents.get(node)
    # `f(x)`: these parentheses belong to the call, not to its only argument.
    return not (isinstance(parent, ast.Call) and node in parent.args and len(parent.args) + len(parent.keywords) == 1)


def list_instead_of_generator(source: Source, node: ast.AST) -> Iterator[Edit]:
    """A generator expression that awaits is an async generator, which `sum()`, `list()` and others can't take.

    The iterable of its first loop is evaluated outside, and may await freely. `next()` becomes `anext()`.
    """
    child: ast.AST = node
    parent = source.parents.get(child)
    while parent is not None and not isinstance(parent, ast.stmt | ast.Lambda):
        if isinstance(parent, ast.GeneratorExp):
            first = parent.generators[0]
            if not (child is first and _contains(first.iter, node)):
                yield from _in_place_of_generator(source, parent)
        child, parent = parent, source.parents.get(parent)


def _in_place_of_generator(source: Source, node: ast.GeneratorExp) -> Iterator[Edit]:
    call = source.parents.get(node)
    if _takes_next(call, node):
        yield from _anext(source, call)
    elif isinstance(call, ast.Call) and call.args == [node] and not call.keywords and _name_of(call.func) in _STOPPING:
        yield from _stopping(source, call, *_STOPPING[_name_of(call.func)])
    else:
        yield from _brackets(source, node)


def _stopping(source: Source, call: ast.Call, negation: str, name: str, condition: str) -> Iterator[Edit]:
    """`any(f(x) for x in xs)` stops at the first that is true: so does `await anext(…, False)` over those that are."""
    yield Replace(*source.span(call.func), f"anext((True async for {name} in ")
    yield Wrap(*source.span(call), "", f" if {condition}{name}), False)", rank=-1)
    if negation and isinstance(source.parents.get(call), ast.BinOp | ast.Compare | ast.Attribute | ast.Subscript):
        yield Wrap(*source.span(call), f"({negation}await ", ")")
    else:
        yield Wrap(*source.span(call), f"{negation}await ", "")
    yield from list_instead_of_generator(source, call)


def _takes_next(call: ast.AST | None, generator: ast.GeneratorExp) -> TypeGuard[ast.Call]:
    return isinstance(call, ast.Call) and _name_of(call.func) == "next" and call.args[0] is generator


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _anext(source: Source, call: ast.Call) -> Iterator[Edit]:
    yield Replace(*source.span(call.func), "anext")
    yield from wrap_await(source, call)


def _contains(outer: ast.AST, inner: ast.AST) -> bool:
    return any(n is inner for n in ast.walk(outer))


def _brackets(source: Source, node: ast.GeneratorExp) -> Iterator[Edit]:
    start, end = source.span(node)
    parent = source.parents.get(node)
    shares = isinstance(parent, ast.Call) and parent.args == [node] and source.span(parent)[1] == end
    if shares:
        # `sum(x for x in xs)`: the call's own parentheses are the expression's.
        yield Wrap(start + 1, end - 1, "[", "]", rank=9)
    else:
        yield Replace(start, start + 1, "[")
        yield Replace(end - 1, end, "]")
