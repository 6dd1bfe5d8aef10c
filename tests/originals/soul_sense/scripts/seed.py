"""Fill a new installation: `python -m scripts.seed`. Running it again adds nothing."""

from datetime import timedelta

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


def add_questions(db):
    known = {text for (text,) in db.query(Question.text)}
    new = [Question(text=t, category=c, is_reversed=r) for t, c, r in QUESTIONS if t not in known]
    db.add_all(new)
    db.commit()
    return len(new)


def add_users(db):
    """The users, each with a profile, one assessment, and some pages."""
    users, exams, journal = UserService(db), ExamService(db), JournalService(db)
    added = 0
    for number, (username, full_name, is_staff) in enumerate(USERS):
        if users.by_name(username) is not None:
            continue
        user = users.register(username, f"{username}@soulsense.example", PASSWORD)
        user.is_staff = is_staff
        user.personal = PersonalProfile(full_name=full_name)
        exam = exams.start(user)
        for question in exams.questions():
            exams.answer(user, exam.id, question.id, (question.id + number) % 5 + 1)
        exams.finish(user, exam.id)
        for ago, (title, content, mood, tags) in enumerate(PAGES):
            journal.write(user, title, content, mood, tags, written_on=today() - timedelta(days=ago))
        added += 1
    return added


def main():
    Base.metadata.create_all(bind=engine)
    sessions = get_db()
    db = next(sessions)
    try:
        questions, users = add_questions(db), add_users(db)
    finally:
        sessions.close()
    print(f"{questions} questions and {users} users added")


if __name__ == "__main__":
    main()
