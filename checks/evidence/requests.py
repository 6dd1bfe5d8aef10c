"""Requests for an application, made from its OpenAPI document and from the rows that its tables hold.

A request is a JSON object: `method`, `path`, `headers`, and `json`, `form` or `text` for the body. `save` gives names
to values of the response, by their keys (the first that is there), which later requests use as `{name}`. An object
without a path says which headers all later requests have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from .recording import Exchange

Json = Mapping[str, Any]
Request = dict[str, Any]

METHODS = ("get", "put", "patch", "post", "delete")
USER_NAMES = ("verify@example.com", "verify_user")
PASSWORD = "Passw0rd!-verify"
SIGN_UP = re.compile(r"regist|sign.?up|/users?/?$|/accounts?/?$", re.IGNORECASE)
LOG_IN = re.compile(r"log.?in|token|sign.?in|session|auth/?$", re.IGNORECASE)
TOKENS = ("access_token", "accessToken", "token", "access", "jwt", "id_token")
NOT_THERE = 987654
DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path."""

    method: str
    path: str
    spec: Json
    shared: Sequence[Json]

    @property
    def parameters(self) -> list[Json]:
        """Those of the operation, and those of its path."""
        return [*self.shared, *self.spec.get("parameters", ())]


class Schema:
    """An OpenAPI document."""

    def __init__(self, document: Json, rows: Mapping[str, Sequence[Json]] | None = None) -> None:
        self.document = document
        self._rows = rows or {}

    @property
    def operations(self) -> Iterator[Operation]:
        """All operations, in the document's order."""
        for path, methods in self.document.get("paths", {}).items():
            for method in METHODS:
                if method in methods:
                    yield Operation(method, path, methods[method], methods.get("parameters", ()))

    # Who asks

    def sign_up(self) -> list[Request]:
        """The requests that make a user whom the rest is asked as."""
        return [
            {"method": operation.method, "path": operation.path, **self._as_user(self.body(operation))}
            for operation in self.operations
            if operation.method == "post" and SIGN_UP.search(operation.path) and self._takes_password(operation)
        ]

    def log_in(self) -> list[Request]:
        """The requests that log this user in; what they answer with is sent with all later ones."""
        found: list[Request] = []
        for operation in self.operations:
            is_login = LOG_IN.search(operation.path) and not SIGN_UP.search(operation.path)
            if operation.method == "post" and is_login and self._takes_password(operation):
                body = self._as_user(self.body(operation, required_only=True))
                for name in USER_NAMES:
                    given = {kind: _with_user_name(fields, name) for kind, fields in body.items()}
                    found.append({"method": "post", "path": operation.path, **given, "save": {"token": TOKENS}})
        return [*found, {"headers": {"authorization": "Bearer {token}"}}] if found else []

    def _takes_password(self, operation: Operation) -> bool:
        return any("password" in name.lower() for name in self._properties(operation))

    def _properties(self, operation: Operation) -> Json:
        _, schema = self._content(operation)
        properties: Json = self._resolved(schema).get("properties", {})
        return properties

    def _as_user(self, body: Request) -> Request:
        """A body with the name and the password of the user."""
        return {kind: {k: _of_user(k, v) for k, v in fields.items()} for kind, fields in body.items() if fields}

    # What is asked

    def requests(self, recorded: Iterable[Exchange] = ()) -> list[Request]:
        """Each operation several times: reading, writing, reading again what was written, deleting at the end."""
        bodies = list(recorded)
        reads = [r for o in self.operations if o.method == "get" for r in self._reads(o)]
        writes = [
            request
            for method in METHODS[1:]
            for operation in self.operations
            if operation.method == method and not self._takes_password(operation) and not _is_log_out(operation.path)
            for request in self._writes(operation, bodies)
        ]
        return [*reads, *writes, *reads]

    def _reads(self, operation: Operation) -> Iterator[Request]:
        numbers = (1, 2, 3, NOT_THERE) if "{" in operation.path else (1,)
        for number in numbers:
            yield {"method": "get", "path": self._path(operation, number)}
        optional = [p for p in operation.parameters if p.get("in") == "query" and not p.get("required")]
        if optional:
            yield {"method": "get", "path": self._path(operation, 1, all_parameters=True)}

    def _writes(self, operation: Operation, recorded: Sequence[Exchange]) -> Iterator[Request]:
        number = 2 if operation.method == "delete" else 1
        path = self._path(operation, number)
        yield {"method": operation.method, "path": path, **self.body(operation)}
        if operation.method in {"put", "patch"}:
            yield {"method": operation.method, "path": path, **self.body(operation, required_only=True)}
        sent = dict.fromkeys(
            exchange.sent
            for exchange in recorded
            if exchange.method.lower() == operation.method and _fits(operation.path, exchange.path) and exchange.sent
        )
        for text in list(sent)[:3]:
            yield {"method": operation.method, "path": path, "text": text, "headers": _KIND}

    def _path(self, operation: Operation, number: int, all_parameters: bool = False) -> str:
        path, query = operation.path, {}
        for parameter in map(self._resolved, operation.parameters):
            name = parameter["name"]
            if parameter.get("in") == "path":
                path = path.replace(f"{{{name}}}", quote(str(self._key(operation.path, parameter, number)), safe=""))
            elif parameter.get("in") == "query" and (parameter.get("required") or all_parameters):
                query[name] = self.example(parameter.get("schema", {}), name)
        return f"{path}?{urlencode(query, doseq=True)}" if query else path

    def _key(self, path: str, parameter: Json, number: int) -> Any:
        """What a parameter in a path is: the key of a row of the table that its name, or the word before, tells."""
        name = parameter["name"]
        schema = self._resolved(parameter.get("schema", {}))
        column = name.removeprefix(_owner(path, name) + "_") if name != "id" else "id"
        for owner in (re.sub(r"_?(id|uuid|key|slug|name)$", "", name), _owner(path, name)):
            rows = next((rows for table, rows in self._rows.items() if owner and _is_table_of(owner, table)), [])
            known = next((c for c in (column, name, "id") if rows and c in rows[0]), None)
            if known and number <= len(rows):
                return rows[number - 1][known]
        if schema.get("enum") or self._type(schema) not in {"string", "integer"}:
            return self.example(schema, name)
        if self._type(schema) == "integer":
            return number
        return f"00000000-0000-0000-0000-{number:012}" if schema.get("format") == "uuid" else str(number)

    # Values

    def body(self, operation: Operation, required_only: bool = False) -> Request:
        """A body that the operation takes, as part of a request."""
        kind, schema = self._content(operation)
        if not kind:
            return {}
        value = self.example(schema, "", required_only)
        return {"form" if "form" in kind else "json": value}

    def _content(self, operation: Operation) -> tuple[str, Json]:
        content = self._resolved(operation.spec.get("requestBody", {})).get("content", {})
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            if kind in content:
                return kind, content[kind].get("schema", {})
        return "", {}

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            found: Any = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            schema = found
        return schema

    def _type(self, schema: Json) -> str:
        kind = schema.get("type", "")
        return next((k for k in kind if k != "null"), "") if isinstance(kind, list) else kind

    def example(self, schema: Json, name: str, required_only: bool = False, depth: int = 0) -> Any:
        """A value that a schema allows; the same each time."""
        schema = self._resolved(schema)
        for key in ("example", "const", "default"):
            if schema.get(key) is not None:
                return schema[key]
        if schema.get("examples"):
            return schema["examples"][0]
        if schema.get("enum"):
            return schema["enum"][0]
        for key in ("anyOf", "oneOf", "allOf"):
            choices = [s for s in schema.get(key, ()) if s.get("type") != "null"]
            if choices:
                return self.example(choices[0], name, required_only, depth)
        match self._type(schema):
            case "object":
                return self._object(schema, required_only, depth)
            case "array":
                items = schema.get("items", {})
                return [self.example(items, name, required_only, depth + 1)] if depth < DEEPEST and items else []
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
        return _text(schema, name)

    def _object(self, schema: Json, required_only: bool, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self.example(inner, name, required_only, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if depth < DEEPEST and (name in required or not required_only)
        }


_KIND = {"content-type": "application/json"}


def from_recording(exchanges: Iterable[Exchange]) -> list[Request]:
    """The requests that a suite made, each once."""
    found: dict[tuple[str, str, str | None], Request] = {}
    for exchange in exchanges:
        kind = {k: v for k, v in exchange.headers.items() if k == "content-type"}
        request: Request = {"method": exchange.method.lower(), "path": f"/{exchange.path.lstrip('/')}", "headers": kind}
        found.setdefault(
            (exchange.method, exchange.path, exchange.sent),
            {**request, "text": exchange.sent} if exchange.sent else request,
        )
    return list(found.values())


def _fits(template: str, path: str) -> bool:
    pattern = re.sub(r"\\\{[^{}]+\\\}", "[^/]+", re.escape(template))
    return re.fullmatch(pattern, f"/{path.lstrip('/').partition('?')[0]}") is not None


def _is_log_out(path: str) -> bool:
    return re.search(r"log.?out|sign.?out|revoke", path, re.IGNORECASE) is not None


def _owner(path: str, name: str) -> str:
    """The word before a parameter in a path, in the singular."""
    words = path.split(f"{{{name}}}")[0].strip("/").split("/")
    return _singular(words[-1].replace("-", "_")) if words else ""


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word.removesuffix("s")


def _is_table_of(owner: str, table: str) -> bool:
    return _singular(table.rpartition(".")[2].lower()) in {owner.lower(), _singular(owner.lower())}


def _of_user(name: str, value: Any) -> Any:
    lowered = name.lower()
    if "password" in lowered:
        return PASSWORD
    if "email" in lowered:
        return USER_NAMES[0]
    return USER_NAMES[1] if lowered in {"username", "user_name", "login", "name", "identifier"} else value


def _with_user_name(fields: Json, name: str) -> Request:
    """Fields in which the user is called by another of its names."""
    return {k: name if v in USER_NAMES else v for k, v in fields.items()}


def _number(schema: Json) -> Any:
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1 if "exclusiveMinimum" in schema else 1)
    high = schema.get("maximum", schema.get("exclusiveMaximum", low + 1))
    return min(max(low, 1), high) if schema.get("type") == "integer" else min(max(low, 1.5), high)


def _text(schema: Json, name: str) -> str:
    fixed = {
        "date-time": "2024-01-05T12:00:00",
        "date": "2024-01-05",
        "time": "12:00:00",
        "email": "someone@example.com",
        "uuid": "00000000-0000-0000-0000-000000000001",
        "uri": "https://example.com/1",
        "binary": "text",
    }
    if schema.get("format") in fixed:
        return fixed[schema["format"]]
    literal = re.fullmatch(r"\^?(\w+)\$?", schema.get("pattern", ""))
    if literal:
        return literal[1]
    text = "someone@example.com" if "email" in name.lower() else f"{name or 'text'} new"
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema.get("maxLength", len(text))]
