from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from deeplearn.infrastructure.models import now
from user.models import TokenModel, UserModel


class UserRepo:
    def __init__(self, session: Session) -> None:
        self.session = session

    def by_id(self, user_id: int) -> UserModel | None:
        return self.session.get(UserModel, user_id)

    def by_email(self, email: str) -> UserModel | None:
        return self.session.query(UserModel).filter(UserModel.email == email.lower()).first()

    def add(self, user: UserModel) -> UserModel:
        self.session.add(user)
        self.session.flush()
        return user

    def add_token(self, token: TokenModel) -> None:
        self.session.add(token)
        self.session.flush()

    def token(self, token_hash: str) -> TokenModel | None:
        query = select(TokenModel).options(joinedload(TokenModel.user)).where(TokenModel.token_hash == token_hash)
        return self.session.scalars(query).first()

    def revoke_tokens(self, user_id: int) -> int:
        """End all tokens of a user; how many there were."""
        open_tokens = self.session.query(TokenModel).filter_by(user_id=user_id, revoked_at=None)
        return open_tokens.update({"revoked_at": now()}, synchronize_session=False)
