from tests.operations.test_import_against_oracle import *
from tests.operations import test_import_against_oracle as t
def test_dbg(compare, store, database):
    try:
        t.test_rows_that_stood_in_the_warehouse_first_are_linked(compare, store, database, "create_and_overwrite", True)
    except AssertionError as e: print(str(e)[:500])
    for r in database.rows("select v.*, w.price_from_item, w.price as wp, l.price as lp from core.listing_variant v join core.wanted w using (channel, master_sku) join core.listing l using (channel, listing_key) where listing_key in ('k8','k10')"): print(r)
    print(database.rows("select * from core.inventory_item where lower(master_sku) in (select lower(master_sku) from core.listing_variant where listing_key in ('k8','k10'))"))
    assert 0
