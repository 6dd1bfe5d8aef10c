"""Mapped classes: columns and relationships, as the class bodies declare them.

Both declarative styles (`Column`, `relationship`; `Mapped[…]`, `mapped_column`) and SQLModel are read. Names of other
classes are resolved as SQLAlchemy's own registry does it: by the class's plain name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from .imperative import Mapping as Imperative
from .imperative import imperative_mappings, mapper_names
from .source import Source
from .symbols import Class, decorator_name

COLUMN_CALLS = {"Column", "mapped_column", "deferred", "column_property", "Field", "composite"}
RELATIONSHIP_CALLS = {"relationship", "relation", "Relationship"}
COLLECTIONS = {
    "list",
    "List",
    "set",
    "Set",
    "Sequence",
    "Collection",
    "dict",
    "Dict",
    "WriteOnlyMapped",
    "DynamicMapped",
}
DEFERRED = "deferred"
# Annotations that say how a collection is loaded.
STRATEGIES = {"WriteOnlyMapped": "write_only", "DynamicMapped": "dynamic"}
DECLARATIVE_ROOTS = {"DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel", "MappedAsDataclass"}


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
        return self.target != "" and _declared_name(self.node) != self.name

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
        self._candidates = {cls.key for cls in everything if _looks_mapped(cls)}
        self._table_of = {cls.key: _table_name(cls) for cls in everything}
        self._outside = {cls.key: _declared_outside(cls) for cls in everything if cls.key in self._candidates}
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
        return min(found, key=lambda c: (c.source is not near, c.key not in self._candidates)) if found else None

    def _bases(self, cls: Class, seen: set[str]) -> list[Class]:
        """The class and its project bases, farthest first."""
        if cls.key in seen:
            return []
        seen.add(cls.key)
        result: list[Class] = []
        for base in cls.node.bases:
            name = _simple_name(base)
            known = self._find(name, cls.source) if name and name != cls.name else None
            if known:
                result.extend(self._bases(known, seen))
        return [*result, cls]

    def _is_mapped(self, cls: Class, seen: set[str]) -> bool:
        bases = self._bases(cls, seen)
        if any(k.arg == "table" for b in bases for k in b.node.keywords):
            return any(k.arg == "table" for k in cls.node.keywords)
        if any(_simple_name(x) == "SQLModel" for b in bases for x in b.node.bases):
            return False
        return any(b.key in self._candidates for b in bases) and any(
            self._table_of[b.key] or _has_declarative_root(b) for b in bases
        )

    def _declare_columns(self, mapped: Mapped, cls: Class) -> None:
        for statement in (*cls.node.body, *self._outside.get(cls.key, ())):
            name, value, annotation = _assignment(statement)
            if value is not None:
                mapped.foreign_tables |= set(self._foreign_tables(value))
            if name == "__mapper_args__" or getattr(statement, "name", "") == "__mapper_args__":
                mapped.settings |= {str(n.value) for n in ast.walk(statement) if isinstance(n, ast.Constant)}
            if not name or name.startswith("__"):
                continue
            call = _call_name(value)
            if call == "association_proxy":
                mapped.proxies.update(_proxied(name, value))
            elif call in COLUMN_CALLS or (call not in RELATIONSHIP_CALLS and annotation is not None):
                mapped.columns[name] = statement
                if _is_deferred(value):
                    mapped.deferred.add(name)
                elif call == "column_property" and _call_name(_first_argument(value)) not in COLUMN_CALLS:
                    mapped.computed.add(name)

    def _foreign_tables(self, value: ast.expr) -> Iterator[str]:
        """The tables that foreign keys in an expression refer to."""
        for node in ast.walk(value):
            match node:
                case ast.Call(args=[target, *_]) if _call_name(node) == "ForeignKey":
                    yield self._table_behind(target)
                case ast.Call(args=[_, ast.List(elts=targets) | ast.Tuple(elts=targets), *_]) if (
                    _call_name(node) == "ForeignKeyConstraint"
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
                known = self._by_name.get(_simple_name(owner), [])
                return self._table_of[known[0].key] if known else ""
        return ""

    def _declare_relationships(self, mapped: Mapped, cls: Class) -> None:
        for statement in (*cls.node.body, *self._outside.get(cls.key, ())):
            name, value, annotation = _assignment(statement)
            if isinstance(statement, ast.FunctionDef) and "declared_attr" in map(
                decorator_name, statement.decorator_list
            ):
                name, value, annotation = statement.name, _returned(statement), statement.returns
            if name and isinstance(value, ast.Call) and _call_name(value) in RELATIONSHIP_CALLS:
                mapped.columns.pop(name, None)
                mapped.relationships[name] = self._relationship(mapped, cls, name, value, annotation, statement)

    def _relationship(
        self, mapped: Mapped, cls: Class, name: str, call: ast.Call, annotation: ast.expr | None, statement: ast.stmt
    ) -> Relationship:
        keywords = {k.arg: k.value for k in call.keywords if k.arg}
        annotated = _annotated_target(annotation)
        wanted = call.args[0] if call.args else keywords.get("argument")
        target_name = _target_name(wanted) if wanted is not None else annotated[0]
        source = mapped.imperative or cls.source
        target = self._find(mapper_names(source).get(target_name, target_name), source) if target_name else None
        if "uselist" in keywords:
            many = not _is_false(keywords["uselist"])
        elif annotation is not None and annotated[0]:
            many = annotated[1]
        elif "secondary" in keywords or "collection_class" in keywords:
            many = True
        else:
            many = self._is_collection(mapped, target, keywords)
        lazy = STRATEGIES.get(_simple_name(annotation)) or _lazy(keywords)
        return Relationship(name, target.key if target else "", many, lazy, statement, cls.key, mapped.cls.key)

    def _is_collection(self, mapped: Mapped, target: Class | None, keywords: Mapping[str, ast.expr]) -> bool:
        """Is the foreign key the other side's, as far as the arguments and the tables tell?"""
        if target is None:
            return True
        if target.key == mapped.cls.key:
            return "remote_side" not in keywords
        holders = _foreign_holders(keywords, mapped.cls)
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
                _, value, _ = _assignment(statement)
                if value is not None and _call_name(value) in COLUMN_CALLS:
                    mapped.columns[name] = statement
                    mapped.foreign_tables |= set(self._foreign_tables(value))
                    if _is_deferred(value):
                        mapped.deferred.add(name)
            found.append((mapped, mapping))
        return found

    def _relate_imperatively(self, mapped: Mapped, mapping: Imperative) -> None:
        for name, statement in mapping.properties.items():
            _, value, _ = _assignment(statement)
            if isinstance(value, ast.Call) and _call_name(value) in RELATIONSHIP_CALLS:
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
                _, value, _ = _assignment(relationship.node) if relationship.node else ("", None, None)
                keywords = {k.arg: k.value for k in getattr(value, "keywords", []) if k.arg}
                backref = keywords.get("backref")
                name = _backref_name(backref)
                other = self.known.get(relationship.target)
                is_declared = _declared_name(relationship.node) == relationship.name
                if name and other and is_declared and name not in other.relationships:
                    given = {k.arg: k.value for k in getattr(backref, "keywords", []) if k.arg}
                    is_single = _is_false(given.get("uselist"))
                    many = "secondary" in keywords or not self._is_collection(mapped, other.cls, keywords)
                    other.relationships[name] = Relationship(
                        name,
                        mapped.cls.key,
                        many and not is_single,
                        _lazy(given),
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


def _declared_outside(cls: Class) -> list[ast.stmt]:
    """What its module adds to a class that is there: `User.posts = relationship(…)`, as if it stood in the class."""
    return [
        statement
        for statement in cls.source.tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(target := statement.targets[0], ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == cls.name
        and _call_name(statement.value) in {"column_property", *RELATIONSHIP_CALLS}
    ]


def _declared_name(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    return _assignment(statement)[0] if statement is not None else ""


def _looks_mapped(cls: Class) -> bool:
    for statement in cls.node.body:
        name, value, annotation = _assignment(statement)
        if name in {"__tablename__", "__table__", "__mapper_args__"}:
            return True
        if _call_name(value) in {"Column", "mapped_column", *RELATIONSHIP_CALLS}:
            return True
        if annotation is not None and _simple_name(annotation) in {"Mapped", "WriteOnlyMapped", "DynamicMapped"}:
            return True
    return any(k.arg == "table" for k in cls.node.keywords)


def _has_declarative_root(cls: Class) -> bool:
    return any(_simple_name(b) in DECLARATIVE_ROOTS or _simple_name(b) in {"Base", "Model"} for b in cls.node.bases)


def _table_name(cls: Class) -> str:
    for statement in cls.node.body:
        name, value, _ = _assignment(statement)
        if name == "__tablename__" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
        if name == "__table__":
            return cls.name
        if isinstance(statement, ast.FunctionDef) and statement.name == "__tablename__":
            return cls.name
    return cls.name.lower() if any(k.arg == "table" for k in cls.node.keywords) else ""


def _assignment(statement: ast.AST) -> tuple[str, ast.expr | None, ast.expr | None]:
    """Name, value and annotation of `name: annotation = value`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
            return name, value, None
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            return name, value, annotation
    return "", None, None


def _returned(function: ast.FunctionDef) -> ast.expr | None:
    return next((n.value for n in ast.walk(function) if isinstance(n, ast.Return)), None)


def _simple_name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return _simple_name(value)
        case ast.Constant(value=str(text)):
            return text.split("[")[0].rpartition(".")[2]
    return ""


def _call_name(node: ast.expr | None) -> str:
    return _simple_name(node.func) if isinstance(node, ast.Call) else ""


def _target_name(node: ast.expr) -> str:
    match node:
        case ast.Lambda(body=body):
            return _target_name(body)
        case ast.Call(func=ast.Name(), args=[ast.Constant(value=str(text))]):
            return text
    return _simple_name(node)


def _annotated_target(annotation: ast.expr | None) -> tuple[str, bool]:
    """Class name and "is a collection" of `Mapped[list["Post"]]`, `List["Post"]`, `Mapped["User | None"]`."""
    if annotation is None:
        return "", False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _annotated_target(ast.parse(annotation.value, mode="eval").body)
        except SyntaxError:
            return "", False
    match annotation:
        case ast.Subscript(value=value, slice=inner):
            head = _simple_name(value)
            if head in COLLECTIONS:
                target = inner.elts[-1] if isinstance(inner, ast.Tuple) else inner
                return _annotated_target(target)[0], True
            if isinstance(inner, ast.Tuple):
                return next((t for t in map(_annotated_target, inner.elts) if t[0] and t[0] != "None"), ("", False))
            return _annotated_target(inner)
        case ast.BinOp(left=left, right=right):
            found = _annotated_target(left)
            return found if found[0] and found[0] != "None" else _annotated_target(right)
    return _simple_name(annotation), False


def _proxied(name: str, value: ast.expr | None) -> dict[str, tuple[str, str]]:
    """What `name = association_proxy("relationship", "attribute")` reads."""
    match value:
        case ast.Call(args=[ast.Constant(value=str(relationship)), ast.Constant(value=str(attribute)), *_]):
            return {name: (relationship, attribute)}
    return {}


def _first_argument(call: ast.expr | None) -> ast.expr | None:
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def _is_deferred(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and (
        _call_name(value) == "deferred" or any(k.arg == "deferred" and not _is_false(k.value) for k in value.keywords)
    )


def _lazy(keywords: Mapping[str, ast.expr]) -> str:
    """The strategy that `lazy=` names; `True` and `False` are old names of two."""
    match keywords.get("lazy"):
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=False):
            return "joined"
        case ast.Constant(value=None):
            return "noload"
    return "select"


def _foreign_holders(keywords: Mapping[str, ast.expr], own: Class) -> set[str]:
    """The classes whose columns are said to be the foreign ones, by `foreign_keys=` or `foreign(…)` in the join.

    A column that is named alone is one of the class that the relationship stands in.
    """
    found: set[str] = set()
    given = keywords.get("foreign_keys")
    if given is not None:
        found |= {
            node.value.id
            for node in _parsed(given)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        columns = given.elts if isinstance(given, ast.List | ast.Tuple) else [given]
        found |= {own.name for column in columns if isinstance(column, ast.Name)}
    join = keywords.get("primaryjoin")
    for node in _parsed(join) if join is not None else ():
        match node:
            case ast.Call(func=ast.Name(id="foreign"), args=[ast.Attribute(value=ast.Name(id=name))]):
                found.add(name)
    return found


def _parsed(node: ast.expr) -> list[ast.AST]:
    """The nodes of an expression; of a string those of the expression that it holds."""
    return [inner for child in ast.walk(node) for inner in _of_text(child)]


def _of_text(node: ast.AST) -> list[ast.AST]:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return [node]
    try:
        return list(ast.walk(ast.parse(node.value.strip(), mode="eval")))
    except SyntaxError:
        return []


def _backref_name(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(text)) | ast.Call(args=[ast.Constant(value=str(text)), *_]):
            return text
    return ""


def _is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
