"""Server-sent events."""

import json
import logging
from typing import Any

logger = logging.getLogger(__name__)

EVENT_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Events `piece` with a part of the answer each, then `done`, or `error`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


def event(name: str, **data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def failure(what: str) -> str:
    """The last event of a stream that broke; why stands in the log alone."""
    logger.exception("%s failed", what)
    return event("error", detail=f"{what} failed")
