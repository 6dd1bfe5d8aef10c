"""Mapped classes: columns and relationships, as the class bodies declare them.

Both declarative styles (`Column`, `relationship`; `Mapped[…]`, `mapped_column`) and SQLModel are read. Names of other
classes are resolved as SQLAlchemy's own registry does it: by the class's plain name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from .alembic import is_alembic_script
from .declaring import (
    RELATIONSHIP_CALLS,
    annotated_target,
    assignment,
    backref_name,
    call_name,
    declared_name,
    declared_outside,
    first_argument,
    foreign_holders,
    has_declarative_root,
    is_deferred,
    is_false,
    looks_mapped,
    named_target,
    proxied,
    returned,
    simple_name,
    strategy,
    table_name,
)
from .imperative import Mapping as Imperative
from .imperative import imperative_mappings, mapper_names
from .source import Source
from .symbols import Class, decorator_name

COLUMN_CALLS = {"Column", "mapped_column", "deferred", "column_property", "Field", "composite"}
DEFERRED = "deferred"
# Annotations that say how a collection is loaded.
STRATEGIES = {"WriteOnlyMapped": "write_only", "DynamicMapped": "dynamic"}


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship: `target` is a class key ("" when not the project's), `many` a collection, `lazy` its strategy.

    `owner` is the class that declares it, `holder` the one that has it, which differ for a backref.

    A column that is not loaded with its row is one as well, without a target and with the strategy `DEFERRED`.
    """

    name: str
    target: str
    many: bool
    lazy: str = "select"
    node: ast.stmt | None = field(default=None, repr=False, compare=False)
    owner: str = ""
    holder: str = ""

    @property
    def is_backref(self) -> bool:
        """Is it declared by the other side? The class has it once the mappers are configured, and not before."""
        return self.target != "" and declared_name(self.node) != self.name

    @property
    def is_within(self) -> bool:
        """Does it lead from a class to itself?"""
        return self.target == self.holder


@dataclass(slots=True)
class Mapped:
    """What a mapped class declares, its bases' declarations included."""

    cls: Class
    table: str = ""
    columns: dict[str, ast.stmt] = field(default_factory=dict)
    relationships: dict[str, Relationship] = field(default_factory=dict)
    # Columns that are loaded when they are read.
    deferred: set[str] = field(default_factory=set)
    # Column properties that are no columns: an expression that the database works out.
    computed: set[str] = field(default_factory=set)
    # Association proxies: the relationship, and the attribute of what it leads to.
    proxies: dict[str, tuple[str, str]] = field(default_factory=dict)
    foreign_tables: set[str] = field(default_factory=set)
    # What `__mapper_args__` sets.
    settings: set[str] = field(default_factory=set)
    # Where its mapping is written, when that is a call apart from the class.
    imperative: Source | None = None

    def column(self, name: str) -> Relationship:
        """A column as something that is loaded on its own."""
        return Relationship(name, "", False, DEFERRED, self.columns[name], self.cls.key, self.cls.key)

    @property
    def is_lazy(self) -> bool:
        """Can reading an attribute send a query?"""
        return bool(self.relationships or self.deferred)


