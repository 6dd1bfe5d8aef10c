"""Random chains of Query methods on random rows: a legacy Query and what it becomes give the same.

Compared are the rows (with what is loaded of each object), the SQL but for labels, the number of statements, and the
class of the exception. A difference that was found is kept as a case in `query_to_select/`. How many chains are tried:
`QUERY_CHAINS=10000 pytest tests/codemods/test_query_properties.py`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, event, insert
from sqlalchemy import inspect as inspected
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from asyncshift.analysis.decisions import Status
from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.codemods import query_to_select
from asyncshift.codemods.edit import Import, apply
from asyncshift.codemods.imports import settle

from .harness import MODELS, PRELUDE, _load, normal_sql

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::sqlalchemy.exc.SAWarning")
# So many chains share one module, which is analysed once.
TOGETHER = 25
CHAINS = int(os.environ.get("QUERY_CHAINS", "300"))

COLUMNS = {
    "User": ["id", "name", "age", "active"],
    "Profile": ["id", "name", "user_id"],
    "Post": ["id", "title", "name", "views", "author_id"],
    "Tag": ["id", "label"],
    "Album": ["id", "title"],
    "Song": ["id", "title", "album_id"],
}
RELATIONSHIPS = {
    "User": {"posts": "Post", "profile": "Profile"},
    "Profile": {"user": "User"},
    "Post": {"author": "User", "tags": "Tag"},
    "Tag": {},
    "Album": {"songs": "Song"},
    "Song": {},
}
CRITERIA = {
    "User": [
        "User.age > 20", "User.name == 'ann'", "User.active", "User.age == None", "User.posts.any(Post.views > 3)",
        "User.profile.has()", "User.id.in_(db.query(Post.author_id))", "or_(User.age == None, User.id < 3)",
        "db.query(Post).filter(Post.author_id == User.id, Post.views > 2).exists()",
        "User.age > db.query(func.avg(User.age)).scalar_subquery()",
    ],
    "Profile": ["Profile.user_id > 1", "Profile.name.like('%a%')", "Profile.user.has(User.active)"],
    "Post": ["Post.views > 1", "Post.name == 'post'", "Post.author.has(User.name == 'ann')", "Post.tags.any()"],
    "Tag": ["Tag.label == 'red'", "Tag.id != 2"],
    "Album": ["Album.title == 'first'", "Album.songs.any(Song.id > 1)"],
    "Song": ["Song.id > 1"],
}  # fmt: skip
BY_NAME = {
    "User": ["name='ann'", "age=None", "active=True, id=1"],
    "Profile": ["name='a'", "user_id=1"],
    "Post": ["name='post'", "views=3"],
    "Tag": ["label='red'"],
    "Album": ["title='first'"],
    "Song": ["album_id=1"],
}
# What a join finds by the foreign keys alone.
LINKED = {("User", "Post"), ("Post", "User"), ("User", "Profile"), ("Profile", "User"), ("Album", "Song")}
STATES = ["populate_existing()", "autoflush(False)", "enable_assertions(False)", "reset_joinpoint()",
          "with_for_update()", "execution_options(tested=True)"]  # fmt: skip


@dataclass(slots=True)
class Chain:
    """What is drawn: the links of a chain and what it asks for."""

    root: str
    asks: list[str]
    scope: list[str]
    first: str
    links: list[str] = field(default_factory=list)
    joined: bool = False
    combined: bool = False
    bounded: bool = False
    ending: str = "{}.all()"
    cut: int = 0

    def body(self) -> str:
        begin = f"db.query({', '.join(self.asks)})"
        first, rest = self.links[: self.cut], self.links[self.cut :]
        lines = [f"query = {'.'.join([begin, *first])}"] if self.cut else []
        expression = ".".join(["query" if self.cut else begin, *rest])
        if "\n" in self.ending:
            return "\n    ".join([*lines, self.ending.format(expression)])
        return "\n    ".join([*lines, f"return {self.ending.format(expression)}"])


@st.composite
def chains(draw: Callable[[Any], Any]) -> Chain:
    """A chain that a Query takes: nothing but slices behind LIMIT, and only attributes that are in its FROM list."""
    root = draw(st.sampled_from(list(COLUMNS)))
    kind = draw(st.sampled_from(["entity", "entity", "entity", "column", "columns", "aggregate", "mixed"]))
    column = st.sampled_from([f"{root}.{name}" for name in COLUMNS[root]])
    match kind:
        case "entity":
            asks = [root]
        case "column":
            asks = [draw(column)]
        case "columns":
            asks = [draw(column), draw(column)]
        case "aggregate":
            asks = [f"func.{draw(st.sampled_from(['count', 'max', 'min']))}({draw(column)})"]
        case _:
            asks = [root, draw(column)]
    chain = Chain(root, asks, [root], "" if kind == "aggregate" else root)
    for step in draw(st.lists(st.sampled_from(list(STEPS)), max_size=6)):
        STEPS[step](draw, chain)
    bound = draw(st.sampled_from(["", "", "", "limit(2)", "offset(1)", "limit(3).offset(1)", "slice(1, 3)"]))
    if bound:
        chain.links.append(bound)
        chain.bounded = True
    chain.ending = draw(endings(chain))
    chain.cut = draw(st.integers(0, len(chain.links)))
    return chain


def _filter(draw: Any, chain: Chain) -> None:
    classes = st.sampled_from(chain.scope)
    given = [draw(st.sampled_from(CRITERIA[draw(classes)])) for _ in range(draw(st.integers(1, 2)))]
    chain.links.append(f"{draw(st.sampled_from(['filter', 'where']))}({', '.join(given)})")


def _filter_by(draw: Any, chain: Chain) -> None:
    target = chain.scope[-1] if chain.joined else chain.first
    if not target:
        return
    chain.links.append(f"filter_by({draw(st.sampled_from(BY_NAME[target]))})")


def _join(draw: Any, chain: Chain) -> None:
    found = [(c, name, to) for c in chain.scope for name, to in RELATIONSHIPS[c].items() if to not in chain.scope]
    if not found:
        return
    cls, name, target = draw(st.sampled_from(found))
    forms = [f"{cls}.{name}", f"{target}, {cls}.{name}"]
    if (cls, target) in LINKED and len(chain.scope) == 1:
        forms.append(target)
    if (cls, target) == ("User", "Post"):
        forms.append("Post, Post.author_id == User.id")
    outer = draw(st.sampled_from(["join({})", "outerjoin({})", "join({}, isouter=True)"]))
    chain.links.append(outer.format(draw(st.sampled_from(forms))))
    chain.scope.append(target)
    chain.joined = True


def _options(draw: Any, chain: Chain) -> None:
    if chain.root not in chain.asks or not RELATIONSHIPS[chain.root]:
        return
    name = draw(st.sampled_from(list(RELATIONSHIPS[chain.root])))
    option = f"{draw(st.sampled_from(['joinedload', 'selectinload']))}({chain.root}.{name})"
    chain.links.append(f"options({draw(st.sampled_from(['{}', '[{}]'])).format(option)})")


def _order_by(draw: Any, chain: Chain) -> None:
    cls = draw(st.sampled_from(chain.scope))
    column = f"{cls}.{draw(st.sampled_from(COLUMNS[cls]))}"
    chain.links.append(f"order_by({column}{draw(st.sampled_from(['', '.desc()']))})")


def _distinct(_: Any, chain: Chain) -> None:
    chain.links.append("distinct()")


def _group_by(draw: Any, chain: Chain) -> None:
    chain.links.append(f"group_by({chain.root}.{draw(st.sampled_from(COLUMNS[chain.root]))})")


def _with_entities(draw: Any, chain: Chain) -> None:
    cls = draw(st.sampled_from(chain.scope))
    asks = draw(st.sampled_from([[cls], [f"{cls}.id"], [f"{cls}.id", cls], ["func.count()"], [f"{chain.root}.id"]]))
    chain.links.append(f"with_entities({', '.join(asks)})")
    chain.joined = False
    chain.first = "" if "count" in asks[0] else asks[0].partition(".")[0]


def _add_columns(draw: Any, chain: Chain) -> None:
    cls = draw(st.sampled_from(chain.scope))
    column = f"{cls}.{draw(st.sampled_from(COLUMNS[cls]))}"
    chain.links.append(draw(st.sampled_from([f"add_columns({column})", f"add_entity({cls})"])))


def _combine(draw: Any, chain: Chain) -> None:
    """Once, and before anything changes what is asked for."""
    # SQLite orders no part of a set operation.
    if chain.combined or chain.asks[0].startswith("func") or any(link.startswith(CHANGES) for link in chain.links):
        return
    operation = draw(st.sampled_from(["union", "union_all", "intersect", "except_"]))
    other = f"db.query({', '.join(chain.asks)}).filter({draw(st.sampled_from(CRITERIA[chain.root]))})"
    chain.links.append(f"{operation}({other})")
    chain.combined, chain.joined, chain.scope = True, False, [chain.root]


def _state(draw: Any, chain: Chain) -> None:
    state = draw(st.sampled_from(STATES))
    if state == "reset_joinpoint()":
        chain.joined = False
    chain.links.append(state)


CHANGES = ("with_entities", "add_", "options", "group_by", "order_by")
STEPS: dict[str, Callable[[Any, Chain], None]] = {
    "filter": _filter,
    "filter_by": _filter_by,
    "join": _join,
    "options": _options,
    "order_by": _order_by,
    "distinct": _distinct,
    "group_by": _group_by,
    "with_entities": _with_entities,
    "add_columns": _add_columns,
    "combine": _combine,
    "state": _state,
}
READING = [
    "{}.all()", "{}.all()", "{}.first()", "{}.one()", "{}.one_or_none()", "{}.scalar()", "{}.count()", "{}[0]",
    "{}[1:3]", "{}[:2]", "{}[1:]", "list({})", "[row for row in {}]", "db.query({}.exists()).scalar()",
    "db.query({}.subquery()).all()", "str({}.statement).count('JOIN')",
]  # fmt: skip
CHANGING = [
    "{}.delete()", "{}.delete(synchronize_session=False)", "{}.update({{'id': %s.id + 100}})",
    "{}.update({{%s.id: 7}}, synchronize_session='fetch')", "{}.update({{'id': 7}}, False)",
]  # fmt: skip


def endings(chain: Chain) -> Any:
    """How the chain may end: bulk statements only where there are nothing but criteria."""
    found = list(READING)
    # There a Query of nothing but a count has no FROM list, and the database refuses it.
    if "with_entities(func.count())" in chain.links:
        found.remove("db.query({}.exists()).scalar()")
    # A Query refuses to stream joined collections.
    if chain.root != "Album" and not any("joinedload" in link for link in chain.links):
        found.append("{}.yield_per(2).first()")
    if not chain.links and chain.asks == [chain.root]:
        found.append("{}.get(1)")
    if (
        chain.asks == [chain.root]
        and not chain.combined
        and all(link.startswith(("filter", "where")) for link in chain.links)
    ):
        found += [text.replace("%s", chain.root) for text in CHANGING]
    return st.sampled_from(found)


# The rows


@st.composite
def tables(draw: Callable[[Any], Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of all tables."""
    names = st.sampled_from(["ann", "bob", "post", "a"])
    users = range(1, draw(st.integers(1, 4)) + 1)
    posts = range(1, draw(st.integers(0, 5)) + 1)
    albums = range(1, draw(st.integers(0, 2)) + 1)
    ages = st.sampled_from([None, 10, 30])
    return {
        "users": [{"id": n, "name": draw(names), "age": draw(ages), "active": draw(st.booleans())} for n in users],
        "profiles": [{"id": n, "user_id": n, "name": draw(names)} for n in users if draw(st.booleans())],
        "posts": [
            {"id": n, "title": draw(names), "name": draw(names), "views": draw(st.integers(0, 4)),
             "author_id": draw(st.sampled_from(users))}
            for n in posts
        ],
        "tags": [{"id": 1, "label": "red"}, {"id": 2, "label": "blue"}],
        "post_tags": [{"post_id": p, "tag_id": t} for p in posts for t in (1, 2) if draw(st.booleans())],
        "albums": [{"id": n, "title": draw(st.sampled_from(["first", "second"]))} for n in albums],
        "songs": [
            {"id": n, "title": "a", "album_id": draw(st.sampled_from(albums))}
            for n in range(1, draw(st.integers(0, 4)) + 1)
            if albums
        ],
    }  # fmt: skip


