"""Bulk statements: `delete()` and `update()` of a query, which a statement of its own takes over."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..analysis.queries import Link
from ..analysis.staleness import commits_behind
from ..analysis.values import DYNAMIC
from .arguments import is_false
from .edit import Edit, Replace, Wrap
from .loader_options import class_text
from .query_layout import Ending, Layer
from .query_text import Declined, close_bracket, dropped, name_span, open_bracket, renamed

if TYPE_CHECKING:
    from .query_endings import Executing

CRITERIA = frozenset({"filter", "where", "filter_by"})


@dataclass(slots=True)
class Bulk:
    """A query at the place where its rows are deleted or updated."""

    _executing: Executing

    def _changed_rows(self) -> list[Layer]:
        node = self._executing.rewriting.chain.node
        if isinstance(self._executing.rewriting.chain.source.parents.get(node), ast.Expr):
            return self._executing.single("execute")
        return self._executing.result("execute", ".rowcount")

    def delete(self, link: Link) -> Ending:
        source = self._executing.rewriting.chain.source
        word, edits = self._begun("delete")
        layers = self._changed_rows()
        assert link.call is not None
        if any(k.arg == "delete_args" for k in link.keywords):
            raise Declined("delete(delete_args=…): use with_dialect_options() of the delete statement")
        if not link.args and (not link.keywords or self._left_to_expiry(link)):
            return Ending(layers, [*edits, dropped(link, source)], word)
        start, stop = name_span(link, source)[0], open_bracket(link.call, source) + 1
        keyword = "" if link.keywords else "synchronize_session="
        return Ending(layers, [*edits, Replace(start, stop, f"execution_options({keyword}")], word)

    def _begun(self, name: str) -> tuple[str, list[Edit]]:
        """What a bulk statement begins with.

        A query that is read as well stays a select; the bulk statement takes its criteria over.
        """
        rewriting = self._executing.rewriting
        word = rewriting.name(name)
        if "params" in self._executing.own_names() | rewriting.earlier_names():
            raise Declined(f"params() of a query that ends in {name}(): give the values to execute()")
        if self._is_dynamic():
            return "", [self._with_criteria(word, self._related())]
        if not rewriting.is_read_too:
            return word, []
        if not rewriting.is_complete or not self._executing.names() <= CRITERIA or not self._begins_with_criteria():
            raise Declined("the same query is read and then deleted or updated: give that its own delete() or update()")
        return "", [self._with_criteria(word, rewriting.entity())]

    def _with_criteria(self, word: str, entity: str) -> Wrap:
        chain = self._executing.rewriting.chain
        return Wrap(*chain.source.span(chain.receiver), f"{word}({entity}).where(", ".whereclause)")

    def _is_dynamic(self) -> bool:
        return all(DYNAMIC in query.traits for query in self._executing.queries)

    def _related(self) -> str:
        """The class that a dynamic relationship leads to, as the chain's file writes it."""
        rewriting = self._executing.rewriting
        classes = {entity.cls for query in self._executing.queries for entity in query.entities}
        if len(classes) != 1:
            raise Declined("a dynamic relationship that can lead to several classes")
        chain, unknown = rewriting.chain, ast.Constant(None)
        return class_text(rewriting.program, chain.source, chain.node, unknown, classes.pop(), rewriting.imports)

    def _begins_with_criteria(self) -> bool:
        """Has each beginning a criterion at once, so that there is a WHERE clause on all paths?"""
        if self._executing.own_names():
            return True
        begun = {o.call for o in self._executing.rewriting.origins}
        chains = [c for c in self._executing.rewriting.group if c.root in begun]
        return len(chains) == len(begun) and all({link.name for link in c.steps()} & CRITERIA for c in chains)

    def update(self, link: Link) -> Ending:
        source = self._executing.rewriting.chain.source
        word, edits = self._begun("update")
        layers = self._changed_rows()
        assert link.call is not None
        if any(k.arg not in {"values", "synchronize_session"} for k in link.keywords):
            raise Declined("update(update_args=…): use ordered_values() or with_dialect_options() of the statement")
        edits.append(renamed(link, source, "values"))
        arguments: list[ast.expr | ast.keyword] = [*link.args, *link.keywords]
        if arguments and isinstance(arguments[0], ast.keyword):
            if arguments[0].arg != "values":
                raise Declined("update() with its values behind synchronize_session: turn them round")
            edits.append(Replace(source.span(arguments[0])[0], source.span(arguments[0].value)[0], ""))
        if len(arguments) > 1:
            first, second = arguments[0], arguments[1]
            end = source.span(first.value if isinstance(first, ast.keyword) else first)[1]
            if self._left_to_expiry(link):
                return Ending(layers, [*edits, Replace(end, source.span(second)[1], "")], word)
            end = source.content.index(b",", end)
            text = ").execution_options("
            if not isinstance(second, ast.keyword):
                text += "synchronize_session="
            start, stop = source.span(second)
            closing = close_bracket(link.call, source)
            if b"\n" in source.content[stop:closing]:
                # The bracket keeps its line.
                edits.append(Replace(end, stop, ""))
                edits.append(Replace(closing, closing, f"{text}{source.text(second)}"))
            else:
                edits.append(Replace(end, start, text))
        return Ending(layers, edits, word)

    def _left_to_expiry(self, link: Link) -> bool:
        """Was it the commit that brought the session's objects up to date? It no longer expires them."""
        assert link.call is not None
        return (
            self._executing.awaits
            and [(k.arg, is_false(k.value)) for k in link.keywords] == [("synchronize_session", True)]
            and commits_behind(self._executing.rewriting.program, self._executing.rewriting.chain.source, link.call)
            # What only the database can work out would be expired, and loaded by whoever reads it.
            and not any(map(self._executing.is_func, ast.walk(link.call)))
        )
