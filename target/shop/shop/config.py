"""Settings, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    database_url: str = "sqlite:///shop.db"
    sql_echo: bool = False
    low_stock: int = 5


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    return Settings(
        database_url=environ.get("DATABASE_URL", Settings.database_url),
        sql_echo=environ.get("SQL_ECHO", "").lower() in {"1", "true", "yes"},
        low_stock=int(environ.get("LOW_STOCK", Settings.low_stock)),
    )


settings = load_settings()
