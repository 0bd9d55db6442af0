"""Breaks the program one line at a time and runs the tests on each broken copy: every break must turn them red.

`make mutants` runs all; `make mutants ARGS="secrets"` those whose description has the word. Each is applied to a copy
of the tree, and tried with the tests that are meant to notice it first, then with all but the browser's. Some races
show on PostgreSQL only.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = (".git", ".venv", "var", "*.sqlite3", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".env")
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", "-m", "not browser")
FAILED = 1


@dataclass(frozen=True)
class Mutant:
    what: str
    path: str
    original: str
    broken: str
    tests: tuple[str, ...]


LIFECYCLE, AUTHORIZATION, SIGNING = (
    "installs/installations/lifecycle.py",
    "installs/exchange/authorization.py",
    "installs/postbacks/signing.py",
)
MOVING, SUSPENDING, SESSIONS = (
    "installs/installations/moving.py",
    "installs/installations/suspending.py",
    "installs/connectors/sessions.py",
)
RETRIES, COURIER = "installs/postbacks/retries.py", "installs/postbacks/courier.py"
MUTANTS = (
    Mutant(
        "two consents at once: no lock in install",
        LIFECYCLE,
        'Application.objects.select_for_update(of=("self",)).select_related("account").filter(pk=application.pk).first()',
        'Application.objects.select_related("account").filter(pk=application.pk).first()',
        ("test_install_races", "test_exchange_races"),
    ),
    Mutant(
        "strangers see applications: no visible_to",
        "linnapp/models/applications.py",
        "        return self.filter(account__memberships__user_id=user.pk)\n",
        "        return self.all()\n",
        ("test_applications", "test_overview", "test_general"),
    ),
    Mutant(
        "strangers see installations: no visible_to",
        "installs/models/installations.py",
        "return self.filter(models.Q(account__in=mine) | models.Q(application__account__in=mine))",
        "return self.all()",
        ("test_application_installations", "test_search", "test_my_apps"),
    ),
    Mutant(
        "a forged version is accepted",
        LIFECYCLE,
        "    if version in offered:\n",
        "    if version:\n",
        ("test_consent", "test_install"),
    ),
    Mutant(
        "anybody installs on any account",
        LIFECYCLE,
        "if account not in accounts_for(by, application):",
        "if account is None:",
        ("test_install", "test_consent"),
    ),
    Mutant(
        "a released version can be updated: no trigger",
        "linnapp/migrations/0002_what_the_database_guards.py",
        "        migrations.RunPython(guard_released_versions, migrations.RunPython.noop),\n",
        "",
        ("test_version_snapshots", "test_versions"),
    ),
    Mutant(
        "a session survives uninstalling",
        LIFECYCLE,
        "row.sessions.end(Session.End.UNINSTALLED)",
        "pass",
        ("test_my_apps", "test_install", "test_exchange_races"),
    ),
    Mutant(
        "a session survives suspension",
        "installs/installations/suspending.py",
        '"suspension_reason"])\n    row.sessions.end(Session.End.SUSPENDED)\n',
        '"suspension_reason"])\n',
        ("test_authorize", "test_admin_actions", "test_exchange_races"),
    ),
    Mutant(
        "a session survives the retirement of its secret",
        "installs/application/secret_ends.py",
        "Session.objects.filter(secret=row).end(Session.End.SECRET_RETIRED)",
        "pass",
        ("test_secrets", "test_exchange_races"),
    ),
    Mutant(
        "an exchange outlives the act it waited for: nothing held",
        AUTHORIZATION,
        'HOLD = NOT_DURABLE + "FOR SHARE OF a FOR SHARE OF i FOR SHARE OF s FOR SHARE OF t"',
        "HOLD = NOT_DURABLE",
        ("test_exchange_races",),
    ),
    Mutant(
        "an exchange outlives the act it waited for: state not asserted again",
        AUTHORIZATION,
        "i.state IN ('ACTIVE', 'PENDING') AND i.suspended_by_account_at IS NULL AND i.suspended_by_staff_at IS NULL",
        "TRUE",
        ("test_exchange_races",),
    ),
    Mutant(
        "an exchange outlives the retirement it waited for: ends compared with the time",
        AUTHORIZATION,
        "(s.ends_at = %(secret_ends_at)s OR (s.ends_at IS NULL AND %(secret_ends_at)s IS NULL))",
        "(s.ends_at > %(now)s OR s.ends_at IS NULL)",
        ("test_exchange_races",),
    ),
    Mutant(
        "the permanent token that ended is still exchanged",
        AUTHORIZATION,
        "    if case.token_ended:\n",
        "    if False:\n",
        ("test_api",),
    ),
    Mutant(
        "limits are not enforced: exchanges a minute",
        AUTHORIZATION,
        "if case.exchanges >= settings.EXCHANGES_PER_MINUTE:",
        "if False:",
        ("test_authorize", "test_api"),
    ),
    Mutant(
        "limits are not enforced: a failing address is never asked to wait",
        "installs/exchange/refusals.py",
        "    return None if over < 0 else ",
        "    return None if over < 10_000 else ",
        ("test_authorize", "test_api"),
    ),
    Mutant(
        "an unproven caller learns which application exists",
        AUTHORIZATION,
        "        raise _refused(Reason.UNPROVEN, case)\n",
        "        raise _refused(Reason.UNPROVEN if application_id else Reason.UNKNOWN_TOKEN, case)\n",
        ("test_api",),
    ),
    Mutant(
        "answers with tokens may be kept: no no-store",
        "linnapp/middleware.py",
        'response.headers["Cache-Control"] = "no-store"',
        "pass",
        ("test_api",),
    ),
    Mutant(
        "credentials in the query are always read",
        "installs/exchange/wire.py",
        "if in_query and not query_allowed:",
        "if False:",
        ("test_api",),
    ),
    Mutant(
        "anybody writes their own address: X-Forwarded-For is believed",
        "linnapp/addresses.py",
        "while hops and is_trusted(address):",
        "while hops:",
        ("test_api",),
    ),
    Mutant(
        "a permanent token is revealed without a record",
        LIFECYCLE,
        "    record(Kind.TOKEN_REVEALED, installation, by, side, tail=token.tail)\n",
        "",
        ("test_my_apps", "test_application_installations"),
    ),
    Mutant(
        "an Application Secret is revealed without a fresh sign-in",
        "linnapp/views/general.py",
        "@reauthentication_required\n",
        "",
        ("test_general",),
    ),
    Mutant(
        "any number of secrets may be live",
        "linnapp/services/secrets.py",
        "if row.secrets.live().count() >= MOST_LIVE:",
        "if False:",
        ("test_secrets",),
    ),
    Mutant(
        "what somebody saved meanwhile is overwritten: Moved is not raised",
        "linnapp/services/manifests.py",
        "if row.manifest_revision != expected_revision:",
        "if False:",
        ("test_modules_conflict",),
    ),
    Mutant(
        "two PostbackUrls are allowed",
        "linnapp/manifest/meaning.py",
        "        *_second_postback_urls(manifest),\n",
        "",
        ("test_manifest",),
    ),
    Mutant(
        "the internal Summary is shown to whoever installs",
        "templates/installs/installations/_consent.html",
        "{% if question.application.description %}",
        "{{ question.application.summary }}{% if question.application.description %}",
        ("test_consent",),
    ),
    Mutant(
        "the page after installing holds the permanent token that was sent",
        "templates/installs/installations/_installation_sent.html",
        "<div>First connection: ",
        "<div data-token={{ installation.permanent_tokens.first.value }}>First connection: ",
        ("test_installation_sent", "test_install_with_postback"),
    ),
    Mutant(
        "a session survives an installation that fails",
        "installs/postbacks/deciding.py",
        "row.sessions.end(Session.End.FAILED)",
        "pass",
        ("test_deliveries", "test_pending_races"),
    ),
    Mutant(
        "an answer after the end completes the installation",
        "installs/postbacks/deciding.py",
        "    if row.state != Installation.State.PENDING:\n",
        "    if False:\n",
        ("test_installation_sent", "test_pending_races"),
    ),
    Mutant(
        "a postback leaves with no signature",
        SIGNING,
        'SIGNATURE: " ".join(signatures)',
        'SIGNATURE: ""',
        ("test_signing",),
    ),
    Mutant(
        "the timestamp of a postback is not signed",
        SIGNING,
        'f"{message_id}.{timestamp}."',
        'f"{message_id}."',
        ("test_signing",),
    ),
    Mutant(
        "an old postback is genuine for ever",
        SIGNING,
        "    _refuse_other_times(given[TIMESTAMP], now, tolerance)\n",
        "",
        ("test_signing", "test_receive_postbacks"),
    ),
    Mutant(
        "a forged postback is genuine",
        SIGNING,
        "    if not any(credentials.same(one, other) for one in expected for other in signatures):\n",
        "    if not expected:\n",
        ("test_signing", "test_receive_postbacks"),
    ),
    Mutant(
        "what arrives at the receiver commands the terminal",
        "installs/management/commands/receive_postbacks.py",
        'character if character.isprintable() else "�"',
        "character",
        ("test_receive_postbacks",),
    ),
    Mutant(
        "of several addresses only the first is checked",
        "installs/outbound/connections.py",
        "addresses.refuse_bad(host, found)",
        "addresses.refuse_bad(host, found[:1])",
        ("test_outbound_addresses",),
    ),
    Mutant(
        "the name is looked up again to connect",
        "installs/outbound/connections.py",
        "    connection = connect_first(found[:4], port, attempt)\n",
        "    connection = connect_first(addresses.resolve(host, attempt.left())[:4], port, attempt)\n",
        ("test_outbound_addresses",),
    ),
    Mutant(
        "a certificate for another name or of another time passes",
        "installs/outbound/certificates.py",
        "    if to_look_at:\n",
        "    if ca_file:\n",
        ("test_outbound",),
    ),
    Mutant(
        "the token of a postback's address is in the log",
        "linnapp/settings.py",
        '        "urllib3": {"level": "CRITICAL"},\n',
        "",
        ("test_outbound",),
    ),
    Mutant(
        "what led to a failed postback, with its address, is in the log",
        "installs/outbound/client.py",
        "            fault.__cause__ = fault.__context__ = None\n",
        "",
        ("test_outbound",),
    ),
    Mutant(
        "redirects are followed",
        "installs/outbound/client.py",
        "            answer = self._answer(prepared(method, target, body, headers), attempt)\n",
        "            answer = self._answer(prepared(method, target, body, headers), attempt)\n"
        '            if leads_to := dict(answer.headers).get("Location"):\n'
        "                answer = self._answer(prepared(method, Target.of(leads_to), body, headers), attempt)\n",
        ("test_outbound",),
    ),
    Mutant(
        "postbacks go to private addresses",
        "installs/outbound/addresses.py",
        "        if kind := fault_of(address):\n",
        '        if (kind := fault_of(address)) == "a reserved address":\n',
        ("test_outbound_addresses",),
    ),
    Mutant(
        "what was sent stands in the log of postbacks",
        "installs/postbacks/posting.py",
        "_rendered(post, credentials.masked(post.token))",
        "_rendered(post, post.token)",
        ("test_deliveries",),
    ),
    Mutant(
        "what an endpoint answers with stands in the log of postbacks: not masked",
        "linnapp/credentials.py",
        "    return _SPELLINGS.sub(lambda found: _unless(kept, found.group()), text)\n",
        "    return text\n",
        ("test_deliveries",),
    ),
    Mutant(
        "201 completes an installation that waits for 200",
        RETRIES,
        "Verdict.DELIVERED if status == 200 else Verdict.STOPPED",
        "Verdict.DELIVERED if status in (200, 201) else Verdict.STOPPED",
        ("test_deliveries",),
    ),
    Mutant(
        "the permanent token of a failed installation lives on",
        "installs/postbacks/deciding.py",
        "    _tokens(row).update(ends_at=now)\n",
        "",
        ("test_deliveries", "test_pending_races"),
    ),
    Mutant(
        "two workers claim the same postback: no lease",
        COURIER,
        "        Delivery.objects.filter(pk__in=[row.pk for row in claimed]).update(claimed_until=until)\n",
        "",
        ("test_courier_share",),
    ),
    Mutant(
        "a publisher that does not answer takes the whole courier",
        COURIER,
        "claim(min(room, MOST_AT_ONCE), without=full, left=left)",
        "claim(min(room, MOST_AT_ONCE), without=full)",
        ("test_courier_share",),
    ),
    Mutant(
        "retries come every five seconds: the schedule is not kept",
        RETRIES,
        "SCHEDULE[attempt - 1] * random",
        "SCHEDULE[0] * random",
        ("test_deliveries",),
    ),
    Mutant(
        "Retry-After is not honoured",
        RETRIES,
        "    if status in SLOW_DOWN:\n",
        "    if False:\n",
        ("test_deliveries",),
    ),
    Mutant(
        "a parked host is never released",
        "installs/postbacks/parking.py",
        "        state=Delivery.State.DUE, next_attempt_at=timezone.now(), tried=0\n",
        "        state=Delivery.State.HELD, next_attempt_at=timezone.now(), tried=0\n",
        ("test_parking",),
    ),
    Mutant(
        "the permanent token of an installation that is over is sent",
        "installs/postbacks/packing.py",
        "        if row.installation and not _stands(row):\n"
        "            records.stop(row, _why_not(row))\n"
        "            continue\n"
        "        token = tokens.get(row.installation_id) if row.installation_id else TEST_TOKEN\n",
        "        every = PermanentToken.objects.filter(installation=row.installation_id)\n"
        "        token = every[0].value() if row.installation_id else TEST_TOKEN\n",
        ("test_deliveries",),
    ),
    Mutant(
        "the signing secret is revealed without a fresh sign-in",
        "installs/postbacks/views/settings.py",
        "@reauthentication_required\n",
        "",
        ("test_postback_settings",),
    ),
    Mutant(
        "metrics are open to everybody",
        "installs/postbacks/views/metrics.py",
        "    if not (is_from_this_machine(request.META) or has_token(request)):\n",
        "    if False:\n",
        ("test_metrics",),
    ),
    Mutant(
        "metrics are open to everybody behind a proxy on the same machine",
        "linnapp/addresses.py",
        "    if any(meta.get(header) for header in FORWARDED):\n",
        "    if False:\n",
        ("test_metrics",),
    ),
    Mutant(
        "the log of postbacks is emptied early",
        "installs/postbacks/retention.py",
        "free, created_at__lt=before)",
        "free)",
        ("test_retention",),
    ),
    Mutant(
        "anybody moves an installation: no manager asked for",
        LIFECYCLE,
        "    if row.account not in accounts_for(by, row.application):\n",
        "    if False:\n",
        ("test_updates", "test_switching", "test_acts"),
    ),
    Mutant(
        "an update takes what was released after it was read",
        MOVING,
        "    _refuse_unless_read(to, available, row)\n",
        "",
        ("test_updates",),
    ),
    Mutant(
        "authorising again moves a customer to the latest version",
        LIFECYCLE,
        "        return [installed.version]\n",
        "        return [application.versions.latest() or installed.version]\n",
        ("test_install", "test_consent", "test_seed"),
    ),
    Mutant(
        "the way back is open for ever",
        MOVING,
        " or moved_at < timezone.now() - GO_BACK_WITHIN:",
        ":",
        ("test_updates",),
    ),
    Mutant(
        "the way back leads to a withdrawn version",
        MOVING,
        "if before is None or before.withdrawn_at or ",
        "if before is None or ",
        ("test_updates",),
    ),
    Mutant(
        "a version is chosen on a customer's account",
        MOVING,
        "    if not row.is_on_own_account:\n",
        "    if False:\n",
        ("test_switching",),
    ),
    Mutant(
        "a session survives the account's suspension",
        SUSPENDING,
        '["suspended_by_account_at"])\n    row.sessions.end(Session.End.SUSPENDED)\n',
        '["suspended_by_account_at"])\n',
        ("test_suspending", "test_acts", "test_exchange_races"),
    ),
    Mutant(
        "the account lifts what staff set",
        SUSPENDING,
        '    row.suspended_by_account_at = None\n    row.save(update_fields=["suspended_by_account_at"])\n',
        "    row.suspended_by_account_at = row.suspended_by_staff_at = None\n    row.save()\n",
        ("test_suspending",),
    ),
    Mutant(
        "what is not listed is in the store",
        "installs/store/offers.py",
        "Application.objects.listed().in_state(",
        "Application.objects.in_state(",
        ("test_store",),
    ),
    Mutant(
        "an edit of what is listed is not marked",
        "installs/store/listings.py",
        "if getattr(review, field) != getattr(application, field)]",
        "if False]",
        ("test_listing",),
    ),
    Mutant(
        "a mail about updates comes each day",
        "installs/models/update_mailings.py",
        "EVERY = timedelta(days=7)",
        "EVERY = timedelta(days=1)",
        ("test_update_mails",),
    ),
    Mutant(
        "mails about updates come to who wants none",
        "installs/models/update_mailings.py",
        "self.filter(stopped_at=None).filter(",
        "self.filter(",
        ("test_update_mails",),
    ),
    Mutant(
        "anybody stops anybody's mails: the link is not signed",
        "installs/installations/update_mails.py",
        "pk=SIGNER.unsign(key)",
        "pk=key.partition(':')[0]",
        ("test_update_mails",),
    ),
    Mutant(
        "each caller renews the session: no claim",
        SESSIONS,
        "        claimed = self.rows.filter(_unclaimed(), told, generation=generation)\n",
        "        claimed = self.rows\n",
        ("test_connector_client",),
    ),
    Mutant(
        "a session is renewed twice by callers that saw it fail: claim of any generation",
        SESSIONS,
        "self.rows.filter(_unclaimed(), told, generation=generation)",
        "self.rows.filter(_unclaimed(), told)",
        ("test_connector_client",),
    ),
    Mutant(
        "a renewal that fails is asked for again by each who waits",
        SESSIONS,
        "self.rows.filter(_unclaimed(), told, generation=generation)",
        "self.rows.filter(_unclaimed(), generation=generation)",
        ("test_connector_client",),
    ),
    Mutant(
        "who holds a connector as it was goes on with it",
        SESSIONS,
        "filter(pk=connector.pk, revision=connector.revision)",
        "filter(pk=connector.pk)",
        ("test_connector_client",),
    ),
    Mutant(
        "a call that changes something is sent twice",
        "installs/connectors/calling.py",
        "Client(reaches_portal=True, repeats_all=False)",
        "Client(reaches_portal=True)",
        ("test_connector_client",),
    ),
    Mutant(
        "staff read ciphertexts",
        "linnapp/admin_pages.py",
        "return field in HIDDEN or field.endswith(ENCRYPTED)",
        "return field in HIDDEN",
        ("test_admin",),
    ),
    Mutant(
        "staff list what they did not read",
        "linnapp/admin_pages.py",
        'moved = form.is_bound and request.POST.get("read", "") != read',
        "moved = False",
        ("test_listing",),
    ),
    Mutant(
        "customers read the names of modules",
        "installs/installations/comparison.py",
        "[_label(module.type) if module else WHOLE for module in modules]",
        "[module.label if module else WHOLE for module in modules]",
        ("test_updates", "test_hygiene"),
    ),
    Mutant(
        "customers read keys in the addresses of an update",
        "installs/installations/comparison.py",
        "        return _host_only(value)\n",
        "        return value\n",
        ("test_updates",),
    ),
    Mutant(
        "going back takes what was not read",
        MOVING,
        "    if to != before:\n",
        "    if False:\n",
        ("test_updates",),
    ),
    Mutant(
        "a mail about updates that is lost is never sent again",
        "installs/installations/update_mails.py",
        "        mine.update(sent_at=mailing.sent_at, told=mailing.told)\n",
        "",
        ("test_update_mails",),
    ),
    Mutant(
        "a header of one endpoint stops all postbacks",
        RETRIES,
        "except (ValueError, OverflowError):",
        "except ValueError:",
        ("test_deliveries",),
    ),
    Mutant(
        "a renewal of the credentials before is kept",
        SESSIONS,
        "        kept = self.rows.filter(generation=generation).update(\n",
        "        kept = self.rows.update(\n",
        ("test_connector_check", "test_connector_client"),
    ),
    Mutant(
        "Test connection shows the session token",
        "installs/connectors/conversation.py",
        "Authorization: {credentials.masked(token)}",
        "Authorization: {token}",
        ("test_connector_check",),
    ),
    Mutant(
        "Test connection shows what another server quotes",
        "linnapp/credentials.py",
        "without_values(without_these(text, values)))",
        "text)",
        ("test_connector_check",),
    ),
    Mutant(
        "a stored secret goes to another server",
        "installs/connectors/forms.py",
        "if not text or not self.stored or not is_elsewhere(text, self.stored):",
        "if text:",
        ("test_connectors",),
    ),
    Mutant(
        "connectors reach all of this portal",
        "installs/outbound/targets.py",
        "below = path.startswith(PORTAL_PATHS) and not ",
        "below = not ",
        ("test_outbound_portal",),
    ),
)


def broken_text(mutant: Mutant) -> str | None:
    """The file with its line broken; None where the line is not there exactly once any more.

    Raises SyntaxError for a break that no test is needed to notice.
    """
    text = (ROOT / mutant.path).read_text()
    if text.count(mutant.original) != 1:
        return None
    broken = text.replace(mutant.original, mutant.broken)
    if mutant.path.endswith(".py"):
        ast.parse(broken)
    return broken


def copy_of_the_tree(folder: Path) -> Path:
    return Path(shutil.copytree(ROOT, folder / "tree", ignore=shutil.ignore_patterns(*LEFT_OUT)))


def run(tree: Path, *arguments: str) -> bool:
    """Whether the tests turned red. Raises for a run that could not begin: that is no proof."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*PYTEST, *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in {0, FAILED}:
        raise RuntimeError(f"pytest {' '.join(arguments)} could not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == FAILED


def refuse_red(tree: Path, chosen: list[Mutant]) -> None:
    """Tests that are red before anything is broken notice nothing."""
    named = sorted({f"tests/{name}.py" for mutant in chosen for name in mutant.tests})
    if run(tree, *named):
        sys.exit(f"These tests are red before anything is broken: {' '.join(named)}")


def verdict(mutant: Mutant, tree: Path) -> str:
    text = broken_text(mutant)
    if text is None:
        return "GONE: the line is not there once"
    whole = (tree / mutant.path).read_text()
    (tree / mutant.path).write_text(text)
    try:
        named = [f"tests/{name}.py" for name in mutant.tests]
        if run(tree, *named):
            return "noticed"
        return "noticed by other tests" if run(tree) else "SURVIVED"
    finally:
        (tree / mutant.path).write_text(whole)


def main(word: str = "") -> int:
    chosen = [mutant for mutant in MUTANTS if word in f"{mutant.what} {mutant.path}"]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="linnapp-mutants-") as folder:
        tree = copy_of_the_tree(Path(folder))
        refuse_red(tree, chosen)
        for mutant in chosen:
            began = time.monotonic()
            said = verdict(mutant, tree)
            failed += not said.startswith("noticed")
            sys.stdout.write(f"{said:24} {time.monotonic() - began:5.0f} s  {mutant.what} ({mutant.path})\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - failed} of {len(chosen)} noticed\n")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
