from unittest.mock import Mock

import pytest

from deeplearn.catalog.public import catalog_provider
from deeplearn.catalog.repo import CatalogRepo
from deeplearn.catalog.service import CatalogService
from deeplearn.conftest import package
from deeplearn.content.public import LessonCreate, UnitCreate
from deeplearn.infrastructure.errors import NotFound


@pytest.fixture
def shared(session, content, unit):
    content.set_unit_sharing(unit.id, True)
    content.save_lesson(LessonCreate(title="Advanced salt", learner_level="advanced", package=package()))
    session.commit()
    return unit


def test_a_unit_has_to_be_shared():
    content = Mock()
    content.get_unit_detail.return_value = None
    with pytest.raises(NotFound):
        CatalogService(Mock(spec=CatalogRepo), content).unit("x")
    content.get_unit_detail.assert_called_once_with("x")


def test_private_units_are_not_in_the_catalog(session, unit):
    assert catalog_provider(session).browse_units() == []
    with pytest.raises(NotFound):
        catalog_provider(session).unit(unit.id)


def test_statistics(session, shared):
    found = catalog_provider(session).statistics()
    assert (found.units, found.lessons) == (1, 3)
    assert found.lessons_by_level == {"beginner": 2, "advanced": 1}
    assert found.units_by_status == {"completed": 1}
    assert [(unit.title, unit.lessons) for unit in found.longest_units] == [("Bread", 2)]


def test_statistics_of_nothing(session):
    assert catalog_provider(session).statistics().model_dump() == {
        "units": 0,
        "lessons": 0,
        "lessons_by_level": {},
        "units_by_status": {},
        "longest_units": [],
    }


def test_browsing_needs_no_account(client, shared):
    body = client.get("/api/v1/catalog/lessons", params={"text": "salt"}).json()
    assert (body["total"], [item["title"] for item in body["items"]]) == (1, ["Advanced salt"])
    assert [unit["title"] for unit in client.get("/api/v1/catalog/units").json()] == ["Bread"]
    detail = client.get(f"/api/v1/catalog/units/{shared.id}").json()
    assert [lesson["title"] for lesson in detail["lessons"]] == ["Flour", "Water"]
    assert client.get("/api/v1/catalog/statistics").json()["lessons"] == 3


def test_the_total_is_of_all_pages(client, shared):
    body = client.get("/api/v1/catalog/lessons", params={"limit": 1, "offset": 1}).json()
    assert (body["total"], [item["title"] for item in body["items"]]) == (3, ["Flour"])


def test_many_units_are_not_repeated(client, session, content):
    for number in range(3):
        unit = content.create_unit(UnitCreate(title=f"Unit {number}", is_global=True))
        for lesson in range(number):
            content.save_lesson(LessonCreate(title=f"{number}-{lesson}", package=package(), unit_id=unit.id))
    session.commit()
    longest = client.get("/api/v1/catalog/statistics").json()["longest_units"]
    assert [(unit["title"], unit["lessons"]) for unit in longest] == [("Unit 2", 2), ("Unit 1", 1)]


@pytest.mark.parametrize(
    "params",
    [
        {"limit": 0},
        {"limit": 101},
        {"offset": -1},
        {"learner_level": "x"},
        {"text": ""},
        {"text": "a\x00"},
        {"limit": "x"},
    ],
)
def test_bad_questions(client, params):
    assert client.get("/api/v1/catalog/lessons", params=params).status_code == 422


@pytest.mark.parametrize("text", ["' OR '1'='1", "'; DROP TABLE lessons; --", "%", "_", "\\"])
def test_texts_are_never_sql(client, shared, text):
    response = client.get("/api/v1/catalog/lessons", params={"text": text})
    assert (response.status_code, response.json()["total"]) == (200, 0)
    assert client.get("/api/v1/catalog/statistics").json()["lessons"] == 3
