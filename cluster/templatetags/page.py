"""Tags of the page frame: icons, links that stay on the day shown, severity and stage in words."""

from functools import lru_cache
from typing import Any

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from cluster.domain.stages import Stage
from cluster.models.delay import SEVERITIES

register = template.Library()

_SEVERITIES = dict(SEVERITIES)
_STAGES = {
    Stage.PLANNED: _("planned"),
    Stage.BUILDING: _("under construction"),
    Stage.COMMISSIONING: _("commissioning"),
    Stage.OPENED: _("opened"),
    Stage.SUSPENDED: _("suspended"),
    Stage.CANCELLED: _("cancelled"),
}


@register.simple_tag
@lru_cache(maxsize=500)
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of static/icons/sprite.svg; decoration, so that a word stands beside it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra,
        static("icons/sprite.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def here(context: Context, name: str, *args: Any, **kwargs: Any) -> str:
    """Like `url`, and the page that opens shows the same day as this one; one of no contract keeps the contract in its head."""
    frame = context.get("frame")
    return _address(name, args, tuple(kwargs.items())) + (frame.query_of(name) if frame else "")


# A page links the same few hundred pages of a contract again and again.
@lru_cache(maxsize=20_000)
def _address(name: str, args: tuple[Any, ...], kwargs: tuple[tuple[str, Any], ...]) -> str:
    return reverse(name, args=args, kwargs=dict(kwargs))


@register.filter
def severity_word(value: str) -> str:
    """A severity in words."""
    return str(_SEVERITIES[value])


@register.filter
def stage_word(value: str) -> str:
    """A factory's stage in words."""
    return str(_STAGES[Stage(value)])


@register.filter
def severity_of(days: int | None, contract: Any) -> str:
    """The severity of `days` late under the contract's scale; empty when nothing is late."""
    return contract.severity_scale.of(days).value if days else ""


@register.simple_tag
def severity_chip(severity: str) -> SafeString:
    """A chip with the icon and the word of a severity."""
    return _chip(severity, severity, severity_word(severity))


@register.simple_tag
def stage_chip(stage: str) -> SafeString:
    """A chip with the icon and the word of a stage."""
    tone = {"opened": "ok", "building": "info", "commissioning": "info", "suspended": "moderate", "cancelled": "outline"}.get(
        str(stage), "outline"
    )
    return _chip(tone, str(stage), stage_word(stage))


@lru_cache(maxsize=500)
def _chip(tone: str, sign: str, word: str) -> SafeString:
    return format_html('<span class="chip {}">{}{}</span>', tone, icon(sign), word)
