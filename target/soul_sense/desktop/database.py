"""The engine of the program at the desk: sync, whatever the service uses."""

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from soul_sense.config import settings

engine = create_engine(settings.desktop_url)
DesktopSession = sessionmaker(bind=engine)
