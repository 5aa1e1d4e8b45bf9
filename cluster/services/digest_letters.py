"""A digest as a letter: subject, text and HTML in the reader's language, days and hours in the reader's zone."""

import textwrap
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

import css_inline
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from cluster.domain.digest import Cadence, Topic, headline
from cluster.queries.digest import ContractNews, Digest, Item

WIDTH = 76
_TITLES = {
    Topic.NEWLY_LATE: gettext_noop("New delays"),
    Topic.WORSE: gettext_noop("Got worse"),
    Topic.BETTER: gettext_noop("Got better"),
    Topic.CLOSED: gettext_noop("No longer late"),
    Topic.REACHED: gettext_noop("Reached"),
    Topic.MOVED: gettext_noop("New forecasts"),
}


@dataclass(frozen=True, slots=True)
class Composed:
    """What goes into an e-mail."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Group:
    """Changes of one topic under their heading."""

    topic: str
    title: str
    items: list[Item]


def compose(digest: Digest, *, cadence: str, period: date, language: str = "") -> Composed:
    """The letter of a digest, in `language` or the reader's own."""
    reader = digest.reader
    with translation.override(language or reader.language), timezone.override(ZoneInfo(reader.time_zone)):
        context = {
            "digest": digest,
            "parts": [(news, _groups(news)) for news in digest.contracts],
            "headline": headline(digest.counts),
            "cadence": Cadence(cadence),
            "period": period,
            "week": period.isocalendar().week,
            "site": settings.SITE_URL,
            "language": language or reader.language,
        }
        subject = " ".join(render_to_string("emails/digest_subject.txt", context).split())
        text = render_to_string("emails/digest.txt", context)
        html = render_to_string("emails/digest.html", context | {"subject": subject})
    return Composed(subject[:300], _wrapped(text), _inliner().inline(html))


def _groups(news: ContractNews) -> list[Group]:
    """The changes in runs of one topic; they stand in that order already."""
    found = {topic: [item for item in news.changes if item.topic is topic] for topic in Topic}
    return [Group(topic.value, gettext(_TITLES[topic]), items) for topic, items in found.items() if items]


@cache
def _inliner() -> css_inline.CSSInliner:
    """Rules become style attributes; those that only a style sheet can hold (dark colours, narrow screens) are kept."""
    return css_inline.CSSInliner(keep_at_rules=True, keep_style_tags=False, load_remote_stylesheets=False)


def _wrapped(text: str) -> str:
    """Lines no longer than a terminal, continued under their own indent; addresses stay whole; at most one empty line in a row."""
    lines: list[str] = []
    for line in map(str.rstrip, text.splitlines()):
        if not line:
            if lines and lines[-1]:
                lines.append("")
            continue
        indent = " " * (len(line) - len(line.lstrip(" -•")))
        lines += textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines).strip() + "\n"
