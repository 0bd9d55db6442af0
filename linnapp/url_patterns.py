"""What the URL confs of both packages share: whose pages an address is of stands in its first parts."""

ACCOUNT = "a/<slug:account>"
APPLICATION = f"{ACCOUNT}/applications/<uuid:application>"
INSTALLATION = f"{ACCOUNT}/apps/<uuid:installation>"


def any_case(text: str) -> str:
    """A pattern for these letters in any case; an address made from it is spelled as here."""
    return "".join(f"[{letter}{letter.swapcase()}]" if letter.isalpha() else letter for letter in text)
