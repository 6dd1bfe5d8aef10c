"""How a query is executed: the call on the session and on its result that stand for `all()`, `first()`, iteration, …

What decides is the shape of the result (one entity gives objects, everything else rows), whether rows may repeat, and
how many rows the legacy method asks for.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..analysis.queries import Link, is_plain, queries
from ..analysis.source import Source
from ..analysis.statements import IN_PARTS
from ..analysis.symbols import dotted
from ..analysis.uniqueness import loads_collection, may_repeat
from ..analysis.values import PROPERTY, External, Query
from .edit import Edit, Replace
from .query_bulk import Bulk
from .query_layout import Ending, Layer
from .query_listeners import require_no_listeners
from .query_methods import ENTITY_CHANGING, Past, Rewriting
from .query_registry import queried_class
from .query_shapes import asked_first, statement_before
from .query_text import (
    Declined,
    close_bracket,
    dropped,
    open_bracket,
    renamed,
    rewritten,
)
from .versions import allows_none

# Stands for the session in the text of a layer.
SESSION = "\0"
PLAIN_FOR_COUNT = frozenset({PROPERTY, "filter", "where", "filter_by", "join", "outerjoin"})
# Methods of a session that 1.4.24 brought, and what they are short for.
SHORT_FORMS = {"scalars": "execute", "stream_scalars": "stream"}
# Methods that need no arguments.
HANDED_ON = frozenset({"all", "count", "first", "one", "one_or_none", "scalar"})
AGGREGATES = frozenset({"count", "max", "min", "sum", "avg"})
GROUPING = frozenset({"group_by", "having", "union", "union_all", "add_columns", "add_column", "add_entity"})


@dataclass(slots=True)
class Executing:
    """A chain at the place where it is executed. `awaits`: the session is an AsyncSession."""

    rewriting: Rewriting
    awaits: bool
    pasts: list[Past] = field(init=False)

    def __post_init__(self) -> None:
        self.pasts = self.rewriting.pasts()

    # What is known of the rows.

    @property
    def queries(self) -> list[Query]:
        """What the query can be; several where a helper serves several."""
        return list(dict.fromkeys(q for past in self.pasts for q in past.queries))

    def method(self) -> str:
        """`session.scalars` for the objects of one entity, `session.execute` for rows."""
        queries = self.queries
        if any(not q.entities or any(not e.kind for e in q.entities) for q in queries):
            raise Declined("it is not known whether this query gives objects or rows")
        if {"only_return_tuples", "tuples"} & self.names():
            return "execute"
        found = {self._method_of(q) for q in queries}
        return found.pop() if len(found) == 1 else self._method_at_run_time()

    def _method_at_run_time(self) -> str:
        """A helper that serves queries for objects and for rows asks the statement which it is."""
        root = self.rewriting.chain.root
        several = all(_is_entity(q) or len(q.entities) > 1 for q in self.queries)
        if not several or not is_plain(root) or self.own_names() & ENTITY_CHANGING or self._has_no_scalars():
            raise Declined("it can be one of several queries, of which some give objects and others rows")
        text = self.rewriting.chain.source.text(root)
        return f"scalars if len({text}.column_descriptions) == 1 else {SESSION}.execute"

    def _has_no_scalars(self) -> bool:
        """Is the project's SQLAlchemy older than `Session.scalars`?"""
        return allows_none(self.rewriting.program, "sqlalchemy", "1.4.24")

    def own_names(self) -> set[str]:
        return {link.name for link in self.rewriting.chain.steps()}

    def unique(self) -> str:
        """The call that drops repeated rows as Query does, where they may occur."""
        if self._differ_in_uniqueness():
            raise Declined("it can be one of several queries, of which some drop repeated rows and others keep them")
        return ".unique()" if self._may_repeat() else ""

    def _may_repeat(self) -> bool:
        program = self.rewriting.program
        return any(may_repeat(program, past.history, q) for past in self.pasts for q in past.queries)

    def _differ_in_uniqueness(self) -> bool:
        """Do only some of the queries drop repeated rows?"""
        return self._may_repeat() and any(not any(e.kind == "entity" for e in q.entities) for q in self.queries)

    def _asked_first(self) -> Ending | None:
        """What the rows are is asked at run time where only some of the queries drop repeated rows."""
        rewriting = self.rewriting
        source, root = rewriting.chain.source, rewriting.chain.root
        function = rewriting.program.function_at(source, root)
        if not self._differ_in_uniqueness() or not is_plain(root) or rewriting.chain.steps() or function is None:
            return None
        if self._has_no_scalars():
            return None
        statement = statement_before(source, rewriting.chain.node)
        if statement is None:
            return None
        found = sorted({self._method_of(q) for q in self.queries}, reverse=True)
        methods = [f"{SESSION}.{name}" for name in found]
        self.method()
        return Ending([], list(asked_first(source, statement, root, function, methods, self.awaits)))

    def _method_of(self, query: Query) -> str:
        return "scalars" if _is_entity(query) else "execute"

    def unique_of_one(self) -> str:
        """The same for a statement that is limited to one row: only a joined collection repeats it."""
        program = self.rewriting.program
        repeated = any(loads_collection(program, past.history, q) for past in self.pasts for q in past.queries)
        return ".unique()" if repeated and self.unique() else ""

    def names(self) -> frozenset[str]:
        return frozenset(n for q in self.queries for n in q.traits)

    # The calls around the statement.

    def result(self, method: str, rest: str) -> list[Layer]:
        """`(await session.method(…))rest`."""
        if method in SHORT_FORMS and self._has_no_scalars():
            method, rest = SHORT_FORMS[method], f".scalars(){rest}"
        if not rest:
            return self.single(method)
        call = _called(method)
        if self.awaits:
            return [Layer("(", f"){rest}"), Layer(f"await {call}(", ")")]
        return [Layer(f"{call}(", f"){rest}")]

    def single(self, method: str) -> list[Layer]:
        """`await session.method(…)`, in brackets where the text goes on behind it."""
        call = _called(method)
        if not self.awaits:
            return [Layer(f"{call}(", ")")]
        layer = Layer(f"await {call}(", ")")
        match self.rewriting.chain.source.parents.get(self.rewriting.chain.node):
            case ast.Attribute() | ast.Subscript() | ast.Await():
                return [Layer("(", ")"), layer]
            case ast.Call(func=func) if func is self.rewriting.chain.node:
                return [Layer("(", ")"), layer]
        return [layer]

    def buffers(self, ending: Ending) -> bool:
        """Are rows that were asked for in parts loaded at once? An AsyncSession gives parts to `async for` alone."""
        return self._asks_for_parts() and not ending.streams and not ending.layers[-1].open.endswith("select_from(")

    def _asks_for_parts(self) -> bool:
        found = queries(self.rewriting.program.values(self.rewriting.chain.receiver))
        return self.awaits and any(IN_PARTS & q.traits for q in found)

    def later(self, link: Link, ending: Ending) -> Ending:
        """The method is not called here but handed on: so is a function that executes the statement."""
        handed = isinstance(self.rewriting.chain.source.parents.get(link.node), ast.Call | ast.keyword)
        around = Layer("lambda: ", "") if handed else Layer("(lambda: ", ")")
        return Ending([around, *ending.layers], ending.edits, ending.word)

    # The methods.

    def ending(self, link: Link) -> Ending:
        if link.call is None and (self.awaits or link.name not in HANDED_ON):
            raise Declined(f"the method {link.name} is used as a value")
        return METHODS[link.name](self, link)

    def all(self, link: Link) -> Ending:
        if asked := self._asked_first():
            return asked
        layers = self.result(self.method(), f"{self.unique()}.all()")
        return Ending(layers, [dropped(link, self.rewriting.chain.source)])

    def first(self, link: Link) -> Ending:
        source = self.rewriting.chain.source
        if "from_statement" in self.names():
            return Ending(self.result(self.method(), f"{self.unique()}.first()"), [dropped(link, source)])
        layers = self.result(self.method(), f"{self.unique_of_one()}.first()")
        return Ending(layers, [rewritten(link, source, "limit(1)")])

    def one(self, link: Link) -> Ending:
        if asked := self._asked_first():
            return asked
        layers = self.result(self.method(), f"{self.unique()}.{link.name}()")
        return Ending(layers, [dropped(link, self.rewriting.chain.source)])

    def scalar(self, link: Link) -> Ending:
        edits: list[Edit] = [dropped(link, self.rewriting.chain.source)]
        if self._is_one_row():
            return Ending(self.single("scalar"), edits)
        if any(len(q.entities) > 1 for q in self.queries) and self.unique():
            return Ending(self.result("execute", ".unique().scalar_one_or_none()"), edits)
        if any(not e.kind for q in self.queries for e in q.entities):
            raise Declined("it is not known whether this query gives objects or rows")
        return Ending(self.result("scalars", f"{self.unique()}.one_or_none()"), edits)

    def _is_one_row(self) -> bool:
        """Does the statement give exactly one row, whatever is in the tables: an aggregate, or EXISTS?"""
        if not self.rewriting.is_complete or self.names() & GROUPING:
            return False
        links = [step.link for past in self.pasts for step in past.history.steps]
        selected = [link.args for link in links if link.name == "with_entities"] or [
            o.call.args for o in self.rewriting.origins if o.call
        ]
        return bool(selected) and all(len(args) == 1 and self._is_one_value(args[0]) for args in selected)

    def _is_one_value(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr="label")):
                return self._is_one_value(inner)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                if name in AGGREGATES and self.is_func(inner):
                    return True
                return name == "exists" and not self.names()
            case ast.Call(func=ast.Name(id="exists")):
                return not self.names()
        return False

    def is_func(self, node: ast.AST) -> bool:
        """Is this `sqlalchemy.func`, under whatever name?"""
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        values = self.rewriting.program.values(node)
        return dotted(node).rpartition(".")[2] == "func" or External("sqlalchemy.func") in values

    def count(self, link: Link) -> Ending:
        rewriting = self.rewriting
        select, func = rewriting.name("select"), rewriting.name("func")
        head = f"{select}({func}.count()).select_from"
        if self._counts_entity():
            return Ending(self.single("scalar"), [dropped(link, rewriting.chain.source)], head)
        require_no_listeners(rewriting.program, "count of a subquery")
        layers = [*self.single("scalar"), Layer(f"{head}(", ")")]
        return Ending(layers, [rewritten(link, rewriting.chain.source, "subquery()")])

    def _counts_entity(self) -> bool:
        """Is the number of rows of the whole query that of the plain table, joins and criteria?"""
        chain = self.rewriting.chain
        if not all(map(_is_entity, self.queries)) or not self.names() <= PLAIN_FOR_COUNT:
            return False
        begins = chain.begins and isinstance(chain.root, ast.Call) and is_plain(chain.root.args[0])
        return begins or queried_class(self.rewriting.program, chain) is not None

    def value(self, link: Link) -> Ending:
        edits: list[Edit] = [renamed(link, self.rewriting.chain.source, "with_only_columns")]
        return Ending(self.result("scalars", ".first()"), edits)

    def values(self, link: Link) -> Ending:
        """An iterator, as the result is; dict() takes that for a mapping, because it has keys()."""
        source = self.rewriting.chain.source
        if not link.args:
            raise Declined("values() without columns")
        match source.parents[link.node]:
            case ast.Call(func=ast.Name(id="dict")):
                rest = ".all()"
            case _:
                rest = ""
        return Ending(self.result("execute", rest), [renamed(link, source, "with_only_columns")])

    # The identity map.

    def get(self, link: Link) -> Ending:
        """`session.get(Entity, key, options=[…])`."""
        chain = self.rewriting.chain
        assert link.call is not None
        if len(link.args) != 1 or link.keywords:
            raise Declined("get() with other arguments than one key")
        if not all(map(_is_entity, self.queries)):
            raise Declined("get() of what is not known to be one entity")
        source = chain.source
        if not chain.begins or not isinstance(chain.root, ast.Call):
            asked = queried_class(self.rewriting.program, chain)
            if chain.steps() or (asked is None and (self.rewriting.earlier_steps() or not self.rewriting.is_complete)):
                raise Declined("get() on a query that began elsewhere: use session.get(Entity, key)")
            entity = self.rewriting.entity() if asked is None else source.text(asked)
            start, stop = source.span(chain.root)[0], open_bracket(link.call, source) + 1
            return Ending(self._bare(), [Replace(start, stop, f"{SESSION}.get({entity}, ")], "get")
        if not chain.steps():
            edits = [Replace(close_bracket(chain.root, source), open_bracket(link.call, source) + 1, ", ")]
            return Ending(self._bare(), [*edits], "get")
        key = link.args[0]
        moved = is_plain(key) or isinstance(key, ast.Constant)
        before, text = chain.root, f", {source.text(key)}" if moved else ""
        edits = []
        for step in chain.steps():
            assert step.call is not None
            opening, closing = _get_keyword(step)
            edits.append(Replace(close_bracket(before, source), open_bracket(step.call, source) + 1, text + opening))
            before, text = step.call, closing
        last = close_bracket(before, source)
        if moved:
            edits.append(Replace(last, close_bracket(link.call, source), text))
        else:
            edits.append(Replace(last, open_bracket(link.call, source) + 1, f"{text}, ident="))
        return Ending(self._bare(), [*edits], "get")

    def _bare(self) -> list[Layer]:
        if not self.awaits:
            return []
        return [Layer("(await ", ")") if len(self.single("get")) > 1 else Layer("await ", "")]

    # Without a method.

    def iterated(self) -> Ending:
        """A loop, a star, `in`, `list(…)`: the result is run through as it is."""
        loop = ast.For | ast.comprehension
        parent = self.rewriting.chain.source.parents.get(self.rewriting.chain.node)
        if self._asks_for_parts() and isinstance(parent, loop):
            methods = {"scalars": "stream_scalars", "execute": "stream"}
            if self.method() not in methods:
                raise Declined("it can be one of several queries, of which some give objects and others rows")
            return Ending(self.result(methods[self.method()], ""), streams=True)
        # dict() takes a Result for a mapping, because it has keys().
        rest = ".all()" if isinstance(parent, ast.Call) and dotted(parent.func) == "dict" else ""
        return Ending(self.result(self.method(), self.unique() + rest))

    def indexed(self, subscript: ast.Subscript) -> Ending:
        """`q[i]` and `q[a:b]` are LIMIT and OFFSET."""
        source = self.rewriting.chain.source
        opening = source.content.index(b"[", source.span(subscript.value)[1])
        closing = source.span(subscript)[1] - 1
        limited = bool({"limit", "offset", "slice"} & self.names())
        rest = f"{self.unique()}.all()"
        match subscript.slice:
            case ast.Slice(step=ast.expr() as step) as bounds:
                slicing = _stepped(bounds, source)
                return Ending(
                    self.result(self.method(), f"{rest}[::{source.text(step)}]"),
                    [Replace(opening, closing + 1, slicing)],
                )
            case ast.Slice(lower=lower, upper=upper):
                if _is_negative(lower) or _is_negative(upper):
                    raise Declined("a negative index of a query is an error")
                edits = list(_sliced(subscript.slice, opening, closing, limited, self))
                return Ending(self.result(self.method(), rest), edits)
            case index_node if _is_negative(index_node):
                raise Declined("a negative index of a query is an error")
            case ast.Constant(value=int(index)):
                end = str(index + 1)
            case index_node if is_plain(index_node):
                end = f"{source.text(index_node)} + 1"
            case _:
                raise Declined("a query is indexed by something that is not a plain number or name")
        edits = [Replace(opening, opening + 1, ".slice("), Replace(closing, closing + 1, f", {end})")]
        return Ending(self.result(self.method(), f"{rest}[0]"), edits)


