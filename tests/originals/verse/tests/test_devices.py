from datetime import timedelta

import pytest
import pytest_asyncio

from verse.api.dependencies import chat, insights, links, users
from verse.config import settings
from verse.errors import Conflict, Gone, NotFound, TooMany
from verse.models import Conversation, Device, InsightMessage, LinkCode, User, UserInsight, now
from verse.services.tokens import digest


def expire(db, code):
    db.query(LinkCode).filter_by(code_hash=digest(code)).update({"expires_at": now() - timedelta(seconds=1)})
    db.commit()


def statuses(db):
    return sorted(row.status for row in db.query(LinkCode.status))


class TestCodes:
    def test_a_code_is_good_for_minutes(self, db, reader):
        code, expires_at = links.generate_code(db, reader.id)
        assert len(code) == 14
        assert timedelta(minutes=4) < expires_at - now() <= timedelta(minutes=settings.link_code_minutes)

    def test_there_are_only_so_many(self, db, reader):
        for _ in range(settings.max_link_codes):
            links.generate_code(db, reader.id)
        with pytest.raises(TooMany, match="3 codes"):
            links.generate_code(db, reader.id)

    def test_expired_codes_do_not_count(self, db, reader):
        for _ in range(settings.max_link_codes):
            code, _ = links.generate_code(db, reader.id)
            expire(db, code)
        assert links.generate_code(db, reader.id)[0]

    def test_revoking_says_how_many(self, db, reader, other):
        links.generate_code(db, reader.id)
        links.generate_code(db, reader.id)
        links.generate_code(db, other.id)
        assert links.revoke_codes(db, reader.id) == 2
        assert links.revoke_codes(db, reader.id) == 0
        assert statuses(db) == ["pending", "revoked", "revoked"]

    def test_expired_codes_are_deleted(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        links.generate_code(db, reader.id)
        expire(db, code)
        assert links.delete_expired_codes(db) == 1
        assert db.query(LinkCode).count() == 1


class TestAccept:
    def test_a_new_device(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        device, token = links.accept(db, code.lower(), "Tablet")
        assert device.user_id == reader.id
        assert users.authenticate(db, token).name == "Tablet"
        assert statuses(db) == ["used"]

    def test_only_once(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        links.accept(db, code, "Tablet")
        with pytest.raises(Gone, match="used"):
            links.accept(db, code, "Tablet")

    def test_not_when_expired(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        expire(db, code)
        with pytest.raises(Gone, match="expired"):
            links.accept(db, code, "Tablet")

    def test_not_when_revoked(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        links.revoke_codes(db, reader.id)
        with pytest.raises(Gone, match="revoked"):
            links.accept(db, code, "Tablet")

    @pytest.mark.parametrize("code", ["AAAA-AAAA-AAAA", "", "%", "' OR '1'='1"])
    def test_not_when_unknown(self, db, reader, code):
        links.generate_code(db, reader.id)
        with pytest.raises(NotFound):
            links.accept(db, code, "Tablet")

    def test_not_by_oneself(self, db, reader):
        code, _ = links.generate_code(db, reader.id)
        with pytest.raises(Conflict):
            links.accept(db, code, "Phone", reader.id)
        assert statuses(db) == ["pending"]


class TestMerge:
    @pytest_asyncio.fixture
    async def history(self, db, reader, other):
        """Both have read Psalm 23, one of them John 1 as well, and talked."""
        for user, references in ((reader, ["Psalm 23"]), (other, ["Psalm 23", "John 1"])):
            for reference in references:
                insight = await insights.explain(db, user.id, reference)
                db.add(InsightMessage(insight_id=insight.id, user_id=user.id, role="user", content=reference))
        chat.start(db, other.id, "Hello")

    @pytest.mark.asyncio
    async def test_the_data_move_along(self, db, reader, other, history):
        code, _ = links.generate_code(db, reader.id)
        links.accept(db, code, "Tablet", other.id)
        assert db.query(UserInsight).filter_by(user_id=reader.id).count() == 2
        assert db.query(InsightMessage).filter_by(user_id=reader.id).count() == 3
        assert db.query(Conversation).filter_by(user_id=reader.id).count() == 1
        assert db.query(User.id).all() == [(reader.id,)]

    @pytest.mark.asyncio
    async def test_merging_says_how_much(self, db, reader, other, history):
        assert links.merge(db, other.id, reader.id) == 3

    @pytest.mark.asyncio
    async def test_old_tokens_end(self, client, db, reader, as_other, history):
        code, _ = links.generate_code(db, reader.id)
        linked = client.post("/devices/link", json={"code": code, "device": "Tablet"}, headers=as_other)
        assert linked.status_code == 201
        assert client.get("/users/me", headers=as_other).status_code == 401
        as_linked = {"Authorization": f"Bearer {linked.json()['token']}"}
        assert len(client.get("/insights", headers=as_linked).json()) == 2


class TestDevices:
    def test_the_list_marks_the_current_one(self, client, db, reader, as_reader):
        users.add_device(db, reader.id, "Watch")
        db.commit()
        listed = client.get("/devices", headers=as_reader).json()
        assert [(device["name"], device["is_current"]) for device in listed] == [("Phone", True), ("Watch", False)]

    def test_linking_from_end_to_end(self, client, as_reader):
        code = client.post("/devices/codes", headers=as_reader).json()["code"]
        token = client.post("/devices/link", json={"code": code}).json()["token"]
        listed = client.get("/devices", headers={"Authorization": f"Bearer {token}"}).json()
        assert [device["name"] for device in listed] == ["Phone", "Browser"]

    def test_unlinking(self, client, db, reader, as_reader):
        watch, _ = users.add_device(db, reader.id, "Watch")
        db.commit()
        assert client.delete(f"/devices/{watch.id}", headers=as_reader).status_code == 204
        assert client.delete(f"/devices/{watch.id}", headers=as_reader).status_code == 404
        assert [device.name for device in links.devices(db, reader.id)] == ["Phone"]

    def test_the_last_one_stays(self, client, device, as_reader):
        response = client.delete(f"/devices/{device.id}", headers=as_reader)
        assert (response.status_code, response.json()) == (409, {"detail": "the last device can't be unlinked"})

    def test_too_many_codes(self, client, as_reader):
        found = [client.post("/devices/codes", headers=as_reader).status_code for _ in range(4)]
        assert found == [201, 201, 201, 429]

    def test_revoking(self, client, as_reader):
        client.post("/devices/codes", headers=as_reader)
        assert client.delete("/devices/codes", headers=as_reader).json() == {"deleted": 1}

    def test_rows_of_devices_stay(self, db, reader):
        watch, _ = users.add_device(db, reader.id, "Watch")
        db.commit()
        links.unlink(db, reader.id, watch.id)
        assert db.query(Device).filter(Device.revoked_at.is_not(None)).count() == 1