class MappedClasses:
    """The project's mapped classes by key."""

    def __init__(self, classes: Iterable[Class], sources: Iterable[Source] = ()) -> None:
        everything = list(classes)
        self._by_name: dict[str, list[Class]] = {}
        for cls in everything:
            self._by_name.setdefault(cls.name, []).append(cls)
        self._candidates = {cls.key for cls in everything if looks_mapped(cls)}
        self._table_of = {cls.key: table_name(cls) for cls in everything}
        self._outside = {cls.key: declared_outside(cls) for cls in everything if cls.key in self._candidates}
        self.known: dict[str, Mapped] = {}
        for cls in everything:
            if self._is_mapped(cls, set()):
                self.known[cls.key] = Mapped(cls, self._table_of[cls.key])
        for mapped in self.known.values():
            for base in self._bases(mapped.cls, set()):
                self._declare_columns(mapped, base)
        imperative = self._map_imperatively(sources)
        for mapped in self.known.values():
            for base in self._bases(mapped.cls, set()):
                self._declare_relationships(mapped, base)
        for mapped, mapping in imperative:
            self._relate_imperatively(mapped, mapping)
        self._declare_backrefs()

    def __getitem__(self, key: str) -> Mapped | None:
        return self.known.get(key)

    def _find(self, name: str, near: Source) -> Class | None:
        simple = name.rpartition(".")[2]
        found = self._by_name.get(simple, [])
        module = _imports(near).get(simple)
        imported = [c for c in found if module and _path_matches(c.source.path, module)]
        if imported:
            return imported[0]
        if not found:
            return None
        # What revisions of a database declare is for themselves.
        return min(
            found, key=lambda c: (c.source is not near, is_alembic_script(c.source), c.key not in self._candidates)
        )

    def _bases(self, cls: Class, seen: set[str]) -> list[Class]:
        """The class and its project bases, farthest first."""
        if cls.key in seen:
            return []
        seen.add(cls.key)
        result: list[Class] = []
        for base in cls.node.bases:
            name = simple_name(base)
            known = self._find(name, cls.source) if name and name != cls.name else None
            if known:
                result.extend(self._bases(known, seen))
        return [*result, cls]

    def _is_mapped(self, cls: Class, seen: set[str]) -> bool:
        bases = self._bases(cls, seen)
        if any(k.arg == "table" for b in bases for k in b.node.keywords):
            return any(k.arg == "table" for k in cls.node.keywords)
        if any(simple_name(x) == "SQLModel" for b in bases for x in b.node.bases):
            return False
        return any(b.key in self._candidates for b in bases) and any(
            self._table_of[b.key] or has_declarative_root(b) for b in bases
        )

    def _declare_columns(self, mapped: Mapped, cls: Class) -> None:
        for statement in (*cls.node.body, *self._outside.get(cls.key, ())):
            name, value, annotation = assignment(statement)
            if value is not None:
                mapped.foreign_tables |= set(self._foreign_tables(value))
            if name == "__mapper_args__" or getattr(statement, "name", "") == "__mapper_args__":
                mapped.settings |= {str(n.value) for n in ast.walk(statement) if isinstance(n, ast.Constant)}
            if not name or name.startswith("__"):
                continue
            call = call_name(value)
            if call == "association_proxy":
                mapped.proxies.update(proxied(name, value))
            elif call in COLUMN_CALLS or (call not in RELATIONSHIP_CALLS and annotation is not None):
                mapped.columns[name] = statement
                if is_deferred(value):
                    mapped.deferred.add(name)
                elif call == "column_property" and call_name(first_argument(value)) not in COLUMN_CALLS:
                    mapped.computed.add(name)

    def _foreign_tables(self, value: ast.expr) -> Iterator[str]:
        """The tables that foreign keys in an expression refer to."""
        for node in ast.walk(value):
            match node:
                case ast.Call(args=[target, *_]) if call_name(node) == "ForeignKey":
                    yield self._table_behind(target)
                case ast.Call(args=[_, ast.List(elts=targets) | ast.Tuple(elts=targets), *_]) if (
                    call_name(node) == "ForeignKeyConstraint"
                ):
                    yield from map(self._table_behind, targets)
                case ast.keyword(arg="foreign_key", value=target):
                    yield self._table_behind(target)

    def _table_behind(self, column: ast.expr) -> str:
        """The table of `"users.id"` or `User.id`."""
        match column:
            case ast.Constant(value=str(text)):
                return text.rpartition(".")[0].rpartition(".")[2]
            case ast.Attribute(value=owner):
                known = self._by_name.get(simple_name(owner), [])
                return self._table_of[known[0].key] if known else ""
        return ""

    def _declare_relationships(self, mapped: Mapped, cls: Class) -> None:
        for statement in (*cls.node.body, *self._outside.get(cls.key, ())):
            name, value, annotation = assignment(statement)
            if isinstance(statement, ast.FunctionDef) and "declared_attr" in map(
                decorator_name, statement.decorator_list
            ):
                name, value, annotation = statement.name, returned(statement), statement.returns
            if name and isinstance(value, ast.Call) and call_name(value) in RELATIONSHIP_CALLS:
                mapped.columns.pop(name, None)
                mapped.relationships[name] = self._relationship(mapped, cls, name, value, annotation, statement)

    def _relationship(
        self, mapped: Mapped, cls: Class, name: str, call: ast.Call, annotation: ast.expr | None, statement: ast.stmt
    ) -> Relationship:
        keywords = {k.arg: k.value for k in call.keywords if k.arg}
        annotated = annotated_target(annotation)
        wanted = call.args[0] if call.args else keywords.get("argument")
        target_name = named_target(wanted) if wanted is not None else annotated[0]
        source = mapped.imperative or cls.source
        target = self._find(mapper_names(source).get(target_name, target_name), source) if target_name else None
        if "uselist" in keywords:
            many = not is_false(keywords["uselist"])
        elif annotation is not None and annotated[0]:
            many = annotated[1]
        elif "secondary" in keywords or "collection_class" in keywords:
            many = True
        else:
            many = self._is_collection(mapped, target, keywords)
        lazy = STRATEGIES.get(simple_name(annotation)) or strategy(keywords)
        return Relationship(name, target.key if target else "", many, lazy, statement, cls.key, mapped.cls.key)

    def _is_collection(self, mapped: Mapped, target: Class | None, keywords: Mapping[str, ast.expr]) -> bool:
        """Is the foreign key the other side's, as far as the arguments and the tables tell?"""
        if target is None:
            return True
        if target.key == mapped.cls.key:
            return "remote_side" not in keywords
        holders = foreign_holders(keywords, mapped.cls)
        if holders & {mapped.cls.name, target.name}:
            return mapped.cls.name not in holders
        if self._own_table(target) == self._own_table(mapped.cls):
            return "remote_side" not in keywords
        return self._table_of[target.key] not in mapped.foreign_tables

    def _map_imperatively(self, sources: Iterable[Source]) -> list[tuple[Mapped, Imperative]]:
        """Note the classes that calls map, with their columns."""
        found: list[tuple[Mapped, Imperative]] = []
        for mapping in imperative_mappings(sources):
            cls = self._named(mapping.cls, mapping.source)
            if cls is None or cls.key in self.known:
                continue
            mapped = self.known[cls.key] = Mapped(cls, mapping.table.name, imperative=mapping.source)
            self._table_of[cls.key] = mapping.table.name
            for name, statement in (mapping.table.columns | mapping.properties).items():
                _, value, _ = assignment(statement)
                if value is not None and call_name(value) in COLUMN_CALLS:
                    mapped.columns[name] = statement
                    mapped.foreign_tables |= set(self._foreign_tables(value))
                    if is_deferred(value):
                        mapped.deferred.add(name)
            found.append((mapped, mapping))
        return found

    def _relate_imperatively(self, mapped: Mapped, mapping: Imperative) -> None:
        for name, statement in mapping.properties.items():
            _, value, _ = assignment(statement)
            if isinstance(value, ast.Call) and call_name(value) in RELATIONSHIP_CALLS:
                mapped.relationships[name] = self._relationship(mapped, mapped.cls, name, value, None, statement)

    def _named(self, node: ast.expr, near: Source) -> Class | None:
        """The class that `Name` or `module.Name` means."""
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                dotted = _modules(near).get(module, module)
                found = [c for c in self._by_name.get(name, []) if _path_matches(c.source.path, dotted)]
                return found[0] if found else self._find(name, near)
            case ast.Name(id=name):
                return self._find(name, near)
        return None

    def _own_table(self, cls: Class) -> str:
        """The table that a class's rows are in; of one without a table of its own it is the base's."""
        tables = (self._table_of[base.key] for base in reversed(self._bases(cls, set())))
        return next(filter(None, tables), cls.key)

    def _declare_backrefs(self) -> None:
        for mapped in list(self.known.values()):
            for relationship in list(mapped.relationships.values()):
                _, value, _ = assignment(relationship.node) if relationship.node else ("", None, None)
                keywords = {k.arg: k.value for k in getattr(value, "keywords", []) if k.arg}
                backref = keywords.get("backref")
                name = backref_name(backref)
                other = self.known.get(relationship.target)
                is_declared = declared_name(relationship.node) == relationship.name
                if name and other and is_declared and name not in other.relationships:
                    given = {k.arg: k.value for k in getattr(backref, "keywords", []) if k.arg}
                    is_single = is_false(given.get("uselist"))
                    many = "secondary" in keywords or not self._is_collection(mapped, other.cls, keywords)
                    other.relationships[name] = Relationship(
                        name,
                        mapped.cls.key,
                        many and not is_single,
                        strategy(given),
                        relationship.node,
                        relationship.owner,
                        other.cls.key,
                    )


@cache
def _imports(source: Source) -> dict[str, str]:
    """Imported name -> the module that it is imported from, of the imports at the top of a file."""
    return {
        alias.asname or alias.name: node.module
        for node in source.tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


@cache
def _modules(source: Source) -> dict[str, str]:
    """Names that imports at the top of a file bind -> what they are as modules."""
    found: dict[str, str] = {}
    for node in source.tree.body:
        match node:
            case ast.Import(names=names):
                found |= {alias.asname: alias.name for alias in names if alias.asname}
            case ast.ImportFrom(module=package, names=names):
                found |= {a.asname or a.name: f"{package}.{a.name}" if package else a.name for a in names}
    return found


def _path_matches(path: str, module: str) -> bool:
    """Can a file be the module of a dotted name, relative ones included?"""
    tail = module.replace(".", "/")
    return f"/{path}".endswith((f"/{tail}.py", f"/{tail}/__init__.py"))
