import time
from unittest.mock import AsyncMock, Mock

import pytest
import pytest_asyncio

from deeplearn.infrastructure.errors import NotFound
from deeplearn.object_store.models import AudioModel
from deeplearn.object_store.public import AudioCreate, object_store_provider
from deeplearn.object_store.repo import AudioRepo
from deeplearn.object_store.service import ObjectStore, duration, signature
from deeplearn.object_store.storage import FolderStorage

SOUND = AudioCreate(user_id=None, filename="a.wav", content_type="audio/wav", content=bytes(352_800))


@pytest.mark.parametrize(
    ("content_type", "size", "seconds"), [("audio/wav", 176_400, 1.0), ("audio/mpeg", 40_000, 2.5), ("x", 0, 0.0)]
)
def test_duration(content_type, size, seconds):
    assert duration(content_type, size) == seconds


def test_a_signature_is_of_one_recording_and_one_time():
    assert len({signature("a", 1), signature("b", 1), signature("a", 2)}) == 3


@pytest.mark.asyncio
async def test_a_folder_keeps_bytes(tmp_path):
    storage = FolderStorage(str(tmp_path))
    await storage.put("audio/1/a.wav", b"sound")
    assert await storage.get("audio/1/a.wav") == b"sound"
    await storage.delete("audio/1/a.wav")
    await storage.delete("audio/1/a.wav")
    assert list((tmp_path / "audio" / "1").iterdir()) == []


@pytest.mark.asyncio
async def test_upload_with_mocks():
    repo = Mock(spec=AudioRepo)
    repo.add = AsyncMock(side_effect=lambda audio: audio)
    repo.by_id = AsyncMock(return_value=None)
    storage = AsyncMock()
    store = ObjectStore(repo, storage)
    with pytest.raises(NotFound):
        await store.content("unknown")
    assert await store.get_audio("unknown") is None
    storage.get.assert_not_awaited()


class TestRoutes:
    @pytest_asyncio.fixture
    async def audio(self, infrastructure, ada):
        async with infrastructure.get_async_session_context() as session:
            return await object_store_provider(session).upload_audio(SOUND.model_copy(update={"user_id": ada.id}))

    @pytest_asyncio.fixture
    async def address(self, infrastructure, audio):
        async with infrastructure.get_async_session_context() as session:
            return await object_store_provider(session).signed_url(audio.id)

    @pytest.mark.asyncio
    async def test_what_is_known(self, client, audio, as_ada, as_grace):
        found = client.get(f"/api/v1/audio/{audio.id}", headers=as_ada).json()
        assert (found["duration_seconds"], found["size"]) == (2.0, 352_800)
        assert client.get(f"/api/v1/audio/{audio.id}", headers=as_grace).status_code == 404

    @pytest.mark.asyncio
    async def test_the_signed_address(self, client, address):
        response = client.get(address)
        assert (response.headers["content-type"], len(response.content)) == ("audio/wav", 352_800)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("change", ["signature=x", "expires=1", "expires=99999999999"])
    async def test_a_changed_address(self, client, address, change):
        name = change.partition("=")[0]
        parts = [part if not part.startswith(name) else change for part in address.split("?")[1].split("&")]
        assert client.get(f"{address.split('?')[0]}?{'&'.join(parts)}").status_code in {403, 422}

    def test_an_old_address(self, client):
        expires = int(time.time()) // 60 - 1
        query = f"expires={expires}&signature={signature('0' * 32, expires)}"
        assert client.get(f"/api/v1/audio/{'0' * 32}/content?{query}").status_code == 403

    @pytest.mark.asyncio
    async def test_deleting(self, infrastructure, session, audio):
        async with infrastructure.get_async_session_context() as other:
            store = object_store_provider(other)
            assert await store.delete_audio(audio.id) is True
            assert await store.delete_audio(audio.id) is False
        assert session.query(AudioModel).count() == 0
