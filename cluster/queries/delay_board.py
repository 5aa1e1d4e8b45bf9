"""The page of delays: stored flags today, and what the rules find for a past day, each with the promise it is judged by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from cluster.domain.delays import FlagKind, Severity
from cluster.domain.errors import NotFound
from cluster.models import Contract, DelayFlag
from cluster.models.scope import Reader
from cluster.queries.contracts import contract_for
from cluster.queries.factories import MilestoneStory, stories
from cluster.queries.milestones import dated_milestones


@dataclass(frozen=True, slots=True)
class DelayRow:
    """One delay: of which milestone, of which kind, since when. `flag` is the stored one; a past day has none."""

    story: MilestoneStory
    kind: FlagKind
    severity: Severity
    since: date
    days: int
    closed_on: date | None
    flag: DelayFlag | None

    @property
    def is_open(self) -> bool:
        """Whether it still lasts; what was completed late is closed."""
        return self.closed_on is None

    @property
    def factory_code(self) -> str:
        """The factory's code; empty for a promise about the contract as a whole."""
        factory = self.story.dated.milestone.factory
        return factory.code if factory else ""


@dataclass(frozen=True, slots=True)
class DelayBoard:
    """Every delay that a reader may see, as of a day: the open ones first, the longest first."""

    contract: Contract
    as_of: date
    rows: list[DelayRow]
    computed: bool


def delay_board(*, reader: Reader, contract_code: str, as_of: date, today: date) -> DelayBoard:
    """Delays of a contract: six statements. A past day is computed from what was announced by then and never stored."""
    contract = contract_for(reader, contract_code)
    milestones = dated_milestones(reader=reader, as_of=as_of, contract_id=contract.pk)
    if as_of < today:
        found = stories([m for m in milestones if m.findings], as_of=as_of)
        rows = [row for story in found for row in _computed(story, contract, as_of)]
    else:
        flags = list(DelayFlag.objects.for_reader(reader).filter(milestone__contract=contract).select_related("acknowledged_by"))
        flagged = {flag.milestone_id for flag in flags}
        of = {s.dated.milestone.pk: s for s in stories([m for m in milestones if m.milestone.pk in flagged], as_of=as_of)}
        rows = [_stored(flag, of[flag.milestone_id], as_of) for flag in flags if flag.milestone_id in of]
    return DelayBoard(contract, as_of, sorted(rows, key=_worst_first), computed=as_of < today)


def flag_for(reader: Reader, *, contract_code: str, flag_id: int) -> DelayFlag:
    """One stored flag with its milestone, or NotFound when it is not there for this reader."""
    flags = DelayFlag.objects.for_reader(reader).select_related("milestone__factory", "milestone__contract")
    flag = flags.filter(pk=flag_id, milestone__contract__code=contract_code).first()
    if flag is None:
        raise NotFound("There is no such delay.")
    return flag


def _worst_first(row: DelayRow) -> tuple[bool, int, str]:
    return (not row.is_open, -row.days, row.story.dated.milestone.code)


def _stored(flag: DelayFlag, story: MilestoneStory, as_of: date) -> DelayRow:
    days = ((flag.until or flag.closed_on or as_of) - flag.since).days
    return DelayRow(story, FlagKind(flag.kind), Severity(flag.severity), flag.since, days, flag.closed_on, flag)


def _computed(story: MilestoneStory, contract: Contract, as_of: date) -> Iterable[DelayRow]:
    scale = contract.severity_scale
    for finding in story.dated.findings:
        days = finding.days(as_of=as_of)
        closed = finding.until if finding.kind is FlagKind.COMPLETED_LATE else None
        yield DelayRow(story, finding.kind, scale.of(days), finding.since, days, closed, None)