# Execution

# What may be declined, as the cases in `query_to_select/declined.md` have it.
KNOWN = (
    "filter_by() on a query of several entities",
    "filter_by() after joins in other statements",
    "a set operation of queries for objects and more",
    "criteria behind a set operation speak of what it does not ask for",
    "subquery() of a set operation, whose columns have other names there",
    "in what a comprehension runs through, where its result cannot get a name",
    "which means the last one in rows of a Query",
    "may speak of what is combined",
    "asks a second time for the result of a set operation",
    "a subquery in the criteria behind a set operation",
    "has() or any() behind a set operation searches what is combined",
    "filter_by() behind a set operation of columns",
)
Outcome = tuple[object, list[str]]


def shown(value: object) -> object:
    """A result as plain values: of an object also what is loaded of it."""
    if isinstance(value, Row | tuple):
        return tuple(shown(v) for v in value)
    if isinstance(value, list):
        return [shown(v) for v in value]
    state = inspected(value, raiseerr=False)
    if state is None or not hasattr(state, "identity"):
        return value
    related = {name: state.dict[name] for name in state.mapper.relationships.keys() & state.dict.keys()}
    keys = {
        name: [inspected(v).identity for v in (found if isinstance(found, list) else [found]) if v is not None]
        for name, found in related.items()
    }
    return type(value).__name__, state.identity, sorted(state.dict.keys() - {"_sa_instance_state"}), keys


