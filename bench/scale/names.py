"""What the rows are called and which key each has: so many facts that a page is found without asking the database."""

import hashlib
import uuid
from dataclasses import dataclass

PASSWORD = "scale-kettle-47-march"
DEV, CUSTOMER, PLAIN, SUPPORT, SUPERUSER = "dev", "cust", "plain", "sam", "paula"
PEOPLE = (DEV, CUSTOMER, PLAIN, SUPPORT, SUPERUSER)
# Authenticator apps of these two, whom nobody lets in by a password alone.
FACTORS = {SUPPORT: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", SUPERUSER: "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"}
# Of the accounts 0, 1 and 2; the others are acc-3, acc-4, …
SLUGS = ("dev-house", "many-apps", "plain-shop")
HOUSES = ("Harbour", "Acme", "Northwind", "Blue", "Copper", "Fern", "Kettle", "Rose", "Stone", "River")
SUBJECTS = ("Stock", "Parcel", "Ledger", "Review", "Label", "Order", "Price", "Image", "Feed", "Route")
TOOLS = ("Sync", "Bridge", "Lamp", "Link", "Hub", "Pilot", "Desk")
# Owners of the accounts are people number OWNERS and following.
OWNERS = 1000
OF_ONE_MAKER = 10
APPLICATIONS_AT_MOST = 20_000


@dataclass(frozen=True)
class Size:
    """Of so many installations."""

    installations: int

    @property
    def accounts(self) -> int:
        return self.installations // 5

    @property
    def applications(self) -> int:
        return max(20, self.installations // 500)

    @property
    def of_the_first(self) -> int:
        """Installations of the largest application."""
        return self.installations // 10


def md5(text: str) -> str:
    """As PostgreSQL's md5()."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def key(letter: str, number: int) -> str:
    """The UUID of a row: "i" for installations, "c" accounts, "a" applications; "s" and "t" are the Application Secret
    and the permanent token themselves."""
    return str(uuid.UUID(md5(f"{letter}{number}")))


def email(person: str) -> str:
    return f"{person}@scale.example"


def domain(number: int) -> str:
    return f"{md5(f'd{number % 5000}')[:6]}.example.com"


def owner(number: int) -> str:
    return f"owner.{md5(f'u{number}')[:8]}@{domain(number)}"


def account(number: int) -> str:
    return f"{HOUSES[number % 10]} {md5(f'n{number}')[:8]} Ltd"


def slug(number: int) -> str:
    return SLUGS[number] if number < len(SLUGS) else f"acc-{number}"


def application(number: int) -> str:
    return f"{SUBJECTS[number % 10]} {TOOLS[number % 7]} {number}"


def maker(number: int) -> int:
    """The account that an application is of."""
    return 0 if number < OF_ONE_MAKER else number
