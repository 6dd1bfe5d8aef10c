"""What has to change where a mock is made or set up, so that what the migrated code awaits can be awaited."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..analysis.mocks import CALL, Path, is_below
from ..analysis.program import Program
from .arguments import change, keyword
from .edit import Edit, Replace
from .imports import request
from .mock_choices import Choices
from .mock_homes import SIDE_EFFECT, Home, Setting, home
from .mock_kinds import ASYNC, MOCK_MODULE, SESSION, is_awaitable
from .mock_usage import MadeMock, Usage

ASYNC_NAMES = {CALL: "return_value", "__enter__": "__aenter__", "__exit__": "__aexit__"}


def fix(program: Program, made: MadeMock, usage: Usage) -> list[Edit]:
    """The edits that set a mock right; none where nothing has to change."""
    at = home(program, made, usage.awaited)
    choices = Choices(program, made, at)
    own = choices.best()
    return Fix(program, made, choices, own, at).carry_out() if own else []


@dataclass(slots=True)
class Fix:
    """The edits that give some children of a mock objects of their own."""

    program: Program
    made: MadeMock
    choices: Choices
    own: Mapping[Path, str]
    home: Home | None
    edits: list[Edit] = field(default_factory=list)
    _lines: dict[ast.stmt, list[str]] = field(default_factory=dict)
    _done: set[Path] = field(default_factory=set)

    def carry_out(self) -> list[Edit]:
        for path in sorted(self.own, key=len):
            if path and path not in self._done and self._in_statements(path):
                self._done.add(path)
        self._in_call([p for p in self.own if p and p not in self._done])
        source = self.made.source
        for statement, lines in self._lines.items():
            start, indentation = source.span(statement)[0], source.indentation(statement)
            self.edits.append(Replace(start, start, "".join(f"{line}\n{indentation}" for line in lines)))
        return self.edits

    # Names

    def _mock(self, kind: str) -> str:
        """How the file writes a kind of mock; the import that it needs is noted."""
        function = self.made.node.func
        if isinstance(function, ast.Attribute) and not self.made.patches:
            return f"{self.made.source.text(function.value)}.{kind}"
        return self._imported(MOCK_MODULE, kind)

    def _imported(self, module: str, name: str) -> str:
        text, wanted = request(self.made.source, module, name, at=self.made.node)
        self.edits += [wanted] if wanted is not None else []
        return text

    def _plain(self) -> str:
        """A mock that stays plain, of the kind that the suite has here."""
        return self._mock("Mock" if self.made.mock.kind in {"Mock", "NonCallableMock", "stub"} else "MagicMock")

    def _spec(self, path: Path) -> str:
        module, _, name = self.choices.session(path).rpartition(".")
        return f"spec={self._imported(module, name)}"

    # By the statements behind the call

    def _in_statements(self, path: Path) -> bool:
        """Set a child right where it is set up; False when it is not, in a place that certainly runs."""
        if self.home is None:
            return False
        below = self.home.first_below(path)
        if below is None:
            return False
        setting = self.home.first((*path, CALL), (*path, SIDE_EFFECT))
        if setting is below and path[-1] != CALL:
            self._rewrite(setting, self._mock(ASYNC) if self.own[path] == ASYNC else self._plain())
        else:
            self._lines.setdefault(below.statement, []).append(f"{self._expression(path)} = {self._object(path)}")
        return True

    def _rewrite(self, setting: Setting, mock: str) -> None:
        """`repo.find.return_value = x` becomes `repo.find = AsyncMock(return_value=x)`."""
        source, statement = self.made.source, setting.statement
        target = statement.targets[0]
        assert isinstance(target, ast.Attribute)
        start, end = source.span(target.value)[1], source.span(statement.value)[0]
        self.edits.append(Replace(start, end, f" = {mock}({target.attr}="))
        last = source.span(statement)[1]
        self.edits.append(Replace(last, last, ")"))

    def _expression(self, path: Path) -> str:
        assert self.home is not None
        return ".".join([self.home.holder, *(self._name(path[: i + 1]) for i in range(len(path)))])

    def _name(self, path: Path) -> str:
        """A child's name, as it is written from now on."""
        name = path[-1]
        is_entered = self.made.uses[path[:-1]].entering is not None
        return ASYNC_NAMES[name] if name == CALL or (is_entered and name in ASYNC_NAMES) else name

    # By arguments of the call

    def _object(self, path: Path) -> str:
        """The text of an object for a child, with what its own children need."""
        inner = sorted({p[: len(path) + 1] for p in self.own if is_below(p, path)})
        self._done.update(p for p in self.own if p == path or is_below(p, path))
        arguments = [f"{self._name(p)}={self._object(p)}" for p in inner]
        if self.own.get(path) == SESSION:
            arguments.insert(0, self._spec(path))
        is_async = is_awaitable(self.program, self.made, path, self.own)
        return f"{self._mock(ASYNC) if is_async else self._plain()}({', '.join(arguments)})"

    def _in_call(self, paths: Collection[Path]) -> None:
        node, source = self.made.node, self.made.source
        added = [f"{self._name(p)}={self._object(p)}" for p in sorted({p[:1] for p in paths})]
        root = self.own.get((), "")
        if root == SESSION:
            added.insert(0, self._spec(()))
        elif root == ASYNC and self.made.patches:
            given = keyword(node, "new_callable")
            if given is not None:
                self.edits.append(Replace(*source.span(given.value), self._mock(ASYNC)))
            else:
                added.append(f"new_callable={self._mock(ASYNC)}")
        elif root == ASYNC:
            self.edits.append(Replace(*source.span(node.func), self._mock(ASYNC)))
        if added:
            self.edits += change(source, node, [], added)
