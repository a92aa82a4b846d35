<?php
// The second way to hear of results, for a backend that nothing can be pushed to: long polls.
//
// usage: php changes.php
declare(strict_types=1);
require __DIR__ . '/orders.php';
require __DIR__ . '/daemon.php';

function keep(PDO $database, string $cursor): void
{
    run($database, 'REPLACE INTO feed (feed_id, cursor) VALUES (1, ?)', [$cursor]);
}

while (true) {
    $cursor = run($database, 'SELECT cursor FROM feed')->fetchColumn() ?: '0';
    [$status, $page] = ask_daemon('GET', '/changes?wait=30&cursor=' . urlencode($cursor), seconds: 60);
    if ($status === 409) {
        // The daemon's database is an older copy, put back: its versions may have begun anew, too.
        transaction($database, function () use ($database) {
            run($database, 'UPDATE shop_order SET version = 0');
            keep($database, '0');
        });
    } elseif ($status === 200) {
        // Payments and the place behind them in one transaction: a crash repeats a page, skips none.
        transaction($database, function () use ($database, $page) {
            foreach ($page['changes'] as $payment) accept($database, $payment, $payment['deliverable']);
            keep($database, $page['next_cursor']);
        });
    } else {
        fwrite(STDERR, "changes: the daemon answered $status\n");
        sleep(1);
    }
}
