"""The queue of offers over loopback: taken once, given back, unreadable ones left alone."""

from datetime import timedelta

from shared.adapters.aws.media.offers import SqsOffers
from shared.contracts.messages.whatsapp_offer import WhatsAppOffer
from tests.platform import NOW, Cloud

OFFER = WhatsAppOffer(
    company_id="c1",
    account_id="a1",
    phone_number_id="2000001",
    call_id="call-1",
    session_id="session-1",
    token="token-1",
    carrier_call_id="wacid.1",
    sdp="v=0\r\n",
    answer_by=NOW + timedelta(seconds=20),
)


async def test_an_offer_is_taken_given_back_and_done(cloud: Cloud) -> None:
    cloud.client("sqs").send_message(QueueUrl=cloud.queue_url, MessageBody=OFFER.model_dump_json())
    async with cloud.aclient("sqs") as client:
        offers = SqsOffers(client, cloud.queue_url, wait_seconds=0)
        (first,) = await offers.receive(5)
        assert first.offer == OFFER
        assert await offers.receive(5) == [], "it is hidden from the others"
        await offers.give_back(first.receipt)
        (again,) = await offers.receive(1)
        assert again.offer == OFFER
        await offers.done(again.receipt)
        assert await offers.receive(5) == []


async def test_what_cannot_be_read_stops_nobody(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    for body in ("{", '{"token": "secret"}', OFFER.model_dump_json()):
        sqs.send_message(QueueUrl=cloud.queue_url, MessageBody=body)
    async with cloud.aclient("sqs") as client:
        offers = SqsOffers(client, cloud.queue_url, wait_seconds=0)
        received = [*await offers.receive(10), *await offers.receive(10)]
        assert [one.offer for one in received] == [OFFER]
