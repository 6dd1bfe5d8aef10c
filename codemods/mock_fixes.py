"""What has to change where a mock is made or set up, so that what the migrated code awaits can be awaited."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field

from ..analysis.mocks import CALL, PATCH, Path
from .arguments import change
from .edit import Edit, Replace
from .imports import request
from .mock_homes import SIDE_EFFECT, Home, Setting, home
from .mock_usage import ASYNC_KINDS, MadeMock

MOCK_MODULE = "unittest.mock"
# What an AsyncSession has; a mock with this spec lacks everything else.
SESSION_NAMES = frozenset(
    {
        "add", "add_all", "begin", "begin_nested", "bind", "close", "commit", "connection", "delete", "deleted",
        "dirty", "exec", "execute", "expire", "expire_all", "expunge", "expunge_all", "flush", "get", "get_bind", "get_one",
        "identity_map", "in_transaction", "info", "invalidate", "is_active", "is_modified", "merge", "new",
        "no_autoflush", "refresh", "reset", "rollback", "scalar", "scalars", "stream", "stream_scalars",
    }
)  # fmt: skip
PLAIN_KINDS = frozenset({"Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock", "stub"})


@dataclass(slots=True)
class Choice:
    """One way to set a mock right: what it is made with, and the children that need an object of their own.

    `own` says of each of those whether it is an AsyncMock.
    """

    kind: str
    session: str = ""
    own: dict[Path, bool] = field(default_factory=dict)

    @property
    def cost(self) -> int:
        return len(self.own) + bool(self.session)


def choices(made: MadeMock) -> list[Choice]:
    """The ways to set a mock right, the one that reads best first."""
    keeping = _choice(made, made.kind)
    if () in _wanted(made):
        return [_choice(made, "AsyncMock")] if not made.is_async_by_itself(()) else [keeping]
    if made.kind not in PLAIN_KINDS or made.has_spec or not keeping.own:
        return [keeping]
    found = [keeping]
    if not made.uses[()].is_called and not _unknown_children(made):
        found.append(_choice(made, "AsyncMock"))
    session = _session(made)
    if session:
        found.append(_choice(made, made.kind, session))
    return sorted(found, key=lambda c: (c.cost, c.kind != "AsyncMock"))


def _wanted(made: MadeMock) -> list[Path]:
    return sorted(p for p, use in made.uses.items() if use.is_async)


def _choice(made: MadeMock, kind: str, session: str = "") -> Choice:
    choice = Choice(kind, session)
    for path in _wanted(made):
        if path and not _given_when_made(made, path) and not _is_async(made, choice, path):
            choice.own[path] = True
    if made.kind in ASYNC_KINDS:
        return choice
    for path, use in sorted(made.uses.items(), key=lambda item: (len(item[0]), item[0])):
        is_plain = use.is_called and not use.is_async
        if path and is_plain and not _given_when_made(made, path) and _is_async(made, choice, path):
            _make_plain(made, choice, path)
    return choice


def _is_async(made: MadeMock, choice: Choice, path: Path) -> bool:
    """Is the child awaitable when the choice is carried out?"""
    return made.is_async_by_itself(path, choice.kind, choice.own, choice.session)


def _make_plain(made: MadeMock, choice: Choice, path: Path) -> None:
    """Give a plain object to the result of what is awaited, or to the child itself."""
    for length in range(1, len(path)):
        result = path[:length]
        if result[-1] == CALL and _is_async(made, choice, result[:-1]) and _is_async(made, choice, result):
            if not made.is_given(result) or any(s[:length] == result and len(s) > length for s in made.settings):
                choice.own[result] = False
            return
    choice.own[path] = False


def _given_when_made(made: MadeMock, path: Path) -> bool:
    """Does the call that makes the mock give this child, or what it hangs on?"""
    name = "return_value" if path[0] == CALL else path[0]
    return made.has_option(name) or (path[0] == CALL and made.has_option(SIDE_EFFECT))


def _unknown_children(made: MadeMock) -> bool:
    """Is a child set up of which it is not known how it is called?"""
    called = {path[0] for path, use in made.uses.items() if path and (use.is_called or use.site)}
    set_up = {path[0] for path in made.settings if len(path) > 1 and path[1] in {CALL, SIDE_EFFECT}}
    return bool(set_up - called)


def _session(made: MadeMock) -> str:
    """The async session class that the mock can have as its spec; empty when it is no session, or more than one."""
    classes = {made.program.converted_class(cls) for cls in made.sessions.get((), ())}
    names = {path[0] for path in (*made.uses, *made.settings) if path and path[0] != CALL}
    return classes.pop() if len(classes) == 1 and names <= SESSION_NAMES else ""


# Carrying out


@dataclass(slots=True)
class Fix:
    """The edits that carry out a choice."""

    made: MadeMock
    choice: Choice
    home: Home | None
    edits: list[Edit] = field(default_factory=list)
    _lines: dict[ast.stmt, list[str]] = field(default_factory=dict)
    _done: set[Path] = field(default_factory=set)

    def name(self, kind: str) -> str:
        """How the file writes a kind of mock; the import that it needs is noted."""
        function = self.made.node.func
        if isinstance(function, ast.Attribute) and self.made.kind != PATCH:
            return f"{self.made.source.text(function.value)}.{kind}"
        text, wanted = request(self.made.source, MOCK_MODULE, kind, at=self.made.node)
        if wanted is not None:
            self.edits.append(wanted)
        return text

    @property
    def plain(self) -> str:
        """The kind of the mocks that stay plain."""
        return "Mock" if self.made.kind in {"Mock", "NonCallableMock", "stub"} else "MagicMock"

    def carry_out(self) -> list[Edit]:
        for path in sorted(self.choice.own, key=len):
            if path not in self._done and self._in_statements(path):
                self._done.add(path)
        self._in_call([p for p in self.choice.own if p not in self._done])
        source = self.made.source
        for statement, lines in self._lines.items():
            start, indentation = source.span(statement)[0], source.indentation(statement)
            self.edits.append(Replace(start, start, "".join(f"{line}\n{indentation}" for line in lines)))
        return self.edits

    # By the statements behind the call

    def _in_statements(self, path: Path) -> bool:
        """Set a child right where it is set up; False when it is not, in a place that certainly runs."""
        if self.home is None:
            return False
        if self.home.first(path) and path[-1] != CALL:
            return True
        is_result = path[-1] == CALL
        below = self.home.first_below(path)
        setting = None if is_result else self.home.first((*path, CALL), (*path, SIDE_EFFECT))
        if is_result and self.home.first(path) is not None:
            first = self.home.first(path)
            if below is None or (first and self.home.settings.index(first) < self.home.settings.index(below)):
                return True
        if setting is not None and setting is below:
            self._rewrite_setting(path, setting)
            return True
        if below is not None:
            self._lines.setdefault(below.statement, []).append(f"{self._expression(path)} = {self._object(path)}")
            return True
        return False

    def _rewrite_setting(self, path: Path, setting: Setting) -> None:
        """`repo.find.return_value = x` becomes `repo.find = AsyncMock(return_value=x)`."""
        source, statement = self.made.source, setting.statement
        target = statement.targets[0]
        assert isinstance(target, ast.Attribute)
        kind = self.name("AsyncMock" if self.choice.own[path] else self.plain)
        start, end = source.span(target.value)[1], source.span(statement.value)[0]
        self.edits.append(Replace(start, end, f" = {kind}({target.attr}="))
        last = source.span(statement)[1]
        self.edits.append(Replace(last, last, ")"))

    def _expression(self, path: Path) -> str:
        assert self.home is not None
        return ".".join([self.home.holder, *("return_value" if name == CALL else name for name in path)])

    # By arguments of the call

    def _object(self, path: Path) -> str:
        """The text of an object for a child, with what its own children need."""
        inner = sorted({p[: len(path) + 1] for p in self.choice.own if len(p) > len(path) and p[: len(path)] == path})
        self._done.update(p for p in self.choice.own if p[: len(path)] == path)
        arguments = ", ".join(f"{_keyword(p[-1])}={self._object(p)}" for p in inner)
        is_async = self.choice.own.get(path, _is_async(self.made, self.choice, path))
        return f"{self.name('AsyncMock' if is_async else self.plain)}({arguments})"

    def _in_call(self, paths: Collection[Path]) -> None:
        node, source = self.made.node, self.made.source
        added = [f"{_keyword(p[0])}={self._object(p)}" for p in sorted({p[:1] for p in paths})]
        if self.choice.session:
            module, _, name = self.choice.session.rpartition(".")
            text, wanted = request(source, module, name, at=node)
            self.edits += [wanted] if wanted else []
            added.insert(0, f"spec={text}")
        if self.choice.kind != self.made.kind:
            if self.made.kind == PATCH:
                added.append(f"new_callable={self.name(self.choice.kind)}")
            else:
                self.edits.append(Replace(*source.span(node.func), self.name(self.choice.kind)))
        if added:
            self.edits += change(source, node, [], added)


def _keyword(name: str) -> str:
    return "return_value" if name == CALL else name


def fix(made: MadeMock, awaited: Collection[ast.expr]) -> list[Edit]:
    """The edits that set a mock right; none where nothing has to change."""
    choice = choices(made)[0]
    if not choice.own and not choice.session and choice.kind == made.kind:
        return []
    return Fix(made, choice, home(made, awaited)).carry_out()
