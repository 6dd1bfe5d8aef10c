"""Log-ins and one-time codes."""

import asyncio
from datetime import timedelta

from fastapi import Depends
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defaultload, joinedload

from soul_sense.clock import utcnow
from soul_sense.config import settings
from soul_sense.database import get_db
from soul_sense.errors import NotAuthenticated
from soul_sense.mailer import Mailer, get_mailer
from soul_sense.models import Login, OneTimeCode, User
from soul_sense.security import fingerprint, hash_password, new_code, new_token, verify_password
from soul_sense.services.audit import AuditService
from soul_sense.services.users import UserService


class AuthService:
    def __init__(self, db: AsyncSession = Depends(get_db), mailer: Mailer = Depends(get_mailer)):
        self.db = db
        self.mailer = mailer
        self.users = UserService(db)
        self.audit = AuditService(db)

    async def log_in(self, name, password):
        """A new token."""
        user = await self.users.by_name(name)
        if user is None or not await asyncio.to_thread(verify_password, password, user.password_hash):
            if user is not None:
                self.audit.record(user, "log-in failed")
                await self.db.commit()
            raise NotAuthenticated("wrong name or password")
        if not user.is_active:
            raise NotAuthenticated("this account is closed")
        token, now = new_token(), utcnow()
        expires = now + timedelta(hours=settings.login_hours)
        self.db.add(Login(user_id=user.id, token_hash=fingerprint(token), expires_at=expires))
        user.last_login = now
        self.audit.record(user, "logged in")
        await self.db.commit()
        return token

    async def authenticate(self, token):
        """The log-in that a token stands for."""
        login = (
            await self.db.scalars(
                select(Login)
                .options(joinedload(Login.user).joinedload(User.personal), defaultload(Login.user).options(joinedload(User.settings), joinedload(User.strengths)))
                .where(Login.token_hash == fingerprint(token))
            )
        ).one_or_none()
        if login is None or not login.user.is_active:
            raise NotAuthenticated("this token is not valid")
        if login.revoked_at is not None:
            raise NotAuthenticated("this token was revoked")
        if login.expires_at <= utcnow():
            raise NotAuthenticated("this token has expired")
        return login

    async def log_out(self, login):
        login.revoked_at = utcnow()
        self.audit.record(login.user, "logged out")
        await self.db.commit()

    async def log_out_everywhere(self, user):
        """Revoke all tokens of a user; how many that were."""
        valid = update(Login).where(Login.user_id == user.id, Login.revoked_at.is_(None))
        revoked = (await self.db.execute(valid.values({Login.revoked_at: utcnow()}))).rowcount
        self.audit.record(user, "logged out everywhere")
        await self.db.commit()
        return revoked

    # One-time codes

    async def send_code(self, email):
        """Send a code to an address, if somebody has it; nobody is told whether."""
        user = await self.users.by_name(email)
        if user is None or not user.is_active:
            return
        await self.db.execute(
            delete(OneTimeCode).where(OneTimeCode.user_id == user.id, OneTimeCode.used_at.is_(None))
        )
        code = new_code()
        expires = utcnow() + timedelta(minutes=settings.code_minutes)
        self.db.add(OneTimeCode(user_id=user.id, code_hash=fingerprint(code), expires_at=expires))
        self.audit.record(user, "code sent")
        await self.db.commit()
        self.mailer.send(user.email, f"Your code is {code}.")

    async def reset_password(self, email, code, password):
        """Set a new password with a code, which is used up; wrong attempts are counted."""
        user = await self.users.by_name(email)
        if user is None:
            raise NotAuthenticated("this code is not valid")
        await self.use_code(user, code)
        user.password_hash = await asyncio.to_thread(hash_password, password)
        self.audit.record(user, "password reset")
        await self.db.commit()
        await self.log_out_everywhere(user)

    async def use_code(self, user, code):
        sent = (
            await self.db.scalars(
                select(OneTimeCode)
                .where(OneTimeCode.user_id == user.id, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > utcnow())
                .order_by(OneTimeCode.id.desc())
                .limit(1)
            )
        ).first()
        if sent is None or sent.attempts >= settings.code_attempts:
            raise NotAuthenticated("this code is not valid")
        sent.attempts += 1
        if sent.code_hash != fingerprint(code):
            await self.db.commit()
            raise NotAuthenticated("this code is not valid")
        sent.used_at = utcnow()
