"""What /metrics of a portal says, as a monitor reads it."""

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.kit.portal import Portal


class Figures(dict[str, float]):
    """By name and the values of its labels in the order of their names, with blanks between; what is missing is 0."""

    def __missing__(self, name: str) -> float:
        return 0.0


def figures_in(text: str) -> Figures:
    found = Figures()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[" ".join([sample.name, *(sample.labels[name] for name in sorted(sample.labels))])] = sample.value
    return found


def read(portal: Portal) -> Figures:
    answer = requests.get(f"{portal.url}/metrics", timeout=10)
    assert answer.status_code == 200
    return figures_in(answer.text)
