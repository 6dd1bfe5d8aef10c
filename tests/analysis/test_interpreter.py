"""Values: what expressions can be, across functions, classes and modules."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from asyncshift.analysis.program import Program
from asyncshift.analysis.settings import Settings
from asyncshift.analysis.source import Source
from asyncshift.analysis.values import (
    Awaitable,
    ClassObject,
    Context,
    External,
    Factory,
    FunctionObject,
    Generated,
    Hint,
    Instance,
    Many,
    ModuleObject,
    Query,
    Row,
    Rows,
    Statement,
    Table,
    Text,
    Value,
    Values,
)

PRELUDE = """\
import asyncio, contextlib, copy, functools, typing
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any, NamedTuple, Protocol
from fastapi import Depends, FastAPI
from sqlalchemy import Column, ForeignKey, Integer, create_engine, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, relationship, sessionmaker
class Base(DeclarativeBase): pass
class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column()
    posts: Mapped[list["Post"]] = relationship()
class Post(Base):
    __tablename__ = "posts"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User"] = relationship()
factory = sessionmaker()
session = factory()
"""


def told(value: Value) -> str:
    """A value in short."""

    def inside(values: Values) -> str:
        return "|".join(sorted(map(told, values)))

    match value:
        case Instance(cls=cls):
            return cls.rpartition("::")[2].rpartition(".")[2]
        case ClassObject(cls=cls):
            return f"type {cls.rpartition('::')[2].rpartition('.')[2]}"
        case FunctionObject(key=key):
            return f"def {key.rpartition('::')[2]}"
        case External(name=name):
            return name
        case ModuleObject(path=path):
            return f"module {path}"
        case Text(text=known):
            return repr(known)
        case Row(items=items):
            return f"({', '.join(map(inside, items))})"
        case Query(entities=entities) | Statement(entities=entities) | Rows(entities=entities):
            names = ", ".join(e.cls.rpartition("::")[2] or e.kind or "?" for e in entities)
            kind = value.kind if isinstance(value, Statement | Rows) else "query"
            return f"{kind}({names})"
        case Many() | Table() | Awaitable() | Generated() | Context() | Factory() | Hint():
            return f"{type(value).__name__.lower()}[{inside(value.items)}]"
    return repr(value)


def probed(text: str, files: Mapping[str, str] | None = None) -> list[str]:
    """What the arguments of the calls of `probe` can be, in the order of the text."""
    texts = {"m.py": PRELUDE + dedent(text), **{path: dedent(t) for path, t in (files or {}).items()}}
    program = Program(Path(), {p: Source.parse(p, t.encode()) for p, t in texts.items()}, Settings())
    calls = [n for n in program.sources["m.py"].nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "probe"]
    calls.sort(key=lambda n: (n.lineno, n.col_offset))
    return ["|".join(sorted(map(told, program.values(c.args[0])))) for c in calls]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("session", "Session"),
        ("session or None", "Session"),
        ("session if x else 'a'", "'a'|Session"),
        ("(s := session)", "Session"),
        ("[session, *[factory]]", "many[Session|sessionmaker]"),
        ("(session, 'a')", "(Session, 'a')"),
        ("(session, 'a')[0]", "Session"),
        ("(session, 'a')[5]", ""),
        ("(session, 'a')[x]", "'a'|Session"),
        ("[session][1:]", "many[Session]"),
        ("(session, *x)", "many[Session]"),
        ("{'a': session}", "table[Session]"),
        ("{'a': session}['a']", "Session"),
        ("{'a': session}.get('a')", "Session"),
        ("{'a': session}.values()", "many[Session]"),
        ("{'a': session}.items()", "many[(, Session)]"),
        ("{'a': session}.copy()", "table[Session]"),
        ("{'a': session}.pop('a')", "Session"),
        ("[s for s in [session]]", "many[Session]"),
        ("{s for s in [session] if s}", "many[Session]"),
        ("{1: s for s in [session]}", "table[Session]"),
        ("(s for s in [session])", "many[Session]"),
        ("next(s for s in [session])", "Session"),
        ("next(iter([session]), None)", "Session"),
        ("[session] + [factory]", "many[Session]|many[sessionmaker]"),
        ("'a' + 'b'", ""),
        ("'a' * 300 if x else 'a'", "'a'"),
        ("getattr(session, 'bind')", "Engine"),
        ("getattr(x, 'y', session)", "Session"),
        ("copy.copy(session)", "Session"),
        ("typing.cast(Session, x)", "Session"),
        ("typing.cast(Session)", ""),
        ("max([session])", "Session"),
        ("sorted([session])", "many[Session]"),
        ("enumerate([session])", "many[(, Session)]"),
        ("zip([session], ['a'])", "many[(Session, 'a')]"),
        ("contextlib.closing(session)", "context[Session]"),
        ("contextlib.nullcontext(session)", "context[Session]"),
        ("functools.partial(factory)", "sessionmaker"),
        ("print", "print"),
        ("unknown", ""),
        ("unknown.attribute.of[0].it()", ""),
        ("asyncio.run(asyncio.gather())", "()"),
        ("lambda: 1", "def <lambda>"),
        ("(lambda: session)()", "Session"),
        ("not session", ""),
        ("f'{session}'", ""),
        ("session.no_autoflush", "context[Session]"),
        ("create_engine('x').begin()", "context[Connection]"),
        ("sessionmaker(class_=AsyncSession)", "async_sessionmaker"),
        ("Session | None", "type Session"),
        ("list[Session]", "hint[many[Session]]"),
    ],
)
def test_expressions(expression: str, expected: str) -> None:
    assert probed(f"probe({expression})") == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("session.query(User)", "query(User)"),
        ("session.query(User, Post.user_id, func.count(), x)", "query(User, column, column, ?)"),
        ("session.query(User).filter(x).order_by(x)", "query(User)"),
        ("session.query(User).with_entities(Post)", "query(Post)"),
        ("session.query(User).add_entity(Post)", "query(User, Post)"),
        ("session.query(User).all()", "many[User]"),
        ("session.query(User)[0]", "User"),
        ("session.query(User)[:2]", "many[User]"),
        ("session.query(User).first()", "User"),
        ("session.query(User, Post).one()", "(User, Post)"),
        ("session.query(User.name).first()", "()"),
        ("session.query(User).scalar()", "User"),
        ("session.query(User).count()", ""),
        ("session.query(User).subquery()", "statement.subquery"),
        ("session.query(User).statement", "select(User)"),
        ("[u for u in session.query(User)]", "many[User]"),
        ("session.query(aliased(User)).all()", "many[User]"),
        ("session.get(User, 1)", "User"),
        ("session.get(User, 1).posts", "many[Post]"),
        ("session.get(Post, 1).author.posts[0].author", "User"),
        ("session.merge(User())", "User"),
        ("session.scalar(select(User))", "User"),
        ("session.scalars(select(User))", "scalars(User)"),
        ("session.scalars(select(User)).all()", "many[User]"),
        ("session.scalars(select(User)).unique().first()", "User"),
        ("session.execute(select(User, Post)).all()", "many[(User, Post)]"),
        ("session.execute(select(User, Post)).first()[1]", "Post"),
        ("session.execute(select(User)).scalars()", "scalars(User)"),
        ("session.execute(select(User)).scalar_one()", "User"),
        ("session.execute(select(User)).mappings().all()", "many[(User)]"),
        ("session.execute(text('x'))", "result()"),
        ("session.execute(x)", "result(?)"),
        ("session.execute(select(User)).keys()", ""),
        ("[u for u in session.scalars(select(User))]", "many[User]"),
        ("select(User).join(Post).where(x)", "select(User)"),
        ("select([User.id])", "select(?)"),
        ("select(*x)", "select(?)"),
        ("select(User).with_only_columns(Post)", "select(Post)"),
        ("select(User).subquery()", "statement.subquery"),
        ("insert(User).returning(User)", "insert(User)"),
        ("update(User).values(x)", "update()"),
        ("delete(User)", "delete()"),
        ("User.posts", "ColumnAttribute(cls='m.py::User', name='posts')"),
        ("User.name == 'a'", ""),
        ("User.name + 'a'", "column.expression"),
        ("func.count(User.id)", "column.expression"),
        ("User.name.label('x')", "column.expression"),
        ("User.__table__.select()", "select(table)"),
        ("session.execute(User.__table__.select()).first()", ""),
    ],
)
def test_queries_statements_and_results(expression: str, expected: str) -> None:
    assert [v.replace("()", "") for v in probed(f"probe({expression})")] == [expected.replace("()", "")]


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("Session", "Session"),
        ("'Session'", "Session"),
        ("'no [type'", ""),
        ("Session | None", "Session"),
        ("typing.Optional[Session]", "Session"),
        ("typing.Union[Session, 'User']", "Session|User"),
        ("list[Session]", "many[Session]"),
        ("typing.Sequence['User']", "many[User]"),
        ("dict[str, User]", "table[User]"),
        ("tuple[Session, User]", "(Session, User)"),
        ("tuple[User, ...]", "many[User]"),
        ("type[User]", "type User"),
        ("typing.Awaitable[User]", "awaitable[User]"),
        ("Annotated[Session, Depends(get_db)]", "AsyncSession|Session"),
        ("Annotated[Session, Depends()]", "Session"),
        ("Generic[User]", "Generic"),
        ("typing.ContextManager[Session]", "context[Session]"),
        ("Any", ""),
        ("SessionDep", "AsyncSession|Session"),
        ("typing.Callable[..., Session]", "factory[Session]"),
        ("typing.Callable[..., int]", ""),
        ("3", ""),
    ],
)
def test_annotations(annotation: str, expected: str) -> None:
    assert probed(f"""
        class Generic: pass
        async def get_db():
            yield AsyncSession()
        SessionDep = Annotated[Session, Depends(get_db)]
        def f(x: {annotation}): probe(x)
    """) == [expected]


def test_statements_bind_and_branches_join() -> None:
    assert probed("""
        if x: a = session
        elif y: a = factory
        else: raise ValueError
        probe(a)
        for b in [session]: probe(b)
        else: probe(b)
        while x: c = session
        probe(c)
        try: d = session
        except (KeyError, ValueError) as error: d = factory; probe(error)
        else: probe(d)
        finally: probe(d)
        with session.begin() as e, session as (f): probe(e); probe(f)
        match x:
            case 1: g = session
            case 2 if probe(session): g = factory
        probe(g)
        h, *i = session, factory
        probe(h); probe(i)
        [j, k] = session, factory
        probe(k)
        del probe(a)[0]
        assert probe(a), probe(b)
        a += [factory]
        l: Session
        probe(l)
        m: "User" = x
        probe(m)
    """) == [
        "Session|sessionmaker", "Session", "Session", "Session", "", "Session", "Session|sessionmaker",
        "SessionTransaction", "Session", "Session", "Session|sessionmaker", "Session", "many[sessionmaker]",
        "sessionmaker", "Session|sessionmaker", "Session|sessionmaker", "Session", "Session", "User",
    ]  # fmt: skip


def test_a_loop_sees_what_its_body_bound() -> None:
    assert probed("""
        a = None
        for _ in x:
            probe(a)
            a = session
    """) == ["Session"]


def test_code_behind_a_return_is_looked_at_too() -> None:
    assert probed("""
        def f():
            if x: return session
            else: raise ValueError
            probe(session)
        probe(f())
    """) == ["Session", "Session"]


def test_a_with_statement_may_swallow_what_is_raised() -> None:
    assert probed("""
        with contextlib.suppress(KeyError):
            raise KeyError
        probe(session)
    """) == ["Session"]


def test_parameters_hold_defaults_annotations_and_what_callers_pass() -> None:
    assert probed("""
        def f(a, /, b=session, *c, d: User = None, **e):
            probe(a); probe(b); probe(c); probe(d); probe(e)
        f('1', '2', session, d='4', x=factory)
        f(*['s'], **x)
        class A:
            def m(self, a, *, b): probe(self); probe(a); probe(b)
            @classmethod
            def n(cls, a): probe(cls); probe(a)
            @staticmethod
            def o(a): probe(a)
        A().m(session, b=factory); A.n(session); A.o(session)
    """) == [
        "'1'|'s'", "'2'|'s'|Session", "many[Session]", "'4'|User", "table[sessionmaker]",
        "A", "Session", "sessionmaker", "type A", "Session", "Session",
    ]  # fmt: skip


def test_generators_context_managers_and_coroutines() -> None:
    assert probed("""
        def rows():
            yield session
            yield from [factory]
        @contextmanager
        def scope(): yield session
        @asynccontextmanager
        async def later(): yield session
        async def load(): return session
        async def main():
            probe(rows()); probe(next(rows())); probe(scope()); probe(load()); probe(await load())
            with scope() as a: probe(a)
            async with later() as b: probe(b)
            async for c in rows(): probe(c)
            probe(asyncio.run(load())); probe(await asyncio.create_task(load())); probe(await asyncio.gather(load()))
    """) == [
        "generated[Session|sessionmaker]", "Session|sessionmaker", "context[Session]", "awaitable[Session]", "Session",
        "Session", "Session", "Session|sessionmaker", "Session", "Session", "(Session)",
    ]  # fmt: skip


def test_classes_attributes_properties_and_super() -> None:
    assert probed("""
        class A:
            shared = session
            def __init__(self, db: Session): self.db = db
            @property
            def prop(self): return self.db
            def make(self): return factory
            def __call__(self): return self.db
            def __iter__(self): yield self.db
            def __enter__(self): return self.db
        class B(A):
            def make(self): return super().make()
            def other(self): return super(B, self).make()
        b = B(session)
        b.later = factory
        probe(b); probe(b.db); probe(b.prop); probe(b.make()); probe(b.other()); probe(b())
        probe(b.shared); probe(B.shared); probe(b.later); probe([x for x in b]); probe(b.missing); probe(B.make)
        with b as entered: probe(entered)
    """) == [
        "B", "Session", "Session", "sessionmaker", "sessionmaker", "Session",
        "Session", "Session", "sessionmaker", "many[Session]", "", "def B.make", "Session",
    ]  # fmt: skip


def test_a_method_called_on_a_base_reaches_the_classes_below() -> None:
    assert probed("""
        class Base_(Protocol):
            def make(self): ...
        class One(Base_):
            def make(self): return session
        class Two:
            def make(self): return factory
        def use(x: Base_): probe(x.make())
    """) == ["Session|sessionmaker"]


def test_dataclasses_and_named_tuples() -> None:
    assert probed("""
        class Pair(NamedTuple):
            db: Session
            other: Any
        pair = Pair(session, other=factory)
        probe(pair.db); probe(pair.other); probe(pair[1])
        a, b = pair
        probe(a); probe(b)
    """) == ["Session", "sessionmaker", "sessionmaker", "Session", "sessionmaker"]


def test_decorators_pass_on_what_they_wrap() -> None:
    assert probed("""
        def logged(function):
            @functools.wraps(function)
            def wrapper(*args): probe(function); return function(*args)
            return wrapper
        @logged
        def load(): return session
        @unknown
        def other(): return session
        @functools.lru_cache
        def cached(): return session
        probe(load()); probe(other()); probe(cached())
    """) == ["def load", "Session", "Session", "Session"]


def test_functions_in_containers_and_callbacks() -> None:
    assert probed("""
        def one(): return session
        def two(x): return factory
        table = {"one": one}
        table["two"] = two
        steps = []
        steps.append(one)
        steps.extend([two])
        class Registry:
            items = {}
        Registry.items["x"] = one
        holder = Registry()
        holder.more = []
        holder.more.append(two)
        def call(function, *rest): return function(*rest)
        probe(table["x"]()); probe([s() for s in steps]); probe(call(one))
        probe(holder.items["x"]()); probe(holder.more[0](1))
    """) == ["Session|sessionmaker", "many[Session|sessionmaker]", "Session", "Session", "sessionmaker"]


def test_globals_and_nested_functions() -> None:
    assert probed("""
        current = None
        def use():
            global current
            current = session
            local = factory
            def inner(): return local
            probe(inner())
        def get(): return current
        probe(get())
        setattr(x, 'y', session)
    """) == ["sessionmaker", "Session"]


def test_dependencies_and_overrides() -> None:
    assert probed("""
        def get_db(): yield session
        def get_other(): return factory
        class Params:
            def __init__(self, db=Depends(get_db)): self.db = db
        class Checker:
            def __call__(self, db=Depends(get_db)): return db
        app = FastAPI()
        @app.get("/")
        def route(a=Depends(get_db), b: Params = Depends(), c=Depends(Checker()), d=Depends(dependency=get_other)):
            probe(a); probe(b); probe(b.db); probe(c); probe(d)
        def fake(): return 'fake'
        app.dependency_overrides[get_other] = fake
    """) == ["Session", "Params", "Session", "Session", "'fake'|sessionmaker"]


def test_threads_and_run_sync_pass_arguments_on() -> None:
    assert probed("""
        def work(db, n): probe(db); return n
        async def main(db: AsyncSession):
            probe(await asyncio.to_thread(work, factory, 'n'))
            probe(await db.run_sync(work, 'm'))
            await asyncio.get_event_loop().run_in_executor(None, work, session, 'k')
    """) == ["Session|sessionmaker", "'k'|'m'|'n'", "'k'|'m'|'n'"]


def test_modules() -> None:
    files = {
        "pkg/__init__.py": "from .inner import made as again\nfrom .deep import *\n",
        "pkg/inner.py": "from sqlalchemy.orm import Session\nmade = Session()\n",
        "pkg/deep.py": "from .deeper import *\n",
        "pkg/deeper.py": "from .inner import made as deepest\n",
    }
    assert probed(
        """
        import pkg, pkg.inner
        import pkg.inner as short
        from pkg import again, deepest, inner
        from pkg.inner import made
        import sqlalchemy.orm as orm
        from unknown import thing
        probe(pkg); probe(pkg.inner.made); probe(short.made); probe(again); probe(deepest); probe(inner); probe(made)
        probe(orm.Session()); probe(thing); probe(pkg.deepest)
        short.patched = factory
        probe(short.patched)
        """,
        files,
    ) == [
        "module pkg/__init__.py", "Session", "Session", "Session", "Session", "module pkg/inner.py", "Session",
        "Session", "unknown.thing", "Session", "sessionmaker",
    ]  # fmt: skip


def test_fixtures_flow_into_tests() -> None:
    files = {
        "tests/conftest.py": """
            import pytest
            from m import factory
            @pytest.fixture
            def db():
                yield factory()
            @pytest.fixture(name="named")
            def _named(db): return db
        """,
    }
    text = "def test_it(db, named): probe(db); probe(named)\n"
    texts = {"m.py": PRELUDE, "tests/test_a.py": text, **{p: dedent(t) for p, t in files.items()}}
    program = Program(Path(), {p: Source.parse(p, t.encode()) for p, t in texts.items()}, Settings())
    calls = [n for n in program.sources["tests/test_a.py"].nodes if isinstance(n, ast.Call)]
    assert [sorted(map(told, program.values(c.args[0]))) for c in calls] == [["Session"], ["Session"]]


def test_recursion_comes_to_an_end() -> None:
    assert probed("""
        def deep(x): return [deep([x])]
        probe(deep(session))
        def swap(a, b): return swap(b, a) if a else (a, b)
        probe(swap(session, factory))
    """)[1].endswith("(Session|sessionmaker, Session|sessionmaker)")


def test_a_crowd_of_mocks_in_one_helper_is_bounded() -> None:
    tests = "from unittest.mock import MagicMock\nfrom m import same\n" + "".join(
        f"def test_{n}():\n    same(MagicMock())\n" for n in range(1000)
    )
    texts = {"m.py": "def same(mock):\n    return mock\n", "tests/test_a.py": tests}
    program = Program(Path(), {p: Source.parse(p, t.encode()) for p, t in texts.items()}, Settings())
    (name,) = (n for n in program.sources["m.py"].nodes if isinstance(n, ast.Name))
    assert 1 < len(program.values(name)) < 1000


def test_factories_make_objects_of_their_model() -> None:
    text = """
