"""Accounts."""

import asyncio

from fastapi import Depends
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotAuthenticated, NotFound
from soul_sense.models import User, UserSettings
from soul_sense.security import hash_password, verify_password
from soul_sense.services.audit import AuditService


class UserService:
    def __init__(self, db: AsyncSession = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)

    async def by_name(self, name):
        """Whoever has this user name or address."""
        wanted = name.lower()
        return (
            await self.db.scalars(select(User).where(or_(User.username == wanted, User.email == wanted)).limit(1))
        ).first()

    async def get(self, user_id):
        user = await self.db.get(User, user_id)
        if user is None:
            raise NotFound("no such user")
        return user

    async def is_taken(self, username, email):
        same = select(User).where(or_(User.username == username, User.email == email))
        return await self.db.scalar(select(same.exists()))

    async def register(self, username, email, password):
        username, email = username.lower(), email.lower()
        if await self.is_taken(username, email):
            raise Conflict("this name or address is taken")
        user = User(username=username, email=email, password_hash=await asyncio.to_thread(hash_password, password), settings=UserSettings())
        self.db.add(user)
        self.audit.record(user, "registered")
        try:
            await self.db.commit()
        except IntegrityError:  # somebody was faster
            await self.db.rollback()
            raise Conflict("this name or address is taken") from None
        await self.db.refresh(user)
        await self.db.refresh(user, ["settings", "personal"])
        return user

    async def page(self, text=None, offset=0, limit=20):
        """Users by their names, and how many there are in all."""
        query = select(User).options(joinedload(User.personal))
        if text:
            query = query.where(User.username.contains(text.lower(), autoescape=True))
        return (await self.db.scalars(query.order_by(User.username).offset(offset).limit(limit))).all(), await self.db.scalar(select(func.count()).select_from(query.subquery()))

    async def change_settings(self, user, changes):
        settings = user.settings
        if settings is None:
            settings = user.settings = UserSettings()
        for name, value in changes.items():
            setattr(settings, name, value)
        self.audit.record(user, "settings changed", ", ".join(sorted(changes)))
        await self.db.commit()
        return settings

    async def change_password(self, user, old, new):
        if not await asyncio.to_thread(verify_password, old, user.password_hash):
            raise NotAuthenticated("the old password is wrong")
        user.password_hash = await asyncio.to_thread(hash_password, new)
        self.audit.record(user, "password changed")
        await self.db.commit()

    async def delete(self, user, password):
        """Remove an account with all that belongs to it."""
        if not await asyncio.to_thread(verify_password, password, user.password_hash):
            raise NotAuthenticated("the password is wrong")
        self.audit.record(None, "account deleted", user.username)
        await self.db.delete(user)
        await self.db.commit()
