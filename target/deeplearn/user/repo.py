from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from deeplearn.infrastructure.models import now
from user.models import TokenModel, UserModel


class UserRepo:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_id(self, user_id: int) -> UserModel | None:
        return await self.session.get(UserModel, user_id)

    async def by_email(self, email: str) -> UserModel | None:
        return (
            await self.session.scalars(select(UserModel).where(UserModel.email == email.lower()).limit(1))
        ).first()

    async def add(self, user: UserModel) -> UserModel:
        self.session.add(user)
        await self.session.flush()
        return user

    async def add_token(self, token: TokenModel) -> None:
        self.session.add(token)
        await self.session.flush()

    async def token(self, token_hash: str) -> TokenModel | None:
        query = select(TokenModel).options(joinedload(TokenModel.user)).where(TokenModel.token_hash == token_hash)
        return (await self.session.scalars(query)).first()

    async def revoke_tokens(self, user_id: int) -> int:
        """End all tokens of a user; how many there were."""
        open_tokens = update(TokenModel).filter_by(user_id=user_id, revoked_at=None)
        return (
            await self.session.execute(
                open_tokens.values({"revoked_at": now()}).execution_options(synchronize_session=False)
            )
        ).rowcount
