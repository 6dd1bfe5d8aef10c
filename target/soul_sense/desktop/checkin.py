"""A check-in at the desk: `python -m desktop.checkin NAME MOOD TITLE`."""

import sys

from sqlalchemy import func

from desktop.database import DesktopSession
from soul_sense import scoring
from soul_sense.clock import today
from soul_sense.models import JournalEntry, User


def find_user(session, name):
    return session.query(User).filter(func.lower(User.username) == name.lower()).one_or_none()


def check_in(session, user, mood, title):
    """A short page for today."""
    entry = JournalEntry(user=user, title=title, mood=mood, written_on=today())
    session.add(entry)
    session.commit()
    return entry


def summary(session, user):
    """How the last weeks were, in lines to read."""
    moods = [entry.mood for entry in user.entries if entry.deleted_at is None]
    figures = scoring.describe(moods)
    lines = [f"{user.display_name}: {figures['count']} pages, mean mood {figures['mean']}"]
    lines += [f"  {streak.kind}: {streak.length} days" for streak in user.streaks]
    latest = session.query(JournalEntry).filter_by(user_id=user.id).order_by(JournalEntry.id.desc()).limit(3)
    lines += [f"  {entry.title} [{', '.join(tag.name for tag in entry.tags)}]" for entry in latest]
    return lines


def main(arguments):
    name, mood, title = arguments
    with DesktopSession() as session:
        user = find_user(session, name)
        if user is None:
            print(f"nobody is called {name}", file=sys.stderr)
            return 1
        check_in(session, user, int(mood), title)
        print("\n".join(summary(session, user)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
