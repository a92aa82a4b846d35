"""The second way to hear of results, for a backend that nothing can be pushed to: long polls.

usage: python3 changes.py
"""
import os
import sys
import time

import httpx

from orders import accept, transaction

ADMIN = os.environ.get("RECONCILED_ADMIN", "http://127.0.0.1:8803")
TOKEN = os.environ.get("RECONCILED_TOKEN")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}


def cursor():
    with transaction() as database:
        row = database.execute("SELECT cursor FROM feed").fetchone()
        return row["cursor"] if row else "0"


def keep(database, value):
    database.execute("REPLACE INTO feed (feed_id, cursor) VALUES (1, ?)", (value,))


def step():
    answer = httpx.get(
        f"{ADMIN}/changes", params={"wait": 30, "cursor": cursor()}, headers=HEADERS, timeout=60
    )
    with transaction() as database:
        if answer.status_code == 409:
            # The daemon's database is an older copy, put back: versions may have begun anew, too.
            database.execute("UPDATE shop_order SET version = 0")
            keep(database, "0")
            return
        answer.raise_for_status()
        # Payments and the place behind them in one transaction: a crash repeats a page, skips none.
        page = answer.json()
        for payment in page["changes"]:
            accept(database, payment, ship=payment["deliverable"])
        keep(database, page["next_cursor"])


while True:
    try:
        step()
    except Exception as error:
        print(f"changes: {error!r}", file=sys.stderr)
        time.sleep(1)
