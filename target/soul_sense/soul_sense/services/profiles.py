"""What users tell of themselves."""

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession

from soul_sense.database import get_db
from soul_sense.models import PersonalProfile, StrengthsProfile
from soul_sense.services.audit import AuditService

PARTS = ("full_name", "birth_year", "occupation", "about")


class ProfileService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)

    async def personal(self, user):
        """The personal profile, made when it is first asked for."""
        if user.personal is None:
            user.personal = PersonalProfile()
            await self.db.commit()
        return user.personal

    async def change_personal(self, user, changes):
        profile = await self.personal(user)
        for name, value in changes.items():
            setattr(profile, name, value)
        self.audit.record(user, "profile changed", ", ".join(sorted(changes)))
        await self.db.commit()
        await self.db.refresh(profile)
        return profile

    async def strengths(self, user):
        if user.strengths is None:
            user.strengths = StrengthsProfile(strengths=[], challenges=[], goals=[])
            await self.db.commit()
        return user.strengths

    async def change_strengths(self, user, changes):
        profile = await self.strengths(user)
        for name, value in changes.items():
            setattr(profile, name, value)
        self.audit.record(user, "strengths changed", ", ".join(sorted(changes)))
        await self.db.commit()
        return profile

    def completeness(self, user):
        """How much of both profiles is filled in, in percent."""
        filled = sum(getattr(user.personal, name) not in (None, "") for name in PARTS) if user.personal else 0
        if user.strengths:
            filled += sum(bool(part) for part in (user.strengths.strengths, user.strengths.challenges))
            filled += bool(user.strengths.goals)
        return round(100 * filled / (len(PARTS) + 3))
