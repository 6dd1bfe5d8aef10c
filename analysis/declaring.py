"""What the statements of mapped classes declare: names, targets, options of columns and relationships."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .symbols import Class

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
DECLARATIVE_ROOTS = {"DeclarativeBase", "DeclarativeBaseNoMeta", "SQLModel", "MappedAsDataclass"}


def declared_outside(cls: Class) -> list[ast.stmt]:
    """What its module adds to a class that is there: `User.posts = relationship(…)`, as if it stood in the class."""
    return [
        statement
        for statement in cls.source.tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(target := statement.targets[0], ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == cls.name
        and call_name(statement.value) in {"column_property", *RELATIONSHIP_CALLS}
    ]


def declared_name(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.FunctionDef):
        return statement.name
    return assignment(statement)[0] if statement is not None else ""


def looks_mapped(cls: Class) -> bool:
    for statement in cls.node.body:
        name, value, annotation = assignment(statement)
        if name in {"__tablename__", "__table__", "__mapper_args__"}:
            return True
        if call_name(value) in {"Column", "mapped_column", *RELATIONSHIP_CALLS}:
            return True
        if annotation is not None and simple_name(annotation) in {"Mapped", "WriteOnlyMapped", "DynamicMapped"}:
            return True
    return any(k.arg == "table" for k in cls.node.keywords)


def has_declarative_root(cls: Class) -> bool:
    return any(simple_name(b) in DECLARATIVE_ROOTS or simple_name(b) in {"Base", "Model"} for b in cls.node.bases)


def table_name(cls: Class) -> str:
    for statement in cls.node.body:
        name, value, _ = assignment(statement)
        if name == "__tablename__" and isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
        if name == "__table__":
            return cls.name
        if isinstance(statement, ast.FunctionDef) and statement.name == "__tablename__":
            return cls.name
    return cls.name.lower() if any(k.arg == "table" for k in cls.node.keywords) else ""


def assignment(statement: ast.AST) -> tuple[str, ast.expr | None, ast.expr | None]:
    """Name, value and annotation of `name: annotation = value`."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value):
            return name, value, None
        case ast.AnnAssign(target=ast.Name(id=name), value=value, annotation=annotation):
            return name, value, annotation
    return "", None, None


def returned(function: ast.FunctionDef) -> ast.expr | None:
    return next((n.value for n in ast.walk(function) if isinstance(n, ast.Return)), None)


def simple_name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return simple_name(value)
        case ast.Constant(value=str(text)):
            return text.split("[")[0].rpartition(".")[2]
    return ""


def call_name(node: ast.expr | None) -> str:
    return simple_name(node.func) if isinstance(node, ast.Call) else ""


def named_target(node: ast.expr) -> str:
    match node:
        case ast.Lambda(body=body):
            return named_target(body)
        case ast.Call(func=ast.Name(), args=[ast.Constant(value=str(text))]):
            return text
    return simple_name(node)


def annotated_target(annotation: ast.expr | None) -> tuple[str, bool]:
    """Class name and "is a collection" of `Mapped[list["Post"]]`, `List["Post"]`, `Mapped["User | None"]`."""
    if annotation is None:
        return "", False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return annotated_target(ast.parse(annotation.value, mode="eval").body)
        except SyntaxError:
            return "", False
    match annotation:
        case ast.Subscript(value=value, slice=inner):
            head = simple_name(value)
            if head in COLLECTIONS:
                target = inner.elts[-1] if isinstance(inner, ast.Tuple) else inner
                return annotated_target(target)[0], True
            if isinstance(inner, ast.Tuple):
                return next((t for t in map(annotated_target, inner.elts) if t[0] and t[0] != "None"), ("", False))
            return annotated_target(inner)
        case ast.BinOp(left=left, right=right):
            found = annotated_target(left)
            return found if found[0] and found[0] != "None" else annotated_target(right)
    return simple_name(annotation), False


def proxied(name: str, value: ast.expr | None) -> dict[str, tuple[str, str]]:
    """What `name = association_proxy("relationship", "attribute")` reads."""
    match value:
        case ast.Call(args=[ast.Constant(value=str(relationship)), ast.Constant(value=str(attribute)), *_]):
            return {name: (relationship, attribute)}
    return {}


def first_argument(call: ast.expr | None) -> ast.expr | None:
    return call.args[0] if isinstance(call, ast.Call) and call.args else None


def is_deferred(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and (
        call_name(value) == "deferred" or any(k.arg == "deferred" and not is_false(k.value) for k in value.keywords)
    )


def strategy(keywords: Mapping[str, ast.expr]) -> str:
    """The strategy that `lazy=` names; `True` and `False` are old names of two."""
    match keywords.get("lazy"):
        case ast.Constant(value=str(text)):
            return text
        case ast.Constant(value=False):
            return "joined"
        case ast.Constant(value=None):
            return "noload"
    return "select"


def foreign_holders(keywords: Mapping[str, ast.expr], own: Class) -> set[str]:
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


def backref_name(node: ast.expr | None) -> str:
    match node:
        case ast.Constant(value=str(text)) | ast.Call(args=[ast.Constant(value=str(text)), *_]):
            return text
    return ""


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False
