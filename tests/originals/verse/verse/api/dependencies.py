"""What the handlers need: the services, and the device that asks."""

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from verse.clients.assistant import LocalAssistant
from verse.clients.bible import LocalBible
from verse.clients.embedding import LocalEmbeddings
from verse.database import get_db
from verse.errors import Unauthorized
from verse.services.bible import BibleService
from verse.services.chat import ChatService
from verse.services.definition import DefinitionService
from verse.services.device_link import DeviceLinkService
from verse.services.insight import InsightService
from verse.services.retrieval import RetrievalService
from verse.services.user import UserService

assistant = LocalAssistant()
bible = BibleService(LocalBible())
users = UserService()
links = DeviceLinkService()
insights = InsightService(bible, assistant)
definitions = DefinitionService(bible, assistant)
chat = ChatService(assistant, RetrievalService(LocalEmbeddings()))

bearer = HTTPBearer(auto_error=False)


def optional_device(credentials: HTTPAuthorizationCredentials | None = Depends(bearer), db=Depends(get_db)):
    """The device whose token the request carries, if it carries one."""
    return users.authenticate(db, credentials.credentials) if credentials else None


def current_device(device=Depends(optional_device)):
    if device is None:
        raise Unauthorized("a token is needed")
    return device


def current_user(device=Depends(current_device)):
    return device.user