from factory import Factory
from factory.alchemy import SQLAlchemyModelFactory

class User: ...

class Plain(Factory[User]):
    class Meta:
        model = User

class Stored(SQLAlchemyModelFactory):
    class Meta:
        model = User

class Admin(Stored): ...

probe(Plain.build())
probe(Admin.create(name="ann"))
probe(Stored.create_batch(2)[0])
probe(Plain.unknown())
"""
    program = Program(Path(), {"m.py": Source.parse("m.py", text.encode())}, Settings())
    probes = [n for n in program.sources["m.py"].nodes if isinstance(n, ast.Call) and ast.unparse(n.func) == "probe"]
    found = [{getattr(v, "cls", "") for v in program.values(n.args[0])} for n in probes]
    assert found == [{"m.py::User"}, {"m.py::User"}, {"m.py::User"}, set()]


def test_what_a_function_calls_is_its_default_or_what_one_call_hands_over() -> None:
    assert probed(
        """
        def user(db): return db.get(User, 1)
        def post(db): return db.get(Post, 1)
        def asked(db, ask=user): return ask(db)
        def behind(db, *words, ask): return ask(db)
        probe(asked(db))
        probe(asked(db, post))
        probe(behind(db, user, ask=post))
        probe(behind(db, post, post, ask=user))
        """
    ) == ["User", "Post", "Post", "User"]
