"""The abstract interpreter: runs each function body over sets of values until nothing changes any more.

A function is evaluated statement by statement with an environment of name → values, joined where paths meet. What
crosses functions goes through cells of the store: parameters, returns, yields, globals, attributes, and the locals that
nested functions see. A cell that grows sends its readers back to the queue.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence

from .adapters import Adapters
from .annotations import Annotations
from .calls import EXPRESSION, Calls, fields, is_marker, through_providers
from .fixtures import Fixtures
from .library import library
from .mocks import FIXTURES, Mocks
from .modules import Modules
from .objects import Objects, bind
from .parametrized import Parametrized, is_parameter
from .source import children
from .statements import iterate as iterate_statement
from .store import Store
from .symbols import Function, Symbols, decorator_name, dotted
from .values import (
    NOTHING,
    Awaitable,
    ClassObject,
    ColumnAttribute,
    Context,
    External,
    Factory,
    FunctionObject,
    Generated,
    Instance,
    Many,
    Mock,
    ModuleObject,
    Query,
    Row,
    Rows,
    Statement,
    Table,
    Text,
    Value,
    Values,
)

Env = dict[str, Values]
BUILTINS = frozenset(dir(builtins))
# A bound on evaluations of one function; cells only grow, so it is a guard against a fault here, not a tuning knob.
ROUNDS = 60
LONGEST_TEXT = 200
PATH = Instance("pathlib.Path")


class Interpreter:
    """Values of all expressions of a program, after `run`."""

    def __init__(self, modules: Modules, symbols: Symbols) -> None:
        self.modules = modules
        self.symbols = symbols
        self.store = Store()
        self.functions = symbols.functions
        self.by_node = symbols.by_node
        self.class_of = {c.node: c for c in symbols.classes}
        self.values: dict[ast.expr, Values] = {}
        self.context_functions: dict[str, str] = {}
        self.objects = Objects(symbols.classes, self.store)
        self.adapters = Adapters(self.objects, self.store)
        self.fixtures = Fixtures(self.functions.values())
        self.annotations = Annotations(self)
        self.calls = Calls(self)
        self.mocks = Mocks(self)
        self.parametrized = Parametrized(self)
        # What a class body binds is no variable of the function or module around it.
        self._classes_around = 0
        self.current: Function = next(iter(self.functions.values())) if self.functions else None  # type: ignore[assignment]
        self._has_children = {f.parent for f in self.functions.values() if f.parent}

    def run(self) -> None:
        """Evaluate everything to the fixpoint."""
        self.settle(self.functions.values())

    def settle(self, functions: Iterable[Function]) -> None:
        """Evaluate functions, and all that reads what they change, to the fixpoint."""
        counts: dict[Function, int] = {}
        pending = dict.fromkeys(functions)
        while pending:
            for function in pending:
                counts[function] = counts.get(function, 0) + 1
                if counts[function] <= ROUNDS:
                    self._evaluate(function)
            pending = self.store.dirty
            self.store.dirty = {}

    # Functions

    def _evaluate(self, function: Function) -> None:
        self.current = self.store.reader = function
        env: Env = {}
        for position, parameter in enumerate(function.parameters()):
            values = self.store.read("parameter", function.key, parameter.arg)
            if position == 0 and function.owner and function.binding in {"instance", "class"}:
                values |= self._own_receiver(function)
            values |= self.fixture_values(function, parameter.arg)
            env[parameter.arg] = values
        arguments = function.arguments
        if arguments and arguments.vararg:
            env[arguments.vararg.arg] = frozenset(
                {Many(self.store.read("parameter", function.key, arguments.vararg.arg))}
            )
        if arguments and arguments.kwarg:
            env[arguments.kwarg.arg] = frozenset(
                {Table(self.store.read("parameter", function.key, arguments.kwarg.arg))}
            )
        for name, values in env.items():
            self._publish(name, values)
        self.block(function.body, env)

    def _own_receiver(self, function: Function) -> Values:
        """What the first parameter of a method holds, whoever calls it."""
        assert function.owner is not None
        make = Instance if function.binding == "instance" else ClassObject
        return frozenset({make(function.owner.key)})

    def fixture_values(self, function: Function, name: str) -> Values:
        """What the fixture of a name gives to a function."""
        found: set[Value] = set()
        for fixture in self.fixtures.lookup(function, name):
            found |= self.store.read("yield" if fixture.is_generator else "return", fixture.key)
        if not found and name in FIXTURES and self.fixtures.serves(function):
            found.add(Instance(FIXTURES[name]))
        return frozenset(found)

    def _publish(self, name: str, values: Values) -> None:
        """Let nested functions, and for a module the others, see a variable."""
        if self.current.is_module or name in self.current.globals:
            self.store.write(values, "global", self.current.source.path, name)
        elif self.current in self._has_children:
            self.store.write(values, "local", self.current.key, name)

    # Statements

    def block(self, statements: Iterable[ast.stmt], env: Env) -> bool:
        """Run statements; is the end reached? Those that can't be are looked at too: they are code as well."""
        pending = iter(statements)
        reached = all(self.statement(s, env) for s in pending)
        dead = env if reached else dict(env)
        for statement in pending:
            self.statement(statement, dead)
        return reached

    def statement(self, node: ast.stmt, env: Env) -> bool:
        """Run one statement; does control go on behind it?"""
        match node:
            case ast.Expr(value=value):
                self.eval(value, env)
            case ast.Assign(targets=targets, value=value):
                values = self.eval(value, env)
                for target in targets:
                    self.assign(target, values, env, value)
            case ast.AnnAssign(target=target, annotation=annotation, value=value):
                values = self.eval(value, env) if value else NOTHING
                self.assign(target, values | self.annotations.instances(annotation, env), env, value)
                self.calls.keep(values, self.annotations.argument(annotation, env))
            case ast.AugAssign(target=target, value=value):
                self.assign(target, self.eval(value, env) | self.eval(_loaded(target), env), env, value)
            case ast.Return(value=value):
                if value:
                    self.store.write(self.eval(value, env), "return", self.current.key)
                return False
            case ast.Raise(exc=exc, cause=cause):
                for part in filter(None, (exc, cause)):
                    self.eval(part, env)
                return False
            case ast.Break() | ast.Continue():
                return False
            case ast.If(test=test, body=body, orelse=orelse):
                self.eval(test, env)
                return self._branches(env, [body, orelse], test)
            case ast.While(test=test, body=body, orelse=orelse):
                self.eval(test, env)
                self._loop(env, body)
                self.block(orelse, env)
            case (
                ast.For(target=target, iter=iterable, body=body, orelse=orelse)
                | ast.AsyncFor(target=target, iter=iterable, body=body, orelse=orelse)
            ):
                self.assign(target, self.iterate(self.eval(iterable, env)), env, None)
                self._loop(env, body)
                self.block(orelse, env)
            case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
                for item in items:
                    entered = self.enter(self.eval(item.context_expr, env))
                    if item.optional_vars:
                        self.assign(item.optional_vars, entered, env, None)
                # It may swallow what the body raises (`suppress`, `pytest.raises`).
                self.block(body, env)
            case ast.Try() | ast.TryStar():
                return self._try(node, env)
            case ast.Match(subject=subject, cases=cases):
                self.eval(subject, env)
                for case in cases:
                    if case.guard:
                        self.eval(case.guard, env)
                self._branches(env, [*(c.body for c in cases), []])
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.bind_name(node.name, self.define(node, env), env)
            case ast.ClassDef():
                self.bind_name(node.name, self._define_class(node, env), env)
            case ast.Import() | ast.ImportFrom():
                self._import(node, env)
            case ast.Assert(test=test, msg=msg):
                for part in filter(None, (test, msg)):
                    self.eval(part, env)
            case ast.Delete(targets=targets):
                for target in targets:
                    self.eval(_loaded(target), env)
        return True

    def _branches(self, env: Env, bodies: Sequence[Sequence[ast.stmt]], test: ast.expr | None = None) -> bool:
        """Run alternatives; the first is run where `test` holds."""
        ends = []
        for body in bodies:
            branch = dict(env)
            if test is not None and body is bodies[0]:
                self._narrow(test, branch)
            if self.block(body, branch):
                ends.append(branch)
        if ends:
            joined = _join(ends)
            env.clear()
            env.update(joined)
        return bool(ends)

    def _narrow(self, test: ast.expr, env: Env) -> None:
        """What `isinstance(name, cls)` tells of a name of which its class was not known."""
        match test:
            case ast.BoolOp(op=ast.And(), values=parts):
                for part in parts:
                    self._narrow(part, env)
            case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), classes]) if name in env:
                asked = {c.cls for c in self._flat_classes(self.values.get(classes, NOTHING))}
                if not any(isinstance(v, Instance | Mock) for v in env[name]):
                    env[name] |= {Instance(cls) for cls in asked}

    def _flat_classes(self, values: Values) -> Iterator[ClassObject]:
        for value in values:
            if isinstance(value, ClassObject):
                yield value
            elif isinstance(value, Row):
                for items in value.items:
                    yield from self._flat_classes(items)

    def _loop(self, env: Env, body: Sequence[ast.stmt]) -> None:
        for _ in range(2):
            turn = dict(env)
            self.block(body, turn)
            joined = _join([env, turn])
            if joined == env:
                break
            env.update(joined)

    def _try(self, node: ast.Try | ast.TryStar, env: Env) -> bool:
        before = dict(env)
        goes_on = self.block(node.body, env)
        if goes_on:
            goes_on = self.block(node.orelse, env)
        ends = [dict(env)] if goes_on else []
        start = _join([before, env])
        for handler in node.handlers:
            branch = dict(start)
            if handler.type:
                self.eval(handler.type, branch)
            if handler.name:
                branch[handler.name] = NOTHING
            if self.block(handler.body, branch):
                ends.append(branch)
        final = _join([*ends, *([] if ends else [start])])
        env.update(final)
        return self.block(node.finalbody, env) and bool(ends)

    # Definitions and imports

    def define(self, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> Values:
        """What a `def` binds its name to, decorators applied."""
        function = self.by_node[node]
        self._define_parameters(node.args, function, env)
        if node.returns:
            self.annotations.returned(function, node.returns, env)
        values: Values = frozenset({FunctionObject(function.key)})
        for decorator in reversed(node.decorator_list):
            values = self.calls.decorate(values, decorator, env)
        self.mocks.inject(function, node.decorator_list)
        self.parametrized.note(function, node.decorator_list, env)
        return values

    def _define_parameters(self, arguments: ast.arguments, function: Function, env: Env) -> None:
        positional = [*arguments.posonlyargs, *arguments.args]
        defaults: dict[ast.arg, ast.expr | None] = dict.fromkeys([*positional, *arguments.kwonlyargs])
        defaults.update(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
        defaults.update(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
        for parameter, default in defaults.items():
            values: Values = NOTHING
            if parameter.annotation:
                values |= self.annotations.instances(parameter.annotation, env)
            if default:
                given = self.eval(default, env)
                if self.calls.is_bare_dependency(default):
                    given |= self.calls.provided(self.annotations.classes(parameter.annotation, env))
                values |= given
            self.store.write(values, "parameter", function.key, parameter.arg)
        for rest in (arguments.vararg, arguments.kwarg):
            if rest and rest.annotation:
                self.store.write(self.annotations.instances(rest.annotation, env), "parameter", function.key, rest.arg)

    def _define_class(self, node: ast.ClassDef, env: Env) -> Values:
        cls = self.class_of[node]
        bases: list[str] = []
        for base in node.bases:
            for value in sorted(self.eval(base, env), key=repr):
                match value:
                    case ClassObject(cls=name) | External(name=name) if name != cls.key:
                        bases.append(name)
        for keyword in node.keywords:
            self.eval(keyword.value, env)
        for decorator in node.decorator_list:
            self.eval(decorator, env)
        self.objects.set_bases(cls, tuple(dict.fromkeys(bases)))
        inside = dict(env)
        outside = dict(env)
        self._classes_around += 1
        self.block(node.body, inside)
        self._classes_around -= 1
        self.mocks.inject_into_tests(cls, node.decorator_list)
        for name, values in inside.items():
            if outside.get(name) != values or _is_bound_in(node, name):
                self.store.write(values, "class", cls.key, name)
        return frozenset({ClassObject(cls.key)})

    def _import(self, node: ast.Import | ast.ImportFrom, env: Env) -> None:
        path = self.current.source.path
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self.bind_name(alias.asname or name, self.module(name, path), env)
            return
        base = (
            self.modules.relative(node.level, node.module or "", path)
            if node.level
            else self.modules.absolute(node.module or "", path)
        )
        for alias in node.names:
            if alias.name == "*":
                if base:
                    self.store.write(frozenset({ModuleObject(base)}), "stars", path)
                continue
            if base:
                values = self.member(base, alias.name)
            else:
                values = frozenset({self.external(f"{node.module}.{alias.name}" if node.module else alias.name)})
            self.bind_name(alias.asname or alias.name, values, env)

    def module(self, name: str, importer: str) -> Values:
        """What `import name` binds."""
        path = self.modules.absolute(name, importer)
        return frozenset({ModuleObject(path) if path else External(name)})

    def member(self, path: str, name: str) -> Values:
        """An attribute of a project module: a global, or a submodule."""
        values = frozenset(v for module in self._with_stars(path) for v in self.store.read("global", module, name))
        child = self.modules.child(path, name)
        return values | {ModuleObject(child)} if child else values

    def _with_stars(self, path: str) -> list[str]:
        """A module, and those whose names it has by `import *`."""
        found = [path]
        for module in found:
            stars = {v.path for v in self.store.read("stars", module) if isinstance(v, ModuleObject)}
            found.extend(sorted(stars - set(found)))
        return found

    def external(self, name: str) -> Value:
        """A library's class, function or module by its dotted name."""
        canonical = library().canonical(name)
        return ClassObject(canonical) if canonical in library().classes else External(canonical)

    # Names and targets

    def bind_name(self, name: str, values: Values, env: Env) -> None:
        """Assign to a plain name."""
        env[name] = values
        if not self._classes_around:
            self._publish(name, values)

    def assign(self, target: ast.expr, values: Values, env: Env, value: ast.expr | None) -> None:
        """Assign values to any target."""
        match target:
            case ast.Name(id=name):
                self.values[target] = values
                self.bind_name(name, values, env)
            case ast.Attribute(value=base, attr=name):
                for owner in self.eval(base, env):
                    match owner:
                        case Instance(cls=cls) if cls in self.objects.classes:
                            self.store.write(values, "instance", cls, name)
                        case ClassObject(cls=cls) if cls in self.objects.classes:
                            self.store.write(values, "class", cls, name)
                        case ModuleObject(path=path):
                            self.store.write(values, "global", path, name)
                        case Mock():
                            self.mocks.assign(owner, name, values)
                        case Instance(cls=cls) if self.calls.is_open(cls):
                            self.store.write(values, "open", library().canonical(cls), name)
                        case Instance():
                            self.mocks.note_patch(target, owner, name, values)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                self._unpack(parts, values, env)
            case ast.Subscript(value=base, slice=index):
                self.eval(index, env)
                self._grow(base, Table(values), env)
                if self.calls.is_overrides(self.eval(base, env)):
                    self.calls.override(self.eval(index, env), values)
            case ast.Starred(value=inner):
                self.assign(inner, frozenset({Many(values)}), env, None)

    def _unpack(self, parts: Sequence[ast.expr], values: Values, env: Env) -> None:
        for position, part in enumerate(parts):
            found: set[Value] = set()
            for value in self._as_rows(values):
                if isinstance(value, Row) and len(value.items) == len(parts):
                    found |= value.items[position]
                else:
                    found |= self.iterate(frozenset({value}))
            self.assign(part, frozenset(found), env, None)

    def _as_rows(self, values: Values) -> Values:
        """The values, with an object of a NamedTuple as the row that it is."""
        found: set[Value] = set()
        for value in values:
            if isinstance(value, Instance) and self.objects.is_a(value.cls, "typing.NamedTuple"):
                positions = [self.attribute(frozenset({value}), name) for name in fields(self, value.cls)]
                found.add(Row(tuple(positions)))
            else:
                found.add(value)
        return frozenset(found)

    def _grow(self, base: ast.expr, container: Value, env: Env) -> None:
        """Something was put into the container that `base` names."""
        match base:
            case ast.Name(id=name) if name in env:
                self.bind_name(name, env[name] | {container}, env)
            case ast.Name(id=name) if self.store.peek("global", self.current.source.path, name):
                self.store.write(frozenset({container}), "global", self.current.source.path, name)
            case ast.Attribute(value=owner, attr=name):
                for value in self.eval(owner, env):
                    if isinstance(value, Instance | ClassObject) and value.cls in self.objects.classes:
                        self.store.write(frozenset({container}), "instance", value.cls, name)

    def grow_list(self, base: ast.expr, values: Values, env: Env) -> None:
        """`base.append(…)` and its like."""
        if values:
            self._grow(base, Many(values), env)

    def name(self, name: str, env: Env) -> Values:
        """What a name means here."""
        if name in env:
            return env[name]
        scope = self.current.parent
        while scope is not None and not scope.is_module:
            values = self.store.read("local", scope.key, name)
            if values:
                return values
            scope = scope.parent
        values = self.member(self.current.source.path, name)
        if not values and name in BUILTINS:
            return frozenset({External(name)})
        return frozenset(v for v in values if not isinstance(v, ModuleObject) or _is_global_module(self, name, v))

    # Expressions

    def eval(self, node: ast.expr, env: Env) -> Values:
        """The values of an expression; noted for everything inside it too."""
        values = self._eval(node, env)
        self.values[node] = values
        return values

    def _eval(self, node: ast.expr, env: Env) -> Values:
        match node:
            case ast.Name(id=name):
                return self.name(name, env)
            case ast.Attribute(value=base, attr=name):
                if _is_super(base):
                    self.eval(base, env)
                    return self._super_attribute(name, env)
                if is_parameter(node):
                    return self.parametrized.parameter()
                return self.attribute(self.eval(base, env), name)
            case ast.Call():
                return self.calls.call(node, env)
            case ast.Constant(value=str(text)):
                return frozenset({Text(text)}) if len(text) <= LONGEST_TEXT else NOTHING
            case ast.Constant():
                return NOTHING
            case ast.Compare() | ast.JoinedStr() | ast.FormattedValue() | ast.UnaryOp() | ast.Slice():
                pass
            case ast.Await(value=value):
                return self.awaited(self.eval(value, env))
            case ast.BoolOp(values=parts):
                return self._union(parts, env)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.eval(test, env)
                return self.eval(body, env) | self.eval(orelse, env)
            case ast.NamedExpr(target=target, value=value):
                values = self.eval(value, env)
                self.assign(target, values, env, value)
                return values
            case ast.Tuple(elts=parts):
                if any(isinstance(p, ast.Starred) for p in parts):
                    return frozenset({Many(self._union(parts, env))})
                return frozenset({Row(tuple(self.eval(p, env) for p in parts))})
            case ast.List(elts=parts) | ast.Set(elts=parts):
                return frozenset({Many(self._union(parts, env))})
            case ast.Dict(keys=keys, values=parts):
                for key in filter(None, keys):
                    self.eval(key, env)
                return frozenset({Table(self._union(parts, env))})
            case ast.Subscript(value=base, slice=index):
                return self._subscript(node, base, index, env)
            case ast.Lambda():
                self._define_parameters(node.args, self.by_node[node], env)
                return frozenset({FunctionObject(self.by_node[node].key)})
            case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
                inside = self._comprehension(node.generators, env)
                return frozenset({Many(self.eval(element, inside))})
            case ast.DictComp(key=key, value=value):
                inside = self._comprehension(node.generators, env)
                self.eval(key, inside)
                return frozenset({Table(self.eval(value, inside))})
            case ast.Yield(value=value):
                if value:
                    self.store.write(self.eval(value, env), "yield", self.current.key)
                return NOTHING
            case ast.YieldFrom(value=value):
                self.store.write(self.iterate(self.eval(value, env)), "yield", self.current.key)
                return NOTHING
            case ast.Starred(value=value):
                return self.iterate(self.eval(value, env))
            case ast.BinOp(left=left, op=op, right=right):
                values = self.eval(left, env) | self.eval(right, env)
                if isinstance(op, ast.BitOr):
                    return frozenset(v for v in values if isinstance(v, ClassObject))
                if any(_is_column(v) for v in values):
                    return frozenset({EXPRESSION})
                if isinstance(op, ast.Div):
                    return frozenset(v for v in values if v == PATH)
                return frozenset(v for v in values if isinstance(v, Many | Row)) if isinstance(op, ast.Add) else NOTHING
        for child in children(node):
            if isinstance(child, ast.expr):
                self.eval(child, env)
        return NOTHING

    def _union(self, parts: Iterable[ast.expr], env: Env) -> Values:
        found: set[Value] = set()
        for part in parts:
            found |= self.eval(part, env)
        return frozenset(found)

    def _comprehension(self, generators: Iterable[ast.comprehension], env: Env) -> Env:
        inside = dict(env)
        for generator in generators:
            self.assign(generator.target, self.iterate(self.eval(generator.iter, inside)), inside, None)
            for condition in generator.ifs:
                self.eval(condition, inside)
                self._narrow(condition, inside)
        return inside

    def _subscript(self, node: ast.Subscript, base: ast.expr, index: ast.expr, env: Env) -> Values:
        hint = self.annotations.alias(node, env)
        if hint is not None:
            return hint
        found: set[Value] = set()
        self.eval(index, env)
        for value in self._as_rows(self.eval(base, env)):
            match value:
                case Row(items=items) if isinstance(index, ast.Constant) and isinstance(index.value, int):
                    found |= items[index.value] if -len(items) <= index.value < len(items) else NOTHING
                case Query() if isinstance(index, ast.Slice):
                    found.add(Many(iterate_statement(value)))
                case Many() | Row() if isinstance(index, ast.Slice):
                    found.add(value)
                case Table(items=items):
                    found |= items
                case External(name=name) if is_marker(name):
                    given = self.values[index]
                    found |= given | through_providers(given)
                case ClassObject() | External():
                    found.add(value)
                case Instance(cls=cls) if library().ancestry(cls) and library().ancestry(cls)[0].items:
                    found.add(Instance(library().ancestry(cls)[0].items))
                case _:
                    found |= self.iterate(frozenset({value}))
        return frozenset(found)

    # What values give

    def attribute(self, values: Values, name: str) -> Values:
        """Reading `.name` from each of the values."""
        found: set[Value] = set()
        for value in values:
            found |= self._attribute_of(value, name)
        return frozenset(found)

    def _attribute_of(self, value: Value, name: str) -> Values:
        match value:
            case Instance(cls=cls) if cls in self.objects.classes:
                return self._instance_attribute(value, name)
            case ClassObject(cls=cls) if cls in self.objects.classes:
                return self._class_attribute(value, name)
            case Instance(cls=cls):
                return self.calls.library_attribute(cls, name, value)
            case ClassObject(cls=cls):
                kind = library().attribute(cls, name)
                return self.calls.typed(kind, value) if kind else frozenset({External(f"{cls}.{name}")})
            case ModuleObject(path=path):
                return self.member(path, name)
            case External(name=base, receiver=None):
                return frozenset({self.external(f"{base}.{name}")})
            case Many():
                return frozenset({External(f"list.{name}", value)})
            case Table():
                return frozenset({External(f"dict.{name}", value)})
            case Query() if name in {"statement", "selectable"}:
                return frozenset({Statement("select", value.entities, value.traits)})
            case Mock():
                return self.mocks.attribute(value, name)
            case Factory(items=items) if name == "provided":
                return items
            case Query() | Statement() | Rows() | Generated() | Context() | Awaitable() | FunctionObject():
                return frozenset({External(f"{type(value).__name__.lower()}.{name}", value)})
            case ColumnAttribute():
                return frozenset({External(f"column.{name}", value)})
        return NOTHING

    def _instance_attribute(self, value: Instance, name: str) -> Values:
        objects = self.objects
        mapped = objects.mapped[value.cls]
        if mapped and name in mapped.proxies:
            return self._proxied(value, *mapped.proxies[name])
        relationship = objects.relationship(value.cls, name)
        if relationship is not None:
            target: Values = frozenset({Instance(relationship.target)}) if relationship.target else NOTHING
            return frozenset({Many(target)}) if relationship.many else target
        method = objects.method(value.cls, name)
        if method and method.is_property:
            found: set[Value] = set()
            for alternative in objects.alternatives(value.cls, name):
                self.calls.bind_self(alternative, value)
                found |= self.store.read("return", alternative.key)
            return frozenset(found)
        values = objects.instance_attribute(value.cls, name)
        values |= bind(objects.class_attribute(value.cls, name), value, self.functions)
        if not values:
            for base in objects.library_bases(value.cls):
                values |= self.calls.library_attribute(base, name, value)
        return values

    def _proxied(self, value: Instance, relationship: str, name: str) -> Values:
        """What an association proxy gives: an attribute of what a relationship leads to."""
        behind = self._instance_attribute(value, relationship)
        many = frozenset(Many(self.attribute(v.items, name)) for v in behind if isinstance(v, Many))
        return many or self.attribute(behind, name)

    def _class_attribute(self, value: ClassObject, name: str) -> Values:
        mapped = self.objects.mapped[value.cls]
        if mapped and (name in mapped.columns or name in mapped.relationships):
            return frozenset({ColumnAttribute(value.cls, name)})
        values = bind(self.objects.class_attribute(value.cls, name), value, self.functions)
        if not values:
            for base in self.objects.library_bases(value.cls):
                kind = library().attribute(base, name)
                values |= self.calls.typed(kind, value) if kind else {External(f"{base}.{name}", value)}
        return values

    def _super_attribute(self, name: str, env: Env) -> Values:
        function = self.current
        while function.owner is None and function.parent is not None:
            function = function.parent
        if function.owner is None or not function.parameters():
            return NOTHING
        found: set[Value] = set()
        for receiver in env.get(function.parameters()[0].arg, NOTHING):
            if not isinstance(receiver, Instance | ClassObject):
                continue
            for key in (function.owner.key, *sorted(self.objects.descendants(function.owner.key))):
                found |= self._behind(function.owner.key, key, name, receiver)
        return frozenset(found)

    def _behind(self, owner: str, key: str, name: str, receiver: Instance | ClassObject) -> Values:
        """What an object of the class `key` has under a name behind the class `owner`."""
        lineage = self.objects.ancestry(key)
        for base in lineage[lineage.index(owner) + 1 :]:
            if base in self.objects.classes:
                values = self.store.read("class", base, name)
            else:
                values = self.calls.library_attribute(base, name, receiver)
            if values:
                return bind(values, receiver, self.functions)
        return NOTHING

    def iterate(self, values: Values) -> Values:
        """What a loop over the values gives."""
        found: set[Value] = set()
        for value in values:
            match value:
                case Many(items=items) | Generated(items=items):
                    found |= items
                case Row(items=rows):
                    for items in rows:
                        found |= items
                case Query() | Rows():
                    found |= iterate_statement(value)
                case Instance(cls=cls) if cls in self.objects.classes:
                    for name in ("__iter__", "__aiter__"):
                        made = self.calls.invoke(self.attribute(frozenset({value}), name))
                        if made and made != values:
                            found |= self.iterate(made)
        return frozenset(found)

    def enter(self, values: Values) -> Values:
        """What `with` binds."""
        found: set[Value] = set()
        for value in values:
            match value:
                case Context(items=items):
                    found |= items
                case Mock():
                    found |= self.mocks.entered(value)
                case Instance(cls=cls) if cls in self.objects.classes and (
                    self.objects.method(cls, "__enter__") or self.objects.method(cls, "__aenter__")
                ):
                    for name in ("__enter__", "__aenter__"):
                        entered = self.calls.invoke(self.attribute(frozenset({value}), name))
                        found |= self.awaited(entered) if name == "__aenter__" else entered
                case Instance(cls=cls):
                    if any(k.enter for b in self.objects.ancestry(cls) for k in library().ancestry(b)):
                        found.add(value)
        return frozenset(found)

    def awaited(self, values: Values) -> Values:
        """What `await` gives."""
        found: set[Value] = set()
        for value in values:
            if isinstance(value, Awaitable):
                found |= value.items
            elif isinstance(value, Mock):
                found.add(value)
        return frozenset(found)


def _join(envs: Sequence[Env]) -> Env:
    if len(envs) == 1:
        return envs[0]
    joined: Env = dict(envs[0])
    for env in envs[1:]:
        for name, values in env.items():
            known = joined.get(name)
            if known is None:
                joined[name] = values
            elif known is not values:
                joined[name] = known | values
    return joined


def _loaded(target: ast.expr) -> ast.expr:
    """The target of an assignment, to be read."""
    return target


def _is_column(value: Value) -> bool:
    return isinstance(value, ColumnAttribute) or value == EXPRESSION


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _is_bound_in(node: ast.ClassDef, name: str) -> bool:
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=bound) | ast.AsyncFunctionDef(name=bound) | ast.ClassDef(name=bound):
                if bound == name:
                    return True
            case ast.Assign(targets=targets):
                if any(isinstance(t, ast.Name) and t.id == name for t in targets):
                    return True
            case ast.AnnAssign(target=ast.Name(id=bound)) if bound == name:
                return True
    return False


def _is_global_module(interpreter: Interpreter, name: str, value: ModuleObject) -> bool:
    """Was the module really bound by an import here, or is it only a submodule that happens to have the name?"""
    return value in interpreter.store.peek("global", interpreter.current.source.path, name)


__all__ = ["Env", "Interpreter", "decorator_name", "dotted"]
