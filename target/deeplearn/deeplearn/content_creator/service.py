import logging
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from deeplearn.content.public import ContentProvider, LessonCreate, UnitCreate, UnitRead
from deeplearn.content_creator.models import FlowRunModel
from deeplearn.content_creator.repo import FlowRunRepo
from deeplearn.content_creator.writer import Writer
from deeplearn.infrastructure.errors import Conflict, NotFound
from deeplearn.infrastructure.types import Level, Title

logger = logging.getLogger(__name__)

FLOW = "unit_creation"
VOICE = "Plain"


class UnitRequest(BaseModel):
    topic: Title
    learner_level: Level = "beginner"
    lessons: Annotated[int, Field(ge=1, le=10)] = 3
    with_podcast: bool = False


class FlowStepRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    name: str
    output: str


class FlowRunRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    flow: str
    user_id: int | None
    unit_id: str | None
    status: str
    error_message: str | None
    started_at: datetime
    completed_at: datetime | None


class FlowRunDetail(FlowRunRead):
    inputs: dict[str, object]
    steps: list[FlowStepRead]


class ContentCreatorService:
    """Makes units on request, step by step; each run leaves a trace."""

    def __init__(self, runs: FlowRunRepo, content: ContentProvider, writer: Writer) -> None:
        self.runs = runs
        self.content = content
        self.writer = writer

    async def create_unit(self, request: UnitRequest, user_id: int | None = None) -> FlowRunRead:
        unit = await self.content.create_unit(
            UnitCreate(title=request.topic, learner_level=request.learner_level, user_id=user_id, status="in_progress")
        )
        return await self._run(request, unit, user_id)

    async def retry(self, unit_id: str, user_id: int) -> FlowRunRead:
        """Try once more to fill a unit, after the first run has failed."""
        unit = await self.content.get_unit(unit_id)
        if unit is None or unit.user_id != user_id:
            raise NotFound("no such unit")
        if unit.status != "failed":
            raise Conflict("only what has failed can be tried again")
        await self.content.update_unit_status(unit_id, "in_progress")
        request = UnitRequest(topic=unit.title, learner_level=unit.learner_level)
        run = await self._run(request, unit, user_id)
        await self.runs.delete_before(unit_id, keep=run.id)
        return run

    async def _run(self, request: UnitRequest, unit: UnitRead, user_id: int | None) -> FlowRunRead:
        run = await self.runs.start(FLOW, user_id, request.model_dump())
        run.unit_id = unit.id
        try:
            await self._fill(run, request, unit.id)
        except ConnectionError as error:
            logger.warning("making unit %s failed: %s", unit.id, error)
            await self.content.update_unit_status(unit.id, "failed", error_message=str(error))
            await self.runs.end(run, str(error))
        else:
            await self.content.update_unit_status(unit.id, "completed", creation_progress={"stage": "done"})
            await self.runs.end(run)
        return FlowRunRead.model_validate(run)

    async def _fill(self, run: FlowRunModel, request: UnitRequest, unit_id: str) -> None:
        titles = await self.writer.outline(request.topic, request.lessons)
        await self.runs.step(run, "outline", "; ".join(titles))
        for title in titles:
            package = await self.writer.lesson(request.topic, title)
            lesson = await self.content.save_lesson(
                LessonCreate(title=title, learner_level=request.learner_level, package=package, unit_id=unit_id)
            )
            await self.runs.step(run, "lesson", lesson.title)
        if request.with_podcast:
            transcript = await self.writer.podcast(request.topic, titles)
            await self._record(unit_id, transcript)
            await self.runs.step(run, "podcast", transcript)

    async def _record(self, unit_id: str, transcript: str) -> None:
        content = b"".join([part async for part in self.writer.speech(transcript)])
        await self.content.save_unit_podcast_from_bytes(
            unit_id, transcript=transcript, content=content, content_type="audio/wav", voice=VOICE
        )

    async def run(self, run_id: str) -> FlowRunDetail:
        found = await self.runs.by_id(run_id)
        if found is None:
            raise NotFound("no such run")
        return FlowRunDetail.model_validate(found)

    async def list_runs(self, status: str | None = None, limit: int = 50, offset: int = 0) -> list[FlowRunRead]:
        return [FlowRunRead.model_validate(run) for run in await self.runs.runs(status, limit, offset)]

    async def count_runs(self) -> int:
        return await self.runs.count()
