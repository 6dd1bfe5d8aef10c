"""Constructors that query: where all that make such objects can await, a coroutine takes the constructor's place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .once import once
from .source import Source
from .symbols import Function
from .values import ClassObject

if TYPE_CHECKING:
    from .program import Program

# Callers that await, or run what they make on a loop, though they stay sync for those who call them.
AWAITING = {"entry", "window"}
CALLING_BACK = {"sync", "starts", "window", "unknown"}
DEPENDENCIES = {"Depends", "Security"}


def becomes_coroutine(program: Program, function: Function) -> bool:
    """Can a class method that awaits take the place of this `__init__`?"""
    if function.name != "__init__" or function.owner is None or not _is_plain(program, function):
        return False
    if program.handed(function) or _is_dependency(program, function.owner.key):
        return False
    uses = _uses(program).get(function.owner.key, [])
    return bool(uses) and all(_is_awaitable(program, source, node) for source, node in uses)


def _is_plain(program: Program, function: Function) -> bool:
    """Does the class say alone how it is made, in a block of statements below the `def`?"""
    owner = function.owner
    assert owner is not None
    node, objects = owner.node, program.interpreter.objects
    stands_alone = not (node.bases or node.keywords or node.decorator_list or objects.descendants(owner.key))
    is_block = bool(function.parameters()) and function.body[0].lineno > getattr(function.node, "lineno", 0)
    calls_super = any(isinstance(n, ast.Name) and n.id == "super" for n in function.own_nodes())
    # Windows and the like, whose methods a library calls, belong to a program that stays as it is.
    methods = [m for m in owner.methods.values() if m.key not in program.interpreter.context_functions]
    is_called_back = any(policy in CALLING_BACK for m in methods for policy, _ in program.handed(m))
    return stands_alone and is_block and not (calls_super or is_called_back or function.decorators)


@once
def _uses(program: Program) -> dict[str, list[tuple[Source, ast.expr]]]:
    """Where the project's classes are named, but for annotations and imports."""
    found: dict[str, list[tuple[Source, ast.expr]]] = {}
    for function in program.functions:
        for node in function.own_nodes():
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                for value in program.values(node):
                    if isinstance(value, ClassObject):
                        found.setdefault(value.cls, []).append((function.source, node))
    return found


def _is_awaitable(program: Program, source: Source, node: ast.expr) -> bool:
    """Is the class only asked for something, or called where an `await` can stand?"""
    from .boundaries import boundary_of

    parent = source.parents.get(node)
    match parent:
        case ast.Attribute():
            return True
        case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, tested]) if tested is node:
            return True
        case ast.Call(func=called) if called is node:
            function = program.function_at(source, node)
            boundary = boundary_of(program, function) if function else None
            if function is None or (function.is_lambda and function not in program.windows):
                return False
            return boundary is None or boundary.kind in AWAITING
    return _is_tested(source, node) or any(_annotates(above, node) for above in _above(source, node))


def _is_tested(source: Source, node: ast.expr) -> bool:
    """Is it only asked whether there is such a class: `if Report and …`?"""
    parent = source.parents.get(node)
    match parent:
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return _is_tested(source, parent)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test) | ast.Assert(test=test):
            return test is node
    return isinstance(parent, ast.Compare)


def _annotates(above: ast.AST, node: ast.AST) -> bool:
    """Does a node stand in the annotation of a parameter, a variable or a function?"""
    match above:
        case ast.arg(annotation=given) | ast.AnnAssign(annotation=given):
            pass
        case ast.FunctionDef(returns=given) | ast.AsyncFunctionDef(returns=given):
            pass
        case _:
            return False
    return given is not None and any(n is node for n in ast.walk(given))


def _is_dependency(program: Program, cls: str) -> bool:
    """Does a framework make such objects, for a parameter whose annotation or default says `Depends`?"""
    return not _named_by_dependants(program).isdisjoint({cls, cls.rpartition("::")[2].rpartition(".")[2]})


@once
def _named_by_dependants(program: Program) -> set[str]:
    """What the parameters of functions that depend on something name: keys of classes, and plain names."""
    found: set[str] = set()
    for function in program.functions:
        nodes = list(ast.walk(function.arguments)) if function.arguments else []
        if any(isinstance(n, ast.Call) and _plain(n.func) in DEPENDENCIES for n in nodes):
            for node in nodes:
                if isinstance(node, ast.Name | ast.Attribute):
                    found.add(_plain(node))
                    found |= {v.cls for v in program.values(node) if isinstance(v, ClassObject)}
    return found


def _plain(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _above(source: Source, node: ast.AST) -> Iterator[ast.AST]:
    parent = source.parents.get(node)
    while parent is not None and not isinstance(parent, ast.Module):
        yield parent
        parent = source.parents.get(parent)
