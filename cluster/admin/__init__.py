"""Django's admin for every model of the app, one file per concept; writes go through the services."""

from cluster.admin import baseline, claim, contract, delay, dependency, digest, factory, job, ledger, milestone, rate, source, token, user

__all__ = [
    "baseline",
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
    "source",
    "token",
    "user",
]
