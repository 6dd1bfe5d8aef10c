"""Accounts."""

from fastapi import Depends
from sqlalchemy import or_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from soul_sense.database import get_db
from soul_sense.errors import Conflict, NotAuthenticated, NotFound
from soul_sense.models import User, UserSettings
from soul_sense.security import hash_password, verify_password
from soul_sense.services.audit import AuditService


class UserService:
    def __init__(self, db: Session = Depends(get_db)):
        self.db = db
        self.audit = AuditService(db)

    def by_name(self, name):
        """Whoever has this user name or address."""
        wanted = name.lower()
        return self.db.query(User).filter(or_(User.username == wanted, User.email == wanted)).first()

    def get(self, user_id):
        user = self.db.query(User).get(user_id)
        if user is None:
            raise NotFound("no such user")
        return user

    def is_taken(self, username, email):
        same = self.db.query(User).filter(or_(User.username == username, User.email == email))
        return self.db.query(same.exists()).scalar()

    def register(self, username, email, password):
        username, email = username.lower(), email.lower()
        if self.is_taken(username, email):
            raise Conflict("this name or address is taken")
        user = User(username=username, email=email, password_hash=hash_password(password), settings=UserSettings())
        self.db.add(user)
        self.audit.record(user, "registered")
        try:
            self.db.commit()
        except IntegrityError:  # somebody was faster
            self.db.rollback()
            raise Conflict("this name or address is taken") from None
        self.db.refresh(user)
        return user

    def page(self, text=None, offset=0, limit=20):
        """Users by their names, and how many there are in all."""
        query = self.db.query(User)
        if text:
            query = query.filter(User.username.contains(text.lower(), autoescape=True))
        return query.order_by(User.username).offset(offset).limit(limit).all(), query.count()

    def change_settings(self, user, changes):
        settings = user.settings
        if settings is None:
            settings = user.settings = UserSettings()
        for name, value in changes.items():
            setattr(settings, name, value)
        self.audit.record(user, "settings changed", ", ".join(sorted(changes)))
        self.db.commit()
        return settings

    def change_password(self, user, old, new):
        if not verify_password(old, user.password_hash):
            raise NotAuthenticated("the old password is wrong")
        user.password_hash = hash_password(new)
        self.audit.record(user, "password changed")
        self.db.commit()

    def delete(self, user, password):
        """Remove an account with all that belongs to it."""
        if not verify_password(password, user.password_hash):
            raise NotAuthenticated("the password is wrong")
        self.audit.record(None, "account deleted", user.username)
        self.db.delete(user)
        self.db.commit()
