from fastapi import APIRouter, Depends, status
from fastapi.security import OAuth2PasswordRequestForm

from soul_sense.models import Login, User
from soul_sense.routers.dependencies import current_login, current_user
from soul_sense.schemas import CodeRequest, PasswordReset, Registration, Revoked, Token, UserRead
from soul_sense.services.auth import AuthService
from soul_sense.services.users import UserService

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/register", response_model=UserRead, status_code=status.HTTP_201_CREATED)
async def register(data: Registration, users: UserService = Depends()):
    return await users.register(data.username, data.email, data.password)


@router.post("/login", response_model=Token)
async def log_in(form: OAuth2PasswordRequestForm = Depends(), auth: AuthService = Depends()):
    return Token(access_token=await auth.log_in(form.username, form.password))


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def log_out(login: Login = Depends(current_login), auth: AuthService = Depends()):
    await auth.log_out(login)


@router.post("/logout-everywhere", response_model=Revoked)
async def log_out_everywhere(user: User = Depends(current_user), auth: AuthService = Depends()):
    return Revoked(revoked=await auth.log_out_everywhere(user))


@router.post("/codes", status_code=status.HTTP_202_ACCEPTED)
async def send_code(data: CodeRequest, auth: AuthService = Depends()):
    await auth.send_code(data.email)


@router.post("/reset", status_code=status.HTTP_204_NO_CONTENT)
async def reset_password(data: PasswordReset, auth: AuthService = Depends()):
    await auth.reset_password(data.email, data.code, data.new_password)
