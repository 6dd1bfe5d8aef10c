"""The JSON that the commands print, described once: the schemas and their page are made from this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from ..analysis import decisions
from ..checks import outcome
from . import assessment, facts, progress, requirements

Schema: TypeAlias = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _of(kind: str, meaning: str, **more: Any) -> Schema:
    return {"type": kind, "description": meaning, **more}


def _text(meaning: str) -> Schema:
    return _of("string", meaning)


def _number(meaning: str) -> Schema:
    return _of("integer", meaning, minimum=0)


def _flag(meaning: str) -> Schema:
    return _of("boolean", meaning)


def _one_of(meaning: str, *values: str) -> Schema:
    return _of("string", meaning, enum=[str(value) for value in values])


def _list(meaning: str, item: Schema) -> Schema:
    return _of("array", meaning, items=item)


def _table(meaning: str, value: Schema) -> Schema:
    """An object whose keys are names."""
    return _of("object", meaning, additionalProperties=value)


def _object(meaning: str = "", /, **keys: Schema) -> Schema:
    return _of("object", meaning, properties=keys, required=list(keys))


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


def _version(number: int) -> Schema:
    return _of("integer", "changes when a key goes or changes its meaning; new keys may come without", const=number)


PATH = _text("path of the file below the project's root, with slashes")
LINE = _number("line, from 1; 0 stands for the whole file")
FUNCTION = _text('dotted name of the function around it; "" outside of functions')
SURE = _one_of("how sure it is: inferred, seen, or guessed", *decisions.Confidence)
PLACE = {"path": PATH, "line": LINE}
SPAN = {
    **PLACE,
    "column": _number("column in bytes, from 0"),
    "end_line": _number("last line"),
    "end_column": _number("column behind the last byte"),
}
COUNT = _number("how many")
DECISION = _object(
    codemod=_text("the codemod that carries it out"),
    **SPAN,
    function=FUNCTION,
    action=_text("what is done"),
    status=_one_of(
        "carried out, left as it is on purpose, or left as it is because a person has to look", *decisions.Status
    ),
    confidence=SURE,
    concern=_text('what a person should look at; "" for nothing'),
    why=_list(
        "the way from the place down to the database",
        _object(**PLACE, what=_text("what happens there")),
    ),
)
CONCERN = _object(
    **PLACE,
    function=FUNCTION,
    codemod=_text("the codemod that says so"),
    is_declined=_flag("is the place left as it is?"),
    text=_text("what a person should look at"),
    confidence=SURE,
)
KEPT = _object(**PLACE, function=FUNCTION, text=_text("why it stays as it is"))
NAMED = _object(name=_text("the function"), line=LINE)
FINDING = _object(
    **SPAN,
    code=_text("the rule"),
    message=_text("what is wrong"),
    function=FUNCTION,
    chain=_list("the way to what makes it true", _object(**PLACE, text=_text("what happens there"))),
    source=_text("the code, without its layout"),
    kept=_text('the reason why it stays as it is on purpose; "" for what has to be mended'),
    fix=_or_null(
        _object(
            "what mends it",
            edits=_list(
                "replaced bytes of the file",
                _object(
                    start=_number("the first byte"), end=_number("the byte behind the last"), text=_text("the new text")
                ),
            ),
            imports=_list("module and name of what the new text needs", _list("", _text(""))),
            is_safe=_flag("does the program mean the same afterwards, but for the mistake?"),
        )
    ),
)
SITE = _object(
    path=_text('path of the file; "" for what has none'),
    line=LINE,
    function=FUNCTION,
    text=_text("what was seen there"),
)
REQUIREMENT = _object(
    text=_text("what has to hold"),
    verdict=_one_of("does it?", requirements.MET, requirements.CONCERNS, requirements.NOT_MET, requirements.UNKNOWN),
    evidence=_text("what that rests on"),
    sites=_list("each place that speaks against it", SITE),
    kept=_list("each place that is as it is on purpose", SITE),
)
MODULE = _object(
    path=PATH,
    phase=_one_of("what the file is for", *facts.PHASES),
    depth=_of("number", "median length of its functions' ways down to the database; the report's order"),
    added=_number("lines added"),
    removed=_number("lines removed"),
    ranges=_list("first and last line of each change, in the new file", _list("", _number(""))),
    changes=_table("codemod and how often it was carried out", COUNT),
    functions=_list(
        "the functions that become async",
        _object(**NAMED["properties"], why=DECISION["properties"]["why"], confidence=SURE),
    ),
    confidence=SURE | {"description": "that of its least sure decision"},
    concerns=_list("what a person should look at", CONCERN),
    decisions=_list("all decisions, as `plan --format json` prints them", DECISION),
)
LINES = _list("", _text("one difference"))
SUITE = _object(
    "what two recordings of the suite show; null without them",
    compared=_number("tests that passed before and were compared"),
    sent=_list("statements sent before, and after", COUNT),
    explained=_table("differences that the migration explains", COUNT),
    lost=LINES | {"description": "tests that passed before and do not after"},
    statements=LINES | {"description": "statements that only one side sent"},
    documents=LINES | {"description": "how the OpenAPI documents differ"},
    tables=LINES | {"description": "how the tables differ"},
    warnings=LINES | {"description": "coroutines that were never awaited, and the like"},
    missing=LINES | {"description": "queries sent where asyncio can't"},
)


def _top(how: str, meaning: str, version: int, /, **keys: Schema) -> Schema:
    head = {"$schema": DIALECT, "title": how}
    return {**head, **_object(meaning, version=_version(version), **keys)}


PROJECT = _text("name of the project's folder")
SCHEMAS: Mapping[str, Schema] = {
    "assess": _top(
        "asyncshift assess --format json",
        "what a migration would take",
        assessment.VERSION,
        project=PROJECT,
        size=_object("the project", files=_number("Python files"), lines=_number("their lines"), tests=COUNT),
        styles=_table("each style of SQLAlchemy and each framework that was seen", _object(uses=COUNT, files=COUNT)),
        converts=_object(
            "what the tool does by itself",
            functions=_number("functions that become async"),
            decisions=_number("changes"),
            confidence=_table("how many of them are how sure", COUNT),
            codemods=_table("codemod and how often it changes something", COUNT),
        ),
        by_hand=_list("what needs a person", CONCERN),
        kept=_list("what stays sync on purpose", KEPT),
        companions=_list(
            "libraries that have no async form",
            _object(name=_text("the module"), text=_text("what that means"), **PLACE, files=COUNT),
        ),
        coroutines=_number("functions that are async already, tests left out"),
        blocking=_list(
            "coroutines that wait for the database on the event loop today",
            _object(**PLACE, function=FUNCTION, calls=_number("calls that wait")),
        ),
        stopping=_list(
            "calls that would stop the event loop, beside those; the plan does not speak of them",
            _object(
                **PLACE,
                function=FUNCTION,
                text=_text("what it does, and what to do instead"),
                is_today=_flag("does it stop the loop already?"),
            ),
        ),
        mistakes=_list("what the gate finds in code that is async already, and the migration leaves", SITE),
        diff=_object(
            "an estimate",
            files=_number("files that change"),
            lines=_number("lines of today that change"),
            added=_number("lines that the diff adds"),
            removed=_number("lines that it removes"),
        ),
        broken=_list("files that can't be read", _text("path, line and what is wrong")),
        verdict=_text("is it worth it?"),
    ),
    "plan": _top(
        "asyncshift plan --format json",
        "what a migration would do",
        decisions.VERSION,
        decisions=_list("in the order of their places", DECISION),
    ),
    "check": _top(
        "asyncshift check --format json",
        "what the gate finds",
        outcome.VERSION,
        findings=_list("what has to be mended", FINDING),
        accepted=_list(
            "what does not count",
            _object(
                **FINDING["properties"],
                how=_one_of("a comment, on purpose, or the baseline", *outcome.How),
                reason=_text("why"),
            ),
        ),
        failures=_list("rules that could not be run", _text("which, and why")),
    ),
    "report": _top(
        "asyncshift report --format json",
        "what the trace, the pull request's text and the HTML page are made from",
        facts.VERSION,
        project=PROJECT,
        figures=_object(
            "sums",
            files=_number("files that change"),
            added=_number("lines added"),
            removed=_number("lines removed"),
            functions=_number("functions that become async"),
            decisions=_table("status and how many decisions have it", COUNT),
            confidence=_table("how many of those carried out are how sure", COUNT),
            concerns=_number("places to look at"),
            tests=_number("files of tests"),
        ),
        modules=_list("the files, in the order in which they are told", MODULE),
        kept=_list("what stays sync on purpose", KEPT),
        requirements=_list("what has to hold, and whether it does", REQUIREMENT),
        suite=_or_null(SUITE),
    ),
    "status": _top(
        "asyncshift report --kind status --format json",
        "how far a migration is that is under way",
        progress.VERSION,
        project=PROJECT,
        figures=_table("files of each state; functions, endpoints and concerns that are left", COUNT),
        modules=_list(
            "the files, those that call no others first",
            _object(
                path=PATH,
                state=_one_of("how far it is", progress.DONE, progress.UNDER_WAY, progress.OPEN),
                changes=_number("changes that are left"),
                depth=_number("how many files lie below it on the longest way down the calls; the order"),
                functions=_list("functions that have to become async", NAMED),
                endpoints=_list("of the web framework's handlers, those", NAMED),
                concerns=_list("what a person should look at", CONCERN),
            ),
        ),
        history=_list(
            "the past, oldest first",
            _object(
                revision=_text("of git"),
                date=_text("its day"),
                sync=_number("how often words of sync SQLAlchemy stood in the files"),
                **{"async": _number("how often those of async SQLAlchemy did")},
            ),
        ),
    ),
}


def page() -> str:
    """The reference page."""
    return "\n".join(["# JSON\n", INTRODUCTION, *map(_section, SCHEMAS)])


INTRODUCTION = """\
What programs can read. Each answer has a `version`, which changes when a key goes or changes its meaning; new keys may
come without. `[]` stands for each item of a list, `{}` for each value of an object whose keys are names. Made from the
schemas beside this page.
"""


def _section(name: str) -> str:
    schema = SCHEMAS[name]
    rows = [f"| `{key}` | {kind} | {meaning} |" for key, kind, meaning in _rows(schema, "")]
    head = f"## {name}\n\n`{schema['title']}`: {schema['description']}. [{name}.schema.json]({name}.schema.json)\n"
    return "\n".join([head, "| key | type | meaning |", "| --- | --- | --- |", *rows, ""])


def _rows(schema: Schema, prefix: str) -> Iterator[tuple[str, str, str]]:
    """Each key with its type and its meaning; those of what a list or an object holds below it."""
    if prefix and schema["description"]:
        yield prefix, _kind(schema), schema["description"]
    for key, value in schema.get("properties", {}).items():
        yield from _rows(value, f"{prefix}.{key}".lstrip("."))
    if inner := schema.get("items") or schema.get("additionalProperties"):
        yield from _rows({**inner, "description": ""}, prefix + ("[]" if "items" in schema else "{}"))


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    kind = schema["type"]
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
