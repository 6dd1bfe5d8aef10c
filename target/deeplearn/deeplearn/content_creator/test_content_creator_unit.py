from unittest.mock import AsyncMock, Mock

import pytest
from sqlalchemy import func, select

from deeplearn.content_creator.models import FlowRunModel, FlowStepModel
from deeplearn.content_creator.public import UnitRequest, content_creator_provider
from deeplearn.content_creator.repo import FlowRunRepo
from deeplearn.content_creator.service import ContentCreatorService
from deeplearn.content_creator.writer import TemplateWriter
from deeplearn.infrastructure.errors import Conflict, NotFound


class OfflineWriter(TemplateWriter):
    async def lesson(self, topic, title):
        raise ConnectionError("no network")


@pytest.mark.asyncio
async def test_the_template_writes():
    writer = TemplateWriter()
    titles = await writer.outline("Tea", 7)
    assert len(titles) == 7
    assert titles[0] == "What it is: Tea"
    lesson = await writer.lesson("Tea", titles[0])
    assert lesson.exercises[0].choices[lesson.exercises[0].answer] == "Tea"
    assert b"".join([part async for part in writer.speech("two words")])[:3] == b"two"


@pytest.mark.asyncio
async def test_unknown_units_can_not_be_tried_again():
    content = AsyncMock()
    content.get_unit.return_value = None
    with pytest.raises(NotFound):
        await ContentCreatorService(Mock(spec=FlowRunRepo), content, AsyncMock()).retry("x", 1)
    content.update_unit_status.assert_not_awaited()


@pytest.mark.asyncio
async def test_a_unit_is_made(session, content, ada):
    run = await content_creator_provider(session).create_unit(UnitRequest(topic="Tea", lessons=2), ada.id)
    assert (run.status, run.error_message) == ("completed", None)
    unit = await content.get_unit_detail(run.unit_id)
    assert (unit.title, unit.status, unit.creation_progress) == ("Tea", "completed", {"stage": "done"})
    assert [lesson.title for lesson in unit.lessons] == ["What it is: Tea", "Why it matters: Tea"]


@pytest.mark.asyncio
async def test_a_run_leaves_a_trace(session, ada):
    creator = content_creator_provider(session)
    run = await creator.create_unit(UnitRequest(topic="Tea", lessons=2, with_podcast=True), ada.id)
    detail = await creator.run(run.id)
    assert [step.name for step in detail.steps] == ["outline", "lesson", "lesson", "podcast"]
    assert detail.inputs["topic"] == "Tea"
    assert detail.completed_at >= detail.started_at


@pytest.mark.asyncio
async def test_a_podcast_is_recorded(client, session, ada, as_ada):
    run = await content_creator_provider(session).create_unit(UnitRequest(topic="Tea", with_podcast=True), ada.id)
    await session.commit()
    unit = (await client.get(f"/api/v1/units/{run.unit_id}", headers=as_ada)).json()
    assert (unit["has_podcast"], unit["podcast_voice"]) == (True, "Plain")
    assert unit["podcast_duration_seconds"] > 0


class TestFailure:
    @pytest.mark.asyncio
    async def test_it_is_noted(self, session, content, ada):
        run = await content_creator_provider(session, OfflineWriter()).create_unit(UnitRequest(topic="Tea"), ada.id)
        assert (run.status, run.error_message) == ("failed", "no network")
        unit = await content.get_unit(run.unit_id)
        assert (unit.status, unit.error_message) == ("failed", "no network")

    @pytest.mark.asyncio
    async def test_it_can_be_tried_again(self, session, content, ada):
        failed = await content_creator_provider(session, OfflineWriter()).create_unit(UnitRequest(topic="Tea"), ada.id)
        creator = content_creator_provider(session)
        run = await creator.retry(failed.unit_id, ada.id)
        assert run.status == "completed"
        assert (await content.get_unit(run.unit_id)).error_message is None
        assert [found.id for found in await session.scalars(select(FlowRunModel))] == [run.id]
        assert await session.scalar(
            select(func.count()).select_from(FlowStepModel).where(FlowStepModel.run_id != run.id)
        ) == 0
        with pytest.raises(Conflict):
            await creator.retry(failed.unit_id, ada.id)

    @pytest.mark.asyncio
    async def test_others_can_not_try(self, session, ada, grace):
        failed = await content_creator_provider(session, OfflineWriter()).create_unit(UnitRequest(topic="Tea"), ada.id)
        with pytest.raises(NotFound):
            await content_creator_provider(session).retry(failed.unit_id, grace.id)


class TestRoutes:
    async def test_from_request_to_run(self, client, as_ada, as_grace):
        run = await client.post("/api/v1/creator/units", json={"topic": "Tea", "lessons": 1}, headers=as_ada)
        assert (run.status_code, run.json()["status"]) == (201, "completed")
        path = f"/api/v1/creator/runs/{run.json()['id']}"
        assert [step["name"] for step in (await client.get(path, headers=as_ada)).json()["steps"]] == ["outline", "lesson"]
        assert (await client.get(path, headers=as_grace)).status_code == 404

    async def test_what_is_complete_is_not_tried_again(self, client, unit, as_ada, as_grace):
        path = f"/api/v1/creator/units/{unit.id}/retry"
        assert (await client.post(path, headers=as_ada)).status_code == 409
        assert (await client.post(path, headers=as_grace)).status_code == 404

    @pytest.mark.parametrize(
        "data", [{}, {"topic": ""}, {"topic": "x" * 121}, {"topic": "T", "lessons": 0}, {"topic": "T", "lessons": 11}]
    )
    async def test_bad_requests(self, client, as_ada, data):
        assert (await client.post("/api/v1/creator/units", json=data, headers=as_ada)).status_code == 422
