"""Assessments and what comes out of them."""

import pytest

from soul_sense.models import Question


def test_questions(client, questions):
    body = client.get("/exams/questions").json()
    assert [question["id"] for question in body] == questions
    assert client.get("/exams/categories").json() == {"balance": 2, "empathy": 1}


@pytest.mark.parametrize(("category", "count"), [("balance", 2), ("EMPATHY", 1), ("none", 0), ("' OR '1'='1", 0)])
def test_questions_of_a_category(client, questions, category, count):
    assert len(client.get("/exams/questions", params={"category": category}).json()) == count


def test_retired_questions_are_not_asked(client, db, questions):
    db.query(Question).filter(Question.id == questions[0]).update({"is_active": False})
    db.commit()
    assert len(client.get("/exams/questions").json()) == 2
    exam_id = client.post("/exams").json()["id"]
    response = client.post(f"/exams/{exam_id}/answers", json={"question_id": questions[0], "value": 3})
    assert (response.status_code, response.json()) == (404, {"detail": "no such question"})


def test_start(client):
    response = client.post("/exams")
    assert response.status_code == 201
    body = response.json()
    assert (body["finished_at"], body["score"], body["responses"]) == (None, None, [])
    assert client.get("/exams/open").json() == body
    assert client.get(f"/exams/{body['id']}").json() == body


def test_one_at_a_time(client):
    client.post("/exams")
    response = client.post("/exams")
    assert (response.status_code, response.json()) == (409, {"detail": "an assessment is open already"})


def test_none_is_open(client):
    assert client.get("/exams/open").json() is None


def test_answer_and_change_ones_mind(client, questions):
    exam_id = client.post("/exams").json()["id"]
    for value in (2, 5):
        body = client.post(f"/exams/{exam_id}/answers", json={"question_id": questions[0], "value": value}).json()
        assert (body["value"], body["question"]["text"]) == (value, "I sleep well.")
    exam = client.get(f"/exams/{exam_id}").json()
    assert [(r["question_id"], r["value"]) for r in exam["responses"]] == [(questions[0], 5)]


@pytest.mark.parametrize(
    "answer",
    [{"value": 0}, {"value": 6}, {"value": "good"}, {"value": None}, {"question_id": 0}, {"question_id": 2**31}, {}],
)
def test_what_is_no_answer(client, questions, answer):
    exam_id = client.post("/exams").json()["id"]
    body = {"question_id": questions[0], "value": 3} | answer if answer else {}
    assert client.post(f"/exams/{exam_id}/answers", json=body).status_code == 422


@pytest.mark.parametrize(("values", "score"), [((5, 1, 5), 100), ((1, 5, 1), 0), ((3, 3, 3), 50), ((5,), 100)])
def test_finish(client, take_exam, values, score):
    exam_id = take_exam(*values)
    body = client.get(f"/exams/{exam_id}").json()
    assert (body["score"], len(body["responses"])) == (score, len(values))
    assert body["finished_at"] is not None
    assert client.get("/exams/open").json() is None


def test_nothing_was_answered(client):
    exam_id = client.post("/exams").json()["id"]
    response = client.post(f"/exams/{exam_id}/finish")
    assert (response.status_code, response.json()) == (409, {"detail": "nothing was answered"})


@pytest.mark.parametrize("action", ["finish", "answers"])
def test_what_is_finished_stays(client, questions, take_exam, action):
    exam_id = take_exam(3, 3, 3)
    response = client.post(f"/exams/{exam_id}/{action}", json={"question_id": questions[0], "value": 1})
    assert (response.status_code, response.json()) == (409, {"detail": "this assessment is finished"})


def test_discard(client):
    exam_id = client.post("/exams").json()["id"]
    assert client.delete(f"/exams/{exam_id}").status_code == 204
    assert client.get(f"/exams/{exam_id}").status_code == 404
    assert client.post("/exams").status_code == 201


def test_a_finished_one_is_kept(client, take_exam):
    assert client.delete(f"/exams/{take_exam(3)}").status_code == 409


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
def test_only_ones_own_assessments(client, questions, take_exam, as_other, method, path):
    body = {"question_id": questions[0], "value": 1}
    for exam_id in (take_exam(5, 1, 5), 987_654):
        response = client.request(method, path.format(exam_id), json=body, headers=as_other)
        assert (response.status_code, response.json()) == (404, {"detail": "no such assessment"})


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999", "1;DROP TABLE exams"])
def test_what_is_no_number(client, number):
    assert client.get(f"/exams/{number}").status_code == 422
    assert client.get(f"/results/{number}").status_code == 422


# Results


def test_history_begins_with_the_last(client, take_exam):
    ids = [take_exam(value) for value in (1, 3, 5)]
    page = client.get("/results", params={"limit": 2}).json()
    assert ([result["id"] for result in page["items"]], page["total"]) == ([ids[2], ids[1]], 3)


def test_a_result(client, take_exam):
    body = client.get(f"/results/{take_exam(5, 2, 1)}").json()
    assert (body["score"], body["level"], body["percentile"]) == (58.3, "strained", None)
    assert body["categories"] == {"balance": 87.5, "empathy": 0}


def test_a_result_among_others(client, take_exam, as_other):
    take_exam(1, 5, 1, headers=as_other)
    take_exam(5, 1, 5, headers=as_other)
    assert client.get(f"/results/{take_exam(3, 3, 3)}").json()["percentile"] == 50


def test_an_open_assessment_has_no_result(client):
    exam_id = client.post("/exams").json()["id"]
    response = client.get(f"/results/{exam_id}")
    assert (response.status_code, response.json()) == (409, {"detail": "this assessment is not finished"})


def test_compare(client, take_exam):
    first, second = take_exam(1, 5, 3), take_exam(3, 3, 2)
    params = {"before": first, "after": second}
    assert client.get("/results/compare", params=params).json() == {"balance": 50, "empathy": -25}


@pytest.mark.parametrize("params", [{}, {"before": 1}, {"before": 0, "after": 1}, {"before": "x", "after": 1}])
def test_what_can_not_be_compared(client, params):
    assert client.get("/results/compare", params=params).status_code == 422


def test_weakest(client, take_exam):
    take_exam(4, 4, 1)
    take_exam(4, 2, 2)
    assert client.get("/results/weakest").json() == [
        {"category": "empathy", "mean": 1.5, "answers": 2},
        {"category": "balance", "mean": 3.5, "answers": 4},
    ]


def test_the_report(client, take_exam):
    client.patch("/profile/personal", json={"full_name": "Noor <Haddad>"})
    client.patch("/users/me/settings", json={"language": "de"})
    response = client.get(f"/results/{take_exam(5, 1, 5)}/report")
    assert response.headers["Content-Type"].startswith("text/html")
    assert '<html lang="de">' in response.text
    assert "Noor &lt;Haddad&gt;" in response.text
    for part in ("Score: 100.0", "I notice how others feel.", "empathy", "First look inside"):
        assert part in response.text
