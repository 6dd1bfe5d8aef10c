"""Each query expression of a program and what becomes of it, in groups: all of one query are rewritten, or none."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ..analysis.program import Program
from ..analysis.provenance import Callers
from ..analysis.queries import TERMINALS, Chain, Link, chains, is_iterated, is_plain, is_read, queries
from ..analysis.source import Source
from ..analysis.values import DYNAMIC
from .edit import Edit, Import, Replace, Wrap
from .query_classes import require_no_own_methods
from .query_endings import SESSION, Executing
from .query_layout import Ending, Layer
from .query_listeners import require_no_listeners
from .query_methods import SET_OPERATIONS, Rewriting, selecting_one, step, subquery_flags
from .query_names import distinct_names
from .query_parts import asked_in_parts, in_one_go, off_again
from .query_passing import Change, kept_beside, passed_along
from .query_registry import is_of_registry, queried_class, registry
from .query_session import NoSession, session_text
from .query_text import Declined, is_faithful, name_span, renamed
from .query_unions import combine, retargeted
from .query_uses import use

BULK = frozenset({"delete", "update"})
# What a select has as a Query has it.
SHARED = frozenset({"column_descriptions", "whereclause"})
# What a dynamic relationship does under asyncio as before.
CHANGING = frozenset({"add", "add_all", "append", "extend", "remove", "statement"})


@dataclass(slots=True)
class Site:
    """One chain of the program, and what becomes of it."""

    chain: Chain
    group: list[Chain]
    layers: list[Layer] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    node: ast.expr = field(init=False)
    in_place: bool = False
    buffers: bool = False
    session: str = ""
    concern: str = ""
    action: str = ""

    def __post_init__(self) -> None:
        self.node = self.chain.node


@dataclass(slots=True)
class Group:
    """The sites that work on the same queries, and what passes sessions to them."""

    sites: list[Site]
    changes: list[Change] = field(default_factory=list)

    def refuse(self, refused: Site) -> None:
        """Leave the whole group as it is, because of one site."""
        place = refused.chain.source.site(refused.chain.node)
        for site in self.sites:
            site.concern = site.concern or f"the query is also used at {place}, where {refused.concern}"
        self.changes = []


def rewritten_groups(program: Program) -> list[Group]:
    """All query expressions, each group rewritten or refused."""
    callers = Callers(program)
    found = (chain for chain in chains(program) if not _is_left(program, chain))
    return [_rewritten(program, callers, group) for group in _groups(program, found)]


def _is_left(program: Program, chain: Chain) -> bool:
    """Is it a dynamic relationship in code that stays sync, or one that is only added to?"""
    if not _is_dynamic(program, chain):
        return False
    is_changed = is_read(program, chain) and chain.links and chain.links[0].name in CHANGING
    return bool(is_changed) or program.queries_stay_sync(chain.node)


def _is_dynamic(program: Program, chain: Chain) -> bool:
    found = queries(program.values(chain.root))
    return bool(found) and all(DYNAMIC in q.traits for q in found)


def _groups(program: Program, found: Iterable[Chain]) -> Iterator[list[Chain]]:
    """The chains that work on the same queries, together."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    keyed = []
    for chain in found:
        keys = [q.origin for q in queries(program.values(chain.root)) if q.origin]
        keys = keys or [str(chain.source.site(chain.root))]
        keys += _combined_with(program, chain)
        for key in keys[1:]:
            leader[find(key)] = find(keys[0])
        keyed.append((keys[0], chain))
    groups: dict[str, list[Chain]] = defaultdict(list)
    for key, chain in keyed:
        groups[find(key)].append(chain)
    yield from groups.values()


def _combined_with(program: Program, chain: Chain) -> list[str]:
    """The origins of the queries that a chain is united with: of a set operation, both sides are rewritten or none."""
    match chain.source.parents.get(chain.node):
        case ast.Call(func=ast.Attribute(value=other, attr=name)) if name in SET_OPERATIONS:
            return [q.origin for q in queries(program.values(other)) if q.origin]
    return []


def _rewritten_site(program: Program, callers: Callers, site: Site) -> dict[ast.AST, Change]:
    """Rewrites a site; what changes elsewhere so that a session is in reach, by node."""
    try:
        _rewrite_site(program, callers, site)
        return {}
    except NoSession as problem:
        name, changes = kept_beside(program, site.chain) or passed_along(program, callers, problem)
    site.layers, site.edits, site.imports, site.session = [], [], [], name
    _rewrite_site(program, callers, site)
    return {change.node: change for change in changes}


