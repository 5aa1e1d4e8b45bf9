"""Filters of the discussion: a comment as it is shown."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cluster.domain.mentions import pieces_of

register = template.Library()


@register.filter
def said(text: str) -> SafeString:
    """A comment with its mentions set off; everything else in it is plain text."""
    shown = (format_html('<strong class="mention">{}</strong>', piece) if named else piece for piece, named in pieces_of(text))
    return format_html_join("", "{}", ((piece,) for piece in shown))
