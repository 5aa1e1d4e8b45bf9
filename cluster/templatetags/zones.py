"""Time zones by the names of their cities in the active language."""

from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from django import template

from cluster.templatetags.format import language

register = template.Library()
_TODAY, _COUNTRIES = get_global("zone_aliases"), get_global("zone_territories")


@register.filter
def zone(name: str) -> str:
    """`Asia/Omsk` as «Омск, Россия»; a zone of no city by its own name."""
    return zones(language()).get(zone_today(name), name)


def zone_today(name: str) -> str:
    """The name that a zone of several has today: `Asia/Kolkata` for `Asia/Calcutta`."""
    return str(_TODAY.get(name, name))


@lru_cache(maxsize=2)
def zones(spoken: str) -> dict[str, str]:
    """Each zone of a city with the words for it in a language, by these words."""
    locale, known = Locale(spoken), available_timezones()
    words = {zone_today(name): told["city"] for name, told in locale.time_zones.items() if "city" in told}
    found = {
        name: f"{words.get(name) or name.rpartition('/')[2].replace('_', ' ')}, {locale.territories[country]}"
        for name, country in _COUNTRIES.items()
        if name in known and not name.startswith("Etc/")
    }
    return dict(sorted(found.items(), key=lambda item: item[1].casefold()))
