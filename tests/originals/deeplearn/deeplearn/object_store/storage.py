"""Where the bytes lie."""

import asyncio
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    async def put(self, key: str, content: bytes) -> None: ...

    async def get(self, key: str) -> bytes: ...

    async def delete(self, key: str) -> None: ...


class FolderStorage:
    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    async def put(self, key: str, content: bytes) -> None:
        await asyncio.to_thread(self._write, key, content)

    def _write(self, key: str, content: bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread((self.folder / key).read_bytes)

    async def delete(self, key: str) -> None:
        await asyncio.to_thread((self.folder / key).unlink, missing_ok=True)
