import pytest

from tests.conftest import answer, told
from verse.api.dependencies import chat, insights
from verse.errors import NotFound
from verse.models import Insight, InsightMessage, UserInsight


@pytest.fixture
def insight(client, as_reader):
    return client.post("/insights", json={"reference": "Psalm 23"}, headers=as_reader).json()


def test_explain(client, db, as_reader):
    body = client.post("/insights", json={"reference": "jn 1:1"}, headers=as_reader).json()
    assert body["reference"] == "John 1:1"
    assert "word" in body["meaning"]
    assert db.query(Insight).count() == 1


def test_an_insight_is_made_once(client, db, insight, as_reader, as_other):
    again = client.post("/insights", json={"reference": "psalms 23"}, headers=as_other).json()
    assert again == insight
    client.post("/insights", json={"reference": "Ps 23"}, headers=as_reader)
    assert db.query(Insight).count() == 1
    assert db.query(UserInsight).count() == 2


def test_the_history_has_the_last_first(client, insight, as_reader):
    client.post("/insights", json={"reference": "John 1"}, headers=as_reader)
    listed = client.get("/insights", headers=as_reader).json()
    assert [item["reference"] for item in listed] == ["John 1", "Psalms 23"]
    page = client.get("/insights", params={"limit": 1, "offset": 1}, headers=as_reader).json()
    assert page == [insight]


def test_clearing_says_how_many(client, insight, as_reader):
    assert client.delete("/insights", headers=as_reader).json() == {"deleted": 1}
    assert client.get("/insights", headers=as_reader).json() == []


@pytest.mark.parametrize(("reference", "status"), [("Enoch 1", 404), ("nonsense", 400), ("", 422), ("x" * 81, 422)])
def test_what_can_not_be_explained(client, db, as_reader, reference, status):
    response = client.post("/insights", json={"reference": reference}, headers=as_reader)
    assert response.status_code == status
    assert db.query(Insight).count() == 0


@pytest.mark.asyncio
async def test_of_reader(db, reader, other):
    insight = await insights.explain(db, reader.id, "John 1")
    assert insights.of_reader(db, reader.id, insight.id).reference == "John 1"
    with pytest.raises(NotFound):
        insights.of_reader(db, other.id, insight.id)


class TestMessages:
    def ask(self, client, insight, headers, content="Who is the shepherd?"):
        return client.post(f"/insights/{insight['id']}/messages", json={"content": content}, headers=headers)

    def test_the_answer_is_streamed(self, client, insight, as_reader):
        response = self.ask(client, insight, as_reader)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert [name for name, _ in told(response)] == ["piece", "piece", "done"]
        assert answer(response) == "You asked: Who is the shepherd? This is turn 2 of our talk."

    def test_both_sides_are_kept(self, client, insight, as_reader):
        response = self.ask(client, insight, as_reader)
        kept = client.get(f"/insights/{insight['id']}/messages", headers=as_reader).json()
        assert [(message["role"], message["content"]) for message in kept] == [
            ("user", "Who is the shepherd?"),
            ("assistant", answer(response)),
        ]

    def test_questions_are_embedded(self, client, db, insight, as_reader):
        self.ask(client, insight, as_reader)
        question, reply = db.query(InsightMessage).order_by(InsightMessage.id)
        assert len(question.embedding) == 64
        assert reply.embedding is None

    def test_the_talk_goes_on(self, client, insight, as_reader):
        self.ask(client, insight, as_reader)
        assert "turn 4" in answer(self.ask(client, insight, as_reader, "And the staff?"))

    def test_clearing_says_how_many(self, client, insight, as_reader):
        self.ask(client, insight, as_reader)
        path = f"/insights/{insight['id']}/messages"
        assert client.delete(path, headers=as_reader).json() == {"deleted": 2}
        assert client.get(path, headers=as_reader).json() == []

    def test_everybody_has_a_talk_of_their_own(self, client, insight, as_reader, as_other):
        self.ask(client, insight, as_reader)
        client.post("/insights", json={"reference": "Psalm 23"}, headers=as_other)
        assert client.get(f"/insights/{insight['id']}/messages", headers=as_other).json() == []

    def test_a_failure_ends_the_stream(self, client, db, insight, as_reader, monkeypatch):
        async def broken(turns, remembered):
            yield "You"
            raise ConnectionError("no network")

        monkeypatch.setattr(chat.assistant, "reply", broken)
        response = self.ask(client, insight, as_reader)
        assert told(response) == [("piece", {"text": "You"}), ("error", {"detail": "answering failed"})]
        assert db.query(InsightMessage).count() == 0

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    def test_unknown_insights(self, client, as_reader, method):
        assert client.request(method, "/insights/77/messages", headers=as_reader).status_code == 404
