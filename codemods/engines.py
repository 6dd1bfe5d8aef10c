"""Engines, session factories and sessions are made by their async counterparts, with every argument carried over.

Before:

    engine = create_engine("sqlite:///shop.db", echo=True)
    SessionLocal = sessionmaker(bind=engine, autoflush=False)

After:

    engine = create_async_engine("sqlite+aiosqlite:///shop.db", echo=True)
    SessionLocal = async_sessionmaker(bind=engine, autoflush=False, expire_on_commit=False)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ..analysis.decisions import Decision
from ..analysis.program import Program
from ..analysis.source import Source
from ..analysis.values import ClassObject, External
from .arguments import Argument, argument, change, is_false, keyword
from .carried import Work, carried, decided, left
from .connect_args import for_asyncpg
from .drivers import drivername, mentions
from .edit import Edit, Replace, Wrap
from .engine_leftovers import handed_on, in_kept_files
from .engine_listeners import Listening
from .engine_urls import Url, Urls
from .imports import request
from .references import is_plain, references
from .session_scope import is_sync_facade
from .versions import is_before_2

NAME = "engines"
ASYNCIO = "sqlalchemy.ext.asyncio"
EXPIRE = "expire_on_commit"
CREATOR = "creator= connects with a sync driver: write async_creator= for the async one"
# What makes an engine, a factory or a session -> module and name of what makes the async one.
MAKERS = {
    "sqlalchemy.create_engine": (ASYNCIO, "create_async_engine"),
    "sqlalchemy.engine_from_config": (ASYNCIO, "async_engine_from_config"),
    "sqlalchemy.orm.sessionmaker": (ASYNCIO, "async_sessionmaker"),
    "sqlalchemy.orm.scoped_session": (ASYNCIO, "async_scoped_session"),
    "sqlalchemy.orm.Session": (ASYNCIO, "AsyncSession"),
    "sqlmodel.Session": ("sqlmodel.ext.asyncio.session", "AsyncSession"),
}
ENGINE, FROM_CONFIG = "sqlalchemy.create_engine", "sqlalchemy.engine_from_config"
ENGINES = {ENGINE, FROM_CONFIG}
FACTORY = "sqlalchemy.orm.sessionmaker"
REGISTRY = "sqlalchemy.orm.scoped_session"
SESSIONS = {"sqlalchemy.orm.Session", "sqlmodel.Session"}
# Arguments of create_engine() that only a sync driver understands.
PSYCOPG2_ONLY = {
    "executemany_mode", "executemany_batch_page_size", "executemany_values_page_size", "client_encoding",
    "use_native_unicode", "use_batch_mode",
}  # fmt: skip
POOLS = {"QueuePool": "", "SingletonThreadPool": "StaticPool"}


@dataclass(slots=True)
class Maker:
    """A call that makes something which becomes async; `what` is a key of MAKERS."""

    source: Source
    call: ast.Call
    what: str

    @property
    def name(self) -> ast.expr:
        """The expression that names what is called, type arguments left out."""
        function = self.call.func
        return function.value if isinstance(function, ast.Subscript) else function


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each engine, factory, session, URL and event listener, and for what is left to a person."""
    makers = [m for source in program.sources.values() for m in _makers(program, source)]
    urls = Urls(program, [url for m in makers if not _why_not(m) for url in _url(m)])
    listening = Listening(program)
    for maker in makers:
        yield decided(program, NAME, _made(program, maker, urls, listening))
    for literal, (source, edits) in urls.literals.items():
        if edits:
            yield decided(program, NAME, Work(source, literal, "give the URL its async driver", list(edits)))
    made = [(m.source, m.call) for m in makers]
    for work in (*listening.work(), *in_kept_files(program, made), *handed_on(program, ENGINES)):
        yield decided(program, NAME, work)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


# What is made


def _makers(program: Program, source: Source) -> Iterator[Maker]:
    if source.path in program.kept:
        return
    for node in source.nodes:
        if isinstance(node, ast.Call):
            what = next(_called(program, node), "")
            if what and not is_sync_facade(program, source, node):
                yield Maker(source, node, what)


def _called(program: Program, call: ast.Call) -> Iterator[str]:
    """The keys of MAKERS that a call can mean; a project's class derived from Session counts as Session."""
    for value in program.values(call.func):
        match value:
            case External(name=name, receiver=None) if name in MAKERS:
                yield name
            case ClassObject(cls=cls) if cls in MAKERS and not _is_async_already(program, call):
                yield cls
            case ClassObject(cls=cls) if not program.methods(cls, "__init__"):
                ancestry = program.interpreter.objects.ancestry(cls)
                yield from (s for s in SESSIONS if s in ancestry)


