"""The order in which the parts of one function run: is a node always evaluated before another one?"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from .source import Source

_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def dominates(source: Source, first: ast.AST, second: ast.AST) -> bool:
    """Has `first` been evaluated whenever `second` is reached, on the same turn of every loop around both?"""
    ups = [first, *_ancestors(source, first)]
    index = {id(node): position for position, node in enumerate(ups)}
    child: ast.AST = second
    for node in _ancestors(source, second):
        if isinstance(child, _NESTED):
            return False
        if id(node) in index:
            position = index[id(node)]
            if position == 0:
                return False
            below = ups[position - 1]
            if below is child or not _comes_first(node, below, child):
                return False
            if isinstance(below, ast.comprehension):
                # What a comprehension gives has passed all its conditions.
                return position < 2 or _always(ups[: position - 2], ups[position - 2])
            return _always(ups[: position - 1], below)
        child = node
    return False


def may_follow(source: Source, first: ast.AST, second: ast.AST) -> bool:
    """Can `second` run after `first`, on this turn of the loops around both or on a later one?"""
    paths = _paths(source, first, second)
    if paths is None:
        # What stands inside of it is evaluated before it, and again on the next turn.
        above = _ancestors(source, second)
        inside = above[: above.index(first)] if first in above else above
        is_nested = len(inside) == len(above) or any(isinstance(n, _NESTED) for n in inside)
        return not is_nested and _comes_round(source, inside, above[len(inside) :])
    return _may_follow_at_once(source, *paths) or _comes_round(source, paths[0], paths[1])


def may_follow_at_once(source: Source, first: ast.AST, second: ast.AST) -> bool:
    """Can `second` run after `first` on the same turn of the loops around both?"""
    paths = _paths(source, first, second)
    return paths is not None and _may_follow_at_once(source, *paths)


def _paths(source: Source, first: ast.AST, second: ast.AST) -> tuple[list[ast.AST], list[ast.AST], ast.AST] | None:
    """What stands around `first` alone, from the inside outwards; what stands around both; the part with `second`."""
    ups = [first, *_ancestors(source, first)]
    index = {id(node): position for position, node in enumerate(ups)}
    child: ast.AST = second
    for node in _ancestors(source, second):
        if isinstance(child, _NESTED):
            return None
        if id(node) in index:
            path = ups[: index[id(node)]]
            return (path, ups[index[id(node)] :], child) if path and path[-1] is not child else None
        child = node
    return None


def _may_follow_at_once(source: Source, path: list[ast.AST], above: list[ast.AST], child: ast.AST) -> bool:
    return _is_behind(above[0], path[-1], child) and _goes_on(source, path[:-1])


def _is_behind(parent: ast.AST, one: ast.AST, other: ast.AST) -> bool:
    """Of two parts of one node: can the second run behind the first on the same turn?"""
    match parent:
        case ast.Try() | ast.TryStar():
            if other in parent.handlers or other in parent.orelse:
                return one in parent.body
            return other in parent.finalbody or _same_block(parent, one, other)
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            return one is test or _same_block(parent, one, other)
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
            return one is iterable or _same_block(parent, one, other)
    return _comes_first(parent, one, other)


def _goes_on(source: Source, path: list[ast.AST]) -> bool:
    """Can control leave the statements on a path at their ends, and not by a jump out of the function?"""
    return not any(map(_leaves, following(source, path)))


def _leaves(statement: ast.stmt) -> bool:
    """Does a statement always jump out of the function?"""
    match statement:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=body, orelse=orelse):
            return any(map(_leaves, body)) and any(map(_leaves, orelse))
    return False


def following(source: Source, path: list[ast.AST]) -> Iterator[ast.stmt]:
    """The statements on a path from the inside outwards, and those behind them in their blocks."""
    for node in path:
        for block in _blocks(source.parents[node]):
            if node in block:
                yield from block[block.index(node) :]


def _comes_round(source: Source, path: list[ast.AST], above: list[ast.AST]) -> bool:
    """Is there a loop around both, to whose next turn the first leads?"""
    whole = [*path]
    for node in above:
        if isinstance(node, _NESTED):
            return False
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            breaks = any(isinstance(s, ast.Break) for s in following(source, whole))
            return _goes_on(source, whole) and not breaks
        if isinstance(node, _COMPREHENSIONS) and whole and whole[-1] is not node.generators[0]:
            return True
        whole.append(node)
    return False


def _blocks(node: ast.AST) -> list[list[ast.stmt]]:
    return [
        getattr(node, name) for name in ("body", "orelse", "finalbody") if isinstance(getattr(node, name, None), list)
    ]


def is_certain_behind(source: Source, first: ast.stmt, second: ast.AST) -> bool:
    """Does `second` always run once the statement `first` is done, on the same turn of every loop around both?"""
    parent = source.parents[first]
    block = next((b for b in _blocks(parent) if first in b), [])
    rest = block[block.index(first) + 1 :] if block else []
    ups = [second, *_ancestors(source, second)]
    for position, node in enumerate(ups):
        if isinstance(node, ast.stmt) and node in block:
            between = rest[: rest.index(node)] if node in rest else []
            return node in rest and not _jumps(between) and _always(ups[:position], node)
    return isinstance(parent, ast.If) and not _jumps(rest) and is_certain_behind(source, parent, second)


def _jumps(block: list[ast.stmt]) -> bool:
    return any(isinstance(s, ast.Return | ast.Raise | ast.Break | ast.Continue) for s in block)


def _ancestors(source: Source, node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    parent = source.parents.get(node)
    while parent is not None:
        found.append(parent)
        parent = source.parents.get(parent)
    return found


def _always(path: list[ast.AST], top: ast.AST) -> bool:
    """Is the first node of a path evaluated whenever `top`, the node above its last, is?"""
    return all(_is_certain(parent, child) for child, parent in pairwise([*path, top]))


def _is_certain(parent: ast.AST, child: ast.AST) -> bool:
    """Is a part evaluated whenever the whole is evaluated to its end?"""
    match parent:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            return child is test
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
            return child is iterable
        case ast.BoolOp(values=values):
            return child is values[0]
        case ast.Compare(left=left, comparators=comparators):
            return child is left or child is comparators[0]
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return child is parent.generators[0]
        case ast.GeneratorExp():
            return child is parent.generators[0]
        case ast.comprehension(iter=iterable):
            return child is iterable
        case ast.Match(subject=subject):
            return child is subject
        case ast.Try() | ast.TryStar():
            return child in parent.finalbody
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() | ast.ClassDef():
            return False
    return True


def _comes_first(parent: ast.AST, one: ast.AST, other: ast.AST) -> bool:
    """Of two parts of one node: does the first run before the second, whenever the second runs?"""
    match parent:
        case ast.IfExp(test=test):
            return one is test
        case ast.If(test=test) | ast.While(test=test):
            return one is test or (other is not test and _same_block(parent, one, other))
        case ast.For(iter=iterable) | ast.AsyncFor(iter=iterable):
            return one is iterable or _same_block(parent, one, other)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            parts: list[ast.AST] = [*parent.generators, parent.elt]
            return parts.index(one) < parts.index(other) and one is not parent.elt
        case ast.DictComp():
            return one in parent.generators and other not in parent.generators
        case ast.comprehension(iter=iterable):
            return one is iterable
        case ast.Try() | ast.TryStar():
            if one in parent.body and other in parent.orelse:
                return True
            return _same_block(parent, one, other)
        case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.AugAssign(value=value):
            return one is value
        case ast.match_case() | ast.ExceptHandler():
            return _same_block(parent, one, other)
        case ast.Dict():
            parts = [part for pair in zip(parent.keys, parent.values, strict=True) for part in pair if part]
            return parts.index(one) < parts.index(other)
    children = list(ast.iter_child_nodes(parent))
    return children.index(one) < children.index(other)


def _same_block(parent: ast.AST, one: ast.AST, other: ast.AST) -> bool:
    """Do two statements stand in one block, the first before the second?"""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, [])
        if one in block and other in block:
            return bool(block.index(one) < block.index(other))
    return False


def position(node: ast.expr | ast.stmt) -> tuple[int, int]:
    """Where a node begins, to be compared with others of its file."""
    return node.lineno, node.col_offset


def is_later(one: ast.AST, other: ast.expr | ast.stmt) -> bool:
    """Does a node begin behind another one in the text?"""
    return (getattr(one, "lineno", 0), getattr(one, "col_offset", 0)) > position(other)


def runs_between(source: Source, first: ast.expr | ast.stmt, between: ast.AST, second: ast.AST) -> bool:
    """Does something run on every way from one node to another, be it on the next turn of a loop?"""
    if between is not second and not dominates(source, between, second):
        return False
    if is_later(between, first) or first in ast.walk(between):
        return True
    above = _ancestors(source, second)
    loops = (n for n in _ancestors(source, first) if isinstance(n, ast.For | ast.AsyncFor | ast.While) and n in above)
    loop = next(loops, None)
    is_on_next_turn = loop is not None and loop in _ancestors(source, between)
    return is_on_next_turn and not may_follow_at_once(source, first, second)
