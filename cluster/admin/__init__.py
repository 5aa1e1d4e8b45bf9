"""Django's admin for every model of the app, one file per concept; writes go through the services."""

from cluster.admin import (
    baseline,
    calendar,
    claim,
    contract,
    delay,
    dependency,
    digest,
    factory,
    job,
    ledger,
    milestone,
    rate,
    risk,
    source,
    token,
    user,
)

__all__ = [
    "baseline",
    "calendar",
    "claim",
    "contract",
    "delay",
    "dependency",
    "digest",
    "factory",
    "job",
    "ledger",
    "milestone",
    "rate",
    "risk",
    "source",
    "token",
    "user",
]
