"""Schemas that read mapped objects: response models of handlers, `Schema.model_validate(object)` and its like.

A schema reads every attribute that it has a field for, relationships among them, and those of the objects behind, by
the schema of the field. FastAPI does so with whatever a handler returns, pydantic when it is told to.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeGuard

from .symbols import Class, Function, decorator_name
from .tracing import Tracing, objects
from .values import ClassObject, External, Instance, Table, Values

if TYPE_CHECKING:
    from .program import Program

MODELS = frozenset(
    {"pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.generics.GenericModel", "sqlmodel.SQLModel"}
)
ADAPTER = "pydantic.TypeAdapter"
VALIDATING = frozenset({"model_validate", "from_orm", "validate", "parse_obj"})
ALIASES = frozenset({"alias", "validation_alias"})
# What `mode=` and `pre=` of a validator say that sees what a field is given as it is.
BEFORE = frozenset({"before", "wrap", "plain", True})
ROUTES = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a schema: the attribute that it reads, its type, and whether it may be missing."""

    name: str
    annotation: ast.expr
    cls: Class
    has_default: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A schema that reads the attribute `name` of the objects `origins`.

    `node` is the expression that is serialised, `is_direct` whether it is the object itself, not a list of such or one
    that is reached through it. `goes_on`: `schema` reads the same of what it leads to, nobody knows how far.
    """

    function: Function
    node: ast.expr
    name: str
    origins: tuple[Instance, ...]
    is_direct: bool
    schema: Class | None = None
    goes_on: bool = False


class Responses:
    """All that schemas read, by the values of a traced run."""

    def __init__(self, program: Program, tracing: Tracing) -> None:
        self._program = program
        self._tracing = tracing
        self._objects = tracing.objects

    def readings(self) -> Iterator[Reading]:
        """What is read at each place where a mapped object is serialised."""
        for function, node, schemas in self._places:
            values = self._tracing.values.get(node, frozenset())
            inner = [n for s in schemas for f in self.fields(s) for n in self.schemas(f.annotation, f.cls)]
            # What is in a dict is read by the schemas of the fields, or by those that a generic one is given.
            dicts = frozenset(v for v in values if isinstance(v, Table))
            for given, candidates in ((values - dicts, schemas), (dicts, [*schemas[1:], *inner])):
                for cls, origins, is_direct in self.grouped(given):
                    for schema in self._fitting(candidates, cls):
                        yield from self._read(function, node, origins, schema, is_direct, frozenset())

    def validated(self) -> Iterator[tuple[Function, Values]]:
        """The validators that are given an object, or what a field reads, before anything is made of it."""
        for _, node, schemas in self._places:
            values = frozenset(objects(self._tracing.values.get(node, frozenset()), self._tracing.is_mapped))
            for schema in schemas if values else ():
                yield from ((method, values) for method in self._validators(schema, ""))
        for reading in self.readings():
            for method in self._validators(reading.schema, reading.name) if reading.schema else ():
                yield method, self._tracing.attribute(frozenset(reading.origins), reading.name)

    def _validators(self, schema: Class, field: str) -> Iterator[Function]:
        """The methods of a schema that see what a field is given as it is; without a field, what the schema is."""
        for key in self._objects.ancestry(schema.key):
            cls = self._objects.classes.get(key)
            for method in cls.methods.values() if cls else ():
                if any(_validates_before(d, field) for d in method.decorators) and len(method.parameters()) > 1:
                    yield method

    def grouped(self, values: Values) -> Iterator[tuple[str, tuple[Instance, ...], bool]]:
        """The mapped objects among values by class: alone, and in containers."""
        alone = frozenset(v for v in values if isinstance(v, Instance) and self._tracing.is_mapped(v.cls))
        within = frozenset(objects(values - alone, self._tracing.is_mapped))
        for found, is_direct in ((alone, True), (within, False)):
            for cls in sorted({v.cls for v in found}):
                yield cls, tuple(v for v in found if v.cls == cls), is_direct

    def _read(
        self,
        function: Function,
        node: ast.expr,
        origins: tuple[Instance, ...],
        schema: Class,
        is_direct: bool,
        above: frozenset[tuple[str, str]],
    ) -> Iterator[Reading]:
        cls = origins[0].cls
        mapped = self._objects.mapped[cls]
        if mapped is None or (schema.key, cls) in above:
            return
        for field in self.fields(schema):
            relationship = mapped.relationships.get(field.name)
            goes_on = relationship is not None and relationship.target == cls
            goes_on = goes_on and schema in self._fitting(self.schemas(field.annotation, field.cls), cls)
            yield Reading(function, node, field.name, origins, is_direct, schema, goes_on)
            method = self._objects.method(cls, field.name)
            if field.name not in mapped.relationships and not (method and method.is_property):
                continue
            behind: Values = frozenset()
            for origin in origins:
                behind |= self._tracing.attribute(frozenset({origin}), field.name)
            nested = self.schemas(field.annotation, field.cls)
            for other, found, _ in self.grouped(behind):
                for inner in self._fitting(nested, other):
                    yield from self._read(function, node, found, inner, False, above | {(schema.key, cls)})

    # Where objects are serialised

    @cached_property
    def _places(self) -> list[tuple[Function, ast.expr, list[Class]]]:
        return [place for function in self._program.functions for place in self._places_in(function)]

    def _places_in(self, function: Function) -> Iterator[tuple[Function, ast.expr, list[Class]]]:
        schemas = self._response_schemas(function)
        for node in function.own_nodes():
            match node:
                case ast.Return(value=ast.Dict(keys=keys, values=parts)) if schemas and all(keys):
                    for key, part in zip(keys, parts, strict=True):
                        yield from self._field(function, schemas, getattr(key, "value", None), part)
                case ast.Return(value=ast.expr() as value) if schemas:
                    yield function, value, schemas
                case ast.Call(func=ast.Attribute(value=model, attr=method), args=[value, *_]) if method in VALIDATING:
                    named = [self._objects.classes[k] for k in self._classes(self._program.values(model))]
                    if named:
                        yield function, value, named
                case ast.Call(func=ast.Attribute(value=adapter, attr="validate_python"), args=[value, *_]):
                    yield function, value, self._adapted(function, adapter)
                case ast.Call(func=ast.Name(id="parse_obj_as"), args=[annotation, value]):
                    yield function, value, self.schemas(annotation, function)
                case ast.Call(func=func, keywords=keywords) if keywords:
                    yield from self._constructed(function, func, keywords)

    def _adapted(self, function: Function, adapter: ast.expr) -> list[Class]:
        """The schemas of a `TypeAdapter(…)`, or of the variable that holds one."""
        if isinstance(adapter, ast.Name):
            adapter = next((s.value for s in function.source.tree.body if _binds(s, adapter.id)), adapter)
        match adapter:
            case ast.Call(func=func, args=[annotation, *_]) if External(ADAPTER) in self._program.values(func):
                return self.schemas(annotation, function)
        return []

    def _constructed(
        self, function: Function, func: ast.expr, keywords: Sequence[ast.keyword]
    ) -> Iterator[tuple[Function, ast.expr, list[Class]]]:
        """`Page(items=objects)`: the fields' own schemas read what they are given."""
        made = [self._objects.classes[key] for key in self._classes(self._program.values(func))]
        for keyword in keywords if made else ():
            yield from self._field(function, made, keyword.arg, keyword.value)

    def _field(
        self, function: Function, schemas: Iterable[Class], name: object, value: ast.expr
    ) -> Iterator[tuple[Function, ast.expr, list[Class]]]:
        """A field of one of the schemas is given a value."""
        for schema in schemas:
            for field in self.fields(schema):
                inner = self.schemas(field.annotation, field.cls) if field.name == name else []
                if inner:
                    yield function, value, inner

    def _response_schemas(self, function: Function) -> list[Class]:
        """The schemas of what a handler answers with."""
        for decorator in function.decorators:
            if not isinstance(decorator, ast.Call) or not self._is_route(decorator):
                continue
            given = next((k.value for k in decorator.keywords if k.arg == "response_model"), None)
            returns = getattr(function.node, "returns", None)
            wanted = given if given is not None else returns
            return self.schemas(wanted, function) if wanted is not None else []
        return []

    def _is_route(self, decorator: ast.Call) -> bool:
        return (
            isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr in ROUTES
            and any(
                isinstance(v, External) and v.name.startswith("fastapi.") for v in self._program.values(decorator.func)
            )
        )

    # Schemas

    def _classes(self, values: Values) -> list[str]:
        return sorted(v.cls for v in values if isinstance(v, ClassObject) and self.is_schema(v.cls))

    def is_schema(self, cls: str) -> bool:
        """Is this a pydantic model of the project, other than a table?"""
        return (
            cls in self._objects.classes
            and not self._tracing.is_mapped(cls)
            and any(base in MODELS for base in self._objects.ancestry(cls))
        )

    def schemas(self, annotation: ast.expr | None, home: Class | Function) -> list[Class]:
        """The schemas that a type expression names, in the order of its text."""
        found: list[Class] = []
        for node in ast.walk(annotation) if annotation is not None else ():
            match node:
                case ast.Constant(value=str(text)):
                    found += self.schemas(_parsed(text), home)
                case ast.Name() | ast.Attribute():
                    keys = self._classes(self._program.values(node) or self._named(node, home))
                    found += [self._objects.classes[k] for k in keys]
        return list(dict.fromkeys(found))

    def _named(self, node: ast.expr, home: Class | Function) -> Values:
        """What a name of a forward reference means in the file."""
        if isinstance(node, ast.Name):
            return self._program.interpreter.member(home.source.path, node.id)
        return frozenset()

    def fields(self, schema: Class) -> list[Field]:
        """A schema's fields, its bases' included; a field that is declared again counts once."""
        found: dict[str, Field] = {}
        for key in reversed(self._objects.ancestry(schema.key)):
            cls = self._objects.classes.get(key)
            for statement in cls.node.body if cls else ():
                match statement:
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                        assert cls is not None
                        if not name.startswith("_") and name != "model_config":
                            found[name] = Field(_alias(value) or name, annotation, cls, _has_default(value))
        return list(found.values())

    def _fitting(self, schemas: Iterable[Class], cls: str) -> list[Class]:
        """The first schemas, going inwards, that can be read from a mapped class."""
        level, seen = list(schemas), set[str]()
        while level:
            fitting = [s for s in level if self._fits(s, cls)]
            if fitting:
                return fitting
            seen |= {s.key for s in level}
            inner = [n for s in level for f in self.fields(s) for n in self.schemas(f.annotation, f.cls)]
            level = [s for s in dict.fromkeys(inner) if s.key not in seen]
        return []

    def _fits(self, schema: Class, cls: str) -> bool:
        """Has the mapped class an attribute for each field that must be there, and for most of the others?"""
        fields = self.fields(schema)
        missing = [f for f in fields if not self._has(cls, f.name)]
        return len(missing) * 2 <= len(fields) > 0 and all(f.has_default for f in missing)

    def _has(self, cls: str, name: str) -> bool:
        mapped = self._objects.mapped[cls]
        return bool(
            (mapped and (name in mapped.columns or name in mapped.relationships))
            or self._objects.method(cls, name)
            or self._objects.class_attribute(cls, name)
        )


