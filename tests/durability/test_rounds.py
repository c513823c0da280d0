"""The long trial of `python -m bench durability`, made short."""

from bench.data import SEED
from bench.durability import durability


def test_a_few_rounds_lose_nothing(tmp_path):
    told = []
    without, with_kill = durability(tmp_path, 3, SEED, told.append, quick=True)
    assert len(told) == 3
    assert "none lost" in with_kill.note
    assert with_kill.seconds > without.seconds
