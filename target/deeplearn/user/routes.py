from typing import Annotated

from fastapi import APIRouter, Depends, status

from user.public import (
    Credentials,
    CurrentUser,
    Token,
    UserCreate,
    UserProvider,
    UserRead,
    UserUpdate,
    user_provider,
)
from user.sessions import UserSessionDependency

router = APIRouter(prefix="/api/v1/users", tags=["users"])


def get_users(session: UserSessionDependency) -> UserProvider:
    return user_provider(session)


Users = Annotated[UserProvider, Depends(get_users)]


@router.post("/register", status_code=status.HTTP_201_CREATED)
async def register(data: UserCreate, users: Users) -> UserRead:
    return await users.register(data)


@router.post("/login")
async def log_in(credentials: Credentials, users: Users) -> Token:
    return await users.log_in(credentials)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(user: CurrentUser, users: Users) -> None:
    """End all tokens of the user."""
    await users.log_out(user.id)


@router.get("/me")
def read_me(user: CurrentUser) -> UserRead:
    return user


@router.patch("/me")
async def rename_me(data: UserUpdate, user: CurrentUser, users: Users) -> UserRead:
    return await users.rename(user.id, data)
