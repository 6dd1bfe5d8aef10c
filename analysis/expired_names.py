"""What the names of a function hold, as the walk for expired objects asks it."""

from __future__ import annotations

import ast

from .expired_states import State
from .program import Program
from .provenance import bound
from .symbols import Function
from .tracing import objects
from .values import ClassObject


def is_made(program: Program, function: Function, name: str) -> bool:
    """Is a name bound to objects that the function makes, and to nothing else?"""
    stores = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    bindings = [function.source.parents.get(n) for n in stores if isinstance(n.ctx, ast.Store)]
    return bool(bindings) and all(
        isinstance(b, ast.Assign)
        and isinstance(b.value, ast.Call)
        and any(isinstance(v, ClassObject) for v in program.values(b.value.func))
        for b in bindings
    )


def classes_of(program: Program, function: Function, name: str) -> set[str]:
    """The mapped classes of the objects that a name holds."""
    nodes = [n for n in function.own_nodes() if isinstance(n, ast.Name) and n.id == name]
    values = frozenset(v for n in nodes for v in program.values(n))
    return {o.cls for o in objects(values, lambda cls: program.mapped(cls) is not None)}


def put_together(program: Program, function: Function, owner: str) -> set[str]:
    """The names that statements bring together with an owner, at first hand or by another name, but for columns."""
    kinds = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.For, ast.AsyncFor)
    groups: list[set[str]] = []
    for statement in (n for n in function.own_nodes() if isinstance(n, kinds)):
        parts = [statement.target, statement.iter] if isinstance(statement, ast.For | ast.AsyncFor) else [statement]
        if not _is_of_session(program, statement):
            names = [n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name)]
            groups.append({n.id for n in names if not _gives_column(program, function, n)})
    found = {owner}
    while more := {n for group in groups if group & found for n in group} - found:
        found |= more
    return found


def _is_of_session(program: Program, statement: ast.stmt) -> bool:
    """`session.add_all([…])`, which puts nothing into a relationship."""
    match statement:
        case (
            ast.Expr(value=ast.Call(func=ast.Attribute(value=receiver)))
            | ast.Expr(value=ast.Await(value=ast.Call(func=ast.Attribute(value=receiver))))
        ):
            return program.is_session(program.values(receiver))
    return False


def _gives_column(program: Program, function: Function, name: ast.Name) -> bool:
    """Is it the owner of a column that is read, or a name for no object at all?"""
    found = [m for cls in classes_of(program, function, name.id) if (m := program.mapped(cls))]
    match function.source.parents.get(name):
        case ast.Attribute(attr=column, ctx=ast.Load()):
            return any(column in m.columns for m in found) or not found
    return not found


def place_of(node: ast.expr) -> str:
    """What stands for a call, awaited or not, among names."""
    call = node.value if isinstance(node, ast.Await) else node
    return f"{call.lineno}:{call.col_offset}" if isinstance(call, ast.Call) else ""


def settle(iterable: ast.expr, target: ast.expr, turn: State, state: State) -> None:
    """What runs through all objects and leaves each fresh has made them so."""
    if isinstance(iterable, ast.Name) and isinstance(target, ast.Name) and target.id not in turn.expired:
        state.expired.pop(iterable.id, None)


def own_sessions(program: Program, function: Function) -> dict[str, ast.expr | None]:
    """Sessions that a function makes itself, and what makes them."""
    parameters = {p.arg for p in function.parameters()}
    found: dict[str, ast.expr | None] = {}
    for node in function.own_nodes():
        match node:
            case ast.withitem(context_expr=ast.Call(func=maker), optional_vars=ast.Name(id=name)):
                found[name] = maker
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=maker))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=maker))
            ) if name not in parameters:
                found[name] = maker
    return {name: maker for name, maker in found.items() if name not in parameters}


def given_by(callee: Function, call: ast.Call) -> dict[str, ast.expr]:
    """What a call gives to each parameter, the object of a method among them."""
    given = bound(callee, call)
    if callee.binding == "instance" and callee.parameters() and isinstance(call.func, ast.Attribute):
        given[callee.parameters()[0].arg] = call.func.value
    return given


def last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
