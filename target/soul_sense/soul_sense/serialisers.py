"""Mapped objects as plain values, for what leaves the service as a document."""


def user_to_dict(user):
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "name": user.display_name,
        "theme": user.settings.theme if user.settings else None,
        "language": user.settings.language if user.settings else None,
        "occupation": user.personal.occupation if user.personal else None,
        "strengths": list(user.strengths.strengths) if user.strengths else [],
    }


async def exam_to_dict(exam):
    return {
        "id": exam.id,
        "score": exam.score,
        "finished_at": exam.finished_at.isoformat() if exam.finished_at else None,
        "responses": {response.question.text: response.value for response in await exam.awaitable_attrs.responses},
    }


def entry_to_dict(entry):
    return {
        "title": entry.title,
        "content": entry.content,
        "mood": entry.mood,
        "written_on": entry.written_on.isoformat(),
        "tags": [tag.name for tag in entry.tags],
        "follows": entry.follows.title if entry.follows else None,
        "deleted": entry.deleted_at is not None,
    }
