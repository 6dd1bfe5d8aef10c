"""Mocks: where they are made, what they are set up to give, and where patches put them.

A mock and everything that is reached through it are values of their own: the call that made the mock, and the path from
it (`()` stands for a call). So a test's `repo.find` can be met again in the code that the test hands `repo` to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from .values import (
    NOTHING,
    ClassObject,
    Context,
    External,
    FunctionObject,
    Instance,
    Many,
    Mock,
    ModuleObject,
    Row,
    Text,
    Value,
    Values,
)

if TYPE_CHECKING:
    from .arguments import Arguments
    from .interpreter import Interpreter
    from .symbols import Class, Function

CALL = "()"
NAMESPACE = "SimpleNamespace"
PATCH = "patch"
AUTOSPEC = "create_autospec"
KINDS = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock", AUTOSPEC, "stub", "async_stub"}
)
# Assertions of a called mock, and those of one that is awaited.
AWAITED_ASSERTIONS = {
    "assert_called": "assert_awaited",
    "assert_called_once": "assert_awaited_once",
    "assert_called_with": "assert_awaited_with",
    "assert_called_once_with": "assert_awaited_once_with",
    "assert_any_call": "assert_any_await",
    "assert_has_calls": "assert_has_awaits",
    "assert_not_called": "assert_not_awaited",
}
# What a mock has of its own; every other name is a child of it.
OWN = frozenset(AWAITED_ASSERTIONS) | frozenset(AWAITED_ASSERTIONS.values()) | {
    "called", "call_count", "call_args", "call_args_list", "mock_calls", "method_calls", "mock_add_spec", "reset_mock",
    "await_count", "await_args", "await_args_list", "side_effect", "configure_mock", "attach_mock",
}  # fmt: skip
# Arguments of a mock or a patch that are no attributes.
OPTIONS = frozenset(
    {
        "spec", "spec_set", "autospec", "new", "new_callable", "create", "wraps", "name", "unsafe", "instance",
        "target", "attribute",
    }
)  # fmt: skip
MODULES = "sys.modules"
# A path longer than this is not followed: a program can go on and on from mock to child.
LONGEST_PATH = 16
# Entering is one thing, in whichever colour.
ENTERING = {"__aenter__": "__enter__", "__aexit__": "__exit__"}
# Fixtures that pytest and its plugins bring.
FIXTURES = {
    "caplog": "pytest.LogCaptureFixture",
    "capsys": "pytest.CaptureFixture",
    "capfd": "pytest.CaptureFixture",
    "recwarn": "pytest.WarningsRecorder",
    "monkeypatch": "pytest.MonkeyPatch",
    "mocker": "pytest_mock.MockerFixture",
    "class_mocker": "pytest_mock.MockerFixture",
    "module_mocker": "pytest_mock.MockerFixture",
    "session_mocker": "pytest_mock.MockerFixture",
}

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """One attribute that a test replaces: `node` is the call of `patch` or `setattr`, or an assignment's target."""

    node: ast.expr
    owner: Value
    name: str
    replacement: Values


