"""A pytest plugin: rewritten statements name their columns as a Query does, so that SQL text can be compared.

A Query that is executed labels its columns `users_id`, a select `id`; in subqueries both write `id`. What the codemod
wrote as `select(…)` is `legacy_select(…)` in the rewritten tests, and executes with the labels of Query. Like a Query
it configures the mappers of what it asks for.
"""

from __future__ import annotations

import builtins
from typing import Any


def pytest_collection() -> None:
    """Before the tests are imported, and after the suite's own plugin has loaded SQLAlchemy."""
    import sqlalchemy
    from sqlalchemy import LABEL_STYLE_DEFAULT, LABEL_STYLE_TABLENAME_PLUS_COL, Select, literal_column
    from sqlalchemy.orm import Session, context
    from sqlalchemy.orm.context import QueryContext
    from sqlalchemy.sql import coercions, roles
    from sqlalchemy.testing import AssertsCompiledSQL, fixtures

    compile_state = getattr(context, "_ORMCompileState", None) or context.ORMCompileState

    class LegacySelect(Select):  # type: ignore[type-arg]
        inherit_cache = True

        def __init__(self, *entities: Any) -> None:
            for entity in entities:
                coercions.expect(roles.ColumnsClauseRole, entity, apply_propagate_attrs=self, post_inspect=True)
            super().__init__(*entities)

        def labelled(self) -> Any:
            plain = self._label_style is LABEL_STYLE_DEFAULT
            return self.set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL) if plain else self

        def exists(self) -> Any:
            """Query selects 1 there; a select keeps its columns, and gives the same truth."""
            eager = self.with_only_columns(literal_column("1"), maintain_column_froms=True)
            return Select.exists(eager)

        def plain(self) -> Any:
            """What `statement` of a Query is: without those labels."""
            statement = self._generate()
            statement.__class__ = Select
            return statement

        # What tests ask of a Query to see how it is compiled.

        def _compile_state(self, for_statement: bool = False) -> Any:
            statement = self.plain() if for_statement else self.labelled()
            state = compile_state._get_plugin_class_for_plugin(statement, "orm")
            return state._create_orm_context(statement, toplevel=True, compiler=None)

        def _compile_context(self, for_statement: bool = False) -> Any:
            state, session = self._compile_state(for_statement), fixtures.fixture_session()
            return QueryContext(state, state.statement, state.statement, {}, session, QueryContext.default_load_options)

        def _final_statement(self, legacy_query_style: bool = True) -> Any:
            return self._compile_state(for_statement=not legacy_query_style).statement

        def counted_subquery(self) -> Any:
            return self.labelled().subquery()

        def __str__(self) -> str:
            return Select.__str__(self.labelled())

    class Labelled:
        """Set operations whose parts name their columns as a Query does."""

        def __getattr__(self, name: str) -> Any:
            return lambda *parts: getattr(sqlalchemy, name)(*map(labelled, parts))

    class LastSession:
        """The session of tests that open one in the chain itself: one for each use, as there."""

        def __getattr__(self, name: str) -> Any:
            return getattr(fixtures.fixture_session(), name)

    def labelled(statement: Any) -> Any:
        return statement.labelled() if isinstance(statement, LegacySelect) else statement

    execute = Session._execute_internal
    compiled = AssertsCompiledSQL.assert_compile

    def _execute_internal(self: Any, statement: Any, *args: Any, **options: Any) -> Any:
        # The keys of rows are those of a select; objects have none.
        objects = isinstance(statement, Select) and all(
            "parententity" in column._annotations and column.is_selectable for column in statement._raw_columns
        )
        return execute(self, labelled(statement) if objects else statement, *args, **options)

    def assert_compile(self: Any, clause: Any, *args: Any, **options: Any) -> Any:
        return compiled(self, labelled(clause), *args, **options)

    Session._execute_internal = _execute_internal  # type: ignore[method-assign]
    AssertsCompiledSQL.assert_compile = assert_compile
    builtins.legacy_select = LegacySelect  # type: ignore[attr-defined]
    builtins.last_session = LastSession()  # type: ignore[attr-defined]
    builtins.labelled = Labelled()  # type: ignore[attr-defined]
