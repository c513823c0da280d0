"""Measurements that repeat the figures of docs/performance.md, and the data they are made on."""
