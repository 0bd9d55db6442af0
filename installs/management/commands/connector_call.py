import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from installs.connectors import calling
from installs.connectors.faults import NotAuthorised
from installs.models import Connector
from installs.outbound import Answer, NotSent, masking, texts
from linnapp.errors import NotPossible

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class Command(BaseCommand):
    help = (
        "Call an API with a connector: authorises where there is no session, and prints status and body. Ends with 1 "
        "where the answer is 400 or above."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the connector's name")
        parser.add_argument("method", type=str.upper, choices=METHODS, metavar="method", help="GET, POST, …")
        parser.add_argument("path", help="what follows the base URL, such as /api/Inventory/GetStockLocations")
        parser.add_argument("--account", help="the account (its slug), if several connectors have that name")
        parser.add_argument("--data", default="", help="the body: JSON where it begins with { or [, else a form")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_undecodable(options["name"], options["path"], options["data"])
        connector, path = named(options["name"], options["account"]), options["path"]
        if not path.startswith("/") or "#" in path:
            raise CommandError("Write what follows the base URL, from its slash on: /api/Inventory/GetStockLocations.")
        data, kind = options["data"], "application/x-www-form-urlencoded"
        if data.lstrip()[:1] in ("{", "["):
            refuse_bad_json(data)
            kind = "application/json"
        try:
            answer = calling.call(connector, options["method"], path, data.encode(), kind)
        except NotAuthorised as fault:
            raise CommandError(f"{fault} {fault.fix}".strip()) from None
        except (NotPossible, NotSent) as fault:
            raise CommandError(str(fault)) from None
        self.tell(answer)
        if answer.status >= 400:
            raise CommandError(f"The call was answered {answer.status}.")

    def tell(self, answer: Answer) -> None:
        self.stdout.write(f"{answer.status} {answer.reason}".rstrip())
        body = texts.of_answer(answer)
        # What arrives commands no terminal.
        self.stdout.write(masking.printable(body) if self.stdout.isatty() else body)
        if answer.is_cut:
            self.stderr.write(f"The answer is longer: these are its first {len(answer.body)} bytes.")


def refuse_undecodable(*typed: str) -> None:
    try:
        "".join(typed).encode()
    except UnicodeEncodeError:
        raise CommandError("Name, path and data are UTF-8: one of them holds something else.") from None


def refuse_bad_json(data: str) -> None:
    try:
        # Numbers of any length: they are sent on as they stand.
        json.loads(data, parse_int=len)
    except RecursionError:
        raise CommandError("Lists and objects of the body stand too deep in each other.") from None
    except ValueError as fault:
        raise CommandError(f"The body begins as JSON and is none: {fault}.") from None


def named(name: str, account: str | None) -> Connector:
    rows = Connector.objects.named(name).select_related("account")
    found = list(rows.on_account(account) if account else rows)
    if not found:
        raise CommandError(f"There is no connector named {name}{f' on {account}' if account else ''}.")
    if len(found) > 1:
        accounts = ", ".join(sorted(row.account.slug for row in found))
        raise CommandError(f"Several accounts have a connector named {name}. Choose one by --account: {accounts}.")
    return found[0]
