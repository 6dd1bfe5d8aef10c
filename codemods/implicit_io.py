"""Lazy loads, which asyncio can't send, become explicit: loaded by the query, awaited, or loaded with their owner.

    orders = db.query(Order).all()          orders = db.query(Order).options(joinedload(Order.customer)).all()
    for order in orders:               ->   for order in orders:
        print(order.customer.name)              print(order.customer.name)

Where the query is not known, or serves many others, the reader awaits what it reads:

    def names(customer):                    async def names(customer):
        return [o.name for o in        ->       return [o.name for o in
                customer.orders]                        await customer.awaitable_attrs.orders]

Where the reader can't await (a property, `__repr__`), the relationship gets `lazy="selectin"`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from ..analysis.bulk_writes import bulk_writes
from ..analysis.computed import computed_values
from ..analysis.conversions import Conversion, conversions
from ..analysis.decisions import Confidence, Decision, Status, Step
from ..analysis.eager_depth import depth
from ..analysis.expiry import Expired
from ..analysis.load_reads import Load
from ..analysis.loader_options import Path
from ..analysis.loads import Loads, Refresh
from ..analysis.mapped import DEFERRED, Relationship
from ..analysis.populating import queried_again
from ..analysis.program import Program
from ..analysis.request_changes import RequestChanges
from ..analysis.server_values import ServerValue
from ..analysis.session_objects import may_be_deleted
from ..analysis.source import Source
from ..analysis.staleness import Stale
from ..analysis.surroundings import is_in_lambda_or_default
from ..analysis.symbols import Class
from ..analysis.tracing import EAGER, Place, Root, Traced
from .async_attrs import add, bases
from .awaiting import read_first, wrap_await
from .carried import as_data, carried
from .eager_defaults import fetch, homes
from .edit import Edit, Wrap
from .indenting import INDENT
from .loader_options import AGAIN, Query, insert
from .loading_calls import in_greenlet
from .older_loads import lacks_async_attrs, loading, spawned, spawning
from .polymorphic_loading import load_with_base
from .relationship_lazy import DEEPEST, Unwritable, eager

NAME = "implicit-io"


def decide(program: Program) -> Iterator[Decision]:
    """A decision for each lazy load that can happen, or for the query that loads for several."""
    loads = program.colours.loads
    for root, paths in loads.options.items():
        yield _at_the_query(program, loads, root, paths)
    for load in {(load.node, load.kind == "each" or load): load for load in loads.awaited}.values():
        yield _where_it_stands(program, load)
    for call, inside in loads.inside.items():
        yield _serialised(program, call, inside)
    for refresh, needed in loads.refreshes():
        yield _refreshed(program, refresh, needed)
    of_subclasses: defaultdict[str, list[Load]] = defaultdict(list)
    for key, needed in loads.eager.items():
        if _is_of_subclass(program, needed[0]):
            of_subclasses[key[0]] += needed
        else:
            yield _with_its_owner(program, key, needed)
    for owner, needed in of_subclasses.items():
        yield _with_its_base(program, owner, needed)
    for expired in loads.expired:
        yield _read_again(program, expired)
    for stale in (*loads.stale, *RequestChanges(program).found()):
        yield _brought_up_to_date(program, stale)
    for conversion in (*conversions(program), *computed_values(program), *bulk_writes(program)):
        yield _converted(conversion)
    yield from _queried_again(program, loads)
    for cls, values in homes(program, loads.server_values).items():
        yield _fetched(cls, values)
    yield from _base_classes(program, loads)


def rewrite(decision: Decision, program: Program) -> Iterator[Edit]:
    """The edits that were worked out when the decision was made."""
    yield from carried(decision)


def _at_the_query(program: Program, loads: Loads, root: Root, paths: dict[Path, list[Load]]) -> Decision:
    place = loads.place(root)
    origins = [o for needed in paths.values() for load in needed for o in load.origins]
    loaded = frozenset(p for o in origins if isinstance(o, Traced) and o.root == root for p in o.loaded)
    return Decision(
        NAME,
        place.source.site(place.node),
        f"load {_listed(_dotted(paths))} with the query",
        why=tuple(_step(load) for needed in paths.values() for load in needed),
        function=place.function.qualname,
        data=as_data(Query(program, loads, root, loaded).load(paths)),
        node=place.node,
    )


def _where_it_stands(program: Program, load: Load) -> Decision:
    source = load.source
    is_known = load.is_seen or all(isinstance(o, Traced) for o in load.origins)
    action, edits = "await the lazy load", list(_awaited(program, load))
    if load.kind == "replace":
        action = "load the collection before it is replaced"
    elif load.kind == "serve":
        action = f"load {load.relationship.name} before it is serialised"
    return Decision(
        NAME,
        source.site(load.node),
        action,
        confidence=Confidence.HIGH if is_known else Confidence.MEDIUM,
        concern="" if is_known else "where the object comes from is not known; it may have been loaded already",
        why=(_step(load),),
        function=load.function.qualname,
        data=as_data(edits),
        node=load.node,
    )


def _serialised(program: Program, call: ast.Call, needed: list[Load]) -> Decision:
    """An object of one of several classes: nobody knows which names to await, the schema reads what it has."""
    function = needed[0].function
    return Decision(
        NAME,
        function.source.site(call),
        "serialise it where what is missing can be loaded",
        why=tuple({load.relationship.name: _step(load) for load in needed}.values()),
        function=function.qualname,
        data=as_data(in_greenlet(program, function, call)),
        node=call,
    )


def _awaited(program: Program, load: Load) -> Iterator[Edit]:
    source = load.source
    if load.kind in {"read", "each"}:
        yield from _awaited_read(source, load.node, load.owner, has_attrs=not lacks_async_attrs(program))
        return
    statement = source.statement(load.node)
    reason = "  # serialised below" if load.kind == "serve" else ""
    owner, name = source.text(load.owner), load.relationship.name
    text = f"{owner}.awaitable_attrs.{name}"
    if lacks_async_attrs(program):
        spawn, wanted = spawning(source, load.node)
        yield from wanted
        text = f'{spawn}(getattr, {owner}, "{name}")'
    yield _before(source, statement, f"await {text}", reason)


def _awaited_read(source: Source, node: ast.expr, owner: ast.expr, has_attrs: bool) -> Iterator[Edit]:
    """`(await owner.awaitable_attrs.name)` in the place of `owner.name`; nothing where no await can stand."""
    if is_in_lambda_or_default(source, node):
        return
    statement = source.parents.get(node)
    if isinstance(statement, ast.AugAssign) and statement.target is node:
        if has_attrs:
            yield from read_first(source, statement, f"await {source.text(owner)}.awaitable_attrs.")
        return
    if not has_attrs and isinstance(node, ast.Attribute):
        yield from spawned(source, node, owner)
        return
    yield Wrap(*source.span(owner), "", ".awaitable_attrs", 5)
    yield from wrap_await(source, node)


def _before(source: Source, statement: ast.stmt, text: str, comment: str = "") -> Edit:
    """A statement in front of another one: on a line of its own, unless the other shares its line."""
    start, end = source.span(statement)
    is_first = not source.content[source.offset(statement.lineno, 0) : start].strip()
    gap = f"{comment}\n{source.indentation(statement)}" if is_first else "; "
    return Wrap(start, end, f"{text}{gap}", "", 9)


def _after(source: Source, statement: ast.stmt, *texts: str) -> Edit:
    """Statements behind another one."""
    start, end = source.span(statement)
    is_first = not source.content[source.offset(statement.lineno, 0) : start].strip()
    gap = f"\n{source.indentation(statement)}" if is_first else "; "
    return Wrap(start, end, "", "".join(f"{gap}{text}" for text in texts), 9)


def _refreshed(program: Program, refresh: Refresh, needed: list[Load]) -> Decision:
    source = refresh.function.source
    names = list(dict.fromkeys(load.relationship.name for load in needed))
    texts = loading(program, source.text(refresh.session), refresh.name, names)
    return Decision(
        NAME,
        source.site(refresh.statement),
        f"load what a schema reads of {refresh.name}",
        why=tuple(map(_step, needed)),
        function=refresh.function.qualname,
        data=as_data([_after(source, refresh.statement, *texts)]),
        node=refresh.statement,
    )


def _with_its_owner(program: Program, key: tuple[str, str], needed: list[Load]) -> Decision:
    relationship = needed[0].relationship
    cls = program.interpreter.objects.classes[relationship.owner]
    name = f"{program.plain_name(relationship.owner)}.{relationship.name}"
    mapped = program.mapped(relationship.owner)
    source = mapped.imperative if mapped and mapped.imperative else cls.source
    assert relationship.node is not None
    concern, shallow, edits = "", "", []
    try:
        levels = _depth(program, needed)
        edits = list(eager(source, relationship, depth=levels))
        if any(load.goes_on for load in needed) and levels < DEEPEST:
            shallow = f"{name} is followed from object to object, and loaded once"
    except Unwritable as reason:
        concern = f"{name} is read where nothing can be awaited, and {reason}"
    return Decision(
        NAME,
        source.site(relationship.node),
        f"load {name} with its owner",
        Status.DECLINED if concern else Status.DONE,
        Confidence.MEDIUM,
        concern or shallow or _unloaded(needed),
        tuple(map(_step, needed)),
        cls.name,
        as_data(edits),
        relationship.node,
    )


def _depth(program: Program, needed: Iterable[Load]) -> int:
    """How many levels of a relationship have to be loaded, where SQLAlchemy would stop of itself; else 0."""
    tracing = program.colours.loads.tracing
    depths = [0]
    for load in needed:
        if load.relationship.is_within:
            depths.append(DEEPEST if load.goes_on and _is_alone(program, load.relationship) else 1)
        elif tracing is not None:
            depths += [depth(program, tracing, o, load.relationship) for o in load.origins if isinstance(o, Traced)]
    return max(depths)


def _is_alone(program: Program, relationship: Relationship) -> bool:
    """Is no other relationship within the class eager? Two that lead to and fro would load without end."""
    mapped = program.mapped(relationship.holder)
    others = [r for r in mapped.relationships.values() if r.is_within and r != relationship] if mapped else []
    return not any(r.lazy in EAGER or (r.owner, r.name) in program.colours.loads.eager for r in others)


def _is_of_subclass(program: Program, load: Load) -> bool:
    """Is it a column that only a subclass has, and not one that is deferred?"""
    mapped = program.mapped(load.relationship.owner)
    return load.relationship.lazy == DEFERRED and mapped is not None and load.relationship.name not in mapped.deferred


def _with_its_base(program: Program, owner: str, needed: list[Load]) -> Decision:
    """The columns of a subclass, of which one is read from what is known as its base."""
    mapped = program.mapped(owner)
    assert mapped is not None
    concern, edits = "", []
    try:
        edits = list(load_with_base(mapped))
    except Unwritable as reason:
        concern = f"{mapped.cls.name}.{needed[0].relationship.name} is read where nothing can be awaited, and {reason}"
    return Decision(
        NAME,
        mapped.cls.source.site(mapped.cls.node),
        f"load {mapped.cls.name}'s columns with its base",
        Status.DECLINED if concern else Status.DONE,
        Confidence.MEDIUM,
        concern,
        tuple(map(_step, needed)),
        mapped.cls.name,
        as_data(edits),
        mapped.cls.node,
    )


def _unloaded(needed: Iterable[Load]) -> str:
    """What an eager relationship does not cover: an object that was made and not loaded."""
    made = {
        o.root.key.rsplit(":", 3)[0]
        for load in needed
        for o in load.origins
        if isinstance(o, Traced) and o.root.kind == "made" and not o.path
    }
    if not made:
        return ""
    return f"an object made at {_listed(sorted(made))} does not have it until it is refreshed"


def _read_again(program: Program, expired: Expired) -> Decision:
    """A read after a rollback or `expire()`: behind that the object is refreshed, or what is read is awaited."""
    source, owner, event = expired.source, expired.source.text(expired.owner), expired.event.node
    edits, concern = list[Edit](), ""
    if expired.is_certain:
        assert isinstance(event, ast.Call)
        assert isinstance(event.func, ast.Attribute)
        session, statement = source.text(event.func.value), source.statement(event)
        text = f"await {session}.refresh({owner})"
        if may_be_deleted(expired.function, expired.owner, event):
            text = f"if {owner} in {session}:\n{source.indentation(statement)}{INDENT}{text}"
        edits.append(_after(source, statement, text))
    elif expired.is_faked:
        concern = (
            f"{source.text(expired.node)} may have to be loaded, but tests pass a mock, which gives nothing to await"
        )
    elif isinstance(expired.node, ast.Attribute):
        is_plain = any(map(program.interpreter.objects.is_plain, expired.classes))
        has_attrs = not (is_plain or lacks_async_attrs(program))
        edits += _awaited_read(source, expired.node, expired.owner, has_attrs)
        concern = "" if edits else f"{source.text(expired.node)} may have to be loaded where nothing can be awaited"
    node = event if expired.is_certain else expired.node
    return Decision(
        NAME,
        source.site(node),
        f"load {owner} again, which may be expired",
        Status.DONE if edits else Status.DECLINED,
        Confidence.HIGH if expired.is_certain else Confidence.MEDIUM,
        concern,
        (_read_step(expired), Step(source.site(event), expired.event.why)),
        expired.function.qualname,
        as_data(edits),
        node,
    )


def _brought_up_to_date(program: Program, stale: Stale) -> Decision:
    source, name = stale.function.source, stale.relationship.name
    edits, concern = list[Edit](), ""
    if stale.session is not None:
        texts = loading(program, source.text(stale.session), stale.owner.id, [name], again=True)
        edits.append(_after(source, stale.statement, *texts))
    else:
        concern = f"{stale.owner.id}.{name} grows old where no session can load it again"
    return Decision(
        NAME,
        source.site(stale.statement),
        f"load {stale.owner.id}.{name} again: the commit no longer expires it",
        Status.DECLINED if concern else Status.DONE,
        concern=concern,
        why=(Step(source.site(stale.node), stale.cause),),
        function=stale.function.qualname,
        data=as_data(edits),
        node=stale.statement,
    )


def _converted(conversion: Conversion) -> Decision:
    source, owner, commit = conversion.function.source, conversion.owner, conversion.commit
    edits, concern = list[Edit](), conversion.concern
    if conversion.session is not None and not concern:
        names = ", ".join(f'"{n}"' for n in conversion.columns)
        text = f"await {source.text(conversion.session)}.refresh({owner}, [{names}])"
        if conversion.conditions:
            text = f"if {' and '.join(conversion.conditions)}:\n{source.indentation(commit)}{INDENT}{text}"
        edits.append(_after(source, commit, text))
    columns = _listed([f"{owner}.{n}" for n in conversion.columns] or [owner])
    return Decision(
        NAME,
        source.site(commit),
        f"load {columns} as the database has it",
        Status.DECLINED if concern else Status.DONE,
        concern=f"{columns} may be out of date behind the commit: {concern}" if concern else "",
        why=(Step(source.site(conversion.node), conversion.cause),),
        function=conversion.function.qualname,
        data=as_data(edits),
        node=commit,
    )


def _queried_again(program: Program, loads: Loads) -> Iterator[Decision]:
    """A query for objects that are there already, whose rows have been changed since; one with options has it there."""
    begun = {loads.place(root).node for root in loads.options}
    for node, again in queried_again(program).items():
        source, function, concern = again.changed.function.source, again.changed.function, again.concern
        what = f"changes rows of {program.plain_name(again.changed.change.cls)}"
        if node in begun and not (again.is_get or concern):
            continue
        edits = list[Edit]()
        if again.is_get and not concern:
            concern = "" if _takes_argument(node, begun) else "a get() with options has to be given populate_existing"
        if not concern:
            edits.append(_populating_get(source, node) if again.is_get else insert(Place(function, node), (), AGAIN))
        yield Decision(
            NAME,
            source.site(node),
            "let the query bring up to date what the session has: the commit no longer expires it",
            Status.DECLINED if concern else Status.DONE,
            concern=f"it gives what the session has, which may be out of date: {concern}" if concern else "",
            why=(Step(source.site(again.changed.node), what),),
            function=function.qualname,
            data=as_data(edits),
            node=node,
        )


def _takes_argument(node: ast.Call, begun: set[ast.Call]) -> bool:
    """Can a `get` be given one more argument: is nothing else to be written into it?"""
    assert isinstance(node.func, ast.Attribute)
    query = node.func.value
    begins = query.func if isinstance(query, ast.Call) else None
    is_direct = begins is None or (isinstance(begins, ast.Attribute) and begins.attr == "query")
    return is_direct and bool(node.args or node.keywords) and begun.isdisjoint({node, query})


def _populating_get(source: Source, node: ast.Call) -> Edit:
    last = max((*node.args, *(k.value for k in node.keywords)), key=lambda n: source.span(n))
    return Wrap(*source.span(last), "", ", populate_existing=True", -1)


def _read_after_change(value: ServerValue) -> tuple[Step, Step]:
    reader, writer = value.reader, value.writer
    return (
        Step(reader.source.site(value.node), f"{reader.qualname} reads {value.name}"),
        Step(writer.source.site(value.change), f"{writer.qualname} changes the object and does not refresh it"),
    )


def _fetched(cls: Class, values: list[ServerValue]) -> Decision:
    names = _listed(sorted({f"{v.owner.name}.{v.name}" for v in values}))
    concern, edits = "", []
    try:
        edits = list(fetch(cls))
    except Unwritable as reason:
        concern = f"{names} are read after an update, but of {cls.name} {reason}"
    return Decision(
        NAME,
        cls.source.site(cls.node),
        f"fetch {names} with the update",
        Status.DECLINED if concern else Status.DONE,
        concern=concern,
        why=tuple(step for value in values for step in _read_after_change(value)),
        function=cls.name,
        data=as_data(edits),
        node=cls.node,
    )


def _base_classes(program: Program, loads: Loads) -> Iterator[Decision]:
    """`AsyncAttrs` for the classes whose attributes are awaited."""
    awaited = [(_step(load), {o.cls for o in load.origins}) for load in loads.awaited]
    awaited += [
        (_read_step(expired), set(expired.classes))
        for expired in loads.expired
        if not (expired.is_certain or expired.is_faked)
    ]
    needed: dict[ast.AST, Decision] = {}
    for step, classes in awaited if not lacks_async_attrs(program) else ():
        for base in [base for cls in sorted(classes) for base in bases(program, cls)]:
            decision = Decision(
                NAME,
                base.source.site(base.node),
                "add AsyncAttrs to the base",
                why=(step,),
                data=as_data(add(base)),
                node=base.node,
            )
            needed.setdefault(base.node, decision)
    yield from needed.values()


def _read_step(expired: Expired) -> Step:
    verb = "returns" if isinstance(expired.node, ast.Return) else "reads"
    what = expired.owner if isinstance(expired.node, ast.Return) else expired.node
    return Step(expired.source.site(expired.node), f"{verb} {expired.source.text(what)}")


def _step(load: Load) -> Step:
    seen = ", which the recording saw loading it" if load.is_seen else ""
    reader = load.function.qualname or "the module"
    return Step(load.source.site(load.node), f"{reader} reads {load.relationship.name}{seen}")


def _dotted(paths: Iterable[Path]) -> list[str]:
    return [".".join(p) for p in paths]


def _listed(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last