def _validates_before(decorator: ast.expr, field: str) -> bool:
    if not isinstance(decorator, ast.Call):
        return False
    of_whole = decorator_name(decorator) in {"model_validator", "root_validator"}
    of_field = decorator_name(decorator) in {"field_validator", "validator"}
    named = {a.value for a in decorator.args if isinstance(a, ast.Constant)}
    is_first = any(isinstance(k.value, ast.Constant) and k.value.value in BEFORE for k in decorator.keywords)
    return is_first and (of_field and field in named if field else of_whole)


def _binds(statement: ast.stmt, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(statement, ast.Assign) and [getattr(t, "id", "") for t in statement.targets] == [name]


def _alias(value: ast.expr | None) -> str:
    """The name that a field reads instead of its own."""
    if isinstance(value, ast.Call):
        for keyword in value.keywords:
            match keyword:
                case ast.keyword(arg=str(arg), value=ast.Constant(value=str(text))) if arg in ALIASES:
                    return text
                case ast.keyword(arg=str(arg), value=ast.Call(args=[ast.Constant(value=str(text)), *_])) if (
                    arg in ALIASES
                ):
                    return text
    return ""


def _has_default(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        first = value.args[0] if value.args else None
        required = isinstance(first, ast.Constant) and first.value is Ellipsis
        names = {k.arg for k in value.keywords}
        return (first is not None and not required) or bool(names & {"default", "default_factory"})
    return value is not None and not (isinstance(value, ast.Constant) and value.value is Ellipsis)


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None
