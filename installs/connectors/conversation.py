"""What was said in a check, as its page shows it: without the credentials, and without what could be one."""

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from installs.connectors import reading, servers
from installs.connectors.client import AUTHORIZE, FORM, Credentials
from installs.connectors.faults import NotAuthorised
from installs.outbound import Answer, texts
from linnapp import credentials

# Characters of an answer's body that are kept.
MOST_KEPT = 4000
# Members of an answer to authorising whose texts are told.
TOLD_MEMBERS = {"message", "error", "error_description", "token_type"}
Said = dict[str, str]
# The headers of an answer that tell something; others may hold what opens something.
TELLING = {"content-type", "content-length", "location", "retry-after", "server", "date", "www-authenticate"}


def of_exchange(given: Credentials, base_url: str, answer: Answer | None) -> Said:
    """`answer` None for a request that was not answered."""
    hidden = {
        "ApplicationId": credentials.masked(given.application_id),
        "ApplicationSecret": credentials.masked(given.application_secret),
        "Token": credentials.masked(given.token),
        "Scope": "[as stored]",
        "grant_type": given.grant_type,
    }
    body = "&".join(f"{name}={value}" for name, value in hidden.items())
    request = f"{_first_lines(base_url + AUTHORIZE)}\nContent-Type: {FORM['Content-Type']}\n\n{body}"
    if answer is None:
        return {"request": request, "answer": ""}
    values = (*given.hidden, _session_in(answer, given.token_key))
    shown = _masked(_without_texts(answer), values)
    return {"request": request, "answer": _with_server(shown, answer, given.token_key, values)}


def of_call(given: Credentials, token: str, url: str, answer: Answer | None) -> Said:
    request = f"{_first_lines(url)}\nAuthorization: {credentials.masked(token)}"
    return {"request": request, "answer": _masked(answer, (*given.hidden, token)) if answer else ""}


def _first_lines(url: str) -> str:
    parts = urlsplit(url)
    return f"POST {parts.path} HTTP/1.1\nHost: {parts.netloc}"


def _with_server(shown: str, answer: Answer, token_key: str, values: tuple[str, ...]) -> str:
    """With the one text of an answer to authorising that says where calls go, in place of its mask: an address is long,
    and looks like what could open something."""
    try:
        members = reading.members_of(answer)
    except NotAuthorised:
        return shown
    name = servers.name_in(members, token_key)
    value = members[name] if name else None
    if not value or not isinstance(value, str):
        return shown
    # At the top level, which is indented by two.
    begun = f"\n  {json.dumps(name)}: "
    said = json.dumps(servers.told(value[:MOST_KEPT], values), ensure_ascii=False)
    return shown.replace(f'{begun}"[hidden]"', begun + said, 1)


def _without_texts(answer: Answer) -> Answer:
    """Of an answer that may hold a session token under whatever name, or under none: the names of its members, and what
    they are. A page is shown, because it says what kind of server answered."""
    if answer.status >= 300 or reading.is_page(answer):
        return answer
    text = reading.text_of(answer)
    try:
        shown = json.dumps(_hidden(reading.members_in(text)), ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = f"[{len(answer.body)} bytes, not shown]" if text else ""
    # With the mark of UTF-8, which counts more than the charset that the answer's own body had.
    return replace(answer, body=shown.encode("utf-8-sig", errors="replace"), is_cut=False)


def _hidden(value: object) -> object:
    if isinstance(value, Mapping):
        return {
            name: each if name.lower() in TOLD_MEMBERS and isinstance(each, str) else _hidden(each)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    return "[hidden]" if value and isinstance(value, str) else value


def _session_in(answer: Answer, key: str) -> str:
    try:
        return reading.token_of(answer, key).token
    except NotAuthorised:
        return ""


def _masked(answer: Answer, values: tuple[str, ...]) -> str:
    first = f"HTTP {answer.status} {credentials.without_opaque(answer.reason, values)}".rstrip()
    headers = [f"{name}: {_shown(name, value, values)}" for name, value in answer.headers if name.lower() in TELLING]
    body = texts.of_answer(answer)
    text = credentials.without_secrets(credentials.without_begun(body) if answer.is_cut else body, values)
    shown = "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text[:MOST_KEPT])
    cut = "\n[The rest is not kept.]" if answer.is_cut or len(text) > MOST_KEPT else ""
    return "\n".join([first, *headers, "", shown]) + cut


def _shown(name: str, value: str, values: tuple[str, ...]) -> str:
    """Any header may quote what it was sent; the name of a kind of content looks like a value, and is none."""
    if name.lower() == "content-type":
        return credentials.without_these(credentials.without_values(value), values)
    return credentials.without_opaque(value.partition("?")[0], values)
