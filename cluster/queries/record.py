"""The record: sources, what each of them says, and where they contradict one another."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from cluster.domain.errors import NotFound
from cluster.models import BaselineMilestone, BudgetLine, Claim, Contract, Figure, ForecastRevision, Milestone, Source
from cluster.models.scope import Reader
from cluster.queries.contracts import contract_for
from cluster.queries.conversions import with_known_dollars
from cluster.queries.figures import Dispute, claims_known, figures, value_of
from cluster.queries.together import together

# More rows of a kind than any publication gives; a document that a whole plan rests on gives thousands.
MOST_ROWS = 60


@dataclass(frozen=True, slots=True)
class Version:
    """One of the values that compete, and every claim for it: the one in use first."""

    claims: list[Claim]

    @property
    def claim(self) -> Claim:
        """The claim that stands for them."""
        return self.claims[0]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A figure and a time for which sources give different values; the version in use comes first."""

    figure: Figure
    versions: list[Version]

    @property
    def claim(self) -> Claim:
        """Any of its claims: they share subject and time."""
        return self.versions[0].claim

    @property
    def decided(self) -> bool:
        """Whether one of the versions is in use."""
        return self.claim.in_use


@dataclass(frozen=True, slots=True)
class Record:
    """Sources of a contract and the disagreements between them, as of a day."""

    contract: Contract
    as_of: date
    contradictions: list[Contradiction]
    sources: "QuerySet[Source]"
    claims: int


@dataclass(frozen=True, slots=True)
class SourceStory:
    """Everything that one source says about a contract."""

    contract: Contract
    source: Source
    claims: list[Claim]
    promises: list[BaselineMilestone]
    revisions: list[ForecastRevision]
    reached: list[Milestone]
    budget: list[BudgetLine]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of this contract rests on it."""
        return not (self.claims or self.promises or self.revisions or self.reached or self.budget)

    @property
    def is_cut(self) -> bool:
        """Whether there is more of a kind than the MOST_ROWS that are told."""
        return any(len(rows) == MOST_ROWS for rows in (self.claims, self.promises, self.revisions, self.reached, self.budget))


def record(*, reader: Reader, contract_code: str, as_of: date, text: str = "", confidence: str = "") -> Record:
    """The record of a contract; `text` looks in title, publisher, address and note, `confidence` keeps sources with such claims."""
    contract = contract_for(reader, contract_code)
    facts = figures(reader=reader, contract_id=contract.pk, as_of=as_of)
    contradictions = sorted((_contradiction(dispute) for dispute in facts.disputes()), key=_undecided_first)
    own = Claim.objects.for_reader(reader).filter(contract=contract).announced_by(as_of)
    count = own.filter(source=OuterRef("pk")).order_by().values("source").annotate(n=Count("pk")).values("n")
    sources = Source.objects.for_reader(reader).annotate(claims=Coalesce(Subquery(count), 0))
    sources = sources.filter(Q(published_latest__isnull=True) | Q(published_earliest__lte=as_of))
    # Documents stay with their contract; of what was published, nothing tells of an example.
    sources = sources.filter(Q(contract=contract) if contract.is_example else Q(contract=contract) | Q(contract=None))
    for word in text.split():
        sources = sources.filter(
            Q(title_ru__icontains=word)
            | Q(title_en__icontains=word)
            | Q(publisher__icontains=word)
            | Q(document__icontains=word)
            | Q(url__icontains=word)
            | Q(note_ru__icontains=word)
            | Q(note_en__icontains=word)
        )
    if confidence:
        sources = sources.filter(pk__in=own.filter(confidence=confidence).values("source"))
    return Record(contract, as_of, contradictions, sources.order_by(F("published_latest").desc(nulls_last=True), "key"), own.count())


def source_for(reader: Reader, key: str) -> Source:
    """The source of that key, or NotFound."""
    source = Source.objects.for_reader(reader).filter(key=key).first()
    if source is None:
        raise NotFound("There is no source “{source}”.", field="source", source=key)
    return source


def claims_of(reader: Reader, contract: Contract, *, as_of: date) -> "QuerySet[Claim]":
    """Every claim about the contract that `reader` may see and that was known on the day: by figure, factory and time."""
    own = Claim.objects.for_reader(reader).filter(contract=contract).announced_by(as_of)
    own = own.select_related("source", "factory", "milestone", "contract")
    return own.order_by("figure", F("factory__order").asc(nulls_first=True), "valid_latest", "-in_use", "pk")


def source_story(*, reader: Reader, contract_code: str, key: str, as_of: date) -> SourceStory:
    """What one source says that `reader` may see, of each kind the first MOST_ROWS: four statements."""
    contract = contract_for(reader, contract_code)
    source = source_for(reader, key)
    claims = claims_known(reader, as_of, Q(contract=contract), "factory", "milestone", "conversion__rate")
    promises = BaselineMilestone.objects.for_reader(reader).filter(milestone__contract=contract, source=source).announced_by(as_of)
    revisions = ForecastRevision.objects.for_reader(reader).filter(milestone__contract=contract, source=source).announced_by(as_of)
    reached = Milestone.objects.for_reader(reader).filter(contract=contract, actual_source=source, actual_announced_on__lte=as_of)
    budget = BudgetLine.objects.for_reader(reader).filter(factory__contract=contract, source=source).announced_by(as_of)
    told = together(
        promises.select_related("milestone__factory", "baseline")[:MOST_ROWS],
        revisions.select_related("milestone__factory")[:MOST_ROWS],
        reached.select_related("factory")[:MOST_ROWS],
        with_known_dollars(budget.select_related("factory", "conversion__rate"), as_of)[:MOST_ROWS],
    )
    own = sorted((claim for claim in claims if claim.source_id == source.pk), key=_by_factory)[:MOST_ROWS]
    return SourceStory(contract, source, own, *told)


def _by_factory(claim: Claim) -> tuple[bool, int, str, int]:
    """The order of the factories, what concerns none of them last."""
    return claim.factory is None, claim.factory.order if claim.factory else 0, claim.figure, claim.pk


def _contradiction(dispute: Dispute) -> Contradiction:
    versions: dict[tuple[object, ...], list[Claim]] = {}
    for claim in [*([dispute.in_use] if dispute.in_use else []), *dispute.others]:
        versions.setdefault(value_of(claim), []).append(claim)
    return Contradiction(dispute.figure, [Version(claims) for claims in versions.values()])


def _undecided_first(found: Contradiction) -> tuple[bool, int, str]:
    return (found.decided, found.claim.factory.order if found.claim.factory else 0, found.figure)
