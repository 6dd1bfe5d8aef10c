"""Settings, from the environment or a file `.env`."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = "sqlite:///soul_sense.db"
    desktop_url: str = "sqlite:///soul_sense.db"  # what the program at the desk works on
    create_tables: bool = True  # off where Alembic looks after them
    pool_size: int = Field(default=5, ge=1)
    max_overflow: int = Field(default=5, ge=0)
    pool_timeout: float = Field(default=10, gt=0)
    pool_recycle: int = 1800
    slow_query_ms: float = 250

    login_hours: float = Field(default=12, gt=0)
    code_minutes: float = Field(default=10, gt=0)
    code_attempts: int = Field(default=5, ge=1)
    password_rounds: int = Field(default=600_000, ge=1)
    purge_seconds: float = Field(default=3600, gt=0)
    keep_deleted_days: int = Field(default=30, ge=0)


settings = Settings()
