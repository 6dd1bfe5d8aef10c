"""All mapped classes, for what has to know every table."""

from deeplearn.content.models import LessonModel, UnitModel, UnitSessionModel
from deeplearn.content_creator.models import FlowRunModel, FlowStepModel
from deeplearn.infrastructure.models import Base
from deeplearn.learning_session.models import AttemptModel, LearningSessionModel
from deeplearn.object_store.models import AudioModel
from user.models import TokenModel, UserModel

__all__ = [
    "AttemptModel",
    "AudioModel",
    "Base",
    "FlowRunModel",
    "FlowStepModel",
    "LearningSessionModel",
    "LessonModel",
    "TokenModel",
    "UnitModel",
    "UnitSessionModel",
    "UserModel",
]
