"""Statements and definitions: what they do to an environment, joined where paths meet."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from .applying import note_return
from .expressions import Expressions
from .members import Env
from .symbols import Class
from .values import NOTHING, ClassObject, External, FunctionObject, ModuleObject, Values


class Execution(Expressions):
    """Runs statements over an environment."""

    class_of: dict[ast.ClassDef, Class]

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
                    note_return(self, self.current, self.eval(value, env), value)
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
            case ast.For() | ast.AsyncFor():
                self._for(node, env)
            case ast.With() | ast.AsyncWith():
                self._with(node, env)
            case ast.Try() | ast.TryStar():
                return self._try(node, env)
            case ast.Match():
                self._match(node, env)
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

    def _for(self, node: ast.For | ast.AsyncFor, env: Env) -> None:
        self.assign(node.target, self.iterate(self.eval(node.iter, env)), env, None)
        self._loop(env, node.body)
        self.block(node.orelse, env)

    def _with(self, node: ast.With | ast.AsyncWith, env: Env) -> None:
        for item in node.items:
            entered = self.enter(self.eval(item.context_expr, env))
            if item.optional_vars:
                self.assign(item.optional_vars, entered, env, None)
        # It may swallow what the body raises (`suppress`, `pytest.raises`).
        self.block(node.body, env)

    def _match(self, node: ast.Match, env: Env) -> None:
        self.eval(node.subject, env)
        for case in node.cases:
            if case.guard:
                self.eval(case.guard, env)
        self._branches(env, [*(c.body for c in node.cases), []])

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
            values = self.decorating.decorate(values, decorator, env)
        self.mocks.inject(function, node.decorator_list)
        self.parametrized.note(function, node.decorator_list, env)
        return values

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
                if not self.current.is_module:
                    values |= self.mocks.imported(base, alias.name)
            else:
                values = frozenset({self.external(f"{node.module}.{alias.name}" if node.module else alias.name)})
            self.bind_name(alias.asname or alias.name, values, env)


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
