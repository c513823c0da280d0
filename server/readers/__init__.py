"""Reader processes: where queries and foreign bytes are read, so that only they can die of them."""
