"""Type annotations as values: what an expression annotated so can be."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .applying import note_return
from .injection import is_bare_dependency, provided
from .symbols import Function
from .values import NOTHING, Awaitable, ClassObject, Context, Factory, Hint, Instance, Many, Row, Table, Value, Values

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .members import Env

ITERABLES = {
    "list", "List", "set", "Set", "frozenset", "FrozenSet", "Sequence", "MutableSequence", "Iterable", "Iterator",
    "Collection", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "deque", "Deque", "AbstractSet",
}  # fmt: skip
TABLES = {"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"}
TRANSPARENT = {"Optional", "Union", "Annotated", "ClassVar", "Final", "Mapped", "Required", "NotRequired", "ReadOnly"}
AWAITABLES = {"Awaitable", "Coroutine", "Future", "Task"}
ALIASED = TRANSPARENT | ITERABLES | TABLES | AWAITABLES | {"type", "Type", "tuple", "Tuple", "Callable"}
CONTEXTS = {"AbstractContextManager", "ContextManager", "AbstractAsyncContextManager", "AsyncContextManager"}


class Annotations:
    """Reads annotations with the names that are in force where they stand."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter

    def instances(self, node: ast.expr | None, env: Env) -> Values:
        """The values of something annotated with `node`."""
        match node:
            case None:
                return NOTHING
            case ast.Constant(value=str(text)):
                parsed = _parsed(text, node)
                return self.instances(parsed, env) if parsed else NOTHING
            case ast.Name() | ast.Attribute():
                found: set[Value] = set()
                for value in self._interpreter.eval(node, env):
                    match value:
                        case ClassObject(cls=cls):
                            stands_for = self._interpreter.adapters.stands_for(cls)
                            found |= frozenset({Instance(cls)}) if stands_for is None else stands_for
                        case Hint(items=items):
                            found |= items
                return frozenset(found)
            case ast.BinOp(op=ast.BitOr(), left=left, right=right):
                return self.instances(left, env) | self.instances(right, env)
            case ast.Subscript(value=base, slice=inner):
                return self._generic(base, inner, env)
        return NOTHING

    def _generic(self, base: ast.expr, inner: ast.expr, env: Env) -> Values:
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Annotated":
            values = self.instances(parts[0], env)
            for extra in parts[1:]:
                given = self._interpreter.eval(extra, env)
                if is_bare_dependency(extra):
                    given |= provided(self._interpreter, self.classes(parts[0], env))
                values |= given
            return values
        if name in TRANSPARENT:
            return frozenset(v for part in parts for v in self.instances(part, env))
        if name in {"type", "Type"}:
            return self.classes(parts[0], env)
        if name in ITERABLES:
            return frozenset({Many(self.instances(parts[0], env))})
        if name in TABLES:
            return frozenset({Table(self.instances(parts[-1], env))})
        if name in AWAITABLES:
            return frozenset({Awaitable(self.instances(parts[-1], env))})
        if name in CONTEXTS:
            return frozenset({Context(self.instances(parts[0], env), is_declared=True)})
        if name == "Callable":
            made = self.instances(parts[-1], env)
            return frozenset({Factory(made)}) if made else NOTHING
        if name in {"tuple", "Tuple"}:
            if any(isinstance(p, ast.Constant) and p.value is Ellipsis for p in parts):
                return frozenset({Many(self.instances(parts[0], env))})
            return frozenset({Row(tuple(self.instances(p, env) for p in parts))})
        for part in parts:
            self.instances(part, env)
        return self.instances(base, env)

    def argument(self, node: ast.expr, env: Env) -> Values:
        """The values of `T` in an annotation such as `ContextVar[T]`."""
        return self.instances(node.slice, env) if isinstance(node, ast.Subscript) else NOTHING

    def classes(self, node: ast.expr | None, env: Env) -> Values:
        """The classes that an annotation names."""
        return frozenset(ClassObject(v.cls) for v in self.instances(node, env) if isinstance(v, Instance))

    def alias(self, node: ast.Subscript, env: Env) -> Values | None:
        """What a subscript means when it is a type expression such as `Annotated[…]` or `list[User]`; else None."""
        base = node.value
        name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
        if name not in ALIASED:
            return None
        if isinstance(base, ast.Name) and base.id in env and name == name.lower():
            return None
        return frozenset({Hint(self._generic(base, node.slice, env))})

    def returned(self, function: Function, node: ast.expr, env: Env) -> None:
        """Note what a return annotation promises."""
        values = self.instances(node, env)
        if not function.is_generator:
            note_return(self._interpreter, function, values)
            return
        for value in values:
            if isinstance(value, Many):
                self._interpreter.store.write(value.items, "yield", function.key)


def _parsed(text: str, at: ast.expr) -> ast.expr | None:
    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None
    for child in ast.walk(parsed):
        ast.copy_location(child, at)
    return parsed