def _is_async_already(program: Program, call: ast.Call) -> bool:
    """Is this `sessionmaker(…, class_=AsyncSession)`, as it was written before there was an `async_sessionmaker`?"""
    cls = keyword(call, "class_")
    objects = program.interpreter.objects
    made = program.values(cls.value) if cls else frozenset()
    return any(isinstance(v, ClassObject) and objects.is_a(v.cls, f"{ASYNCIO}.AsyncSession") for v in made)


def _url(maker: Maker) -> Iterator[Url]:
    """The URL that an engine is given; one made from a configuration gets the function's result beside it."""
    url = argument(maker.call, "url")
    if maker.what == FROM_CONFIG:
        named = keyword(maker.call, "url")
        yield Url(maker.source, named.value) if named else Url(maker.source, maker.call, is_argument=False)
    elif maker.what == ENGINE and url is not None:
        yield Url(maker.source, url)


def _why_not(maker: Maker) -> str:
    """Why what is made cannot become async; "" where it can."""
    call = maker.call
    if maker.what in ENGINES and keyword(call, "creator") is not None:
        return CREATOR
    if maker.what == FROM_CONFIG and not (call.args and is_plain(call.args[0]) and _prefix(call)):
        return "the URL stands in a configuration: give async_engine_from_config one that names an async driver"
    autocommit = keyword(call, "autocommit")
    if autocommit and isinstance(autocommit.value, ast.Constant) and autocommit.value.value is True:
        return "an async session has no autocommit mode: begin its transactions, and commit them"
    return ""


def _prefix(call: ast.Call) -> str:
    """What the keys of a configuration begin with, as source text inside quotes; "" where it is not known."""
    prefix = argument(call, "prefix", 1)
    if prefix is None:
        return "sqlalchemy."
    return prefix.value if isinstance(prefix, ast.Constant) and isinstance(prefix.value, str) else ""


def _has_creator_among_options(program: Program, maker: Maker) -> bool:
    """Does the function fill in `creator` in the options that it passes on with `**`?"""
    function = program.function_at(maker.source, maker.call)
    if function is None or all(k.arg for k in maker.call.keywords):
        return False
    return any(isinstance(n, ast.Constant) and n.value == "creator" for n in function.own_nodes())


def _made(program: Program, maker: Maker, urls: Urls, listening: Listening) -> Work:
    source, call = maker.source, maker.call
    module, name = MAKERS[maker.what]
    why_not = _why_not(maker)
    if why_not:
        return left(source, call, why_not)
    if maker.what == FACTORY and is_before_2(program):
        return _older_factory(source, call, listening)
    work = Work(source, call, f"make it with {name}")
    if maker.what == REGISTRY:
        _scoped(program, maker, work)
        return work
    if maker.what in ENGINES:
        work.concern = CREATOR if _has_creator_among_options(program, maker) else ""
        _engine(program, maker, work, urls)
    else:
        work.edits += _without_expiry(source, call, listening.arguments(call))
        work.edits += listening.definition(source, call)
    _rename(program, maker, work, module, name)
    return work


def _older_factory(source: Source, call: ast.Call, listening: Listening) -> Work:
    """`sessionmaker(class_=AsyncSession)`: SQLAlchemy 1.4 has no `async_sessionmaker`."""
    work = Work(source, call, "make AsyncSessions with it")
    added = listening.arguments(call)
    # A class that is named already is renamed as any type is.
    if keyword(call, "class_") is None:
        text, wanted = request(source, ASYNCIO, "AsyncSession", at=call)
        added = [f"class_={text}", *added]
        work.edits += [wanted] if wanted is not None else []
    work.edits += [*_without_expiry(source, call, added), *listening.definition(source, call)]
    return work


def _rename(program: Program, maker: Maker, work: Work, module: str, name: str) -> None:
    if any(isinstance(v, ClassObject) and v.cls not in MAKERS for v in program.values(maker.name)):
        return
    text, wanted = request(maker.source, module, name, at=maker.call)
    work.edits.append(Replace(*maker.source.span(maker.name), text))
    if wanted is not None:
        work.edits.append(wanted)


# Engines


