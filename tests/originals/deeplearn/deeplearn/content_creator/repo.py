from sqlalchemy.orm import Session, selectinload

from deeplearn.content_creator.models import FlowRunModel, FlowStepModel
from deeplearn.infrastructure.models import now


class FlowRunRepo:
    def __init__(self, session: Session) -> None:
        self.session = session

    def start(self, flow: str, user_id: int | None, inputs: dict[str, object]) -> FlowRunModel:
        run = FlowRunModel(flow=flow, user_id=user_id, inputs=inputs)
        self.session.add(run)
        self.session.flush()
        return run

    def step(self, run: FlowRunModel, name: str, output: str) -> None:
        self.session.add(FlowStepModel(run_id=run.id, name=name, output=output))
        self.session.flush()

    def end(self, run: FlowRunModel, error_message: str | None = None) -> None:
        run.status = "failed" if error_message else "completed"
        run.error_message = error_message
        run.completed_at = now()
        self.session.flush()

    def by_id(self, run_id: str) -> FlowRunModel | None:
        query = self.session.query(FlowRunModel).options(selectinload(FlowRunModel.steps))
        return query.filter(FlowRunModel.id == run_id).first()

    def runs(self, status: str | None = None, limit: int = 50, offset: int = 0) -> list[FlowRunModel]:
        query = self.session.query(FlowRunModel)
        if status is not None:
            query = query.filter(FlowRunModel.status == status)
        return query.order_by(FlowRunModel.started_at.desc(), FlowRunModel.id).limit(limit).offset(offset).all()

    def count(self) -> int:
        return self.session.query(FlowRunModel).count()

    def delete_before(self, unit_id: str, keep: str) -> int:
        """Drop the older runs of a unit; how many there were."""
        old = self.session.query(FlowRunModel.id).filter(FlowRunModel.unit_id == unit_id, FlowRunModel.id != keep)
        keys = [row.id for row in old]
        steps = self.session.query(FlowStepModel).filter(FlowStepModel.run_id.in_(keys))
        steps.delete(synchronize_session=False)
        return self.session.query(FlowRunModel).filter(FlowRunModel.id.in_(keys)).delete(synchronize_session=False)
