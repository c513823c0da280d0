"""The gate: SHACL on the data, as a reference (pySHACL) and compiled to SPARQL."""
