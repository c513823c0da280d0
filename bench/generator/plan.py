"""How things hang together: the bodies, partnerships and projects of one block, told thing by thing.

A block is one ESCP-S3, the partnerships of authorities and clusters beside it, and whatever they have and
do: about 700 triples. Blocks refer to one another and to the world they are made for, and what a plan
does not say of a thing is filled in from the shapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bench.generator.values import date, decimal, number, text, words
from bench.generator.world import World
from kb.terms import ID, TERMS

_BODIES = (
    "def:ClusterOrganisation",
    "def:TechnologyCentre",
    "def:SciencePark",
    "def:BusinessNetworkOrganisation",
    "def:ClusterOrganisation",
    "def:TechnologyCentre",
    "def:Enterprise",
    "def:Enterprise",
    "def:RegionalAuthority",
    "def:RegionalAuthority",
)
_EURO = "<http://publications.europa.eu/resource/authority/currency/EUR>"
_INDUSTRY = f"<{ID}platform/industrial-modernisation>"


@dataclass(frozen=True)
class Thing:
    """One thing. kind: its class; iri: in N-Triples form; facts: property -> values in N-Triples form.

    Classes and properties are prefixed names.
    """

    kind: str
    iri: str
    facts: dict[str, list[str]]


def code(scheme: str, name: str) -> str:
    """The concept `name` of our code list `scheme`."""
    return f"<{TERMS}{scheme}/{name}>"


class Block:
    """Block `number` of the data for `world`; the same things for the same `seed`."""

    def __init__(self, number: int, seed: int, world: World) -> None:
        self.number, self.world = number, world
        self.random = Random(f"{seed} {number}")
        self._countries = list(world.regions)
        # The last two bodies, the authorities, are of the regions of the first two.
        places = [self._place(index) for index in range(len(_BODIES) - 2)]
        self._places = [*places, *places[:2]]
        self._platform = _INDUSTRY if _INDUSTRY in world.areas else next(iter(world.areas))

    def iri(self, kind: str, name: str | int, block: int | None = None) -> str:
        """The IRI of a thing of this block, or of another one."""
        return f"<{ID}{kind}/bench-{self.number if block is None else block}-{name}>"

    def things(self) -> Iterator[Thing]:
        """All things of the block."""
        for part in (
            self._bodies,
            self._priorities,
            self._authority_side,
            self._cluster_side,
            self._linkages,
            self._strategy,
            self._activities,
            self._feedback,
            self._projects,
        ):
            yield from part()

    # -- who and where ------------------------------------------------------------------------------------

    def _place(self, index: int) -> tuple[str, str, str]:
        """Country, region and name of the region of body `index`; bodies in a row differ in country."""
        country = self._countries[(self.number * len(_BODIES) + index) % len(self._countries)]
        region, name = self.random.choice(self.world.regions[country])
        return country, region, name

    def _named(self, what: str) -> list[str]:
        return [text(f"{words(self.random, 2)} {what} {self.number}", "en")]

    def _bodies(self) -> Iterator[Thing]:
        for index, kind in enumerate(_BODIES):
            country, region, place = self._places[index]
            facts = {
                "rdfs:label": [text(f"{words(self.random, 2)} {place} {self.number}-{index}", "und")],
                "def:establishedIn": [country],
                "def:locatedIn": [region],
                "adms:identifier": [self.iri("identifier", index)],
            }
            if kind == "def:RegionalAuthority":
                facts |= {
                    "def:hasJurisdictionOver": [region],
                    "def:inChargeOf": [self.iri("strategy", index)],
                    "def:hasCommitment": [self.iri("commitment", index)],
                }
                yield from self._smart_specialisation(index, region)
            elif index < 3:
                facts["def:manages"] = [self.iri("cluster", index)]
                facts["def:providesService"] = [self.iri("service", index)]
                yield Thing("def:Cluster", self.iri("cluster", index), {"rdfs:label": self._named("cluster")})
                yield Thing(
                    "def:SupportService", self.iri("service", index), {"rdfs:label": self._named("service")}
                )
            yield Thing(kind, self.iri("organisation", index), facts)
            yield Thing(
                "adms:Identifier",
                self.iri("identifier", index),
                {
                    "skos:notation": [text(f"{self.number:06}{index:03}")],
                    "def:identifierScheme": [code("identifier-scheme", "pic")],
                },
            )

    def _smart_specialisation(self, index: int, region: str) -> Iterator[Thing]:
        yield Thing(
            "def:SmartSpecialisationStrategy",
            self.iri("strategy", index),
            {
                "rdfs:label": self._named("smart specialisation strategy"),
                "def:coversTerritory": [region],
                "def:hasPriority": [self.iri("priority", f"{index}-{which}") for which in range(3)],
            },
        )
        yield Thing(
            "def:Commitment",
            self.iri("commitment", index),
            {"def:commitmentTo": [self.iri("partnership", "regions")]},
        )

    def _priorities(self) -> Iterator[Thing]:
        for index, kind in enumerate(_BODIES):
            for which in range(3 if kind == "def:RegionalAuthority" else 0):
                yield Thing(
                    "def:S3Priority",
                    self.iri("priority", f"{index}-{which}"),
                    {"rdfs:label": self._named("priority")},
                )

    # -- partnerships -------------------------------------------------------------------------------------

    def _members(self, partnership: str, members: list[tuple[str, str]], year: int) -> Iterator[Thing]:
        for index, (member, role) in enumerate(members):
            yield Thing(
                "def:PartnershipMembership",
                self.iri("membership", f"{partnership}-{index}"),
                {
                    "def:member": [member],
                    "def:memberRole": [code("role", role)],
                    "def:validFrom": [date(self.random, year + 1, year + 2)],
                },
            )

    def _partnership(self, kind: str, name: str, members: list[tuple[str, str]]) -> Iterator[Thing]:
        year = self.random.randint(2016, 2020)
        yield Thing(
            kind,
            self.iri("partnership", name),
            {
                "rdfs:label": self._named("partnership"),
                "def:validFrom": [date(self.random, year, year)],
                "def:theme": [self.random.choice(self.world.areas[self._platform])],
                "def:hasMembership": [
                    self.iri("membership", f"{name}-{index}") for index in range(len(members))
                ],
                "def:partnerListStatus": [code("list-status", "complete")],
                "def:hasMaturityRecord": [self.iri("stage", f"{name}-{step}") for step in range(2)],
            }
            | self._of_kind(kind),
        )
        yield from self._members(name, members, year)
        for step in range(2):
            yield Thing(
                "def:StageRecord",
                self.iri("stage", f"{name}-{step}"),
                {
                    "def:stage": [code("maturity-stage", ("learn", "connect")[step])],
                    "def:validFrom": [date(self.random, year + step, year + step)],
                },
            )

    def _of_kind(self, kind: str) -> dict[str, list[str]]:
        if kind == "def:RegionalAuthorityPartnership":
            return {
                "def:underPlatform": [self._platform],
                "def:partnershipKind": [code("partnership-kind", "thematic-s3")],
            }
        if kind == "def:ClusterPartnership":
            return {"def:partnershipKind": [code("partnership-kind", "cosme-cluster-partnership")]}
        return {
            "def:partnershipKind": [code("partnership-kind", "escp-s3")],
            "def:hasLinkage": [self.iri("linkage", "platform"), self.iri("linkage", "initiative")],
            "def:addressesPriority": [self.iri("priority", f"8-{which}") for which in range(2)],
            "def:hasStrategy": [self.iri("strategy", "joint")],
            "def:hasBrand": [self.iri("brand", 0)],
            "def:hasPipeline": [self.iri("pipeline", 0)],
            "def:hasGrant": [self.iri("grant", 0)],
            "def:mobilises": [self.iri("sme-group", 0)],
        }

    def _authority_side(self) -> Iterator[Thing]:
        # The neighbouring block's authorities take part too, so that some bodies are in several partnerships.
        neighbour = max(self.number - 1, 0)
        members = [
            (self.iri("organisation", 8), "lead-region"),
            (self.iri("organisation", 9), "participating-region"),
        ]
        if neighbour != self.number:
            members.append((self.iri("organisation", 8, neighbour), "participating-region"))
        yield from self._partnership("def:RegionalAuthorityPartnership", "regions", members)

    def _cluster_side(self) -> Iterator[Thing]:
        members = [(self.iri("organisation", index), "partner") for index in range(1, 6)]
        if self.number:
            members.append((self.iri("organisation", 0, self.number - 1), "partner"))
        coordinator = (self.iri("organisation", 0), "coordinator")
        yield from self._partnership("def:ESCPS3", "clusters", [coordinator, *members])
        yield from self._partnership("def:ClusterPartnership", "other", [coordinator, *members[:2]])

    def _linkages(self) -> Iterator[Thing]:
        yield Thing(
            "def:PlatformLinkage",
            self.iri("linkage", "platform"),
            {
                "def:toPlatform": [self._platform],
                "def:toThematicArea": [self.random.choice(self.world.areas[self._platform])],
                "def:toCounterpart": [self.iri("partnership", "regions")],
                "def:hasEvidence": [self.iri("document", 0)],
            },
        )
        yield Thing(
            "def:InitiativeLinkage",
            self.iri("linkage", "initiative"),
            {"def:hasEvidence": [self.iri("document", 0)]},
        )
        yield Thing("def:Document", self.iri("document", 0), {"rdfs:label": self._named("letter of support")})

    # -- what they do -------------------------------------------------------------------------------------

    def _strategy(self) -> Iterator[Thing]:
        opportunities = [self.iri("opportunity", index) for index in range(2)]
        yield Thing(
            "def:PartnershipStrategy",
            self.iri("strategy", "joint"),
            {
                "rdfs:label": self._named("joint strategy"),
                "def:focusesOnPriority": [self.iri("priority", "8-0")],
                "def:hasRoadmap": [self.iri("roadmap", 0)],
                "def:identifiesOpportunity": opportunities,
            },
        )
        for opportunity in opportunities:
            yield Thing("def:InvestmentOpportunity", opportunity, {"rdfs:label": self._named("opportunity")})
        yield Thing("def:Brand", self.iri("brand", 0), {"rdfs:label": self._named("brand")})
        items = [self.iri("roadmap-item", step) for step in range(4)]
        yield Thing(
            "def:Roadmap",
            self.iri("roadmap", 0),
            {"rdfs:label": self._named("roadmap"), "def:hasItem": items},
        )
        for step, item in enumerate(items):
            facts = {
                "rdfs:label": self._named("step"),
                "def:dueDate": [date(self.random, 2019 + step, 2019 + step)],
            }
            yield Thing(
                "def:RoadmapItem", item, facts | ({"def:precedes": [items[step + 1]]} if step < 3 else {})
            )

    def _activities(self) -> Iterator[Thing]:
        for index in range(3):
            yield Thing(
                "def:JointActivity",
                self.iri("activity", index),
                {
                    "rdfs:label": self._named("activity"),
                    "def:carriedOutBy": [self.iri("partnership", "clusters")],
                    "def:realises": [self.iri("roadmap-item", index)],
                    "def:improvesCondition": [self.iri("condition", 0)],
                },
            )
        yield Thing(
            "def:FrameworkCondition",
            self.iri("condition", 0),
            {"rdfs:label": self._named("condition"), "def:conditionIn": [self._places[0][1]]},
        )
        yield Thing("def:Indicator", self.iri("indicator", 0), {"rdfs:label": self._named("indicator")})
        for index, kind in enumerate(("target", "actual")):
            yield Thing(
                "def:IndicatorObservation",
                self.iri("observation", index),
                {
                    "def:indicator": [self.iri("indicator", 0)],
                    "def:observedFor": [self.iri("partnership", "clusters")],
                    "def:observationKind": [code("observation-kind", kind)],
                    "def:asOf": [date(self.random, 2021, 2023)],
                },
            )

    def _feedback(self) -> Iterator[Thing]:
        yield Thing(
            "def:SMEGroup",
            self.iri("sme-group", 0),
            {"rdfs:label": self._named("companies"), "def:smeCount": [number(self.random.randint(5, 400))]},
        )
        yield Thing(
            "def:FeedbackRound",
            self.iri("activity", "feedback"),
            {
                "rdfs:label": self._named("survey"),
                "def:carriedOutBy": [self.iri("partnership", "clusters")],
                "def:feedsInto": [self.iri("discussion", 0)],
            },
        )
        yield Thing(
            "def:PlatformDiscussion",
            self.iri("discussion", 0),
            {"rdfs:label": self._named("meeting"), "def:inContextOf": [self._platform]},
        )
        for index in range(4):
            yield Thing(
                "def:AggregatedFeedback",
                self.iri("feedback", index),
                {
                    "def:gatheredIn": [self.iri("activity", "feedback")],
                    "def:aboutTerritory": [self._places[index][1]],
                    "def:respondentCount": [number(self.random.randint(5, 60))],
                },
            )

    # -- money --------------------------------------------------------------------------------------------

    def _amount(self, name: str) -> Thing:
        value = decimal(self.random.randint(1_000_000, 19_999_999), 2)
        return Thing(
            "def:MonetaryAmount",
            self.iri("amount", name),
            {"def:amountValue": [value], "def:currency": [_EURO]},
        )

    def _projects(self) -> Iterator[Thing]:
        yield Thing("def:ProjectPipeline", self.iri("pipeline", 0), {"rdfs:label": self._named("pipeline")})
        yield Thing(
            "def:Grant",
            self.iri("grant", 0),
            {"def:amount": [self.iri("amount", "grant")]}
            | ({"def:awardedUnder": [self.random.choice(self.world.calls)]} if self.world.calls else {}),
        )
        yield self._amount("grant")
        for index, kind in enumerate(("def:InnovationProject", "def:InvestmentProject")):
            yield Thing(
                kind,
                self.iri("project", index),
                {
                    "rdfs:label": self._named("project"),
                    "def:inPipeline": [self.iri("pipeline", 0)],
                    "def:projectParticipant": [self.iri("organisation", member) for member in (1, 2, 6, 7)],
                    "def:arisesFrom": [self.iri("opportunity", index)],
                    "def:preparedWith": [self.iri("service", index)],
                    "def:locatedIn": [self._places[index][1]],
                    "def:hasStageRecord": [self.iri("stage", f"project-{index}")],
                    "def:hasFinancing": [self.iri("financing", index)],
                },
            )
            yield Thing(
                "def:StageRecord",
                self.iri("stage", f"project-{index}"),
                {"def:stage": [code("investment-stage", "idea")]},
            )
            yield Thing(
                "def:FinancingContribution",
                self.iri("financing", index),
                {
                    "def:amount": [self.iri("amount", index)],
                    "def:financedBy": [self.iri("organisation", 6 + index)],
                },
            )
            yield self._amount(str(index))
