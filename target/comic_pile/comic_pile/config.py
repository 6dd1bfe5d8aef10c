"""Settings, from the environment or a file `.env`."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: str = "sqlite:///comic_pile.db"
    create_tables: bool = True  # off where Alembic looks after them
    pool_size: int = Field(default=5, ge=1)
    max_overflow: int = Field(default=10, ge=0)
    pool_timeout: float = Field(default=10, gt=0)
    pool_recycle: int = 1800
    slow_query_ms: float = 250

    secret_key: SecretStr = SecretStr("a key for development, and for nothing else")
    access_minutes: int = Field(default=15, ge=1)
    refresh_days: int = Field(default=30, ge=1)
    password_cost: int = Field(default=14, ge=2, le=20)  # scrypt does 2**cost rounds

    session_hours: float = Field(default=6, gt=0)
    start_die: int = 6
    stale_days: int = Field(default=14, ge=1)
    snapshots_kept: int = Field(default=20, ge=1)
    deadlock_attempts: int = Field(default=4, ge=1)
    deadlock_delay: float = Field(default=0.05, ge=0)
    import_rows: int = Field(default=1000, ge=1)


settings = Settings()
