from fastapi import APIRouter, Depends, status

from soul_sense.models import User
from soul_sense.routers.dependencies import current_user
from soul_sense.schemas import Answer, ExamRead, Id, QuestionRead, ResponseRead, Search
from soul_sense.services.exams import ExamService

router = APIRouter(prefix="/exams", tags=["exams"])


@router.get("/questions", response_model=list[QuestionRead])
async def list_questions(category: Search = None, exams: ExamService = Depends()):
    return await exams.questions(category)


@router.get("/categories")
async def list_categories(exams: ExamService = Depends()) -> dict[str, int]:
    return await exams.categories()


@router.post("", response_model=ExamRead, status_code=status.HTTP_201_CREATED)
async def start_exam(user: User = Depends(current_user), exams: ExamService = Depends()):
    return await exams.start(user)


@router.get("/open", response_model=ExamRead | None)
async def read_open_exam(user: User = Depends(current_user), exams: ExamService = Depends()):
    return await exams.open_exam(user)


@router.get("/{exam_id}", response_model=ExamRead)
async def read_exam(exam_id: Id, user: User = Depends(current_user), exams: ExamService = Depends()):
    return await exams.of_user(user, exam_id)


@router.post("/{exam_id}/answers", response_model=ResponseRead)
async def answer(exam_id: Id, data: Answer, user: User = Depends(current_user), exams: ExamService = Depends()):
    return await exams.answer(user, exam_id, data.question_id, data.value)


@router.post("/{exam_id}/finish", response_model=ExamRead)
async def finish_exam(exam_id: Id, user: User = Depends(current_user), exams: ExamService = Depends()):
    return await exams.finish(user, exam_id)


@router.delete("/{exam_id}", status_code=status.HTTP_204_NO_CONTENT)
async def discard_exam(exam_id: Id, user: User = Depends(current_user), exams: ExamService = Depends()):
    await exams.discard(user, exam_id)
