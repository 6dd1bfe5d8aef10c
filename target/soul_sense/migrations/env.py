"""Alembic, on the database of the settings, or on the one that `sqlalchemy.url` names."""

from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, make_url

from soul_sense.config import settings
from soul_sense.models import Base

DRIVERS = {"postgresql": "postgresql+psycopg", "sqlite": "sqlite+pysqlite"}  # whichever one the application uses

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

url = make_url(config.get_main_option("sqlalchemy.url") or settings.database_url)
url = url.set(drivername=DRIVERS.get(url.get_backend_name(), url.drivername))

if context.is_offline_mode():
    context.configure(url=url, target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()
