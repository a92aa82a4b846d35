// The shop's orders, and the one place where what the daemon says changes them.
import Database from 'better-sqlite3';

export const database = new Database(process.env.SHOP_DATABASE ?? 'shop.db', { timeout: 10_000 });
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`
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
  CREATE TABLE IF NOT EXISTS feed (         -- how far changes.js has read
    feed_id INTEGER PRIMARY KEY CHECK (feed_id = 1),
    cursor  TEXT NOT NULL);`);

export function create(order) {
  database.prepare('INSERT INTO shop_order (payment_id, name, amount) VALUES (?, ?, ?)')
    .run(order.paymentId, order.name, order.amount);
}

// Call it in a transaction. `payment` is the daemon's; `ship`: goods may go out on this word.
export function accept(payment, ship) {
  const order = database.prepare('SELECT * FROM shop_order WHERE payment_id = ?')
    .get(payment.payment_id);
  if (!order || payment.version <= order.version) return;  // not ours, or old news
  if (ship && !order.shipped) {
    database.prepare('INSERT INTO shipment (payment_id) VALUES (?)').run(order.payment_id);
  }
  const refunded = payment.cancelled_amount ?? order.refunded;  // all that went back to the buyer
  database.prepare('UPDATE shop_order SET version = ?, shipped = ?, refunded = ? WHERE payment_id = ?')
    .run(payment.version, ship || order.shipped ? 1 : 0, refunded, order.payment_id);
}