def _rewritten(program: Program, callers: Callers, found: list[Chain]) -> Group:
    """All sites of a group rewritten, or all declined."""
    group = Group([Site(chain, found) for chain in found])
    changes: dict[ast.AST, Change] = {}
    for site in group.sites:
        try:
            changes |= _rewritten_site(program, callers, site)
        except Declined as reason:
            site.concern = str(reason)
    refused = next((site for site in group.sites if site.concern), None)
    if refused is not None:
        group.refuse(refused)
    else:
        group.changes = list(changes.values())
    return group


def _rewrite_site(program: Program, callers: Callers, site: Site) -> None:
    chain = site.chain
    require_no_listeners(program, chain.end.name if chain.end is not None else "")
    require_no_own_methods(program, chain)
    if not is_faithful(chain):
        raise Declined("it stands where the text cannot be changed safely")
    rewriting = Rewriting(program, chain, site.group, callers, site.imports)
    subscript = chain.source.parents.get(chain.node)
    if chain.end is None and not is_iterated(program, chain.source, chain.node):
        site.edits += _root(rewriting, _word(rewriting))
        site.edits += use(rewriting)
        site.action = "query() becomes select()" if chain.begins else "goes on as a select"
    elif chain.end is None or chain.end.name in TERMINALS:
        executing = Executing(rewriting, _awaits(program, chain))
        if chain.end is not None:
            ending = executing.ending(chain.end)
            site.action = f"{chain.end.name}() becomes an executed statement"
        elif isinstance(subscript, ast.Subscript):
            ending, site.node = executing.indexed(subscript), subscript
            site.action = "the index becomes LIMIT and OFFSET of an executed statement"
        else:
            ending = executing.iterated()
            site.action = "the loop runs over the result of an executed statement"
        if chain.end is not None and chain.end.call is None:
            ending, site.in_place = executing.later(chain.end, ending), True
        site.buffers = executing.buffers(ending)
        _execute(rewriting, site, ending, executing.awaits)
    elif chain.end.name == "session" and chain.end.call is None:
        text = site.session or session_text(program, chain, rewriting.provenances)
        site.edits.append(Replace(*chain.source.span(chain.node), text))
        site.action = "the session that the query carried is named"
        return
    else:
        site.edits += _root(rewriting, _word(rewriting))
        site.edits += _finish(rewriting)
        site.action = f"query() becomes select(), {chain.end.name}() stays"
    for link in _kept_steps(chain):
        if site.buffers and asked_in_parts(link):
            site.edits += in_one_go(link, chain.source)
            continue
        site.edits += combine(rewriting, link) if link.name in SET_OPERATIONS else step(rewriting, link)
    for link in chain.links:
        site.edits += retargeted(rewriting, link)
    site.edits += distinct_names(rewriting)


def _kept_steps(chain: Chain) -> Iterable[Link]:
    return () if chain.end is not None and chain.end.name == "get" else chain.steps()


def _word(rewriting: Rewriting) -> str:
    """What the statement begins with: `delete` or `update` where all executing statements are such."""
    used = {c.end.name for c in rewriting.group if c.end is not None and c.end.name in BULK}
    if used and not rewriting.is_read_too:
        return rewriting.name(used.pop())
    return rewriting.name("select")


def _root(rewriting: Rewriting, word: str) -> Iterator[Edit]:
    """`session.query` becomes `select`."""
    chain = rewriting.chain
    asked = queried_class(rewriting.program, chain)
    if asked is not None:
        yield Replace(*chain.source.span(chain.root), f"{word}({chain.source.text(asked)})")
    elif is_read(rewriting.program, chain):
        yield Wrap(*chain.source.span(chain.root), "", ".statement", rank=-2)
    if chain.session is None or not isinstance(chain.root, ast.Call):
        return
    if not is_plain(chain.session):
        raise Declined("the session is the result of a call, which a select would no longer make")
    yield Replace(*chain.source.span(chain.root.func), word)


def _execute(rewriting: Rewriting, site: Site, ending: Ending, awaits: bool) -> None:
    chain, source = rewriting.chain, rewriting.chain.source
    site.edits += ending.edits
    if site.buffers and (switched_off := off_again(rewriting)):
        start, end = source.span(chain.receiver)
        site.edits.append(Wrap(start, end, "", f".execution_options({switched_off})", rank=-1))
    if awaits:
        _require_await(rewriting.program, source, site.node)
    if ending.streams:
        site.edits += _async_for(source, chain.node)
    if chain.end is not None and chain.end.name == "get":
        _get(rewriting, site, ending)
        return
    word = ending.word or _word(rewriting)
    if chain.session is not None and not is_plain(chain.session):
        _execute_in_place(rewriting, site, ending, word)
        return
    site.edits += _root(rewriting, word)
    text = site.session or _session(rewriting, awaits)
    site.layers = [replace(layer, open=layer.open.replace(SESSION, text)) for layer in ending.layers]
    site.edits = [_with_session(edit, text) for edit in site.edits]


