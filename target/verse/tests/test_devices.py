from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import func, select, update

from verse.api.dependencies import chat, insights, links, users
from verse.config import settings
from verse.errors import Conflict, Gone, NotFound, TooMany
from verse.models import Conversation, Device, InsightMessage, LinkCode, User, UserInsight, now
from verse.services.tokens import digest


async def expire(db, code):
    await db.execute(
        update(LinkCode).filter_by(code_hash=digest(code)).values({"expires_at": now() - timedelta(seconds=1)})
    )
    await db.commit()


async def statuses(db):
    return sorted(row.status for row in await db.execute(select(LinkCode.status)))


class TestCodes:
    async def test_a_code_is_good_for_minutes(self, db, reader):
        code, expires_at = await links.generate_code(db, reader.id)
        assert len(code) == 14
        assert timedelta(minutes=4) < expires_at - now() <= timedelta(minutes=settings.link_code_minutes)

    async def test_there_are_only_so_many(self, db, reader):
        for _ in range(settings.max_link_codes):
            await links.generate_code(db, reader.id)
        with pytest.raises(TooMany, match="3 codes"):
            await links.generate_code(db, reader.id)

    async def test_expired_codes_do_not_count(self, db, reader):
        for _ in range(settings.max_link_codes):
            code, _ = await links.generate_code(db, reader.id)
            await expire(db, code)
        assert (await links.generate_code(db, reader.id))[0]

    async def test_revoking_says_how_many(self, db, reader, other):
        await links.generate_code(db, reader.id)
        await links.generate_code(db, reader.id)
        await links.generate_code(db, other.id)
        assert await links.revoke_codes(db, reader.id) == 2
        assert await links.revoke_codes(db, reader.id) == 0
        assert await statuses(db) == ["pending", "revoked", "revoked"]

    async def test_expired_codes_are_deleted(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        await links.generate_code(db, reader.id)
        await expire(db, code)
        assert await links.delete_expired_codes(db) == 1
        assert await db.scalar(select(func.count()).select_from(LinkCode)) == 1


class TestAccept:
    async def test_a_new_device(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        device, token = await links.accept(db, code.lower(), "Tablet")
        assert device.user_id == reader.id
        assert (await users.authenticate(db, token)).name == "Tablet"
        assert await statuses(db) == ["used"]

    async def test_only_once(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        await links.accept(db, code, "Tablet")
        with pytest.raises(Gone, match="used"):
            await links.accept(db, code, "Tablet")

    async def test_not_when_expired(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        await expire(db, code)
        with pytest.raises(Gone, match="expired"):
            await links.accept(db, code, "Tablet")

    async def test_not_when_revoked(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        await links.revoke_codes(db, reader.id)
        with pytest.raises(Gone, match="revoked"):
            await links.accept(db, code, "Tablet")

    @pytest.mark.parametrize("code", ["AAAA-AAAA-AAAA", "", "%", "' OR '1'='1"])
    async def test_not_when_unknown(self, db, reader, code):
        await links.generate_code(db, reader.id)
        with pytest.raises(NotFound):
            await links.accept(db, code, "Tablet")

    async def test_not_by_oneself(self, db, reader):
        code, _ = await links.generate_code(db, reader.id)
        with pytest.raises(Conflict):
            await links.accept(db, code, "Phone", reader.id)
        assert await statuses(db) == ["pending"]


class TestMerge:
    @pytest_asyncio.fixture
    async def history(self, db, reader, other):
        """Both have read Psalm 23, one of them John 1 as well, and talked."""
        for user, references in ((reader, ["Psalm 23"]), (other, ["Psalm 23", "John 1"])):
            for reference in references:
                insight = await insights.explain(db, user.id, reference)
                db.add(InsightMessage(insight_id=insight.id, user_id=user.id, role="user", content=reference))
        await chat.start(db, other.id, "Hello")

    @pytest.mark.asyncio
    async def test_the_data_move_along(self, db, reader, other, history):
        code, _ = await links.generate_code(db, reader.id)
        await links.accept(db, code, "Tablet", other.id)
        assert await db.scalar(select(func.count()).select_from(UserInsight).filter_by(user_id=reader.id)) == 2
        assert await db.scalar(select(func.count()).select_from(InsightMessage).filter_by(user_id=reader.id)) == 3
        assert await db.scalar(select(func.count()).select_from(Conversation).filter_by(user_id=reader.id)) == 1
        assert (await db.execute(select(User.id))).all() == [(reader.id,)]

    @pytest.mark.asyncio
    async def test_merging_says_how_much(self, db, reader, other, history):
        assert await links.merge(db, other.id, reader.id) == 3

    @pytest.mark.asyncio
    async def test_old_tokens_end(self, client, db, reader, as_other, history):
        code, _ = await links.generate_code(db, reader.id)
        linked = await client.post("/devices/link", json={"code": code, "device": "Tablet"}, headers=as_other)
        assert linked.status_code == 201
        assert (await client.get("/users/me", headers=as_other)).status_code == 401
        as_linked = {"Authorization": f"Bearer {linked.json()['token']}"}
        assert len((await client.get("/insights", headers=as_linked)).json()) == 2


class TestDevices:
    async def test_the_list_marks_the_current_one(self, client, db, reader, as_reader):
        await users.add_device(db, reader.id, "Watch")
        await db.commit()
        listed = (await client.get("/devices", headers=as_reader)).json()
        assert [(device["name"], device["is_current"]) for device in listed] == [("Phone", True), ("Watch", False)]

    async def test_linking_from_end_to_end(self, client, as_reader):
        code = (await client.post("/devices/codes", headers=as_reader)).json()["code"]
        token = (await client.post("/devices/link", json={"code": code})).json()["token"]
        listed = (await client.get("/devices", headers={"Authorization": f"Bearer {token}"})).json()
        assert [device["name"] for device in listed] == ["Phone", "Browser"]

    async def test_unlinking(self, client, db, reader, as_reader):
        watch, _ = await users.add_device(db, reader.id, "Watch")
        await db.commit()
        assert (await client.delete(f"/devices/{watch.id}", headers=as_reader)).status_code == 204
        assert (await client.delete(f"/devices/{watch.id}", headers=as_reader)).status_code == 404
        assert [device.name for device in await links.devices(db, reader.id)] == ["Phone"]

    async def test_the_last_one_stays(self, client, device, as_reader):
        response = await client.delete(f"/devices/{device.id}", headers=as_reader)
        assert (response.status_code, response.json()) == (409, {"detail": "the last device can't be unlinked"})

    async def test_too_many_codes(self, client, as_reader):
        found = [(await client.post("/devices/codes", headers=as_reader)).status_code for _ in range(4)]
        assert found == [201, 201, 201, 429]

    async def test_revoking(self, client, as_reader):
        await client.post("/devices/codes", headers=as_reader)
        assert (await client.delete("/devices/codes", headers=as_reader)).json() == {"deleted": 1}

    async def test_rows_of_devices_stay(self, db, reader):
        watch, _ = await users.add_device(db, reader.id, "Watch")
        await db.commit()
        await links.unlink(db, reader.id, watch.id)
        assert await db.scalar(select(func.count()).select_from(Device).where(Device.revoked_at.is_not(None))) == 1