def unlabelled(statement: str) -> str:
    """SQL without labels, also without the numbers that tell equal ones apart.

    Where the owner of a relationship is an alias, so is its association table. What is wrapped for a joined load has
    labels of its own.
    """
    plain = normal_sql(statement)
    if any(word in plain for word in (" UNION ", " INTERSECT ", " EXCEPT ")):
        plain = re.sub(r"\b(anon_\d+\.\w+?)_\d+\b", r"\1", plain)
    else:
        plain = re.sub(r"\b(anon_\d+)\.\w+", r"\1", plain)
    return re.sub(r"\bpost_tags_\d+\.", "post_tags.", plain)


def recorded(engine: Any) -> list[str]:
    """The statements that an engine will send."""
    sql: list[str] = []
    event.listen(
        engine,
        "before_cursor_execute",
        lambda connection, cursor, text, values, *_: sql.append(f"{unlabelled(text)} {values}"),
    )
    return sql


def before(text: str, rows: dict[str, list[dict[str, Any]]], names: Sequence[str]) -> list[Outcome]:
    """What the functions of the legacy module give."""
    module = _load(text)
    metadata = sys.modules["models"].Base.metadata
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.begin() as connection:
        metadata.create_all(connection)
        _fill(connection, metadata, rows)
    sql = recorded(engine)
    outcomes: list[Outcome] = []
    for name in names:
        sql.clear()
        with Session(engine) as session:
            try:
                result = shown(getattr(module, name)(session))
            except Exception as error:
                result = type(error).__name__
            outcomes.append((result, list(sql)))
    engine.dispose()
    return outcomes


