"""Tests of kb/gate/routes.py."""

import pytest
from rdflib import Namespace

from kb.gate.routes import STAY, Chain, Choice, Edge, Repeat, Step, back, chain, edges, may_stay, route_of

EX = Namespace("https://example.org/")
P, Q = Step(EX.p), Step(EX.q)
TO_P, TO_Q = Step(EX.p, inverse=True), Step(EX.q, inverse=True)
p, q = EX.p.n3(), EX.q.n3()


@pytest.mark.parametrize(
    ("path", "route"),
    [
        (p, P),
        (f"^{p}", TO_P),
        (f"{p}/{q}", Chain((P, Q))),
        (f"^({p}/{q})", Chain((TO_Q, TO_P))),
        (f"{p}|^{q}", Choice((P, TO_Q))),
        (f"{p}*", Repeat(P)),
        (f"({p}/{q})+", Chain((P, Q, Repeat(Chain((P, Q)))))),
        (f"{p}?", Choice((STAY, P))),
    ],
)
def test_a_path_is_read_as_a_route(path, route):
    assert route_of(path) == route


def test_the_way_back_takes_the_steps_from_the_last_to_the_first():
    route = route_of(f"{p}/({q}|^{p})/{q}*")
    assert back(route) == route_of(f"^{q}*/(^{q}|{p})/^{p}")
    assert back(back(route)) == route


def test_each_step_is_an_edge_with_what_comes_before_and_after_it():
    assert list(edges(chain(P, Repeat(TO_Q)))) == [
        Edge(STAY, P, Repeat(TO_Q)),
        Edge(chain(P, Repeat(TO_Q)), TO_Q, Repeat(TO_Q)),
    ]
    assert list(edges(Choice((P, Chain((Q, P)))))) == [
        Edge(STAY, P, STAY),
        Edge(STAY, Q, P),
        Edge(Q, P, STAY),
    ]


@pytest.mark.parametrize(
    ("path", "stays"),
    [(p, False), (f"{p}*", True), (f"{p}?/{q}", False), (f"{p}|{q}*", True), (f"{p}+", False)],
)
def test_only_a_route_without_a_needed_step_may_stay(path, stays):
    assert may_stay(route_of(path)) is stays
