"""The ways to set a mock right: made with another class, or with objects of their own for some of its children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..analysis.mocks import CALL, Path, is_below
from ..analysis.program import Program
from .mock_homes import SIDE_EFFECT, Home
from .mock_kinds import ASYNC, ASYNC_KINDS, ENTERING, PLAIN, PLAIN_KINDS, SESSION, is_awaitable, spec_values
from .mock_queries import QUERY
from .mock_usage import MadeMock, Use

# What an AsyncSession has; a mock with this spec lacks everything else.
SESSION_NAMES = frozenset(
    {
        "add", "add_all", "begin", "begin_nested", "bind", "close", "commit", "connection", "delete", "deleted",
        "dirty", "exec", "execute", "expire", "expire_all", "expunge", "expunge_all", "flush", "get", "get_bind",
        "get_one", "identity_map", "in_transaction", "info", "invalidate", "is_active", "is_modified", "merge", "new",
        "no_autoflush", "refresh", "reset", "rollback", "scalar", "scalars", "stream", "stream_scalars",
    }
)  # fmt: skip


@dataclass(slots=True)
class Choices:
    """What can be done about one mock."""

    program: Program
    made: MadeMock
    home: Home | None
    uses: Mapping[Path, Use] = field(init=False)

    def __post_init__(self) -> None:
        self.uses = {path: use for path, use in sorted(self.made.uses.items()) if not self._is_void(path)}

    def best(self) -> dict[Path, str]:
        """The children that get an object of their own (the mock itself has the empty path), and of which kind."""
        if not any(use.is_async or use.entering or self._is_lacking(path, use, {}) for path, use in self.uses.items()):
            return {}
        found = [self._settled(start) for start in self._starts()]
        return min(found, key=len)

    def _starts(self) -> list[dict[Path, str]]:
        """Where to begin from; of two that end equally well the first is taken."""
        made = self.made
        starts: list[dict[Path, str]] = []
        is_fixed = made.patches or made.has_option("wraps") or spec_values(self.program, made)
        is_open = made.mock.kind in PLAIN_KINDS and not is_fixed
        root = self.uses.get((), Use())
        if is_open and not (root.is_called or root.entering or self._has_unknown_children()):
            starts.append({(): ASYNC})
        if is_open and self.session(()):
            starts.append({(): SESSION})
        return [*starts, {}] if self._settled({}) else [{}]

    def _settled(self, own: dict[Path, str]) -> dict[Path, str]:
        """The children that need something too, once `own` is given."""
        own = dict(own)
        while True:
            missing = next((p for p, use in self.uses.items() if use.is_async and not self._is_awaitable(p, own)), None)
            if missing is not None and own.get(missing) != PLAIN:
                parent = missing[:-1]
                own.update({parent: SESSION} if parent and self.session(parent) else {missing: ASYNC})
                continue
            wrong = next((p for p, use in self.uses.items() if self._is_wrong(p, use, own)), None)
            if wrong is None:
                return own
            result = self._awaited_result(wrong, own) or wrong
            own[result] = SESSION if self.session(result) else PLAIN

    def _is_awaitable(self, path: Path, own: Mapping[Path, str]) -> bool:
        return is_awaitable(self.program, self.made, path, own)

    def _is_wrong(self, path: Path, use: Use, own: Mapping[Path, str]) -> bool:
        """Is a child a coroutine function that is called without await?"""
        if not use.is_called or use.is_async or not path or self.made.mock.kind in ASYNC_KINDS:
            return False
        if self._is_lacking(path, use, own):
            return True
        if not self._is_awaitable(path, own):
            return False
        result = self._awaited_result(path, own)
        return result is None or not self._is_given_elsewhere(result)

    def _is_lacking(self, path: Path, use: Use, own: Mapping[Path, str]) -> bool:
        """Is this a `query` that the suite still sets up, on a mock with the spec of an async session?"""
        if path[-1:] != (QUERY,) or path in own or not use.is_called:
            return False
        parent = path[:-1]
        return own.get(parent) == SESSION or (not parent and bool(self.program.converted_class(self.made.mock.spec)))

    def _awaited_result(self, path: Path, own: Mapping[Path, str]) -> Path | None:
        """The result of something awaited on the way to a child, if it is itself an AsyncMock."""
        for length in range(1, len(path)):
            result = path[:length]
            if result[-1] == CALL and self._is_awaitable(result[:-1], own) and self._is_awaitable(result, own):
                return result
        return None

    def _is_given_elsewhere(self, path: Path) -> bool:
        """Is something else put in the place of a child wherever it matters, and nothing set up below it?"""
        given = self.program.interpreter.store.peek("mock", self.made.mock.origin, *path)
        return bool(given or path in self.made.settings) and not any(is_below(s, path) for s in self.made.settings)

    def _is_void(self, path: Path) -> bool:
        """Is something put in the place of the child, or of what it hangs on, where the mock is made?"""
        return any(self._is_replaced(path[: length + 1]) for length in range(len(path)))

    def _is_replaced(self, path: Path) -> bool:
        *parent, name = path
        is_result = name == CALL
        if not parent and self.made.has_option("return_value" if is_result else name):
            return True
        if not parent and is_result and self.made.has_option(SIDE_EFFECT):
            return True
        if self.home is None:
            return False
        query = (*parent[:-1], QUERY)
        effects = ((*parent, SIDE_EFFECT), (*query, SIDE_EFFECT), (*query, CALL)) if is_result else ()
        return self.home.first(path, *effects) is not None

    def _has_unknown_children(self) -> bool:
        """Is a child set up of which it is not known how it is called?"""
        called = {path[0] for path, use in self.uses.items() if path and (use.is_called or use.site)}
        called |= {path[0] for path in self.made.awaited_anywhere if len(path) == 1}
        set_up = {path[0] for path in self.made.settings if len(path) > 1 and path[1] in {CALL, SIDE_EFFECT}}
        return bool(set_up - called - {QUERY})

    def session(self, path: Path) -> str:
        """The async session class that a child can have as its spec; empty when it is no session, or more than one."""
        classes = {self.program.converted_class(cls) for cls in self.made.sessions.get(path, ())}
        below = {p[len(path)] for p in (*self.uses, *self.made.settings) if is_below(p, path)} | self.made.names[path]
        if self.made.uses[path].entering:
            below -= ENTERING
        return classes.pop() if len(classes) == 1 and SESSION_NAMES.issuperset(below) else ""
