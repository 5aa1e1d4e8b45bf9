"""A digest as a letter: subject, text, HTML and one chart in the reader's language, days and hours in the reader's zone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from cluster.charts.promises import COLOURS, Picture, promises
from cluster.domain.digest import Topic, headline
from cluster.gateways.pictures import png_of
from cluster.models import Subscription
from cluster.queries.digest import Digest, Section, digest_of
from cluster.queries.digest_brief import Brief, Shared
from cluster.queries.digest_news import ContractNews, Item, news_of
from cluster.services.letters import Composed, composed
from cluster.services.subscriptions import choice_of, unsubscribe_url, usual_choice

_TITLES = {
    Topic.NEWLY_LATE: gettext_noop("New delays"),
    Topic.WORSE: gettext_noop("Got worse"),
    Topic.BETTER: gettext_noop("Got better"),
    Topic.CLOSED: gettext_noop("No longer late"),
    Topic.REACHED: gettext_noop("Reached"),
    Topic.MOVED: gettext_noop("New forecasts"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Changes of one topic under their heading; `count` is of all of them, also of those that are not told."""

    topic: str
    title: str
    count: int
    items: list[Item]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A section in one language: text, HTML, and the chart that the HTML shows."""

    text: str
    html: str
    chart: bytes | None


def brief_for(subscription: Subscription, *, since: datetime, until: datetime, shared: Shared, by_announcement: bool = False) -> Brief:
    """Whom a digest of a subscription is for, and about what: the time after `since`, up to and including `until`.

    One that was never saved is told as is usual for the roles of its user.
    """
    choice = choice_of(subscription) if subscription.pk else usual_choice(subscription.user)
    return Brief(
        reader=subscription.user,
        since=since,
        until=until,
        as_of=until.astimezone(subscription.zone).date(),
        by_announcement=by_announcement,
        zone=subscription.zone,
        factories=choice.factories,
        kinds=choice.kinds,
        shared=shared,
    )


def write_digest(subscription: Subscription, *, brief: Brief, period: date, always: bool = False) -> Composed | None:
    """The letter of a subscription; None when nothing is new and none is wanted. `always`: also when nothing is new."""
    digest = digest_of(brief)
    if not (always or digest.is_news or subscription.also_when_nothing_new):
        return None
    return compose(digest, subscription, period=period)


def compose(digest: Digest, subscription: Subscription, *, period: date) -> Composed:
    """The letter of a digest, in the language and the zone of the subscription."""
    language, zone = subscription.in_language, subscription.zone
    brief = digest.brief
    with translation.override(language), timezone.override(zone):
        sections = [_rendered(section, brief, language, zone) for section in digest.sections]
        behind = digest.behind_plan
        told = {
            "digest": digest,
            # A letter has room for one of the two.
            "headline": [(topic.value, n) for topic, n in headline(digest.counts, longest=1 if behind else 2)],
            "behind": behind,
            "cadence": subscription.cadence,
            "period": period,
            "week": period.isocalendar().week,
        }
        subject = " ".join(render_to_string("emails/digest_subject.txt", told).split())
        frame = {
            "subject": subject,
            "as_of": brief.as_of,
            "language": language,
            "narrowed": bool(brief.factories or brief.kinds),
            "unsubscribe": unsubscribe_url(subscription) if subscription.pk else "",
            "site": settings.SITE_URL,
        }
        text = render_to_string("emails/digest.txt", frame | {"sections": [one.text for one in sections]})
        html = render_to_string("emails/digest.html", frame | {"sections": [one.html for one in sections]})
    return composed(subject, text, html, chart=next((one.chart for one in sections if one.chart), None))


def _rendered(section: Section, brief: Brief, language: str, zone: ZoneInfo) -> Rendered:
    """A section in the active language: for readers who are told the same it is made once."""
    if section.key is None:
        return _render(section, brief)
    return brief.shared.get((section.template, section.key, language, zone.key), lambda: _render(section, brief))


def _render(section: Section, brief: Brief) -> Rendered:
    prepare = _PREPARED.get(section.template)
    context = {
        "section": section,
        "data": section.data,
        "reader": brief.reader,
        "several": len(news_of(brief).contracts) > 1,
        "site": settings.SITE_URL,
        **(prepare(section.data, brief) if prepare else {}),
    }
    picture: Picture | None = context.get("picture")
    return Rendered(
        text=render_to_string(f"{section.template}.txt", context).strip("\n"),
        html=render_to_string(f"{section.template}.html", context),
        chart=_drawn(picture, brief) if picture else None,
    )


def _drawn(picture: Picture, brief: Brief) -> bytes:
    """The PNG of a drawing, made once for all readers of a run who see the same, whatever their zone."""
    return brief.shared.get(("png", picture.svg), lambda: png_of(picture.svg, colours=COLOURS))


def _groups(news: ContractNews) -> list[Group]:
    """The changes in runs of one topic; they stand in that order already."""
    found = {topic: [item for item in news.changes if item.topic is topic] for topic in Topic}
    return [Group(topic.value, gettext(_TITLES[topic]), news.counts[topic], items) for topic, items in found.items() if items]


# What a section needs beside its data.
_PREPARED: dict[str, Callable[[Any, Brief], dict[str, Any]]] = {
    "emails/sections/changes": lambda news, _brief: {
        "parts": [(part, _groups(part)) for part in news.contracts],
        "others": news.others,
    },
    "emails/sections/promises": lambda part, brief: {"picture": promises(part.promises, as_of=brief.as_of)},
}
