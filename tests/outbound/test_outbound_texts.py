"""The text of an answer, as the log keeps it: in the letters it was written in, and without the permanent token."""

import codecs

import pytest

from installs.outbound import Answer, Client, masking
from tests.kit.receivers import Broken, Reply, receiving
from tests.kit.sending import TOKEN, sent

pytestmark = pytest.mark.usefixtures("to_loopback")

MASKED = f"[…{TOKEN[-4:]}]"
GERMAN = f"Größe ungültig – Schlüssel {TOKEN} für 5 €"
JAPANESE = f"エラー①: トークン {TOKEN} は無効です"
BARE = TOKEN.replace("-", "")


def logged(client: Client, content_type: str | None, body: bytes) -> str:
    """The body as the log has it."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    with receiving(Reply(headers=headers, body=body)) as receiver:
        answer = sent(client, receiver.url)
    text = masking.answer_text(answer, ())
    assert TOKEN not in text
    assert BARE not in text
    return text.partition("\n\n")[2]


@pytest.mark.parametrize(
    ("content_type", "codec", "text"),
    [
        ("text/plain; charset=ISO-8859-1", "latin-1", f"Größe ungültig: {TOKEN}"),
        ("text/plain; charset=ISO-8859-1", "cp1252", GERMAN),
        ("text/plain;charset=windows-1252", "cp1252", GERMAN),
        ('text/html; Charset="Shift_JIS"', "cp932", JAPANESE),
        ("text/html; charset=x-sjis", "cp932", JAPANESE),
        ("text/html; charset=EUC-JP", "euc_jp", f"エラー: {TOKEN}"),
        ("text/html; charset=iso-2022-jp", "iso2022_jp", f"エラー: {TOKEN}"),
        ("text/html; charset=GB2312", "gb18030", f"错误：{TOKEN}無效"),
        ("text/html; charset=Big5", "big5", f"錯誤：{TOKEN}"),
        ("text/html; charset=euc-kr", "cp949", f"오류: {TOKEN}"),
        ("text/plain; charset=koi8-r", "koi8_r", f"Ошибка: {TOKEN}"),
        ("text/plain; charset=utf-16", "utf-16", GERMAN),
        ("text/plain; charset=utf-16le", "utf-16-le", JAPANESE),
        ("text/plain; charset=UTF-16BE", "utf-16-be", JAPANESE),
        ("text/plain; charset=utf-32", "utf-32", JAPANESE),
        ("application/json; charset=utf-8", "utf-8-sig", JAPANESE),
        (None, "utf-8", JAPANESE),
        (None, "utf-16", GERMAN),
        ("text/plain", "cp1252", GERMAN),
    ],
)
def test_an_answer_is_logged_in_its_charset(client: Client, content_type: str | None, codec: str, text: str) -> None:
    assert logged(client, content_type, text.encode(codec)) == text.replace(TOKEN, MASKED)


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", GERMAN.encode("cp1252"), GERMAN),
        ("us-ascii", GERMAN.encode(), GERMAN.encode().decode("cp1252", errors="replace")),
        ("shift_jis", GERMAN.encode(), GERMAN),
        ("utf-16", f"refused: {TOKEN}".encode(), f"refused: {TOKEN}"),
        ("utf-16", GERMAN.encode(), GERMAN),
        ("utf-16", GERMAN.encode("cp1252"), GERMAN),
        ("utf-16", f"refused: {TOKEN}".encode("utf-16-be"), f"refused: {TOKEN}"),
        ("utf-32", f"refused: {TOKEN}".encode("utf-16-le"), f"refused: {TOKEN}"),
        ("utf-8", f"refused: {TOKEN}".encode("utf-16-le"), f"refused: {TOKEN}"),
        # Two bytes that are one letter there: half of it is the first of the token.
        ("big5", b"\xa4" + BARE.replace("5", "b", 1).encode(), None),
        ("klingon", GERMAN.encode(), GERMAN),
        ("klingon", GERMAN.encode("cp1252"), GERMAN),
        ("zlib", GERMAN.encode(), GERMAN),
        ("utf-7", b"refused: " + TOKEN.encode(), f"refused: {TOKEN}"),
        ("../../../etc/passwd", b"plain", "plain"),
        ("", b"plain", "plain"),
        ("utf-8", b"odd \xff\x81 bytes", "odd ÿ� bytes"),
        ("utf-8", b"", ""),
    ],
)
def test_a_charset_that_is_unknown_or_lies_hides_nothing(
    client: Client, charset: str, body: bytes, text: str | None
) -> None:
    shown = logged(client, f"text/plain; charset={charset}", body)
    if text is None:
        assert BARE[2:] not in shown
    else:
        assert shown == text.replace(TOKEN, MASKED)


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "cp932"])
def test_half_a_letter_at_the_cut_is_left_out(client: Client, codec: str) -> None:
    """16,384 bytes are kept, in the middle of one; and of a token that was cut, nothing."""
    letters = "x" + "ん" * 20_000
    shown = logged(client, f"text/plain; charset={codec}", letters.encode(codec))
    assert shown.removesuffix("\n[cut here]").rstrip("ん") == "x"
    begun = ("ん" * 20_000).encode(codec)[: 16_384 - 24 * len("a".encode(codec))]
    whole = begun[: len(begun) // 6 * 6]
    shown = logged(client, f"text/plain; charset={codec}", whole + f"{TOKEN}{'.' * 200}".encode(codec))
    assert shown.endswith("ん\n[cut here]")


@pytest.mark.parametrize(
    ("charset", "raw", "value"),
    [
        ("iso-8859-1", "Größe".encode("latin-1"), "Größe"),
        ("iso-8859-1", "Größe".encode(), "Größe"),
        ("shift_jis", "無効".encode("cp932"), "無効"),
        ("utf-16", b"plain", "plain"),
        ("klingon", b"odd \xff\x81", "odd ÿ�"),
    ],
)
def test_a_header_is_logged_in_the_letters_of_its_answer(client: Client, charset: str, raw: bytes, value: str) -> None:
    head = b"HTTP/1.1 400 %s\r\nX-Why: %s %s\r\n" % (raw, raw, TOKEN.encode())
    whole = head + f"Content-Type: text/plain; charset={charset}\r\nContent-Length: 0\r\n\r\n".encode()
    with receiving(Broken(lambda: (whole,))) as receiver:
        text = masking.answer_text(sent(client, receiver.url), ())
    assert text.splitlines()[:2] == [f"HTTP 400 {value}", f"X-Why: {value} {MASKED}"]


def test_marks_of_encodings_are_not_shown(client: Client) -> None:
    for mark, codec in [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_BE, "utf-16-be")]:
        assert logged(client, "text/plain; charset=iso-8859-1", mark + "é".encode(codec)) == "é"


def test_what_did_not_come_is_marked(brief: Client) -> None:
    raw = f"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nToken={TOKEN[:20]}".encode()
    with receiving(Broken(lambda: (raw,))) as receiver:
        text = masking.answer_text(sent(brief, receiver.url), ())
    assert text == "HTTP 200 OK\nContent-Length: 99\n\nToken=\n[the rest did not come]"


BROKEN_UP = [
    *(
        "\u2010",
        "\u2011",
        "\u00ad",
        "\u200b",
        "&#8209;",
        "&#x2011;",
        "&hyphen;",
        "&dash;",
        "&amp;dash;",
        "&shy;",
        "=2D",
    ),
    *(
        "=E2=80=91",
        "%E2%80%91",
        "%252D",
        "\\-",
        "\\u2011",
        "\\\\u2011",
        "\\x2d",
        "\\u{2011}",
        " ",
        ", ",
        "<wbr>",
        "</b><b>",
    ),
    *("=\r\n", '",\n  "', "\0", "."),
]


@pytest.mark.parametrize("between", BROKEN_UP)
def test_the_token_that_was_sent_is_found_however_it_is_broken_up(between: str) -> None:
    for spelled in (between.join(TOKEN.split("-")), between.join(BARE), between.join(BARE.upper())):
        answer = Answer(400, spelled, ((f"X-{spelled}", spelled),), f"refused {spelled}.".encode(), False, 0, "")
        text = masking.answer_text(answer, (), TOKEN)
        assert text == f"HTTP 400 {MASKED}\nX-{MASKED}: {MASKED}\n\nrefused {MASKED}."


@pytest.mark.parametrize("between", ["-", *BROKEN_UP])
@pytest.mark.parametrize("length", [7, 13, 20, 24, 30])
def test_of_a_token_that_was_cut_nothing_is_left(between: str, length: int) -> None:
    spelled = between.join(TOKEN.split("-"))
    begun = spelled[: len(spelled) * length // 36]
    headers = ((f"N {begun}…", f"v {begun}…"),)
    text = masking.answer_text(Answer(400, f"r {begun}…", headers, begun.encode(), True, 0, ""), (), TOKEN)
    assert TOKEN[:6] not in text


def test_what_is_not_the_token_that_was_sent_stays() -> None:
    other = BARE[:-1] + ("3" if BARE[-1] != "3" else "4")
    for body in (" ".join(other), "g".join(BARE[:31]), ("." * 9).join(BARE), "\u2011".join(reversed(TOKEN.split("-")))):
        answer = Answer(200, "OK", (), body.encode(), False, 0, "")
        assert masking.answer_text(answer, (), TOKEN) == f"HTTP 200 OK\n\n{body}"


def test_a_token_at_the_end_of_a_long_name_is_not_logged(client: Client) -> None:
    whole = f"HTTP/1.1 200 OK\r\n{'x' * 67}{TOKEN}yy: v\r\nContent-Length: 0\r\n\r\n".encode()
    with receiving(Broken(lambda: (whole,))) as receiver:
        text = masking.answer_text(sent(client, receiver.url), ())
    assert text.splitlines()[1] == f"{'x' * 67}…: v"
