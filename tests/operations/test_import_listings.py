from tests.conftest import Database
from tests.operations.conftest import Import


def test_a_second_run_writes_nothing_in_core(run_import: Import, database: Database) -> None:
    first = run_import()
    written = "select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables where schemaname = 'core'"
    database.run("select pg_stat_force_next_flush()")
    before = database.value(written)
    second = run_import()
    assert first.created > 300
    assert second.read == first.read
    assert (second.created, second.updated, second.linked, second.unchanged) == (0, 0, 0, first.created)
    assert database.value(written) == before
