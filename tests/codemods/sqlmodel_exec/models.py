"""SQLModel classes."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel


class Base(SQLModel, registry=registry()):
    metadata = MetaData()


class Team(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    heroes: list["Hero"] = Relationship(back_populates="team")


class Hero(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    age: int | None = None
    team_id: int | None = Field(default=None, foreign_key="team.id")
    team: Team | None = Relationship(back_populates="heroes")


def rows() -> list[Base]:
    """A team of two, and one hero without a team."""
    return [
        Team(id=1, name="a"),
        Hero(id=1, name="x", age=3, team_id=1),
        Hero(id=2, name="y"),
        Hero(id=3, name="z", age=9, team_id=1),
    ]
