"""Adapters that dressed a session of one colour as one of the other go; the session itself is passed.

store = Store(AsyncAdapter(session))   ->   store = Store(session)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.adapters import Adapter
from ..analysis.decisions import Confidence, Decision, Status
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import dotted
from ..analysis.values import Instance
from .direct_calls import instead
from .edit import Edit, Replace
from .imports import request
from .removal import span_of, without
from .unused import uses_of

NAME = "adapters"


def decide(program: Program) -> Iterator[Decision]:
    """One decision for each place where an adapter is made or named, and for each adapter."""
    for adapter in program.interpreter.adapters.classes:
        yield from _adapter(program, adapter)


def _adapter(program: Program, adapter: Adapter) -> Iterator[Decision]:
    uses = uses_of(program, adapter.cls)
    decisions = [_use(program, source, node, adapter) for source, node in uses.reads]
    left = uses.others + [s.site(n) for (s, n), d in zip(uses.reads, decisions, strict=True) if d is None]
    source, node = adapter.cls.source, adapter.cls.node
    if left:
        concern = f"its methods take the session for one of the other colour, and {left[0]} needs it"
        yield Decision(NAME, source.site(node), "left as it is", Status.DECLINED, Confidence.LOW, concern, node=node)
    else:
        yield from (d for d in decisions if d is not None)
        data = {"kind": "delete", "gone": [span_of(source, node)]}
        yield Decision(NAME, source.site(node), "delete the adapter, nothing uses it any more", data=data, node=node)


def _use(program: Program, source: Source, node: ast.expr, adapter: Adapter) -> Decision | None:
    """The decision on one place that names the class; None when the place needs it."""
    parent = source.parents[node]
    function = program.function_at(source, node)
    name = function.qualname if function else ""
    if function is not None and program.stays_sync(function):
        return None
    if isinstance(parent, ast.Call) and parent.func is node:
        if _session(parent, adapter) is None or isinstance(source.parents[parent], ast.withitem):
            return None
        return Decision(
            NAME, source.site(parent), "pass the session itself", function=name, data={"kind": "call"}, node=parent
        )
    if _is_annotation(source, node) or _is_asked_for(source, node):
        return Decision(
            NAME, source.site(node), "name the session's class", function=name, data={"kind": "type"}, node=node
        )
    return None


def _session(call: ast.Call, adapter: Adapter) -> ast.expr | None:
    """The session among the arguments, when it is the only one."""
    given = [*call.args, *(k.value for k in call.keywords if k.arg == adapter.parameter)]
    is_plain = len(given) == 1 and len(call.args) + len(call.keywords) == 1
    return given[0] if is_plain and not isinstance(given[0], ast.Starred) else None


def _is_annotation(source: Source, node: ast.expr) -> bool:
    child: ast.AST = node
    parent = source.parents[child]
    while isinstance(parent, ast.Subscript | ast.BinOp | ast.Tuple):
        child, parent = parent, source.parents[parent]
    match parent:
        case ast.arg() | ast.AnnAssign():
            return parent.annotation is child
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return parent.returns is child
    return False


def _is_asked_for(source: Source, node: ast.expr) -> bool:
    """`isinstance(x, Class)`"""
    parent = source.parents[node]
    if isinstance(parent, ast.Tuple):
        node, parent = parent, source.parents[parent]
    return isinstance(parent, ast.Call) and dotted(parent.func) == "isinstance" and parent.args[1:] == [node]


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits of one place, or of a class that goes."""
    source = program.sources[decision.site.path]
    node = decision.node
    match node:
        case ast.ClassDef():
            yield from without(source, node)
        case ast.Call():
            adapter = program.interpreter.adapters.of(program.values(node.func))
            assert adapter is not None
            session = _session(node, adapter)
            assert session is not None
            yield from instead(source, node, session)
        case ast.Name() | ast.Attribute():
            text, wanted = request(source, *_session_class(program, node), at=node)
            yield Replace(*source.span(node), text)
            if wanted:
                yield wanted


def _session_class(program: Program, node: ast.expr) -> tuple[str, str]:
    """Module and name of the class of the session in an adapter."""
    adapter = program.interpreter.adapters.of(program.values(node))
    assert adapter is not None
    held = program.interpreter.store.peek("parameter", adapter.constructor.key, adapter.parameter)
    classes = [v.cls for v in held if isinstance(v, Instance)]
    name = next(c for cls in classes for c in (program.converted_class(cls), cls) if c)
    module, _, last = name.rpartition(".")
    return module, last
