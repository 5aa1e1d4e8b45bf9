"""The currencies whose official rates are followed. Amounts are converted to dollars only; the others are for reading."""

import re

from django.core.exceptions import ImproperlyConfigured

from avtotor_site.settings.environment import env

DOLLAR = {"USD": "R01235"}


def currencies(text: str) -> dict[str, str]:
    """`USD=R01235,EUR=R01239` as currency -> the bank's code in XML_dynamic; the dollar is always the first."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([A-Z]{3})\s*=\s*(R\d{5}[A-Z]?)", part)
        if match is None:
            message = f"RATE_CURRENCIES: “{part}” is not like EUR=R01239, a currency and the bank's code of its series."
            raise ImproperlyConfigured(message)
        currency, code = match.groups()
        if currency in found or code in found.values():
            message = f"RATE_CURRENCIES: {currency} or {code} stands there twice."
            raise ImproperlyConfigured(message)
        found[currency] = code
    if found.get("USD", DOLLAR["USD"]) != DOLLAR["USD"]:
        message = "RATE_CURRENCIES: the bank's code of USD is R01235."
        raise ImproperlyConfigured(message)
    found = DOLLAR | found
    if len(set(found.values())) < len(found):
        message = "RATE_CURRENCIES: R01235 is the code of USD alone."
        raise ImproperlyConfigured(message)
    return found


RATE_CURRENCIES: dict[str, str] = currencies(env.str("RATE_CURRENCIES", default="USD=R01235"))
