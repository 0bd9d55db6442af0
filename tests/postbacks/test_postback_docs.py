"""docs/postbacks.md: its verification code, taken out of the page, judges messages that the public Standard Webhooks
libraries signed; what it says arrives is what there is."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from installs.management.commands.receive_postbacks import FIELDS
from installs.models import Delivery
from installs.postbacks import retries, signing
from tests.kit.node import Node
from tests.kit.portal import ROOT

PAGE = (ROOT / "docs" / "postbacks.md").read_text()
BLOCK = re.compile(r"^```(python|js)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall(PAGE)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + "A" * 32
BODY = "Token=0f3c&Tracking=caf%C3%A9+%26+more&Event=installed"
VERDICTS_IN_JAVASCRIPT = """
console.log(JSON.stringify(given.messages.map(({ headers, body, secret }) => {
    return isGenuine(headers, Buffer.from(body, "latin1"), secret);
})));
"""


@dataclass(frozen=True)
class Message:
    headers: dict[str, str]
    body: str = BODY
    secret: str = SECRET


Sign = Callable[[str, str, int], str]
Verdicts = Callable[[list[Message]], list[bool]]


@pytest.fixture(params=["python", "js"])
def sign(request: pytest.FixtureRequest) -> Sign:
    """The signature of a public library for a secret, an id and a time."""
    if request.param == "python":
        return lambda secret, message_id, seconds: Webhook(secret).sign(
            message_id, datetime.fromtimestamp(seconds, UTC), BODY
        )
    node: Node = request.getfixturevalue("node")
    return lambda secret, message_id, seconds: node.signature(secret, message_id, seconds, BODY)


@pytest.fixture(params=range(len(BLOCKS)), ids=lambda number: f"{BLOCKS[number][0]}-{number}")
def verdicts(request: pytest.FixtureRequest) -> Verdicts:
    """What a block of the page says of messages."""
    language, code = BLOCKS[request.param]
    if language == "python":
        names: dict[str, Any] = {}
        exec(compile(code, "docs/postbacks.md", "exec"), names)
        return lambda messages: [
            names["is_genuine"](it.headers, it.body.encode("latin-1"), it.secret) for it in messages
        ]
    node: Node = request.getfixturevalue("node")
    return lambda messages: json.loads(
        node.run(code + VERDICTS_IN_JAVASCRIPT, messages=[asdict(message) for message in messages])
    )


def headers_of(signature: str, seconds: int, message_id: str = "msg_1") -> dict[str, str]:
    return {"webhook-id": message_id, "webhook-timestamp": str(seconds), "webhook-signature": signature}


def test_the_page_has_code_for_two_languages_with_and_without_a_library() -> None:
    assert [language for language, _ in BLOCKS] == ["python", "python", "js", "js"]
    assert ["standardwebhooks" in code for _, code in BLOCKS] == [False, True, False, True]


def test_the_code_believes_what_is_genuine(sign: Sign, verdicts: Verdicts) -> None:
    now = int(time.time())
    signature, another = sign(SECRET, "msg_1", now), sign(OTHER_SECRET, "msg_1", now)
    late = now - 290
    assert (
        verdicts(
            [
                Message(headers_of(signature, now)),
                Message(headers_of(f"{another} {signature}", now)),
                Message(headers_of(f"{signature} {another}", now)),
                Message(headers_of(f"v1a,{another[3:]} v2,xyz {signature}", now)),
                Message(headers_of(sign(SECRET, "msg_1", late), late)),
            ]
        )
        == [True] * 5
    )


def test_the_code_believes_nothing_else(sign: Sign, verdicts: Verdicts) -> None:
    now = int(time.time())
    signature = sign(SECRET, "msg_1", now)
    sound = headers_of(signature, now)
    past, future = now - 310, now + 310
    forged = [
        Message(sound, secret=OTHER_SECRET),
        Message(sound, body=BODY + "&"),
        Message(sound, body=""),
        Message(sound, body="\xff\xfe"),
        Message(headers_of(signature, now, "msg_2")),
        Message(headers_of(signature, now - 1)),
        Message(headers_of(sign(SECRET, "msg_1", past), past)),
        Message(headers_of(sign(SECRET, "msg_1", future), future)),
        Message(headers_of(signature.replace("v1,", "v1a,"), now)),
        Message({}),
        *(Message({name: value for name, value in sound.items() if name != left_out}) for left_out in sound),
        *(Message(sound | {"webhook-timestamp": odd}) for odd in ("", "soon", "-1", "²", "9" * 5000, "NaN")),
        *(Message(sound | {"webhook-signature": odd}) for odd in ("v1", "v1,", "v1,*", ",,", signature[:12], "v1,é")),
    ]
    assert [message for message, verdict in zip(forged, verdicts(forged), strict=True) if verdict] == []


ENDPOINT = re.findall(r"^```javascript\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
POSTED = """
const stored = [];
function store(...values) { stored.push(values); }
const server = http.createServer(receive).listen(0, "127.0.0.1", async () => {
    const url = `http://127.0.0.1:${server.address().port}/`;
    const headers = { ...given.headers, "content-type": "application/x-www-form-urlencoded" };
    const statuses = [];
    for (const body of given.bodies) statuses.push((await fetch(url, { method: "POST", headers, body })).status);
    console.log(JSON.stringify({ statuses, stored }));
    process.exit();
});
"""
WITHOUT_ITS_OPTION = """
const { Webhook } = require("standardwebhooks");
console.log(JSON.stringify(given.bodies.map((body) => {
    try { new Webhook(given.secret).verify(Buffer.from(body), given.headers); } catch (error) { return error.name; }
})));
"""


@pytest.mark.parametrize("judge", [code for language, code in BLOCKS if language == "js"], ids=["crypto", "library"])
def test_the_endpoint_stores_what_is_genuine_from_the_raw_body(node: Node, judge: str) -> None:
    now, body = int(time.time()), "InstallationId=i1&Token=0f3c&Tracking=caf%C3%A9+%26%20more"
    headers = headers_of(node.signature(SECRET, "msg_1", now, body), now)
    (endpoint,) = ENDPOINT
    code = endpoint.replace("http.createServer(receive).listen(9000);\n", "")
    assert code != endpoint
    secret = f"process.env.SIGNING_SECRET = {json.dumps(SECRET)};\n"
    # The second says the same in other bytes, as a form does that was read and written again.
    again = "InstallationId=i1&Token=0f3c&Tracking=caf%C3%A9+%26+more"
    told = json.loads(node.run(secret + judge + code + POSTED, headers=headers, bodies=[body, again, "{}"]))
    assert told == {"statuses": [200, 400, 400], "stored": [["i1", "0f3c"]]}


def test_the_library_reads_what_is_genuine_as_json_unless_it_is_told_not_to(node: Node) -> None:
    now = int(time.time())
    headers = headers_of(node.signature(SECRET, "msg_1", now, BODY), now)
    told = json.loads(node.run(WITHOUT_ITS_OPTION, secret=SECRET, headers=headers, bodies=[BODY, BODY + "&"]))
    assert told == ["SyntaxError", "WebhookVerificationError"]


def explained(heading: str) -> list[str]:
    """What the table beneath a heading line explains, by the names in its first column."""
    table = PAGE.partition(heading)[2].partition("\n\n")[0]
    return re.findall(r"^\| `(.+?)` \|", table, re.MULTILINE)


def test_every_event_field_and_header_is_explained() -> None:
    assert explained("| `Event` | when |") == list(Delivery.Event.values)
    assert sorted(explained("| field |")) == sorted([*FIELDS, "Token"])
    assert explained("| header |") == [signing.ID, signing.TIMESTAMP, signing.SIGNATURE]


def test_the_schedule_is_that_of_the_portal() -> None:
    def in_words(wait: timedelta) -> str:
        return next(
            f"{wait // size} {unit}"
            for unit, size in (("h", timedelta(hours=1)), ("min", timedelta(minutes=1)), ("s", timedelta(seconds=1)))
            if wait >= size
        )

    *waits, last = map(in_words, retries.SCHEDULE)
    assert f"is made at once, the others after {', '.join(waits)} and {last}, each counted from" in " ".join(
        PAGE.split()
    )
    assert f"shifted by up to {retries.JITTER:.0%}".replace("%", " %") in " ".join(PAGE.split())
