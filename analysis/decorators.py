"""The project's decorators: which wrappers can serve functions of both colours.

A wrapper that does nothing async but call what it was given need not make everything async that it stands around: the
decorator asks what it gets, and has a version for each. One that asks already is left as it is.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from .asking import ASKING
from .symbols import Function, decorator_name
from .values import ClassObject, External, FunctionObject, Instance

if TYPE_CHECKING:
    from .program import Program

# Decorators of libraries that call a command or task from sync code.
STARTING = {"command", "group", "callback", "task", "shared_task", "periodic_task", "scheduled_job", "actor", "job"}


# Libraries that never await what such a decorator of theirs stands around.
NEVER_AWAITING = {"celery", "click", "rich_click", "typer"}


class Decorators:
    """The wrappers of a program, and the functions that they stand around."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.wrapped = _wrapped(program)
        # Wrappers with something async of their own: these and what they wrap share a colour.
        self.burdened: set[Function] = set()
        self._parameters = {w: _given(program, w, functions) for w, functions in self.wrapped.items()}

    def asks(self, wrapper: Function) -> bool:
        """Does the decorator ask already whether it was given a coroutine function?"""
        maker = wrapper.parent
        return maker is not None and any(
            isinstance(n, ast.Call) and any(v.name in ASKING for v in self._externals(n)) for n in maker.own_nodes()
        )

    def _externals(self, node: ast.Call) -> list[External]:
        return [v for v in self._program.values(node.func) if isinstance(v, External)]

    def given(self, wrapper: Function) -> str:
        """The parameter of the decorator that holds what it was given; "" where only one colour can be served."""
        return "" if wrapper in self.burdened else self._parameters.get(wrapper, "")

    def serves_both(self, wrapper: Function) -> bool:
        """Can functions of both colours stand in this wrapper?"""
        return wrapper in self.wrapped and (self.asks(wrapper) or bool(self.given(wrapper)))

    def is_passing(self, wrapper: Function, callee: Function) -> bool:
        """Is the call of `callee` in a wrapper that of what the decorator was given?"""
        return callee in self.wrapped.get(wrapper, ()) and self.serves_both(wrapper)

    def starts(self, wrapper: Function) -> bool:
        """Is a wrapper what a library calls from sync code, for all commands and tasks that it stands around?

        Then the loop is started in the wrapper: what it does before and after needs the same one.
        """
        functions = self.wrapped.get(wrapper, [])
        is_plain = isinstance(wrapper.node, ast.FunctionDef) and not wrapper.is_generator
        if not is_plain or self.serves_both(wrapper):
            return False
        return all(starter(self._program, f, wrapper.parent) for f in functions) and bool(functions)

    def is_started(self, function: Function) -> bool:
        """Does a wrapper around a command start the loop for it?"""
        return any(function in functions and self.starts(w) for w, functions in self.wrapped.items())


def starter(program: Program, function: Function, inside: Function | None = None) -> str:
    """The decorator by which a library calls a function from sync code, `inside` a decorator of the project; or ""."""
    names: set[str] = set()
    for decorator in function.decorators:
        if inside and any(isinstance(v, FunctionObject) and v.key == inside.key for v in program.values(decorator)):
            return min(names & STARTING, default="")
        if not is_own(program, decorator):
            names.add(decorator_name(decorator))
    return "" if inside else min(names & STARTING, default="")


def sync_starter(program: Program, function: Function) -> ast.expr | None:
    """The decorator by which a library surely calls a function without await, where no other decorator may run it."""
    if not all(_is_never_awaiting(program, d) for d in function.decorators):
        return None
    return next((d for d in function.decorators if decorator_name(d) in STARTING), None)


def _is_never_awaiting(program: Program, decorator: ast.expr) -> bool:
    maker = decorator.func if isinstance(decorator, ast.Call) else decorator
    owners = program.values(maker.value) if isinstance(maker, ast.Attribute) else frozenset()
    roots = {v.name.partition(".")[0] for v in program.values(maker) if isinstance(v, External)}
    roots |= {v.cls.partition(".")[0] for v in owners if isinstance(v, Instance)}
    groups = [program.function(v.key) for v in owners if isinstance(v, FunctionObject)]
    return bool(roots & NEVER_AWAITING) or any(sync_starter(program, group) for group in groups)


def is_own(program: Program, decorator: ast.expr) -> bool:
    """Is a decorator a function or class of the project, whatever its name?"""
    maker = decorator.func if isinstance(decorator, ast.Call) else decorator
    classes = program.interpreter.objects.classes
    return any(
        isinstance(v, FunctionObject) or (isinstance(v, ClassObject) and v.cls in classes)
        for v in program.values(maker)
    )


def _wrapped(program: Program) -> dict[Function, list[Function]]:
    found: dict[Function, list[Function]] = {}
    for maker, keys in program.interpreter.decorating.wrapped.items():
        for wrapper in program.functions:
            if wrapper.parent and wrapper.parent.key.startswith(maker) and _calls(program, wrapper, keys):
                found[wrapper] = [program.function(k) for k in sorted(keys)]
    return found


def _calls(program: Program, wrapper: Function, keys: set[str]) -> list[ast.Call]:
    """The calls of what the decorator was given."""
    return [
        node
        for node in wrapper.own_nodes()
        if isinstance(node, ast.Call)
        and any(isinstance(v, FunctionObject) and v.key in keys for v in program.values(node.func))
    ]


def _given(program: Program, wrapper: Function, functions: list[Function]) -> str:
    """The decorator's parameter, where its wrapper is a plain function that it returns."""
    maker = wrapper.parent
    if maker is None or not isinstance(wrapper.node, ast.FunctionDef) or wrapper.is_generator:
        return ""
    if any(f.is_generator for f in functions) or returned(maker, wrapper) is None:
        return ""
    called = {c.func.id for c in _calls(program, wrapper, {f.key for f in functions}) if isinstance(c.func, ast.Name)}
    parameters = called & {p.arg for p in maker.parameters()}
    return parameters.pop() if len(parameters) == 1 == len(called) else ""


def returned(maker: Function, wrapper: Function) -> ast.Return | None:
    """The statement at the end of a decorator that returns its wrapper, beside the definition of which it stands."""
    match maker.body[-1]:
        case ast.Return(value=ast.Name(id=name)) as statement if name == wrapper.name and wrapper.node in maker.body:
            return statement
    return None
