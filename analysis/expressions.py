"""Expressions and the targets of assignments: the values of each, noted for everything inside it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .calls import EXPRESSION
from .injection import is_bare_dependency, is_marker, is_overrides, override, provided, through_providers
from .library import library
from .members import Env, Members
from .mocks import MODULES
from .parametrized import Parametrized, is_parameter
from .queries import site_key
from .source import children
from .statements import iterate as iterate_statement
from .symbols import Function, is_super
from .values import (
    NOTHING,
    QUERY_PROPERTY,
    ClassObject,
    ColumnAttribute,
    External,
    FunctionObject,
    Instance,
    Many,
    Mock,
    ModuleObject,
    Query,
    Row,
    Table,
    Text,
    Value,
    Values,
)

BUILTINS = frozenset(dir(builtins))
LONGEST_TEXT = 200
PATH = Instance("pathlib.Path")


class Expressions(Members):
    """Evaluates expressions in an environment."""

    values: dict[ast.expr, Values]
    parametrized: Parametrized
    by_node: dict[ast.AST, Function]
    _has_children: set[Function]
    # What a class body binds is no variable of the function or module around it.
    _classes_around: int

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
                if is_super(base):
                    self.eval(base, env)
                    return self._super_attribute(name, env)
                if is_parameter(node):
                    return self.parametrized.parameter()
                return self._begun_here(self.attribute(self.eval(base, env), name), node)
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
            case ast.Tuple() | ast.List() | ast.Set() | ast.Dict():
                return self._display(node, env)
            case ast.Subscript(value=base, slice=index):
                return self._subscript(node, base, index, env)
            case ast.Lambda():
                self._define_parameters(node.args, self.by_node[node], env)
                return frozenset({FunctionObject(self.by_node[node].key)})
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, env)
            case ast.Yield(value=value):
                if value:
                    self.store.write(self.eval(value, env), "yield", self.current.key)
                return NOTHING
            case ast.YieldFrom(value=value):
                self.store.write(self.iterate(self.eval(value, env)), "yield", self.current.key)
                return NOTHING
            case ast.Starred(value=value):
                return self.iterate(self.eval(value, env))
            case ast.BinOp():
                return self._operation(node, env)
        for child in children(node):
            if isinstance(child, ast.expr):
                self.eval(child, env)
        return NOTHING

    def _display(self, node: ast.Tuple | ast.List | ast.Set | ast.Dict, env: Env) -> Values:
        match node:
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

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, env: Env) -> Values:
        inside = self._inside(node.generators, env)
        if isinstance(node, ast.DictComp):
            self.eval(node.key, inside)
            return frozenset({Table(self.eval(node.value, inside))})
        return frozenset({Many(self.eval(node.elt, inside))})

    def _operation(self, node: ast.BinOp, env: Env) -> Values:
        values = self.eval(node.left, env) | self.eval(node.right, env)
        if isinstance(node.op, ast.BitOr):
            return frozenset(v for v in values if isinstance(v, ClassObject))
        if any(_is_column(v) for v in values):
            return frozenset({EXPRESSION})
        if isinstance(node.op, ast.Div):
            return frozenset(v for v in values if v == PATH)
        return frozenset(v for v in values if isinstance(v, Many | Row)) if isinstance(node.op, ast.Add) else NOTHING

    def _union(self, parts: Iterable[ast.expr], env: Env) -> Values:
        found: set[Value] = set()
        for part in parts:
            found |= self.eval(part, env)
        return frozenset(found)

    def _inside(self, generators: Iterable[ast.comprehension], env: Env) -> Env:
        inside = dict(env)
        for generator in generators:
            self.assign(generator.target, self.iterate(self.eval(generator.iter, inside)), inside, None)
            for condition in generator.ifs:
                self.eval(condition, inside)
                self._narrow(condition, inside)
        return inside

    def _begun_here(self, values: Values, node: ast.Attribute) -> Values:
        """Queries that the reading of an attribute gives have it for their origin."""
        if not any(isinstance(v, Query) and not v.origin for v in values):
            return values
        origin = site_key(self.current.source, node)
        return frozenset(replace(v, origin=v.origin or origin) if isinstance(v, Query) else v for v in values)

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
                case Mock():
                    found |= self.mocks.item(value)
                case External(name=name) if name == MODULES:
                    found |= self.mocks.module(self.values[index])
                case External(name=name) if is_marker(name):
                    given = self.values[index]
                    found |= given | through_providers(given)
                case ClassObject() | External():
                    found.add(value)
                    if isinstance(value, ClassObject):
                        self._hand_on(value.cls, self.annotations.instances(index, env))
                case Instance(cls=cls) if library().ancestry(cls) and library().ancestry(cls)[0].items:
                    found.add(Instance(library().ancestry(cls)[0].items))
                case _:
                    found |= self.iterate(frozenset({value}))
        return frozenset(found)

    def _hand_on(self, cls: str, behind: Values) -> None:
        """`Proxy[Session]` tells what an object of a class with `__getattr__` stands for."""
        method = self.objects.method(cls, "__getattr__")
        if method and method.owner:
            self.store.write(behind, "behind", method.owner.key)

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
                if is_bare_dependency(default):
                    given |= provided(self, self.annotations.classes(parameter.annotation, env))
                values |= given
            self.store.write(values, "parameter", function.key, parameter.arg)
        for rest in (arguments.vararg, arguments.kwarg):
            if rest and rest.annotation:
                self.store.write(self.annotations.instances(rest.annotation, env), "parameter", function.key, rest.arg)

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
                            self.store.write(values, "instance", cls, self.objects.unmangled(cls, name))
                        case ClassObject(cls=cls) if cls in self.objects.classes or QUERY_PROPERTY in values:
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
                if is_overrides(self.eval(base, env)):
                    override(self, self.eval(index, env), values)
                if External(MODULES) in self.eval(base, env):
                    self.mocks.put_module(self.eval(index, env), values)
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

    def _publish(self, name: str, values: Values) -> None:
        """Let nested functions, and for a module the others, see a variable."""
        if self.current.is_module or name in self.current.globals:
            self.store.write(values, "global", self.current.source.path, name)
        elif self.current in self._has_children:
            self.store.write(values, "local", self.current.key, name)


def _is_column(value: Value) -> bool:
    return isinstance(value, ColumnAttribute) or value == EXPRESSION


def _is_global_module(interpreter: Expressions, name: str, value: ModuleObject) -> bool:
    """Was the module really bound by an import here, or is it only a submodule that happens to have the name?"""
    return value in interpreter.store.peek("global", interpreter.current.source.path, name)
