from verse.clients.bible import BibleClient, Reference, book_name, cut, parse_reference
from verse.schemas import Passage


class BibleService:
    def __init__(self, client: BibleClient):
        self.client = client

    async def passage(self, text: str) -> Passage:
        reference = parse_reference(text)
        return cut(reference, await self.client.chapter(reference.book, reference.chapter))

    async def chapter(self, book: str, chapter: int) -> Passage:
        reference = Reference(book_name(book), chapter)
        return cut(reference, await self.client.chapter(reference.book, chapter))
