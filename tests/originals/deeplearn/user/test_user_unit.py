from datetime import timedelta
from unittest.mock import Mock

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError

from deeplearn.infrastructure.errors import Conflict, Unauthorized
from deeplearn.infrastructure.models import now
from user.models import TokenModel, UserModel
from user.public import Credentials, UserCreate, user_provider
from user.repo import UserRepo
from user.service import UserService, digest, hash_password, verify_password
from user.sessions import user_session

PASSWORD = "correct horse"
ALAN = UserCreate(email="Alan@Example.com", name="Alan", password="enigma machine")


def change_token(**values):
    with user_session() as session:
        session.query(TokenModel).update(values)


def test_a_password_is_salted():
    first, second = hash_password("secret"), hash_password("secret")
    assert first != second
    assert verify_password("secret", first)
    assert not verify_password("public", second)


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "a b@example.com", "a@b", "x" * 200 + "@b.cd"])
def test_addresses_are_checked(email):
    with pytest.raises(ValidationError):
        UserCreate(email=email, name="Ada", password=PASSWORD)


class TestRegister:
    def test_with_mocks(self):
        repo = Mock(spec=UserRepo)
        repo.by_email.return_value = None
        repo.add.side_effect = lambda user: setattr(user, "id", 7)
        read = UserService(repo).register(ALAN)
        assert (read.id, read.email, read.is_admin) == (7, "alan@example.com", False)
        repo.by_email.assert_called_once_with("alan@example.com")

    def test_somebody_is_faster(self):
        repo = Mock(spec=UserRepo)
        repo.by_email.return_value = None
        repo.add.side_effect = IntegrityError("INSERT", {}, Exception("UNIQUE"))
        with pytest.raises(Conflict):
            UserService(repo).register(ALAN)

    def test_an_address_is_taken_once(self, session):
        user_provider(session).register(ALAN)
        with pytest.raises(Conflict):
            user_provider(session).register(ALAN)
        assert session.query(UserModel).count() == 1


class TestTokens:
    def test_only_a_digest_is_kept(self, session, token):
        assert session.query(TokenModel.token_hash).all() == [(digest(token),)]

    def test_the_owner_is_found(self, session, ada, token):
        assert user_provider(session).authenticate(token) == ada

    @pytest.mark.parametrize("token", ["", "unknown", "' OR 1=1 --"])
    def test_unknown_tokens(self, session, ada, token):
        with pytest.raises(Unauthorized, match="unknown"):
            user_provider(session).authenticate(token)

    @pytest.mark.parametrize("password", ["wrong", "", "' OR '1'='1"])
    def test_wrong_passwords(self, session, ada, password):
        with pytest.raises(Unauthorized):
            user_provider(session).log_in(Credentials(email=ada.email, password=password))

    def test_closed_accounts(self, client, session, ada, as_ada):
        session.query(UserModel).update({"is_active": False})
        session.commit()
        assert client.get("/api/v1/users/me", headers=as_ada).status_code == 401


class TestRoutes:
    def test_register_and_log_in(self, client):
        data = {"email": "alan@example.com", "name": "Alan", "password": "enigma machine"}
        assert client.post("/api/v1/users/register", json=data).status_code == 201
        assert client.post("/api/v1/users/register", json=data).status_code == 409
        token = client.post("/api/v1/users/login", json=data).json()["access_token"]
        me = client.get("/api/v1/users/me", headers={"Authorization": f"Bearer {token}"}).json()
        assert (me["name"], me["is_admin"]) == ("Alan", False)

    def test_nobody_makes_themselves_an_administrator(self, client):
        data = {"email": "a@example.com", "name": "A", "password": "long enough", "is_admin": True}
        assert client.post("/api/v1/users/register", json=data).json()["is_admin"] is False

    def test_rename(self, client, as_ada):
        assert client.patch("/api/v1/users/me", json={"name": "Lady"}, headers=as_ada).json()["name"] == "Lady"
        assert client.get("/api/v1/users/me", headers=as_ada).json()["name"] == "Lady"

    def test_log_out_revokes(self, client, as_ada):
        assert client.post("/api/v1/users/logout", headers=as_ada).status_code == 204
        response = client.get("/api/v1/users/me", headers=as_ada)
        assert (response.status_code, response.json()) == (401, {"detail": "the token was revoked"})

    def test_expired(self, client, as_ada):
        change_token(expires_at=now() - timedelta(seconds=1))
        response = client.get("/api/v1/users/me", headers=as_ada)
        assert (response.status_code, response.json()) == (401, {"detail": "the token has expired"})

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi"])
    def test_wrong_headers(self, client, header):
        response = client.get("/api/v1/users/me", headers={"Authorization": header})
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")

    @pytest.mark.parametrize("data", [{}, {"name": ""}, {"name": "a\x00"}, {"name": "x" * 121}, {"name": 7}, []])
    def test_bad_input(self, client, as_ada, data):
        assert client.patch("/api/v1/users/me", json=data, headers=as_ada).status_code == 422
