"""The shop's orders, and the one place where what the daemon says changes them."""
import os
import sqlite3
from contextlib import closing, contextmanager

DATABASE = os.environ.get("SHOP_DATABASE", "shop.db")
SCHEMA = """
CREATE TABLE IF NOT EXISTS shop_order (
  payment_id TEXT PRIMARY KEY,
  name       TEXT NOT NULL,
  amount     INTEGER NOT NULL,
  version    INTEGER NOT NULL DEFAULT 0,  -- the newest that was accepted
  shipped    INTEGER NOT NULL DEFAULT 0,
  refunded   INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS shipment (     -- what the warehouse works off
  shipment_id INTEGER PRIMARY KEY,
  payment_id  TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS feed (         -- how far changes.py has read
  feed_id INTEGER PRIMARY KEY CHECK (feed_id = 1),
  cursor  TEXT NOT NULL);
"""


@contextmanager
def transaction():
    """Commits at the end of the block, or rolls back where it raises."""
    with closing(sqlite3.connect(DATABASE, timeout=10, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN IMMEDIATE")
        with database:
            yield database


with closing(sqlite3.connect(DATABASE, timeout=10)) as setup:
    setup.execute("PRAGMA journal_mode = WAL")
    setup.executescript(SCHEMA)


def accept(database, payment, ship):
    """`payment` is the daemon's; `ship`: goods may go out on this word."""
    order = database.execute(
        "SELECT * FROM shop_order WHERE payment_id = ?", (payment["payment_id"],)
    ).fetchone()
    if order is None or payment["version"] <= order["version"]:
        return  # not ours, or old news
    if ship and not order["shipped"]:
        database.execute("INSERT INTO shipment (payment_id) VALUES (?)", (order["payment_id"],))
    refunded = payment["cancelled_amount"]  # all that went back to the buyer
    if refunded is None:
        refunded = order["refunded"]
    database.execute(
        "UPDATE shop_order SET version = ?, shipped = ?, refunded = ? WHERE payment_id = ?",
        (payment["version"], ship or order["shipped"], refunded, order["payment_id"]),
    )
