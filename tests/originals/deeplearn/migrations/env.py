"""Alembic's way to the database: a synchronous engine of its own, whatever the application uses."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from deeplearn.infrastructure.config import Settings
from deeplearn.registry import Base

url = context.config.get_main_option("sqlalchemy.url") or Settings().sync_database_url

if context.is_offline_mode():
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=is_sqlite)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
