"""The lines of a timeline, put together by functions: up to four templates a line take five times as long."""

from collections.abc import Iterable, Mapping

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.safestring import SafeString

from linnapp.moments import shown
from linnapp.quick_addresses import address_of
from linnapp.templatetags.names import bdi, drawn
from linnapp.templatetags.portal import moment
from linnapp.timeline import Item, Line, Part
from linnapp.timeline_days import Entry, Hours, Looks, Repeats
from linnapp.words import with_commas

register = template.Library()


@register.simple_tag(takes_context=True)
def timeline_entries(context: Context, entries: Iterable[Entry]) -> SafeString:
    """Entries of a day, or lines: list items. The page may have `application`, `installation`, `for_support`,
    `refused_url` where lines have references, `parts` by the numbers of entries, and `reason_stands` where it tells the
    one reason of all lines."""
    return SafeString("".join(map(Drawing(context).entry, entries)))


class Drawing:
    """For the one who reads this page."""

    def __init__(self, context: Context) -> None:
        self.application, self.installation = context.get("application"), context.get("installation")
        self.for_support = context.get("for_support")
        self.refused_url = drawn(context.get("refused_url") or "")
        parts = context.get("parts")
        self.parts: Mapping[int, list[Part]] = parts if isinstance(parts, Mapping) else {}
        self.reason_stands = bool(context.get("reason_stands"))
        self.activity = ""
        if self.application and not self.for_support:
            of = self.application
            self.activity = f"{address_of('application_activity', of.account.slug, of.pk)}?installation="

    def entry(self, entry: Entry) -> str:
        """One line, one that stands for lines that say the same, or lines that are folded into one."""
        if isinstance(entry, Line):
            return self.line(entry)
        return self.line(entry.first, entry) if isinstance(entry, Repeats) else self._folded(entry)

    def _folded(self, group: Hours | Looks) -> str:
        number = len(group.lines)
        if isinstance(group, Looks):
            summary = f"{bdi(group.who)} looked at {number} pages"
        else:
            told = f"{with_commas(group.exchanges)} exchanges, {with_commas(group.refused)} refused"
            summary = f"{told}, in {number} hours"
        return self._item(self._opening(summary, _list("".join(map(self.line, group.lines)))))

    def line(self, line: Line, repeats: Repeats | None = None) -> str:
        said, tone = self._shown(line, repeats), ""
        if line.hour:
            tone = ' data-tone="failed"' if line.hour.refused else ""
            begin, clock = timezone.localtime(line.begin), shown(line.begin, "TIME_FORMAT")
            when = f'<small><time datetime="{begin.isoformat()}">{clock}</time>, one hour</small>'
        else:
            when = moment(line.begin)
        return self._item(f"{said}\n{when}", tone)

    def _shown(self, line: Line, repeats: Repeats | None) -> str:
        if repeats:
            others = (
                self._item(f"<span>{self._sentence(one, reason_stands=True)}</span>{moment(one.begin)}")
                for one in repeats.others
            )
            return self._opening(self._sentence(line, plain=True, repeats=repeats), _list("".join(others)))
        if opens := self.parts.get(line.entry_id):
            inside = f"<dl>{''.join(map(self._part, opens))}</dl>"
            return self._opening(self._sentence(line, plain=True), inside)
        if line.is_letter and not self.reason_stands:
            letter = f'<p class="typed">{drawn(line.reason)}</p>'
            return self._opening(self._sentence(line, plain=True, reason_stands=True), letter)
        return f"<span>{self._sentence(line)}</span>"

    def _sentence(
        self, line: Line, *, plain: bool = False, repeats: Repeats | None = None, reason_stands: bool = False
    ) -> str:
        """What a line says, with its link where it has one and is not `plain`."""
        said = self._said(line, plain=plain)
        if repeats:
            said += f" <small>{repeats.number} times since {shown(repeats.since.begin, 'DAY_CLOCK')}</small>"
        if line.on_behalf_of:
            said += f" <small>for {bdi(line.on_behalf_of)}</small>"
        if line.reason and not (reason_stands or self.reason_stands):
            said += f' <small class="typed">“{drawn(line.reason)}”</small>'
        return said

    def _said(self, line: Line, *, plain: bool) -> str:
        said = drawn(line.sentence)
        if not self.application:
            where = line.application
            return f"{said}, {bdi(where)}" if where and where not in line.sentence else said
        if not line.subject_id or self.installation:
            return said
        if not plain:
            to = address_of("support_installation", line.subject_id) if self.for_support else self._narrowed(line)
            said = f'<a href="{to}">{said}</a>'
        return said if line.account in line.sentence else f"{said} on {bdi(line.account)}"

    def _narrowed(self, line: Line) -> str:
        return f"{self.activity}{line.subject_id}"

    def _part(self, part: Part) -> str:
        return f"<dt>{drawn(part.label)}</dt>{''.join(map(self._told, part.items))}"

    def _told(self, item: Item) -> str:
        if not item.reference:
            return f"<dd>{drawn(item.text)}</dd>"
        reference = drawn(item.reference)
        link = f'<a href="{self.refused_url}?reference={reference}"><code>{reference}</code></a>'
        return f"<dd>{drawn(item.text)}, reference {link}</dd>"

    def _opening(self, summary: str, inside: str) -> str:
        return f"<details><summary>{summary}</summary>{inside}</details>"

    def _item(self, inside: str, tone: str = "") -> str:
        return f"<li{tone}>{inside}</li>\n"


def _list(items: str) -> str:
    return f'<ul class="timeline">{items}</ul>'