def _engine(program: Program, maker: Maker, work: Work, urls: Urls) -> None:
    source, call = maker.source, maker.call
    lost = [k for k in call.keywords if k.arg in PSYCOPG2_ONLY]
    dropped: list[Argument] = [*(k for k in call.keywords if k.arg == "future"), *lost]
    if lost:
        work.concern = f"{', '.join(str(k.arg) for k in lost)}: only psycopg2 knows this; it is dropped"
    pool = keyword(call, "poolclass")
    replacement = _pool(program, pool.value) if pool is not None else None
    if pool is not None and replacement == "":
        dropped.append(pool)
    elif pool is not None and replacement is not None:
        text, wanted = request(source, "sqlalchemy.pool", replacement, at=call)
        work.edits += [Replace(*source.span(pool.value), text), *([wanted] if wanted else [])]
    given = [u.node for u in _url(maker)]
    work.edits += [edit for node in given for edit in urls.edits[node]]
    added = [f"url={_configured(source, call, urls.functions[n])}" for n in given if n is call]
    if not given:
        work.concern = "the URL is not written here: see that it names an async driver"
    else:
        _connect_args(program, maker, work, urls.dialects.get(given[0], ""))
    work.edits += change(source, call, dropped, added)


def _configured(source: Source, call: ast.Call, function: str) -> str:
    """The URL of a configuration, with its async driver."""
    return f'{function}({source.text(call.args[0])}["{_prefix(call)}url"])'


def _connect_args(program: Program, maker: Maker, work: Work, dialect: str) -> None:
    given = keyword(maker.call, "connect_args")
    is_asyncpg = drivername(program, "postgresql").endswith("+asyncpg")
    if given is None or not is_asyncpg or dialect not in {"", "postgresql"}:
        return
    if not dialect and mentions(program, "mysql"):
        return
    edits, concern = for_asyncpg(maker.source, given.value)
    work.edits += edits
    work.concern = work.concern or concern


def _pool(program: Program, node: ast.expr) -> str | None:
    """What takes the place of a pool class: a name, "" for nothing, None where the class may stay."""
    for value in program.values(node):
        if isinstance(value, External) and value.name.startswith("sqlalchemy."):
            return POOLS.get(value.name.rpartition(".")[2])
    return None


# Factories and sessions


def _without_expiry(source: Source, call: ast.Call, added: list[str]) -> Iterator[Edit]:
    """The arguments with `expire_on_commit=False` among them."""
    dropped: list[Argument] = [k for k in call.keywords if k.arg == "future"]
    expire = keyword(call, EXPIRE)
    spread = [k for k in call.keywords if k.arg is None]
    if expire is not None:
        if not is_false(expire.value):
            yield Replace(*source.span(expire.value), "False")
    elif spread:
        yield Wrap(*source.span(spread[-1].value), "{**", f', "{EXPIRE}": False}}')
    else:
        added = [*added, f"{EXPIRE}=False"]
    yield from change(source, call, dropped, added)


def _scoped(program: Program, maker: Maker, work: Work) -> None:
    """A registry that is only called goes, and the factory in it stays; any other is bound to the running task."""
    source, call = maker.source, maker.call
    if len(call.args) == 1 and not call.keywords and _is_only_called(program, source, call):
        inner = source.span(call.args[0])
        work.action = "use the factory itself: no registry of sessions is needed where each is made by a call"
        work.edits += [Replace(source.span(call)[0], inner[0], ""), Replace(inner[1], source.span(call)[1], "")]
        return
    scope = argument(call, "scopefunc", 1)
    shared = "one asyncio task" if scope is None else "what its scopefunc tells apart"
    work.action = "bind the registry of sessions to the running task" if scope is None else "keep its scope"
    work.concern = f"the session is shared within {shared}; pass it on as an argument where that is possible"
    if scope is None:
        text, wanted = request(source, "asyncio", None, at=call)
        work.edits += change(source, call, [], [f"scopefunc={text}.current_task"])
        work.edits += [wanted] if wanted else []
    _rename(program, maker, work, *MAKERS[maker.what])


def _is_only_called(program: Program, source: Source, call: ast.Call) -> bool:
    """Is the global that holds a registry read for nothing but `registry()`?"""
    around = _around_reads(program, source, call)
    return bool(around) and all(isinstance(parent, ast.Call) for parent in around)


def _around_reads(program: Program, source: Source, call: ast.Call) -> list[ast.AST]:
    """What each read of the global that holds a registry stands in; its own node where the read is an argument."""
    statement = source.parents[call]
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            if not isinstance(source.parents[statement], ast.Module):
                return []
        case _:
            return []
    reads = references(program).of(source.path, name)
    parents = [(read.node, read.source.parents[read.node]) for read in reads]
    return [n if isinstance(p, ast.Call) and p.func is not n else p for n, p in parents]
