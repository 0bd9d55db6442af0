"""The most open cases of an account, however many people ask at once."""

import pytest

from installs.help import asking
from installs.models import HelpCase
from linnapp.errors import NotPossible
from linnapp.models import Account, User
from tests.installations.test_install_races import at_once
from tests.kit.people import acting


@pytest.mark.django_db(transaction=True)
def test_who_asks_at_once_gets_no_eleventh_case(cakes: Account, carol: User) -> None:
    for _ in range(asking.MOST_UNSOLVED - 1):
        asking.ask(cakes, sentence="It does not work.", by=acting(carol))

    def ask(number: int) -> bool:
        try:
            asking.ask(cakes, sentence=f"Number {number}.", by=acting(carol))
        except NotPossible:
            return False
        return True

    assert sorted(at_once(ask, 6)) == [False] * 5 + [True]
    assert HelpCase.objects.unsolved().count() == asking.MOST_UNSOLVED
