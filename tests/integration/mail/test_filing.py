"""A received mail becomes a case with work that an agent is offered; an answer to it comes to the same work."""

from engine.model.mail_record import MailState
from tests.integration.api.engine_under_test import agent_socket
from tests.integration.mail.engine import BOTH, MailEngine, mail_text


@BOTH
async def test_a_mail_becomes_a_case_whose_work_an_agent_is_offered(engine: MailEngine, org: str) -> None:
    ana = await engine.signed_in("ana", org)
    async with engine.served() as address, agent_socket(address, ana) as socket:
        await ana.post("/presence", {"status": "available"})
        mail = await engine.read(mail_text("Der Kessel", "Bitte helfen Sie mir, ich habe das nicht verstanden."))
        await socket.state(offers=1)
    assert mail.state is MailState.FILED
    (case,) = await engine.cases()
    assert (case["subject"], case["contact_id"], case["id"]) == ("Der Kessel", mail.contact_id, mail.case_id)
    (entry,) = await engine.store.transcripts.since(org, mail.interaction_id, after_seq=0)
    assert (entry.body, entry.author_name, entry.client_id) == (
        "Bitte helfen Sie mir, ich habe das nicht verstanden.",
        "Vera",
        mail.received.id,
    )
    assert mail.summary is not None
    assert mail.summary.language == "de"
