"""Assessments and what comes out of them."""

import pytest
from sqlalchemy import update

from soul_sense.models import Question


async def test_questions(client, questions):
    body = (await client.get("/exams/questions")).json()
    assert [question["id"] for question in body] == questions
    assert (await client.get("/exams/categories")).json() == {"balance": 2, "empathy": 1}


@pytest.mark.parametrize(("category", "count"), [("balance", 2), ("EMPATHY", 1), ("none", 0), ("' OR '1'='1", 0)])
async def test_questions_of_a_category(client, questions, category, count):
    assert len((await client.get("/exams/questions", params={"category": category})).json()) == count


async def test_retired_questions_are_not_asked(client, db, questions):
    await db.execute(update(Question).where(Question.id == questions[0]).values({"is_active": False}))
    await db.commit()
    assert len((await client.get("/exams/questions")).json()) == 2
    exam_id = (await client.post("/exams")).json()["id"]
    response = await client.post(f"/exams/{exam_id}/answers", json={"question_id": questions[0], "value": 3})
    assert (response.status_code, response.json()) == (404, {"detail": "no such question"})


async def test_start(client):
    response = await client.post("/exams")
    assert response.status_code == 201
    body = response.json()
    assert (body["finished_at"], body["score"], body["responses"]) == (None, None, [])
    assert (await client.get("/exams/open")).json() == body
    assert (await client.get(f"/exams/{body['id']}")).json() == body


async def test_one_at_a_time(client):
    await client.post("/exams")
    response = await client.post("/exams")
    assert (response.status_code, response.json()) == (409, {"detail": "an assessment is open already"})


async def test_none_is_open(client):
    assert (await client.get("/exams/open")).json() is None


async def test_answer_and_change_ones_mind(client, questions):
    exam_id = (await client.post("/exams")).json()["id"]
    for value in (2, 5):
        body = (await client.post(f"/exams/{exam_id}/answers", json={"question_id": questions[0], "value": value})).json()
        assert (body["value"], body["question"]["text"]) == (value, "I sleep well.")
    exam = (await client.get(f"/exams/{exam_id}")).json()
    assert [(r["question_id"], r["value"]) for r in exam["responses"]] == [(questions[0], 5)]


@pytest.mark.parametrize(
    "answer",
    [{"value": 0}, {"value": 6}, {"value": "good"}, {"value": None}, {"question_id": 0}, {"question_id": 2**31}, {}],
)
async def test_what_is_no_answer(client, questions, answer):
    exam_id = (await client.post("/exams")).json()["id"]
    body = {"question_id": questions[0], "value": 3} | answer if answer else {}
    assert (await client.post(f"/exams/{exam_id}/answers", json=body)).status_code == 422


@pytest.mark.parametrize(("values", "score"), [((5, 1, 5), 100), ((1, 5, 1), 0), ((3, 3, 3), 50), ((5,), 100)])
async def test_finish(client, take_exam, values, score):
    exam_id = await take_exam(*values)
    body = (await client.get(f"/exams/{exam_id}")).json()
    assert (body["score"], len(body["responses"])) == (score, len(values))
    assert body["finished_at"] is not None
    assert (await client.get("/exams/open")).json() is None


async def test_nothing_was_answered(client):
    exam_id = (await client.post("/exams")).json()["id"]
    response = await client.post(f"/exams/{exam_id}/finish")
    assert (response.status_code, response.json()) == (409, {"detail": "nothing was answered"})


@pytest.mark.parametrize("action", ["finish", "answers"])
async def test_what_is_finished_stays(client, questions, take_exam, action):
    exam_id = await take_exam(3, 3, 3)
    response = await client.post(f"/exams/{exam_id}/{action}", json={"question_id": questions[0], "value": 1})
    assert (response.status_code, response.json()) == (409, {"detail": "this assessment is finished"})


async def test_discard(client):
    exam_id = (await client.post("/exams")).json()["id"]
    assert (await client.delete(f"/exams/{exam_id}")).status_code == 204
    assert (await client.get(f"/exams/{exam_id}")).status_code == 404
    assert (await client.post("/exams")).status_code == 201


async def test_a_finished_one_is_kept(client, take_exam):
    assert (await client.delete(f"/exams/{await take_exam(3)}")).status_code == 409


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/exams/{}"),
        ("DELETE", "/exams/{}"),
        ("POST", "/exams/{}/finish"),
        ("POST", "/exams/{}/answers"),
        ("GET", "/results/{}"),
        ("GET", "/results/{}/report"),
    ],
)
async def test_only_ones_own_assessments(client, questions, take_exam, as_other, method, path):
    body = {"question_id": questions[0], "value": 1}
    for exam_id in (await take_exam(5, 1, 5), 987_654):
        response = await client.request(method, path.format(exam_id), json=body, headers=as_other)
        assert (response.status_code, response.json()) == (404, {"detail": "no such assessment"})


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999", "1;DROP TABLE exams"])
async def test_what_is_no_number(client, number):
    assert (await client.get(f"/exams/{number}")).status_code == 422
    assert (await client.get(f"/results/{number}")).status_code == 422


# Results


async def test_history_begins_with_the_last(client, take_exam):
    ids = [await take_exam(value) for value in (1, 3, 5)]
    page = (await client.get("/results", params={"limit": 2})).json()
    assert ([result["id"] for result in page["items"]], page["total"]) == ([ids[2], ids[1]], 3)


async def test_a_result(client, take_exam):
    body = (await client.get(f"/results/{await take_exam(5, 2, 1)}")).json()
    assert (body["score"], body["level"], body["percentile"]) == (58.3, "strained", None)
    assert body["categories"] == {"balance": 87.5, "empathy": 0}


async def test_a_result_among_others(client, take_exam, as_other):
    await take_exam(1, 5, 1, headers=as_other)
    await take_exam(5, 1, 5, headers=as_other)
    assert (await client.get(f"/results/{await take_exam(3, 3, 3)}")).json()["percentile"] == 50


async def test_an_open_assessment_has_no_result(client):
    exam_id = (await client.post("/exams")).json()["id"]
    response = await client.get(f"/results/{exam_id}")
    assert (response.status_code, response.json()) == (409, {"detail": "this assessment is not finished"})


async def test_compare(client, take_exam):
    first, second = await take_exam(1, 5, 3), await take_exam(3, 3, 2)
    params = {"before": first, "after": second}
    assert (await client.get("/results/compare", params=params)).json() == {"balance": 50, "empathy": -25}


@pytest.mark.parametrize("params", [{}, {"before": 1}, {"before": 0, "after": 1}, {"before": "x", "after": 1}])
async def test_what_can_not_be_compared(client, params):
    assert (await client.get("/results/compare", params=params)).status_code == 422


async def test_weakest(client, take_exam):
    await take_exam(4, 4, 1)
    await take_exam(4, 2, 2)
    assert (await client.get("/results/weakest")).json() == [
        {"category": "empathy", "mean": 1.5, "answers": 2},
        {"category": "balance", "mean": 3.5, "answers": 4},
    ]


async def test_the_report(client, take_exam):
    await client.patch("/profile/personal", json={"full_name": "Noor <Haddad>"})
    await client.patch("/users/me/settings", json={"language": "de"})
    response = await client.get(f"/results/{await take_exam(5, 1, 5)}/report")
    assert response.headers["Content-Type"].startswith("text/html")
    assert '<html lang="de">' in response.text
    assert "Noor &lt;Haddad&gt;" in response.text
    for part in ("Score: 100.0", "I notice how others feel.", "empathy", "First look inside"):
        assert part in response.text
