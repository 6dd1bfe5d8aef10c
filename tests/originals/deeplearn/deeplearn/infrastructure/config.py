"""Settings, from the environment or a file `.env`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

SYNCHRONOUS = {"postgresql+asyncpg": "postgresql+psycopg", "sqlite+aiosqlite": "sqlite"}
ASYNCHRONOUS = {"postgresql": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = "sqlite:///deeplearn.db"
    create_tables: bool = True
    pool_size: int = Field(10, ge=1)
    max_overflow: int = Field(10, ge=0)
    pool_recycle: int = Field(1800, ge=1)
    slow_query_ms: float = Field(250, ge=0)
    storage_folder: str = "storage"
    signing_key: str = "change me"
    link_minutes: int = Field(15, ge=1)
    token_hours: int = Field(24, ge=1)
    password_rounds: int = Field(200_000, ge=1)

    @property
    def sync_database_url(self) -> str:
        return self._with_driver(SYNCHRONOUS)

    @property
    def async_database_url(self) -> str:
        return self._with_driver(ASYNCHRONOUS)

    def _with_driver(self, drivers: dict[str, str]) -> str:
        url = make_url(self.database_url)
        return url.set(drivername=drivers.get(url.drivername, url.drivername)).render_as_string(hide_password=False)


settings = Settings()
