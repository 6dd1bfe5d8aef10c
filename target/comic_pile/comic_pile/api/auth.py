from fastapi import APIRouter, status

from comic_pile.api.dependencies import CurrentToken, CurrentUser, Db
from comic_pile.models import User
from comic_pile.schemas import Login, PasswordChange, Refresh, Registration, Revoked, Tokens, UserRead
from comic_pile.services import accounts

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", response_model=UserRead, status_code=status.HTTP_201_CREATED)
async def register(data: Registration, db: Db) -> User:
    return await accounts.register(db, data.email, data.name, data.password)


@router.post("/login", response_model=Tokens)
async def log_in(data: Login, db: Db) -> accounts.Pair:
    return await accounts.log_in(db, data.email, data.password)


@router.post("/refresh", response_model=Tokens)
async def refresh(data: Refresh, db: Db) -> accounts.Pair:
    return await accounts.refresh(db, data.refresh_token)


@router.post("/logout")
async def log_out(db: Db, token: CurrentToken) -> Revoked:
    return Revoked(revoked=await accounts.revoke_family(db, token.family))


@router.post("/logout-everywhere")
async def log_out_everywhere(db: Db, user: CurrentUser) -> Revoked:
    return Revoked(revoked=await accounts.revoke_all(db, user.id))


@router.get("/me", response_model=UserRead)
def read_me(user: CurrentUser) -> User:
    return user


@router.put("/password")
async def change_password(data: PasswordChange, db: Db, user: CurrentUser) -> Revoked:
    return Revoked(revoked=await accounts.change_password(db, user, data.old_password, data.new_password))
