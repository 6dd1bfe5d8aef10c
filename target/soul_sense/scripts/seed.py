"""Fill a new installation: `python -m scripts.seed`. Running it again adds nothing."""

import asyncio
from datetime import timedelta

from sqlalchemy import select

from soul_sense.clock import today
from soul_sense.database import Base, engine, get_db
from soul_sense.models import PersonalProfile, Question
from soul_sense.services.exams import ExamService
from soul_sense.services.journal import JournalService
from soul_sense.services.users import UserService

PASSWORD = "change me soon"
USERS = [("staff", "Dr. Imani Osei", True), ("noor", "Noor Haddad", False), ("tomas", "Tomas Lind", False)]
QUESTIONS = [
    ("I know what I feel while I feel it.", "awareness", False),
    ("I am surprised by my own moods.", "awareness", True),
    ("I calm down soon after a quarrel.", "balance", False),
    ("Small things upset me for the whole day.", "balance", True),
    ("I notice when somebody needs help.", "empathy", False),
    ("Other people's worries bore me.", "empathy", True),
    ("I begin the day with something to look forward to.", "drive", False),
    ("I put off what matters to me.", "drive", True),
]
PAGES = [
    ("A slow morning", "Tea on the balcony, nothing planned.", 7, ["home", "quiet"]),
    ("The review", "It went better than feared.", 6, ["work"]),
    ("Bad sleep", "Woke at four and could not stop thinking.", 3, ["sleep", "work"]),
    ("Choir", "Sang for two hours. Light afterwards.", 9, ["music", "friends"]),
]


async def add_questions(db):
    known = {text for (text,) in await db.execute(select(Question.text))}
    new = [Question(text=t, category=c, is_reversed=r) for t, c, r in QUESTIONS if t not in known]
    db.add_all(new)
    await db.commit()
    return len(new)


async def add_users(db):
    """The users, each with a profile, one assessment, and some pages."""
    users, exams, journal = UserService(db), ExamService(db), JournalService(db)
    added = 0
    for number, (username, full_name, is_staff) in enumerate(USERS):
        if await users.by_name(username) is not None:
            continue
        user = await users.register(username, f"{username}@soulsense.example", PASSWORD)
        user.is_staff = is_staff
        user.personal = PersonalProfile(full_name=full_name)
        exam = await exams.start(user)
        for question in await exams.questions():
            await exams.answer(user, exam.id, question.id, (question.id + number) % 5 + 1)
        await exams.finish(user, exam.id)
        for ago, (title, content, mood, tags) in enumerate(PAGES):
            await journal.write(user, title, content, mood, tags, written_on=today() - timedelta(days=ago))
        added += 1
    return added


async def main():
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = get_db()
    db = await anext(sessions)
    try:
        questions, users = await add_questions(db), await add_users(db)
    finally:
        await sessions.aclose()
    print(f"{questions} questions and {users} users added")


if __name__ == "__main__":
    asyncio.run(main())
