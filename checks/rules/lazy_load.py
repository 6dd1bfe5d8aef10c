"""A relationship is read that was not loaded with its object.

The read sends a query by itself, and outside of a greenlet that raises MissingGreenlet. `hasattr(user, "posts")` and
`getattr` read too. The finding stands at the query that should load it, with the read in the chain, or at the read if
many queries lead there. Add `selectinload` (collections) or `joinedload` to the query, or write
`await user.awaitable_attrs.posts` where it is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ...analysis.lazy_loads import LazyLoad, lazy_loads
from ...analysis.mapped import DEFERRED
from ...analysis.program import Program
from ...analysis.tracing import Place
from ..examples import USER_WITH_POSTS
from ..finding import Finding, Step, finding
from ..rule import Example

CODE = "AS301"
NAME = "lazy-load"

MODEL = (
    """\
from sqlalchemy import ForeignKey, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload
"""
    + USER_WITH_POSTS
    + """\
def count(user: User) -> int:
    return len(user.posts)


"""
)
EXAMPLES = (
    Example(
        bad=MODEL
        + """\
async def posts(session: AsyncSession, key: int) -> int:
    result = await session.execute(select(User).where(User.id == key))  # AS301
    return count(result.scalar_one())
""",
        good=MODEL
        + """\
async def posts(session: AsyncSession, key: int) -> int:
    statement = select(User).where(User.id == key).options(selectinload(User.posts))
    result = await session.execute(statement)
    return count(result.scalar_one())


async def first_post(session: AsyncSession, key: int) -> Post | None:
    result = await session.execute(select(User).where(User.id == key))
    user = result.scalar_one()
    await user.awaitable_attrs.posts
    return user.posts[0] if user.posts else None
""",
    ),
)


def find(program: Program) -> Iterator[Finding]:
    at_queries: defaultdict[tuple[Place, str, bool], list[Step]] = defaultdict(list)
    for load in lazy_loads(program):
        name = f"{program.plain_name(load.relationship.owner)}.{load.relationship.name}"
        if load.is_at_query:
            text = program.short(load.function.source, load.node)
            step = Step(load.function.source.path, load.node.lineno, f"{load.function.qualname} reads it: {text}")
            for place in load.places:
                at_queries[place, name, load.relationship.lazy == DEFERRED].append(step)
        else:
            message = f"{name} is read lazily: {len(load.places)} queries that lead here do not load it"
            yield finding(load.function.source, load.node, CODE, message, _queries(load))
    for (place, name, is_column), steps in at_queries.items():
        with_it = "undefer()" if is_column else "selectinload() or joinedload()"
        message = f"{name} is not loaded by this query, but read: load it with {with_it}"
        yield finding(place.source, place.node, CODE, message, steps)


def _queries(load: LazyLoad) -> Iterator[Step]:
    for place in load.places:
        yield Step(place.source.path, place.node.lineno, f"{place.function.qualname} loads the object without it")