def _called(method: str) -> str:
    """The session's method, in brackets where it is chosen at run time."""
    call = f"{SESSION}.{method}"
    return f"({call})" if " " in method else call


def _is_entity(query: Query) -> bool:
    """Does the query ask for one mapped class alone?"""
    return len(query.entities) == 1 and query.entities[0].kind == "entity"


def _is_negative(node: ast.expr | None) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _stepped(bounds: ast.Slice, source: Source) -> str:
    """The bounds of a slice whose step is taken in Python, after all rows within them are loaded."""
    parts = [bounds.lower, bounds.upper, bounds.step]
    if any(_is_negative(p) or not (p is None or is_plain(p) or isinstance(p, ast.Constant)) for p in parts):
        raise Declined("a query is sliced by something that is not a plain number or name")
    lower, upper = ("None" if p is None else source.text(p) for p in parts[:2])
    return f".slice({lower}, {upper})" if bounds.lower or bounds.upper else ""


def _sliced(bounds: ast.Slice, opening: int, closing: int, limited: bool, executing: Executing) -> Iterator[Edit]:
    source = executing.rewriting.chain.source
    colon = source.content.index(b":", source.span(bounds.lower)[1] if bounds.lower else opening)
    if bounds.lower and bounds.upper:
        yield Replace(opening, opening + 1, ".slice(")
        yield Replace(colon, source.span(bounds.upper)[0], ", ")
        yield Replace(closing, closing + 1, ")")
    elif bounds.lower:
        yield Replace(opening, opening + 1, ".slice(" if limited else ".offset(")
        yield Replace(colon, closing + 1, ", None)" if limited else ")")
    elif bounds.upper:
        yield Replace(opening, source.span(bounds.upper)[0], ".slice(None, " if limited else ".limit(")
        yield Replace(closing, closing + 1, ")")
    else:
        yield Replace(opening, closing + 1, "")


METHODS: dict[str, Callable[[Executing, Link], Ending]] = {
    "all": Executing.all,
    "first": Executing.first,
    "one": Executing.one,
    "one_or_none": Executing.one,
    "scalar": Executing.scalar,
    "count": Executing.count,
    "value": Executing.value,
    "values": Executing.values,
    "delete": lambda executing, link: Bulk(executing).delete(link),
    "update": lambda executing, link: Bulk(executing).update(link),
    "get": Executing.get,
}


def _get_keyword(step: Link) -> tuple[str, str]:
    """What opens and closes a method's arguments where they become a keyword of `Session.get`."""
    match step.name:
        case "options":
            return ", options=[", "]"
        case "populate_existing":
            return ", populate_existing=True", ""
        case "with_for_update" if not (step.args or step.keywords):
            return ", with_for_update=True", ""
        case "with_for_update" | "execution_options":
            return f", {step.name}=dict(", ")"
    raise Declined(f"get() after {step.name}() asks for more than the primary key")
