// The second way to hear of results, for a backend that nothing can be pushed to: long polls.
//
// usage: node changes.js
import { setTimeout as sleep } from 'node:timers/promises';
import { accept, database } from './orders.js';

const { RECONCILED_ADMIN = 'http://127.0.0.1:8803', RECONCILED_TOKEN } = process.env;
const headers = RECONCILED_TOKEN ? { Authorization: `Bearer ${RECONCILED_TOKEN}` } : {};

const cursor = () => database.prepare('SELECT cursor FROM feed').pluck().get() ?? '0';
const keep = (next) => database.prepare('REPLACE INTO feed (feed_id, cursor) VALUES (1, ?)').run(next);

// Payments and the place behind them in one transaction: a crash repeats a page and skips none.
const take = database.transaction((page) => {
  for (const payment of page.changes) accept(payment, payment.deliverable);
  keep(page.next_cursor);
});

// The daemon's database is an older copy, put back: its versions may have begun anew, too.
const beginAnew = database.transaction(() => {
  database.prepare('UPDATE shop_order SET version = 0').run();
  keep('0');
});

for (;;) {
  try {
    const answer = await fetch(`${RECONCILED_ADMIN}/changes?wait=30&cursor=${cursor()}`,
      { headers, signal: AbortSignal.timeout(60_000) });
    if (answer.status === 409) beginAnew.immediate();
    else if (answer.ok) take.immediate(await answer.json());
    else throw new Error(`${answer.status} ${await answer.text()}`);
  } catch (error) {
    console.error(`changes: ${error.message}`);
    await sleep(1_000);
  }
}