async def after(text: str, rows: dict[str, list[dict[str, Any]]], names: Sequence[str]) -> list[Outcome]:
    """What the functions of the rewritten module give."""
    module = _load(text, asynchronous=True)
    metadata = sys.modules["models"].Base.metadata
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        await connection.run_sync(_fill, metadata, rows)
    sql = recorded(engine.sync_engine)
    outcomes: list[Outcome] = []
    for name in names:
        sql.clear()
        async with AsyncSession(engine) as session:
            try:
                found = getattr(module, name)(session)
                result = shown(await found if asyncio.iscoroutine(found) else found)
            except Exception as error:
                result = type(error).__name__
            outcomes.append((result, list(sql)))
    await engine.dispose()
    return outcomes


def _fill(connection: Any, metadata: Any, rows: dict[str, list[dict[str, Any]]]) -> None:
    for name, of_table in rows.items():
        if of_table:
            connection.execute(insert(metadata.tables[name]), of_table)


def rewritten(text: str) -> tuple[str, dict[str, str]]:
    """A module after the codemod, and its functions in which something is declined, with the reason."""
    files = {"models.py": MODELS, "case.py": text}
    program = Program(
        Path(), {path: Source.parse(path, content.encode()) for path, content in files.items()}, Settings()
    )
    decisions = [d for d in query_to_select.decide(program) if d.site.path == "case.py"]
    edits = [edit for decision in decisions for edit in query_to_select.rewrite(decision, program)]
    source = program.sources["case.py"]
    wanted = [e for e in edits if isinstance(e, Import)]
    declined = {d.function.rpartition(".")[2]: d.concern for d in decisions if d.status is Status.DECLINED}
    return settle(source, apply(source.content, edits), wanted, frozenset()).decode(), declined


@settings(
    max_examples=max(1, CHAINS // TOGETHER),
    deadline=None,
    derandomize=CHAINS <= 300,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(chains(), min_size=1 if CHAINS <= 300 else TOGETHER, max_size=TOGETHER), tables())
def test_the_same_rows_and_statements(drawn: list[Chain], rows: dict[str, list[dict[str, Any]]]) -> None:
    names = [f"run{number}" for number in range(len(drawn))]
    functions = (f"def {name}(db: Session):\n    {chain.body()}\n" for name, chain in zip(names, drawn, strict=True))
    text = PRELUDE + "\n\n".join(functions)
    new, declined = rewritten(text)
    assert {reason for reason in declined.values() if not any(known in reason for known in KNOWN)} == set()
    expected = before(text, rows, names)
    found = asyncio.run(after(new, rows, names))
    for name, chain, (rows_before, sql_before), (rows_after, sql_after) in zip(
        names, drawn, expected, found, strict=True
    ):
        if name in declined:
            continue
        assert rows_after == rows_before, chain.body()
        assert len(sql_after) == len(sql_before), chain.body()
        if "count()" not in chain.ending and "exists" not in chain.body():
            assert sql_after == sql_before, chain.body()
