"""Calls: which functions a call reaches, and what the call gives."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .applying import applied
from .arguments import Arguments, behind_given, called
from .builtin_calls import BUILTIN
from .entering import Entering
from .hand_overs import HandOvers
from .injection import DEPENDENCIES, is_marker, provided, through_providers
from .library import library, split
from .parametrized import asks_for_fixture
from .session_classes import ASYNC_MAKER, keep_class, makes_async_sessions, of_its_class
from .statements import entity, query_method, result_method, special, statement_method, trait
from .symbols import Function
from .values import (
    NOTHING,
    Awaitable,
    ClassObject,
    ColumnAttribute,
    Context,
    External,
    Factory,
    FunctionObject,
    Instance,
    Many,
    Mock,
    Query,
    Row,
    Rows,
    Statement,
    Table,
    Value,
    Values,
)
from .wrappers import bind_wrappers

if TYPE_CHECKING:
    from .interpreter import Interpreter
    from .members import Env

ITERATING = {"list", "set", "tuple", "frozenset", "sorted", "reversed", "iter", "filter", "aiter"}
# What calls a function with each item of an iterable: the function is its first argument, or its `key`.
FIRST_WITH_ITEMS = {
    "map", "filter", "functools.reduce", "itertools.takewhile", "itertools.dropwhile", "itertools.filterfalse",
}  # fmt: skip
KEY_WITH_ITEMS = {"sorted", "max", "min", "itertools.groupby"}
GROWING = {"append", "add", "extend", "update", "insert", "appendleft", "setdefault"}
# How a library calls a function that it is given with the arguments behind it.
CALLING = {"thread", "sync", "starts"}
# How the providers of dependency-injector stand for their first argument: for what it gives, or for the thing itself.
PROVIDING = {"provides", "provides it", "contains"}
PARTIAL = "functools.partial"
# Decorators and wrappers that give back, or stand for, the function they are given.
IDENTITY = {"functools.wraps", "functools.lru_cache", "functools.cache", "contextlib.suppress"}
CONTEXT_VARIABLE = "contextvars.ContextVar"
# What is given something to call for what is missing.
FACTORIES = {"collections.defaultdict", "dataclasses.field"}
# What makes a column expression of its arguments.
COLUMN_MAKERS = (
    "sqlalchemy.func.", "sqlalchemy.sql.func.", "sqlalchemy.sql.functions.", "sqlalchemy.sql.expression.func.",
    "sqlmodel.func.", "column.", "sqlalchemy.case", "sqlalchemy.cast", "sqlalchemy.literal", "sqlalchemy.extract",
    "sqlalchemy.distinct", "sqlalchemy.type_coerce", "sqlalchemy.null", "sqlalchemy.and_", "sqlalchemy.or_",
    "sqlalchemy.not_", "sqlalchemy.exists", "sqlalchemy.tuple_", "sqlalchemy.over", "sqlalchemy.true",
    "sqlalchemy.false", "sqlalchemy.sql.exists",
)  # fmt: skip
BUNDLE = "sqlalchemy.orm.Bundle"
EXPRESSION = External("column.expression")


class Calls(Entering, HandOvers):
    """Evaluates calls for the interpreter."""

    def __init__(self, interpreter: Interpreter) -> None:
        super().__init__()
        self._interpreter = interpreter
        # Calls of what is not known, and the functions that they were handed
        self._unresolved: defaultdict[ast.Call, set[str]] = defaultdict(set)

    # Calls

    def call(self, node: ast.Call, env: Env) -> Values:
        """What a call gives."""
        interpreter = self._interpreter
        callee = interpreter.eval(node.func, env)
        positional: list[tuple[ast.expr, Values]] = [(a, interpreter.eval(a, env)) for a in node.args]
        keywords = {k.arg or "**": interpreter.eval(k.value, env) for k in node.keywords}
        if asks_for_fixture(node):
            return interpreter.parametrized.fixture(node, env)
        found: set[Value] = set()
        if callee and node in self._unresolved:
            # It was not known yet what is called.
            for key in self._unresolved.pop(node):
                self.handed[key].pop(("unknown", node), None)
        for value in callee:
            found |= self._one(value, node, (positional, keywords), env)
        if not callee:
            for values in [*(v for _, v in positional), *keywords.values()]:
                self._unresolved[node].update(self.hand("unknown", node, values))
        return frozenset(found)

    def invoke(self, callee: Values, arguments: Arguments = ([], {})) -> Values:
        """What calling functions gives: protocol methods such as `__iter__`, or what a mock calls."""
        found: set[Value] = set()
        for value in callee:
            if isinstance(value, FunctionObject):
                found |= self._function(value, arguments)
        return frozenset(found)

    def _one(self, value: Value, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        match value:
            case FunctionObject():
                return self._function(value, arguments)
            case ClassObject(cls=cls):
                return self._instantiate(cls, node, arguments)
            case External(name=name, receiver=None):
                return self._external(name, node, arguments, env)
            case External(name=name, receiver=receiver) if receiver is not None:
                return self._method(name, receiver, node, arguments, env)
            case Instance(cls=cls) if cls in self._interpreter.objects.classes:
                called = self._interpreter.attribute(frozenset({value}), "__call__")
                return frozenset(v for c in called for v in self._one(c, node, arguments, env))
            case Instance(cls=cls):
                return self._library_call(cls, "__call__", value, node, arguments, env)
            case Mock():
                return self._interpreter.mocks.called(value, arguments)
            case Factory(items=items):
                self.hand_all("unknown", node, arguments)
                return items
        return NOTHING

    # Project functions

    def _function(self, value: FunctionObject, arguments: Arguments) -> Values:
        interpreter = self._interpreter
        function = interpreter.functions[value.key]
        arguments = behind_given(value, arguments)
        found: set[Value] = set()
        for target in self.targets(value):
            self.bind_arguments(target, arguments, bound=value.receiver is not None)
            if isinstance(value.receiver, Instance) and function.owner:
                self.bind_self(target, value.receiver)
            found |= self._returned(target, arguments, value.receiver)
        if value.wrappers:
            bind_wrappers(self, function, value, arguments, [interpreter.functions[key] for key in value.wrappers])
        return frozenset(found)

    def _returned(self, function: Function, arguments: Arguments, receiver: Value | None) -> Values:
        positional, keywords = arguments
        if receiver is not None and function.binding in {"instance", "class"}:
            positional = [(ast.Constant(None), frozenset({receiver})), *positional]
        returned = applied(self._interpreter, function, (positional, keywords))
        if returned is None:
            return self.result(function)
        return frozenset({Awaitable(returned)}) if function.is_async else returned

    def apply(self, callee: Values, node: ast.Call) -> Values:
        """What functions give that another one is given, which calls them at `node`."""
        found: set[Value] = set()
        for value in callee:
            if isinstance(value, FunctionObject):
                for target in self.targets(value):
                    found |= self.result(target)
            else:
                found |= self._one(value, node, ([], {}), {})
        return frozenset(found)

    def _instantiate(self, cls: str, node: ast.expr, arguments: Arguments) -> Values:
        interpreter = self._interpreter
        if cls not in interpreter.objects.classes:
            known = library().method(cls, "__init__")
            self.hand_all(known.calls if known else "", node, called(known, arguments))
            if cls == "sqlalchemy.orm.sessionmaker" and makes_async_sessions(arguments):
                cls = ASYNC_MAKER
            made = frozenset({Instance(cls, self._origin(cls, node))})
            keep_class(interpreter, made, arguments)
            self.keep(made, arguments[1].get("default", NOTHING))
            return made
        instance = Instance(cls)
        constructor = interpreter.objects.method(cls, "__init__")
        if constructor:
            self.bind_self(constructor, instance)
            self.bind_arguments(constructor, arguments, bound=True)
        else:
            for name, values in _assigned(interpreter.objects.fields(cls), arguments):
                interpreter.store.write(values, "instance", cls, name)
        stands_for = interpreter.adapters.stands_for(cls)
        return frozenset({instance}) if stands_for is None else stands_for

    def _origin(self, cls: str, node: ast.expr) -> str:
        """The site key of a call (or of a class handed over to be called), where a class's objects are told apart."""
        known = library().classes.get(library().canonical(cls))
        if known is None or not known.told_apart:
            return ""
        return f"{self._interpreter.current.source.path}:{node.lineno}:{node.col_offset}"

    # Library functions and methods

    def _external(self, name: str, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        positional, keywords = arguments
        if name in FIRST_WITH_ITEMS and positional:
            made = self._with_items(node, positional[0][1], positional[1:])
            if name == "map":
                return frozenset({Many(made)})
        elif name in KEY_WITH_ITEMS and "key" in keywords:
            self._with_items(node, keywords["key"], positional)
        if name in ITERATING:
            last = positional[-1][1] if positional else NOTHING
            return frozenset({Many(self._interpreter.iterate(last))})
        if name in DEPENDENCIES:
            given = positional[0][1] if positional else keywords.get("dependency", NOTHING)
            self.hand("awaits", node, given)
            return provided(self._interpreter, given)
        mocked = self._interpreter.mocks.call(name, node, arguments)
        if mocked is not None:
            self.hand_all("awaits", node, arguments)
            return mocked
        if name.startswith(COLUMN_MAKERS) or (name == BUNDLE and "single_entity" not in keywords):
            return frozenset({EXPRESSION})
        if name in FACTORIES and (factory := _factory(node)) is not None:
            made = self._made_by(factory, env)
            return frozenset({Table(made)}) if made and name == "collections.defaultdict" else made
        special_case = BUILTIN.get(name)
        if special_case:
            return special_case(self._interpreter, arguments, env)
        if name in IDENTITY:
            given = positional[0][1] if positional else NOTHING
            if policy := library().policy("", name):
                self.hand(policy, node, given)
            return given
        if name == PARTIAL and positional:
            return self._partial(arguments)
        return self._library_function(name, node, arguments, env)

    def _partial(self, arguments: Arguments) -> Values:
        """`partial(f, …)`: the function, with what it is given already in its first parameters."""
        (_, functions), *given = arguments[0]
        found: set[Value] = set()
        for value in functions:
            if isinstance(value, FunctionObject):
                rest = behind_given(value, (given, arguments[1]))
                for target in self.targets(value):
                    self.bind_arguments(target, rest, bound=value.receiver is not None)
                value = replace(value, given=len(rest[0]))
            found.add(value)
        return frozenset(found)

    def _library_function(self, name: str, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        """What the library tables say of a call."""
        positional, keywords = arguments
        known = library().functions.get(name)
        if known and known.calls in PROVIDING:
            return self._provider(known.calls, node, arguments, env)
        if is_marker(name) and positional:
            return positional[0][1] | through_providers(positional[0][1])
        toolkit = library().toolkits.get(name.partition(".")[0], "")
        self.hand_all((known.calls if known else "") or toolkit or "unknown", node, arguments)
        if toolkit:
            # What a toolkit makes has methods that take functions too.
            return frozenset({External(name)})
        if known and known.calls == "thread maker" and positional:
            return frozenset(External("thread.call", v) for v in positional[0][1] if isinstance(v, FunctionObject))
        if known and known.calls in CALLING and len(positional) > known.position:
            return self._in_thread(known.calls, (positional[known.position :], keywords))
        return self.typed(known.returns, None, node, arguments) if known and known.returns else NOTHING

    def _with_items(self, node: ast.Call, functions: Values, iterables: Sequence[tuple[ast.expr, Values]]) -> Values:
        """What functions give that something calls with the items of iterables, and without await."""
        self.hand("sync", node, functions)
        items = [(argument, self._interpreter.iterate(values)) for argument, values in iterables]
        return self.invoke(functions, (items, {}))

    def _made_by(self, factory: ast.expr, env: Env) -> Values:
        """What a function or class gives that is called without arguments whenever a new one is wanted."""
        found: set[Value] = set()
        for value in self._interpreter.eval(factory, env):
            match value:
                case FunctionObject():
                    found |= self._function(value, ([], {}))
                case ClassObject(cls=cls):
                    found |= self._instantiate(cls, factory, ([], {}))
        return frozenset(found)

    def _provider(self, policy: str, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        """A provider of dependency-injector: what its first argument gives, called with what the others provide."""
        (_, callee), *positional = arguments[0] or [(ast.Constant(None), NOTHING)]
        if policy == "provides it":
            return frozenset({Factory(callee)})
        given = (
            [(argument, through_providers(values)) for argument, values in positional],
            {name: through_providers(values) for name, values in arguments[1].items()},
        )
        made = frozenset(v for value in callee for v in self._one(value, node, given, env))
        self.hand("unknown", node, callee)
        return made if policy == "contains" else frozenset({Factory(made)})

    def _in_thread(self, policy: str, arguments: Arguments) -> Values:
        positional, keywords = arguments
        rest = (positional[1:], keywords)
        result: set[Value] = set()
        for value in positional[0][1]:
            if isinstance(value, FunctionObject):
                result |= self._function(value, rest)
        return frozenset({Awaitable(frozenset(result))}) if policy == "thread" else NOTHING

    def _method(self, name: str, receiver: Value, node: ast.Call, arguments: Arguments, env: Env) -> Values:
        cls, method = split(name)
        match receiver:
            case Query():
                entities = [entity(n, v, self._interpreter.objects.mapped) for n, v in arguments[0]]
                return query_method(receiver, trait(method, node), entities)
            case Statement():
                entities = [entity(n, v, self._interpreter.objects.mapped) for n, v in arguments[0]]
                return statement_method(receiver, trait(method, node), entities)
            case Rows():
                return result_method(receiver, method)
            case Many() | Table():
                return self._container_method(method, receiver, node, arguments, env)
            case ColumnAttribute():
                return frozenset({EXPRESSION})
            case Context() if method == "start":
                return receiver.items
            case Awaitable(items=items) if method == "result":
                return items
            case FunctionObject() if name == "thread.call":
                return frozenset({Awaitable(self._function(receiver, arguments))})
        return self._library_call(cls, method, receiver, node, arguments, env)

    def _library_call(
        self, cls: str, method: str, receiver: Value, node: ast.Call, arguments: Arguments, env: Env
    ) -> Values:
        mocked = self._interpreter.mocks.method(cls, method, receiver, node, arguments)
        if mocked is not None:
            self.hand_all("awaits", node, arguments)
            return mocked
        if method == "set" and arguments[0]:
            self.keep(frozenset({receiver}), arguments[0][0][1])
        known = library().method(cls, method)
        policy = known.calls if known and known.calls else "unknown"
        if policy == "starts" and self._is_waited_for(node):
            policy = "thread"
        self.hand_all(policy, node, called(known, arguments))
        if policy == "greenlet":
            return self._in_greenlet(cls, arguments)
        if known and policy == "thread" and len(arguments[0]) > known.position:
            return self._in_thread(policy, (arguments[0][known.position :], arguments[1]))
        if policy in {"awaits", "starts"} and arguments[0]:
            self._in_thread(policy, arguments)
        if known and known.runs and arguments[0]:
            return self._interpreter.awaited(arguments[0][0][1])
        made = self.typed(known.returns, receiver, node, arguments) if known and known.returns else NOTHING
        return of_its_class(self._interpreter, made, receiver) if cls == ASYNC_MAKER else made

    def _is_waited_for(self, node: ast.Call) -> bool:
        """`pool.submit(…).result()`"""
        parent = self._interpreter.current.source.parents.get(node)
        return isinstance(parent, ast.Attribute) and parent.attr == "result"

    def _in_greenlet(self, cls: str, arguments: Arguments) -> Values:
        """`run_sync(f, …)`: f gets the sync facade of the receiver, its result is awaited."""
        facade = next((c.name for c in library().classes.values() if c.asynchronous == library().canonical(cls)), "")
        positional, keywords = arguments
        if not positional:
            return NOTHING
        first: list[tuple[ast.expr, Values]] = [
            (ast.Constant(None), frozenset({Instance(facade)}) if facade else NOTHING)
        ]
        result: set[Value] = set()
        for value in positional[0][1]:
            if isinstance(value, FunctionObject):
                result |= self._function(value, ([*first, *positional[1:]], keywords))
        return frozenset({Awaitable(frozenset(result))})

    def _container_method(
        self, method: str, receiver: Many | Table, node: ast.Call, arguments: Arguments, env: Env
    ) -> Values:
        positional = arguments[0]
        if method in GROWING and isinstance(node.func, ast.Attribute):
            added = frozenset(v for _, values in positional for v in values)
            if method in {"extend", "update"}:
                added = self._interpreter.iterate(added)
            self._interpreter.grow_list(node.func.value, added, env)
            return receiver.items if method == "setdefault" else NOTHING
        if method == "sort" and "key" in arguments[1]:
            self._with_items(node, arguments[1]["key"], [(node.func, frozenset({receiver}))])
        if method in {"pop", "get", "popleft"}:
            return receiver.items
        if method == "values":
            return frozenset({Many(receiver.items)})
        if method == "items":
            return frozenset({Many(frozenset({Row((NOTHING, receiver.items))}))})
        if method == "copy":
            return frozenset({receiver})
        return NOTHING

    def is_open(self, cls: str) -> bool:
        """May anything be kept in the attributes of a library class?"""
        known = library().classes.get(library().canonical(cls))
        return known is not None and known.is_open

    def keep(self, variables: Values, values: Values) -> None:
        """Let context variables hold something."""
        for variable in variables:
            if isinstance(variable, Instance) and variable.cls == CONTEXT_VARIABLE:
                self._interpreter.store.write(values, "kept", variable.origin)

    def library_attribute(self, cls: str, name: str, receiver: Value) -> Values:
        """An attribute of an instance of a library class."""
        kind = library().attribute(cls, name)
        if kind:
            return self.typed(kind, receiver)
        canonical = library().canonical(cls)
        if canonical not in library().classes:
            return NOTHING
        if self.is_open(cls):
            return self._interpreter.store.read("open", canonical, name)
        return frozenset({External(f"{canonical}.{name}", receiver)})

    def typed(
        self, kind: str, receiver: Value | None, node: ast.Call | None = None, arguments: Arguments = ([], {})
    ) -> Values:
        """The values of a library table's type expression."""
        head, _, rest = kind.partition("[")
        if rest:
            inner = self.typed(rest.removesuffix("]"), receiver, node, arguments)
            match head:
                case "list":
                    return frozenset({Many(inner)})
                case "dict":
                    return frozenset({Table(inner)})
                case "context":
                    return frozenset({Context(inner)})
                case "await":
                    return frozenset({Awaitable(inner)})
        if kind == "self":
            return frozenset({receiver}) if receiver is not None else NOTHING
        if kind == "@made" and isinstance(receiver, ClassObject) and node is not None:
            return self._instantiate(receiver.cls, node, ([], {}))
        if kind == "@modelled":
            return self._interpreter.objects.modelled(receiver)
        if kind == "@kept":
            own = self._interpreter.store.read("kept", receiver.origin) if isinstance(receiver, Instance) else NOTHING
            return own | (arguments[0][0][1] if arguments[0] else NOTHING)
        if kind == "@entered":
            return self._interpreter.enter(arguments[0][0][1]) if arguments[0] else NOTHING
        if kind.startswith("@"):
            site = f"{self._interpreter.current.source.path}:{node.lineno}:{node.col_offset}" if node else ""
            positional = arguments[0] or [(ast.Constant(None), v) for v in list(arguments[1].values())[:1]]
            made = special(kind[1:], receiver, positional, self._interpreter.objects.mapped, site)
            return made if made is not None else NOTHING
        return frozenset({Instance(kind)}) if kind else NOTHING


def _assigned(fields: list[str], arguments: Arguments) -> list[tuple[str, Values]]:
    """What the generated constructor of a dataclass or model assigns."""
    positional, keywords = arguments
    named = [(n, v) for n, v in keywords.items() if n != "**"]
    return [*zip(fields, (v for _, v in positional), strict=False), *named]


def _factory(node: ast.Call) -> ast.expr | None:
    """The argument of `defaultdict(…)` or `field(…)` that is called to make what is missing."""
    named = next((k.value for k in node.keywords if k.arg == "default_factory"), None)
    return named or (node.args[0] if node.args and not isinstance(node.args[0], ast.Starred) else None)
