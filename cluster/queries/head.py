"""What the head and the foot of every page tell of its reader: the contracts at hand, how much is asked, the rate of the day."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from cluster.domain.access import Scope
from cluster.domain.calendars import expected_rate_date
from cluster.models import Contract, User
from cluster.queries.contracts import contracts_near
from cluster.queries.my_work import Counts, counted, things_asked
from cluster.queries.rates import RateStatus, newest_rate_on
from cluster.queries.together import Written, together


@dataclass(frozen=True, slots=True)
class Head:
    """The contracts to switch between, what is asked of the reader today, and the rate in force on the day of the page."""

    contracts: list[Contract]
    asked: Counts
    rate: RateStatus


def head_of(reader: User, *, near: str, most: int, as_of: date, today: date) -> Head:
    """The first `most` contracts with the one of the code `near` among them, and the rest: one statement."""
    contracts, asked, rates = together(
        contracts_near(reader, near, most=most), _asked(reader, reader.scope, today), newest_rate_on(as_of, known=as_of)
    )
    return Head(
        contracts=sorted(contracts, key=lambda contract: (contract.is_example, contract.code)),
        asked=counted(asked),
        rate=RateStatus(next(iter(rates), None), expected_rate_date(as_of)),
    )


# Written once for a reader, what the reader may do, and a day: a long statement, and every page asks it.
@lru_cache(maxsize=500)
def _asked(reader: User, _scope: Scope, today: date) -> Written:
    return Written(things_asked(reader, today=today))
