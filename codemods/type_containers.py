"""The types around what became async: generators, context managers, and callbacks that now give an awaitable."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.symbols import Function
from ..analysis.values import Context, FunctionObject, Generated, Many, Row, Table, Value, Values
from .edit import Edit, Replace, Wrap
from .imports import request
from .type_names import Annotation, Names, TypeText, in_string

# Sync container -> module and name of the async one.
GENERATORS = {
    "Generator": ("collections.abc", "AsyncGenerator"),
    "Iterator": ("collections.abc", "AsyncIterator"),
    "Iterable": ("collections.abc", "AsyncIterable"),
}
CONTEXTS = {
    "contextlib.AbstractContextManager": ("contextlib", "AbstractAsyncContextManager"),
    "typing.ContextManager": ("typing", "AsyncContextManager"),
    "typing_extensions.ContextManager": ("typing", "AsyncContextManager"),
}
_ABSTRACT = ("typing.", "typing_extensions.", "collections.abc.")
_SESSIONS = {"sqlalchemy.orm.Session", "sqlmodel.Session", "sqlalchemy.Connection"}


def container_edits(program: Program, source: Source, names: Names, annotation: Annotation) -> Iterator[Edit]:
    """The edits of one annotation."""
    node: ast.expr = annotation.node
    text: TypeText | None = TypeText(source, node, node)
    if isinstance(node, ast.Constant):
        text = in_string(source, node)
    if text is not None:
        yield from _Container(program, names, text).edits(text.node, _held(program, annotation), annotation)


def _held(program: Program, annotation: Annotation) -> Values:
    """What the thing with this annotation can be."""
    if annotation.target is not None:
        return program.values(annotation.target)
    assert annotation.function is not None
    if annotation.name:
        return program.parameter(annotation.function, annotation.name)
    return program.interpreter.store.peek("return", annotation.function.key)


class _Container:
    """Finds the containers in one type expression."""

    def __init__(self, program: Program, names: Names, text: TypeText) -> None:
        self._program = program
        self._names = names
        self._text = text

    def edits(self, node: ast.expr, held: Values, annotation: Annotation | None = None) -> Iterator[Edit]:
        """The edits of an expression for something that can be `held`."""
        function = annotation.function if annotation and not annotation.name else None
        if function is not None and function.is_generator and self._dotted(_base(node)) in GENERATORS:
            if self._became_async(function):
                yield from self._generator(node)
            return
        keys = {v.key for v in _all(held) if isinstance(v, Generated | Context) and v.key}
        becomes_async = any(self._became_async(self._program.function(k)) for k in keys)
        callbacks = [self._program.function(v.key) for v in _all(held) if isinstance(v, FunctionObject)]
        for part in _parts(node):
            if isinstance(part, ast.Subscript) and self._dotted(part.value) == "Callable":
                yield from self._callable(part, callbacks)
            elif becomes_async and _base(part) is not None and self._dotted(_base(part)) in GENERATORS:
                yield from self._generator(part)
                return
            elif (
                isinstance(part, ast.Subscript)
                and self._is_context(part)
                and (becomes_async or self._holds_session(part))
            ):
                yield from self._replaced(part.value, *CONTEXTS[self._full(part.value)])

    def _became_async(self, function: Function) -> bool:
        return function in self._program.colours.reasons

    def _serves_both(self, callbacks: list[Function]) -> bool:
        """Is it a decorator for both colours that is given these?"""
        decorators = self._program.decorators
        return any(decorators.serves_both(w) and f in fs for w, fs in decorators.wrapped.items() for f in callbacks)

    # Names

    def _full(self, node: ast.expr) -> str:
        return self._names.dotted(TypeText(self._text.source, node, self._place(node), self._text.offset))

    def _dotted(self, node: ast.expr | None) -> str:
        """The bare name of an abstract type; "" for anything else."""
        full = self._full(node) if node is not None else ""
        return full.rpartition(".")[2] if full.startswith(_ABSTRACT) else ""

    def _place(self, node: ast.expr) -> ast.expr:
        return node if self._text.offset is None else self._text.place

    def _is_context(self, node: ast.Subscript) -> bool:
        return self._full(node.value) in CONTEXTS

    def _holds_session(self, node: ast.Subscript) -> bool:
        inner = TypeText(self._text.source, node.slice, self._place(node.slice), self._text.offset)
        return any(self._names.dotted(part) in _SESSIONS for part in inner.parts())

    # Edits

    def _replaced(self, node: ast.expr, module: str, name: str) -> Iterator[Edit]:
        text, wanted = request(self._text.source, module, name, at=self._place(node))
        yield Replace(*self._text.span(node), text)
        if wanted is not None:
            yield wanted

    def _generator(self, node: ast.expr) -> Iterator[Edit]:
        base = _base(node)
        kind = self._dotted(base)
        if base is None or kind not in GENERATORS:
            return
        yield from self._replaced(base, *GENERATORS[kind])
        match node:
            case ast.Subscript(slice=ast.Tuple(elts=[_, sent, returned])) if kind == "Generator":
                yield Replace(self._text.span(sent)[1], self._text.span(returned)[1], "")

    def _callable(self, node: ast.Subscript, callbacks: list[Function]) -> Iterator[Edit]:
        """`Callable[…, T]` of functions that became async gives an awaitable T."""
        coloured = [f for f in callbacks if self._became_async(f)]
        if coloured and len(coloured) < len(callbacks) and self._serves_both(coloured):
            return
        if not (coloured and isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2):
            return
        result = node.slice.elts[1]
        if any(f.is_generator for f in coloured):
            yield from self._generator(result)
            if isinstance(result, ast.Subscript) and self._is_context(result):
                yield from self._replaced(result.value, *CONTEXTS[self._full(result.value)])
        elif self._dotted(_base(result)) not in {"Awaitable", "Coroutine"}:
            text, wanted = request(self._text.source, "collections.abc", "Awaitable", at=self._place(result))
            yield Wrap(*self._text.span(result), f"{text}[", "]")
            if wanted is not None:
                yield wanted


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """A type expression and the ones in it."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _parts(child)


def _base(node: ast.expr | None) -> ast.expr | None:
    """The name of a type, without its arguments."""
    base = node.value if isinstance(node, ast.Subscript) else node
    return base if isinstance(base, ast.Name | ast.Attribute) else None


def _all(values: Values) -> Iterator[Value]:
    """The values and those in containers."""
    for value in values:
        yield value
        match value:
            case Many(items=items) | Table(items=items):
                yield from _all(items)
            case Row(items=rows):
                for items in rows:
                    yield from _all(items)
