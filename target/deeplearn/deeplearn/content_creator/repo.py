from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from deeplearn.content_creator.models import FlowRunModel, FlowStepModel
from deeplearn.infrastructure.models import now


class FlowRunRepo:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def start(self, flow: str, user_id: int | None, inputs: dict[str, object]) -> FlowRunModel:
        run = FlowRunModel(flow=flow, user_id=user_id, inputs=inputs)
        self.session.add(run)
        await self.session.flush()
        return run

    async def step(self, run: FlowRunModel, name: str, output: str) -> None:
        self.session.add(FlowStepModel(run_id=run.id, name=name, output=output))
        await self.session.flush()

    async def end(self, run: FlowRunModel, error_message: str | None = None) -> None:
        run.status = "failed" if error_message else "completed"
        run.error_message = error_message
        run.completed_at = now()
        await self.session.flush()

    async def by_id(self, run_id: str) -> FlowRunModel | None:
        query = select(FlowRunModel).options(selectinload(FlowRunModel.steps))
        return (await self.session.scalars(query.where(FlowRunModel.id == run_id).limit(1))).first()

    async def runs(self, status: str | None = None, limit: int = 50, offset: int = 0) -> list[FlowRunModel]:
        query = select(FlowRunModel)
        if status is not None:
            query = query.where(FlowRunModel.status == status)
        return (
            await self.session.scalars(
                query.order_by(FlowRunModel.started_at.desc(), FlowRunModel.id).limit(limit).offset(offset)
            )
        ).all()

    async def count(self) -> int:
        return await self.session.scalar(select(func.count()).select_from(FlowRunModel))

    async def delete_before(self, unit_id: str, keep: str) -> int:
        """Drop the older runs of a unit; how many there were."""
        old = select(FlowRunModel.id).where(FlowRunModel.unit_id == unit_id, FlowRunModel.id != keep)
        keys = [row.id for row in await self.session.execute(old)]
        steps = delete(FlowStepModel).where(FlowStepModel.run_id.in_(keys))
        await self.session.execute(steps.execution_options(synchronize_session=False))
        return (
            await self.session.execute(
                delete(FlowRunModel).where(FlowRunModel.id.in_(keys)).execution_options(synchronize_session=False)
            )
        ).rowcount