def _session(rewriting: Rewriting, awaits: bool) -> str:
    """How the session is written; an object of which a dynamic relationship is read knows its own."""
    program, chain = rewriting.program, rewriting.chain
    if is_of_registry(program, chain):
        return registry(program, chain, rewriting.imports)
    try:
        return session_text(program, chain, rewriting.provenances)
    except NoSession:
        match chain.root:
            case ast.Attribute(value=owner) if awaits and is_plain(owner) and is_read(program, chain):
                function = rewriting.name("async_object_session", "sqlalchemy.ext.asyncio")
                return f"{function}({chain.source.text(owner)})"
        raise


def _get(rewriting: Rewriting, site: Site, ending: Ending) -> None:
    """`session.query(Entity).get(key)`, or a query that was begun before, becomes `session.get(Entity, key)`."""
    chain = rewriting.chain
    site.layers, site.in_place = ending.layers, True
    if chain.begins and isinstance(chain.root, ast.Call):
        end = chain.source.span(chain.root.func)[1]
        site.edits.append(Replace(end - len("query"), end, "get"))
    else:
        text = site.session or _session(rewriting, awaits=False)
        site.edits = [_with_session(edit, text) for edit in site.edits]


def _with_session(edit: Edit, text: str) -> Edit:
    return replace(edit, text=edit.text.replace(SESSION, text)) if isinstance(edit, Replace) else edit


def _execute_in_place(rewriting: Rewriting, site: Site, ending: Ending, word: str) -> None:
    """The session is an expression that must stay where it is: the call goes around it."""
    chain, source = rewriting.chain, rewriting.chain.source
    assert isinstance(chain.root, ast.Call)
    before, _, after = "".join(layer.open for layer in ending.layers).partition(SESSION)
    closing = "".join(layer.close for layer in reversed(ending.layers))
    end = source.span(chain.root.func)[1]
    site.edits.append(Replace(end - len("query"), end, after.removeprefix(".") + word))
    site.layers, site.in_place = [Layer(before, closing)], True


def _finish(rewriting: Rewriting) -> Iterator[Edit]:
    """The last method makes something else of the query, without sending it."""
    chain, source = rewriting.chain, rewriting.chain.source
    link = chain.end
    assert link is not None
    if link.name in SHARED:
        return
    if link.call is None:
        if link.name in {"statement", "selectable"}:
            start = source.content.rindex(b".", source.span(link.receiver)[1], name_span(link, source)[0])
            yield Replace(start, source.span(link.attribute)[1], "")
            return
        raise Declined(f"{link.name} of a query has no counterpart")
    match link.name:
        case "as_scalar":
            yield renamed(link, source, "scalar_subquery")
        case "exists":
            yield from selecting_one(rewriting, link)
        case "subquery" | "cte" | "label" | "scalar_subquery":
            yield from subquery_flags(rewriting, link)
        case _:
            raise Declined(f"{link.name}() of a query has no counterpart")


def _awaits(program: Program, chain: Chain) -> bool:
    return not program.queries_stay_sync(chain.node)


def _require_await(program: Program, source: Source, node: ast.expr) -> None:
    """Raises Declined where `await` cannot stand."""
    child: ast.AST = node
    parent = source.parents.get(child)
    while parent is not None and not isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        if isinstance(parent, ast.Lambda) and child is parent.body:
            raise Declined("it is executed in a lambda, where await cannot stand")
        if isinstance(parent, ast.GeneratorExp) and not (
            child is parent.generators[0] and _is_within(node, parent.generators[0].iter, source)
        ):
            raise Declined("it is executed in a generator expression, which await would make asynchronous")
        if isinstance(parent, ast.ClassDef):
            raise Declined("it is executed in a class body, where await cannot stand")
        child, parent = parent, source.parents.get(parent)
    function = program.function_at(source, node)
    if function is None or not program.is_async_after(function):
        raise Declined("it is executed in code that stays sync, where await cannot stand")
    if isinstance(source.parents.get(node), ast.YieldFrom):
        raise Declined("yield from cannot stand in an async function: loop over the result and yield each")


def _is_within(node: ast.AST, ancestor: ast.AST, source: Source) -> bool:
    current: ast.AST | None = node
    while current is not None and current is not ancestor:
        current = source.parents.get(current)
    return current is ancestor


def _async_for(source: Source, node: ast.expr) -> Iterator[Edit]:
    """A stream is run through with `async for`."""
    parent = source.parents[node]
    match parent:
        case ast.For():
            start = source.span(parent)[0]
        case ast.comprehension(target=target):
            start = source.content.rindex(b"for", 0, source.span(target)[0])
        case _:
            return
    yield Replace(start, start, "async ")
