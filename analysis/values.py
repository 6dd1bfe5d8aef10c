"""What an expression can be, as far as the analysis knows: a set of these values. The empty set: nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class: a project class by its key, a library class by its canonical dotted name.

    `origin` is the site key of the call that made it, for the few library classes whose objects are told apart.
    """

    cls: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ClassObject:
    """A class itself; `cls` as in Instance."""

    cls: str


@dataclass(frozen=True, slots=True)
class FunctionObject:
    """A function of the project by its key, bound to `receiver` when it was read from an object.

    `wrappers` are the keys of the project's own wrapper functions that decorators put around it; `given` tells how many
    positional arguments `functools.partial` has passed already.
    """

    key: str
    receiver: Value | None = None
    wrappers: tuple[str, ...] = ()
    given: int = 0


@dataclass(frozen=True, slots=True)
class External:
    """A library's module or function by its dotted name, bound to `receiver` when it is a method."""

    name: str
    receiver: Value | None = None


@dataclass(frozen=True, slots=True)
class ModuleObject:
    """A module of the project, by its path."""

    path: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string that is known."""

    text: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list, set, iterator or any iterable of `items`."""

    items: Values


@dataclass(frozen=True, slots=True)
class Row:
    """A tuple, or a row of a result, with known positions."""

    items: tuple[Values, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A dict; `items` are its values."""

    items: Values


@dataclass(frozen=True, slots=True)
class Awaitable:
    """What `await` turns into `items`: the call of a function that is async already."""

    items: Values


@dataclass(frozen=True, slots=True)
class Generated:
    """What the call of a generator function gives: an iterator of `items`, made by the project function `key`."""

    key: str
    items: Values


@dataclass(frozen=True, slots=True)
class Context:
    """A context manager whose `with` target is `items`; `key` is the project's generator function behind it, if any.

    `is_declared`: an annotation says so, and becomes that of an async one where it names a session.
    """

    items: Values
    key: str = ""
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Factory:
    """What gives `items` when it is called: something annotated `Callable[…, T]`, a provider of dependency-injector."""

    items: Values


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a query asks for.

    `kind`: "entity" (a mapped class or an alias of one, `cls` its key), "column" (anything that gives a plain value:
    column, aggregate, function, literal), "table" (a Core table: several columns), or "" (not known).
    """

    kind: str
    cls: str = ""

    def instance(self) -> Instance:
        """An object of this entity, as a row holds it."""
        return Instance(self.cls)


# A trait of the Query that reading a dynamic relationship gives.
DYNAMIC = "dynamic"
# A trait of the Query that reading `Model.query` gives, where that is a `query_property()` of a registry of sessions.
PROPERTY = "query_property"


@dataclass(frozen=True, slots=True)
class Query:
    """A legacy `Query` over `entities`.

    `traits` are facts about the chain so far that decide its 2.0 form: the names of the methods called on it that
    matter ("join", "outerjoin", "select_from", "limit", "offset", "distinct", "yield_per", "from_statement", "union",
    "with_entities", "options", "eager-many" for a joined eager load of a collection, …). `origin` is the site key
    (`path:line:column`) of the `.query(…)` call that began it, or of the attribute that is read.
    """

    entities: tuple[Entity, ...]
    traits: frozenset[str] = frozenset()
    origin: str = ""


# What `registry.query_property()` gives.
QUERY_PROPERTY = External("sqlalchemy.query_property")


@dataclass(frozen=True, slots=True)
class Statement:
    """A Core or 2.0 statement: `kind` is "select", "insert", "update", "delete", "text" or "compound"."""

    kind: str
    entities: tuple[Entity, ...] = ()
    traits: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rows:
    """A buffered result of `entities`: `kind` is "result", "scalars", "mappings" or "tuples"."""

    entities: tuple[Entity, ...]
    kind: str = "result"


@dataclass(frozen=True, slots=True)
class ColumnAttribute:
    """An attribute read on a mapped class (`User.name`, `User.posts`)."""

    cls: str
    name: str


@dataclass(frozen=True, slots=True)
class Mock:
    """A unittest.mock object, or what is reached through one; `spec` is the class it stands for, or "" for any.

    `kind` is the callable that made it, `origin` the site key of that call, `path` the way from what it made: names,
    and `()` for a call. A `SimpleNamespace` is taken for a mock that has no attributes but those it was given.
    """

    spec: str = ""
    kind: str = "Mock"
    origin: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hint:
    """A type expression kept under a name (`SessionDep = Annotated[Session, Depends(get_db)]`): what it stands for."""

    items: Values


Value: TypeAlias = (
    Instance
    | ClassObject
    | FunctionObject
    | External
    | ModuleObject
    | Text
    | Many
    | Row
    | Table
    | Awaitable
    | Generated
    | Context
    | Factory
    | Query
    | Statement
    | Rows
    | ColumnAttribute
    | Mock
    | Hint
)
Values: TypeAlias = frozenset[Value]

NOTHING: Values = frozenset()


def flat(value: Value) -> Iterator[Value]:
    """What is in a container, at any depth."""
    match value:
        case Many() | Table() | Awaitable() | Generated() | Context() | Factory() | Hint():
            for item in value.items:
                yield from flat(item)
        case Row(items=rows):
            for row in rows:
                for item in row:
                    yield from flat(item)
        case _:
            yield value
