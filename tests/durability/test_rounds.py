"""The long trial of `python -m bench durability`, made short."""

from bench.data import SEED
from bench.durability import durability


def test_a_few_rounds_lose_nothing(tmp_path):
    told = []
    without, with_kill = durability(tmp_path, 10, SEED, told.append, quick=True)
    assert len(told) == 10
    assert "and 1 power cuts" in with_kill.note and "none lost" in with_kill.note
    assert with_kill.seconds > without.seconds