class Mocks:
    """The part of the interpreter that knows `unittest.mock`, pytest-mock and pytest's `monkeypatch`."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self.made: dict[str, ast.Call] = {}
        self._patches: dict[tuple[ast.expr, Value, str], Patch] = {}

    @property
    def patches(self) -> list[Patch]:
        """All attributes that are replaced."""
        return list(self._patches.values())

    # Making

    def call(self, name: str, node: ast.Call, arguments: Arguments) -> Values | None:
        """What the call of a library function gives; None when it is none of those known here."""
        for prefix in ("unittest.mock.", "mock.mock.", "mock."):
            if name.startswith(prefix):
                short = name.removeprefix(prefix)
                make = self._patched if short.startswith(PATCH) else self._made
                return make(short, node, arguments)
        if name == "types.SimpleNamespace":
            return self._make(NAMESPACE, node, arguments)
        return None

    def method(self, cls: str, method: str, receiver: Value, node: ast.Call, arguments: Arguments) -> Values | None:
        """What the call of a library's method gives; None when it is none of those known here."""
        match cls, method, receiver:
            case "pytest_mock.MockerFixture", _, _:
                return self._made(method, node, arguments)
            case "pytest_mock.Patcher", _, _:
                name = PATCH if method == "__call__" else f"{PATCH}.{method}"
                found = self._patched(name, node, arguments)
                return self._interpreter.enter(found) if found is not None else None
            case "pytest.MonkeyPatch", "setattr", _:
                return self._set_attribute(node, arguments)
            case "mock", "configure_mock", Mock():
                self._configure(receiver, node, arguments)
                return NOTHING
            case "mock", "attach_mock", Mock() if len(arguments[0]) > 1:
                for text in arguments[0][1][1]:
                    if isinstance(text, Text):
                        self.assign(receiver, text.text, arguments[0][0][1])
                return NOTHING
        return None

    def _made(self, kind: str, node: ast.Call, arguments: Arguments) -> Values | None:
        return self._make(kind, node, arguments) if kind in KINDS else None

    def _make(self, kind: str, node: ast.Call, arguments: Arguments) -> Values:
        positional, keywords = arguments
        spec = positional[0][1] if positional else keywords.get("spec", keywords.get("spec_set", NOTHING))
        mock = Mock(_class_of(spec), kind, self._origin(node))
        if len(positional) > 1 and kind != AUTOSPEC:
            self.assign(mock, "side_effect", positional[1][1])
        self._configure(mock, node, arguments)
        return frozenset({mock})

    def _origin(self, node: ast.Call) -> str:
        origin = f"{self._interpreter.current.source.path}:{node.lineno}:{node.col_offset}"
        self.made[origin] = node
        return origin

    def _configure(self, mock: Mock, node: ast.Call, arguments: Arguments) -> None:
        for name, values in arguments[1].items():
            if name not in OPTIONS and name != "**":
                self.assign(mock, name, values)
        for keyword in node.keywords:
            if keyword.arg is None and isinstance(keyword.value, ast.Dict):
                for key, value in zip(keyword.value.keys, keyword.value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        *inner, last = key.value.split(".")
                        self.assign(follow(mock, inner), last, self._interpreter.values.get(value, NOTHING))

    # Using

    def attribute(self, mock: Mock, name: str) -> Values:
        """Reading `.name` from a mock."""
        if not mock.origin or name in OWN:
            return frozenset({External(f"mock.{name}", mock)})
        if name == "return_value":
            return self._result(mock)
        given = self._interpreter.store.read("mock", mock.origin, *mock.path, ENTERING.get(name, name))
        if mock.kind == NAMESPACE:
            return given
        return given | {child(mock, name)} | self._specified(mock, name)

    def _specified(self, mock: Mock, name: str) -> Values:
        """What the class that a mock stands for has under the name; nothing for a mapped class: mocks do not load."""
        depth = 1 if mock.kind == AUTOSPEC else 0
        objects = self._interpreter.objects
        if not mock.spec or len(mock.path) > depth or (mock.spec in objects.classes and objects.mapped[mock.spec]):
            return NOTHING
        return self._interpreter.attribute(frozenset({Instance(mock.spec)}), name)

    def assign(self, mock: Mock, name: str, values: Values) -> None:
        """Setting `.name` of a mock."""
        store = self._interpreter.store
        if not mock.origin:
            return
        if name == "return_value":
            store.write(values, "mock", mock.origin, *mock.path, CALL)
        elif name == "side_effect":
            functions = frozenset(v for v in values if isinstance(v, FunctionObject))
            listed = frozenset(v for v in values if isinstance(v, Many | Row))
            store.write(functions, "effect", mock.origin, *mock.path)
            store.write(self._interpreter.iterate(listed), "mock", mock.origin, *mock.path, CALL)
        else:
            store.write(values, "mock", mock.origin, *mock.path, ENTERING.get(name, name))

    def called(self, mock: Mock, arguments: Arguments) -> Values:
        """What calling a mock gives."""
        if not mock.origin:
            return NOTHING
        effects = self._interpreter.store.read("effect", mock.origin, *mock.path)
        return self._result(mock) | self._interpreter.calls.invoke(effects, arguments)

    def _result(self, mock: Mock) -> Values:
        given = self._interpreter.store.read("mock", mock.origin, *mock.path, CALL)
        return given | {child(mock, CALL)} if mock.kind != NAMESPACE else NOTHING

    def entered(self, mock: Mock) -> Values:
        """What `with` binds for a mock."""
        return self._given_by(self.attribute(mock, "__enter__"))

    def item(self, mock: Mock) -> Values:
        """What a subscript of a mock gives that was told what to give."""
        return self._given_by(self._interpreter.store.read("mock", mock.origin, *mock.path, "__getitem__"))

    def _given_by(self, methods: Values) -> Values:
        results = frozenset(v for m in methods if isinstance(m, Mock) for v in self.called(m, ([], {})))
        return results | self._interpreter.calls.invoke(methods)

    # Patching

    def _patched(self, short: str, node: ast.Call, arguments: Arguments) -> Values | None:
        positional, keywords = arguments
        if short == PATCH and positional:
            targets = [self._target(positional[0][1])]
            return self._replace(node, targets, positional[1:], keywords)
        if short == "patch.object" and len(positional) > 1:
            names = [v.text for v in positional[1][1] if isinstance(v, Text)]
            return self._replace(node, [(positional[0][1], name) for name in names], positional[2:], keywords)
        if short == "patch.multiple" and positional:
            owners = self._module(positional[0][1]) or positional[0][1]
            for name, values in keywords.items():
                if name not in OPTIONS:
                    self._put(node, owners, name, values)
            return frozenset({Context(NOTHING)})
        if short == "patch.dict" and positional and _is_module_table(positional[0][1]):
            for part in ast.walk(self._interpreter.current.node):
                if isinstance(part, ast.Dict):
                    for key, value in zip(part.keys, part.values, strict=True):
                        known = self._interpreter.values
                        self.put_module(known.get(key, NOTHING) if key else NOTHING, known.get(value, NOTHING))
            return frozenset({Context(NOTHING)})
        return None

    # Modules

    def put_module(self, names: Values, values: Values) -> None:
        """Let `sys.modules` hold mocks under the names of modules."""
        mocks = frozenset(v for v in values if isinstance(v, Mock))
        for path in self._paths(names) if mocks else ():
            self._interpreter.store.write(mocks, "module", path)

    def module(self, names: Values) -> Values:
        """The mocks that `sys.modules` holds under a name."""
        return frozenset(v for path in self._paths(names) for v in self._interpreter.store.read("module", path))

    def imported(self, path: str, name: str) -> Values:
        """What a function imports from a module while a mock is in its place."""
        mocks = self._interpreter.store.read("module", path)
        return frozenset(v for m in mocks if isinstance(m, Mock) for v in self.attribute(m, name))

    def _paths(self, names: Values) -> Iterator[str]:
        interpreter = self._interpreter
        for name in names:
            if isinstance(name, Text):
                path = interpreter.modules.absolute(name.text, interpreter.current.source.path)
                yield from [path] if path else []

    def _replace(
        self,
        node: ast.Call,
        targets: Iterable[tuple[Values, str]],
        rest: list[tuple[ast.expr, Values]],
        keywords: dict[str, Values],
    ) -> Values:
        targets = list(targets)
        if rest or "new" in keywords:
            replacement = rest[0][1] if rest else keywords["new"]
        else:
            replacement = self._patch_mock(node, keywords, targets)
        for owners, name in targets:
            self._put(node, owners, name, replacement)
        return frozenset({Context(replacement)})

    def _patch_mock(self, node: ast.Call, keywords: dict[str, Values], targets: list[tuple[Values, str]]) -> Values:
        kinds = [v.name.rpartition(".")[2] for v in keywords.get("new_callable", NOTHING) if isinstance(v, External)]
        kind = next((k for k in kinds if k in KINDS), AUTOSPEC if "autospec" in keywords else PATCH)
        spec = keywords.get("spec", keywords.get("spec_set", NOTHING))
        if kind == AUTOSPEC:
            spec = frozenset(v for owners, name in targets for v in self._interpreter.attribute(owners, name))
        mock = Mock(_class_of(spec), kind, self._origin(node))
        self._configure(mock, node, ([], keywords))
        return frozenset({mock})

    def _set_attribute(self, node: ast.Call, arguments: Arguments) -> Values:
        positional, keywords = arguments
        named = {k: v for k, v in keywords.items() if k in {"target", "name", "value"}}
        given = [v for _, v in positional] + [named[k] for k in ("target", "name", "value") if k in named]
        if len(given) == 2:
            owners, name = self._target(given[0])
            self._put(node, owners, name, given[1])
        elif len(given) > 2:
            for text in given[1]:
                if isinstance(text, Text):
                    self._put(node, self._module(given[0]) or given[0], text.text, given[2])
        return NOTHING

    def _target(self, values: Values) -> tuple[Values, str]:
        """Owner and name of what a dotted string means."""
        for value in values:
            if isinstance(value, Text):
                owner, _, name = value.text.rpartition(".")
                return self._named(owner), name
        return NOTHING, ""

    def _module(self, values: Values) -> Values:
        return frozenset(v for t in values if isinstance(t, Text) for v in self._named(t.text))

    def _named(self, dotted: str) -> Values:
        """What a dotted string means: the longest module in it, and the attributes behind."""
        interpreter = self._interpreter
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            path = interpreter.modules.absolute(".".join(parts[:length]), interpreter.current.source.path)
            if path is not None:
                found: Values = frozenset({ModuleObject(path)})
                for part in parts[length:]:
                    found = interpreter.attribute(found, part)
                return found
        return frozenset({interpreter.external(dotted)}) if dotted else NOTHING

    def note_patch(self, node: ast.expr, owner: Value, name: str, values: Values) -> None:
        """Note that an attribute is replaced."""
        if any(isinstance(v, Mock | FunctionObject) for v in values):
            self._patches[node, owner, name] = Patch(node, owner, name, values)

    def _put(self, node: ast.Call, owners: Values, name: str, values: Values) -> None:
        """Let an attribute hold the replacement too."""
        store, objects = self._interpreter.store, self._interpreter.objects
        classes = objects.classes
        for owner in owners:
            if isinstance(owner, ClassObject | Instance):
                name = objects.unmangled(owner.cls, name)
            self.note_patch(node, owner, name, values)
            match owner:
                case ModuleObject(path=path):
                    store.write(values, "global", path, name)
                case ClassObject(cls=cls) if cls in classes:
                    store.write(values, "class", cls, name)
                case Instance(cls=cls) if cls in classes:
                    store.write(values, "instance", cls, name)
                case Mock():
                    self.assign(owner, name, values)

    # Decorators

    def inject(self, function: Function, decorators: Iterable[ast.expr], skipped: int = 0) -> int:
        """Let a function's parameters hold the mocks that its `@patch` decorators pass; how many those are."""
        names = [p.arg for p in function.parameters()][1 if function.binding in {"instance", "class"} else 0 :]
        mocks = [mock for d in reversed(list(decorators)) for mock in self._passed(d)]
        for name, mock in zip(names[skipped:], mocks, strict=False):
            self._interpreter.store.write(frozenset({mock}), "parameter", function.key, name)
        return len(mocks)

    def inject_into_tests(self, cls: Class, decorators: list[ast.expr]) -> None:
        """The same for the test methods of a decorated class."""
        if not decorators:
            return
        for method in cls.methods.values():
            if method.name.startswith("test"):
                own = sum(1 for d in method.decorators for _ in self._passed(d))
                self.inject(method, decorators, own)

    def _passed(self, decorator: ast.expr) -> list[Mock]:
        if not isinstance(decorator, ast.Call):
            return []
        origin = f"{self._interpreter.current.source.path}:{decorator.lineno}:{decorator.col_offset}"
        contexts = [v for v in self._interpreter.values.get(decorator, NOTHING) if isinstance(v, Context)]
        return [m for c in contexts for m in c.items if isinstance(m, Mock) and m.origin == origin and not m.path]


def _is_module_table(values: Values) -> bool:
    """Is it `sys.modules`, or its name?"""
    return not values.isdisjoint({External(MODULES), Text(MODULES)})


def child(mock: Mock, name: str) -> Mock:
    """What is reached from a mock by a name, or by a call of it."""
    return replace(mock, path=(*mock.path, ENTERING.get(name, name))) if len(mock.path) < LONGEST_PATH else mock


def follow(mock: Mock, names: Iterable[str]) -> Mock:
    """What is reached by several names; `return_value` stands for a call."""
    for name in names:
        mock = child(mock, CALL if name == "return_value" else name)
    return mock


def _class_of(values: Values) -> str:
    return next((v.cls for v in sorted(values, key=repr) if isinstance(v, ClassObject | Instance)), "")


def is_below(path: Path, above: Path) -> bool:
    """Does a path lead on from another one?"""
    return len(path) > len(above) and path[: len(above)] == above
