<?php
// The shop's orders, and the one place where what the daemon says changes them.
declare(strict_types=1);

$database = new PDO('sqlite:' . (getenv('SHOP_DATABASE') ?: 'shop.db'), options: [
    PDO::ATTR_TIMEOUT => 10,
    PDO::ATTR_DEFAULT_FETCH_MODE => PDO::FETCH_ASSOC,
]);
$database->exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
$database->exec('
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
    CREATE TABLE IF NOT EXISTS feed (         -- how far changes.php has read
      feed_id INTEGER PRIMARY KEY CHECK (feed_id = 1),
      cursor  TEXT NOT NULL);');

function run(PDO $database, string $sql, array $values = []): PDOStatement
{
    $statement = $database->prepare($sql);
    $statement->execute($values);
    return $statement;
}

function transaction(PDO $database, callable $work): void
{
    $database->exec('BEGIN IMMEDIATE');
    try {
        $work();
        $database->exec('COMMIT');
    } catch (Throwable $error) {
        $database->exec('ROLLBACK');
        throw $error;
    }
}

// Call it in a transaction. $payment is the daemon's; $ship: goods may go out on this word.
function accept(PDO $database, array $payment, bool $ship): void
{
    $id = $payment['payment_id'];
    $order = run($database, 'SELECT * FROM shop_order WHERE payment_id = ?', [$id])->fetch();
    if (!$order || $payment['version'] <= $order['version']) return;  // not ours, or old news
    if ($ship && !$order['shipped']) {
        run($database, 'INSERT INTO shipment (payment_id) VALUES (?)', [$id]);
    }
    $refunded = $payment['cancelled_amount'] ?? $order['refunded'];  // all that went back to the buyer
    run($database, 'UPDATE shop_order SET version = ?, shipped = ?, refunded = ? WHERE payment_id = ?',
        [$payment['version'], (int) ($ship || $order['shipped']), $refunded, $id]);
}
