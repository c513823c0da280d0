"""The floors: a module imports lower floors only, and nothing on its own floor."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The longest name that a module starts with gives its floor.
FLOORS = {
    "kb": 0,
    "kb.errors": 0,
    "kb.rdf12": 0.5,
    "kb.resources": 1,
    "kb.terms": 1,
    "kb.paths": 1,
    "kb.patch": 1,
    "kb.report": 2,
    "kb.imported": 1,
    "kb.turtle": 2,
    "kb.schema": 2,
    "kb.words": 1.5,
    "kb.sparql_tokens": 1,
    "kb.service_names": 1.5,
    "kb.sparql_text": 2,
    "kb.sparql_shapes": 2.5,
    "kb.sparql_pages": 2,
    "kb.sparql_dataset": 2,
    "kb.sparql_groups": 2,
    "kb.update_text": 3,
    "kb.loading": 4,
    "kb.federation_bindings": 3,
    "kb.federation": 5,
    "kb.saved_query": 3,
    "kb.engine": 3,
    "kb.engine.faults": 3.2,
    "kb.engine.oxigraph_terms": 3.2,
    "kb.engine.oxigraph_changes": 3.4,
    "kb.engine.used_prefixes": 3.4,
    "kb.engine.oxigraph_canonical": 3.4,
    "kb.engine.rows": 3.4,
    "kb.engine.oxigraph": 4,
    "kb.engine.row_reader": 4.5,
    "kb.engine.dry_run": 5,
    "kb.engine.answers": 5,
    "kb.engine.merging": 5,
    "kb.engine.documents": 6,
    "kb.normal_form": 5,
    "kb.pending": 6,
    "kb.delta": 7,
    "kb.update_trials": 8,
    "kb.gate": 5,
    "kb.gate.constraints": 3,
    "kb.gate.shape_values": 3,
    "kb.gate.shape_roles": 3,
    "kb.gate.sparql_filters": 2,
    "kb.gate.sparql_body": 3,
    "kb.gate.shape_sparql": 4,
    "kb.gate.foci": 4,
    "kb.gate.value_tests": 4,
    "kb.gate.suspects": 4.5,
    "kb.gate.shape_graph": 5,
    "kb.gate.breaches": 5,
    "kb.gate.lint": 6,
    "kb.gate.compiled": 6,
    "kb.gate.routes": 3,
    "kb.gate.query_patterns": 4,
    "kb.gate.reads": 4,
    "kb.gate.query_reads": 5,
    "kb.gate.dependencies": 6,
    "kb.gate.walking": 5,
    "kb.gate.plain_tests": 3,
    "kb.gate.glance": 6,
    "kb.gate.key_filters": 4,
    "kb.gate.affected": 7,
    "kb.gate.needs": 7,
    "kb.gate.gate": 8,
    "kb.gate.causes": 7,
    "kb.gate.reference": 6,
    "kb.stand_ins": 4,
    "kb.rules": 3,
    "kb.engine.lookup": 5,
    "kb.engine.word_index": 5.5,
    "kb.reasoning": 5,
    "kb.matching": 6,
    "kb.derivation": 7,
    "kb.consistency": 5,
    "kb.importers.files": 3,
    "kb.importers.tables": 4,
    "kb.importers.label_tables": 5,
    "kb.importers.country_codes": 4,
    "kb.importers.json_records": 4,
    "kb.importers.registers": 4,
    "kb.importers.organisation_names": 4,
    "kb.importers.ror": 5,
    "kb.importers.organisation_matching": 5.2,
    "kb.importers.partnership_tables": 5,
    "kb.importers.region_names": 5.2,
    "kb.importers.partnership_facts": 5.4,
    "kb.importers.partnership_members": 5.6,
    "kb.importers.partnership_funding": 5.6,
    "kb.importers.nuts_model": 4.1,
    "kb.importers.nuts_names": 4.1,
    "kb.importers.nuts_editions": 4.2,
    "kb.importers.nuts_english": 4.2,
    "kb.importers.nuts_lineage": 4.2,
    "kb.importers.nuts_rows": 4.2,
    "kb.importers.nuts_workbooks": 4.2,
    "kb.importers.nuts_quads": 4.3,
    "kb.importers.nuts_reports": 4.3,
    "kb.importers.nuts_steps": 4.3,
    "kb.importers": 6,
    "kb.importers.registry": 7,
    "kb.labels": 5,
    "kb.rdf_patch": 5,
    "kb.ledger": 5.1,
    "kb.ledger.tables": 2,
    "kb.ledger.errors": 2,
    "kb.ledger.commits": 3,
    "kb.ledger.database": 3,
    "kb.ledger.migration": 5.2,
    "kb.ledger.patches": 5.2,
    "kb.ledger.people": 5.2,
    "kb.ledger.touches": 2,
    "kb.ledger.rows": 5.3,
    "kb.ledger.searching": 5.35,
    "kb.ledger.verification": 5.4,
    "kb.ledger.backup": 5.5,
    "kb.ledger.ledger": 5.6,
    "kb.history": 5.7,
    "kb.receipts": 5.7,
    "kb.snapshot": 1,
    "kb.folder": 1,
    "kb.checkpoints": 6,
    "kb.intent": 6,
    "kb.permissions": 6,
    "kb.change": 8,
    "kb.copies": 8,
    "kb.live": 8.2,
    "kb.judging": 8.4,
    "kb.time_travel": 8.4,
    "kb.writer": 8.6,
    "kb.verification": 8.6,
    "kb.shipped": 8.7,
    "kb.knowledge_base": 8.8,
    "server": 0,
    "server.settings": 9,
    "server.negotiation": 9,
    "server.writer_wire": 9,
    "server.remote_writer": 9.2,
    "server.writer_process": 11,
    "server.supervisor": 12.5,
    "server.states": 10,
    "server.services": 10.8,
    "server.local": 11,
    "server.change_commands": 12,
    "server.keeping_commands": 12,
    "server.history_commands": 12,
    "server.credentials": 9.5,
    "server.hosts": 9,
    "server.metrics": 9,
    "server.request_log": 9,
    "server.readiness": 9,
    "server.mending": 9,
    "server.slow_clients": 10,
    "server.guard": 9,
    "server.prompt": 10.7,
    "server.prompt_worker": 10.8,
    "server.protocol": 9,
    "server.caching": 9,
    "server.serializing": 9,
    "server.patch_rows": 9,
    "server.cross_origin": 9,
    "server.service_description": 9.1,
    "server.findings": 9.5,
    "server.backend": 9.5,
    "server.uploads": 9.5,
    "server.moments": 9.6,
    "server.answers": 9.7,
    "server.changes": 9.8,
    "server.fetching": 9,
    "server.federating": 9.7,
    "server.readers": 9,
    "server.readers.sending": 9.1,
    "server.readers.reader": 9.2,
    "server.readers.zygote": 9.3,
    "server.readers.__main__": 9.4,
    "server.readers.turns": 9.1,
    "server.readers.processes": 9.4,
    "server.readers.pool": 9.45,
    "server.readers.work": 9.5,
    "server.readers.answer": 9.55,
    "server.readers.begun": 9.58,
    "server.query_service": 9.6,
    "server.problems": 10,
    "server.limiting": 10.2,
    "server.authorisation": 10.4,
    "server.front": 10.6,
    "server.sparql": 10,
    "server.graph_store": 10,
    "server.things": 10,
    "server.undoing": 10,
    "server.history": 10,
    "server.saved_queries": 10,
    "server.terminal": 10,
    "server.importing": 10,
    "server.people_commands": 11,
    "server.pages": 10,
    "server.app": 11,
    "server.serving": 12,
    "server.cli": 13,
    "server.__main__": 14,
}


def floor(module: str) -> float:
    while module not in FLOORS:
        module, _, last = module.rpartition(".")
        assert module, f"{last} has no floor"
    return FLOORS[module]


def modules() -> dict[str, Path]:
    found = {}
    for package in ("kb", "server"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imports(path: Path, known: set[str]) -> set[str]:
    """The modules of ours that the file at `path` imports, at its top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative imports hide the floor"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else str(node.module))
    return {name for name in found if name.split(".")[0] in ("kb", "server")}


def test_every_import_goes_to_a_lower_floor():
    known = modules()
    upward = [
        f"{name} -> {target}"
        for name, path in known.items()
        for target in sorted(imports(path, set(known)))
        if target not in ("kb", "server") and floor(target) >= floor(name)
    ]
    assert upward == []


def test_every_package_is_only_a_docstring():
    for name, path in modules().items():
        if path.name == "__init__.py":
            body = ast.parse(path.read_text(encoding="utf-8")).body[1:]
            assert all(isinstance(node, ast.Assign) for node in body), (
                f"{name} does more than describe itself"
            )
