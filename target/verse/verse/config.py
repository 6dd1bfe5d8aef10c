"""Settings, read once from the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

SYNCHRONOUS = {"postgresql+asyncpg": "postgresql+psycopg", "sqlite+aiosqlite": "sqlite"}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = "sqlite:///verse.db"
    create_tables: bool = True
    pool_size: int = Field(10, ge=1)
    max_overflow: int = Field(20, ge=0)
    pool_recycle: int = Field(1800, ge=1)
    slow_query_ms: float = Field(200, ge=0)
    token_days: int = Field(365, ge=1)
    link_code_minutes: int = Field(5, ge=1)
    max_link_codes: int = Field(3, ge=1)
    retrieval_matches: int = Field(4, ge=0)

    @property
    def migration_url(self) -> str:
        """The same database through a driver that Alembic can use."""
        url = make_url(self.database_url)
        url = url.set(drivername=SYNCHRONOUS.get(url.drivername, url.drivername))
        return url.render_as_string(hide_password=False)


settings = Settings()
