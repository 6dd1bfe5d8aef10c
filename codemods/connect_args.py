"""Arguments of a connection that libpq knows, in the words of asyncpg.

    connect_args={"connect_timeout": 5, "options": "-c timezone=utc"}
->  connect_args={"timeout": 5, "server_settings": {"timezone": "utc"}}
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from ..analysis.source import Source
from .edit import Replace

RENAMED = {"connect_timeout": "timeout", "sslmode": "ssl"}
SETTINGS = {"application_name", "options"}
# What asyncpg has no word for, and refuses: what goes, as it only tunes the socket, and what a person has to look at.
DROPPED = {
    "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "gssencmode",
}  # fmt: skip
LOST = {
    "channel_binding", "sslcert", "sslkey", "sslrootcert", "sslcrl", "client_encoding", "fallback_application_name",
}  # fmt: skip
_OPTION = re.compile(r"-c\s*([\w.]+)=(\S+)\s*")


def for_asyncpg(source: Source, node: ast.expr) -> tuple[list[Replace], str]:
    """The edits of a `connect_args=` value, and what is left to a person."""
    if not isinstance(node, ast.Dict):
        known = (*RENAMED, *sorted(SETTINGS | LOST | DROPPED))
        words = [w for w in known if re.search(rf"\b{w}\b".encode(), source.content)]
        return [], f"connect_args is put together elsewhere; asyncpg does not know {', '.join(words)}" if words else ""
    items = {k.value: (k, v) for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)}
    edits = [
        Replace(*source.span(items[old][0]), _quoted(source, items[old][0], RENAMED[old]))
        for old in RENAMED
        if old in items
    ]
    lost = sorted(LOST & set(items))
    settings: list[tuple[str, ast.expr, ast.expr]] = [(name, *items[name]) for name in items if name in SETTINGS]
    try:
        edits += list(_server_settings(source, node, settings))
    except ValueError:
        lost.append("options")
    dropped = [name for name in items if name in DROPPED]
    edits += _without(source, node, dropped)
    concern = f"connect_args: asyncpg does not know {', '.join([*sorted(dropped), *lost])}" if dropped or lost else ""
    return edits, f"{concern}; the connections do without" if dropped and not lost else concern


def _without(source: Source, node: ast.Dict, names: Collection[str]) -> Iterator[Replace]:
    """Take entries out, with the lines that are theirs alone."""
    entries = list(zip(node.keys, node.values, strict=True))
    gone = [i for i, (key, _) in enumerate(entries) if isinstance(key, ast.Constant) and key.value in names]
    if len(gone) == len(entries) > 0:
        yield Replace(*source.span(node), "{}")
        return
    for i in gone:
        key, value = entries[i]
        assert key is not None
        start, end = source.span(key)[0], source.span(value)[1]
        line = source.content.rfind(b"\n", 0, start) + 1
        behind = re.match(rb",[ \t]*\n", source.content[end:])
        if behind and not source.content[line:start].strip():
            yield Replace(line, end + behind.end(), "")
        elif any(n not in gone for n in range(i)):
            yield Replace(source.span(entries[i - 1][1])[1], end, "")
        else:
            yield Replace(start, source.span(entries[i + 1][0] or entries[i + 1][1])[0], "")


def _quoted(source: Source, like: ast.expr, text: str) -> str:
    quote = source.text(like)[-1]
    return f"{quote}{text}{quote}"


def _server_settings(
    source: Source, node: ast.Dict, settings: list[tuple[str, ast.expr, ast.expr]]
) -> Iterator[Replace]:
    """Settings of the server go into a dict of their own, in the place of the first of them."""
    if not settings:
        return
    quote = settings[0][1]
    entries = [entry for name, _, value in settings for entry in _entries(source, quote, name, value)]
    _, key, value = settings[0]
    text = f"{_quoted(source, quote, 'server_settings')}: {{{', '.join(entries)}}}"
    yield Replace(source.span(key)[0], source.span(value)[1], text)
    for _, _, value in settings[1:]:
        before = node.values[node.values.index(value) - 1]
        yield Replace(source.span(before)[1], source.span(value)[1], "")


def _entries(source: Source, quote: ast.expr, name: str, value: ast.expr) -> Iterator[str]:
    """The entries of one setting; raises ValueError for options that are not plain."""
    if name != "options":
        yield f"{_quoted(source, quote, name)}: {source.text(value)}"
        return
    if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        raise ValueError
    if _OPTION.sub("", value.value).strip():
        raise ValueError
    for option, setting in _OPTION.findall(value.value):
        yield f"{_quoted(source, quote, option)}: {_quoted(source, quote, setting)}"
