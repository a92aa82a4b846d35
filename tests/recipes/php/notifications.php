<?php
// The first way to hear of results: the daemon's notifications (notify.url and notify.secret).
//
// usage: NOTIFY_SECRET=whsec_… php -S 127.0.0.1:3001 notifications.php
// Needs `composer require standard-webhooks/standard-webhooks`. tests/recipes runs this file only
// where vendor/ stands beside it.
declare(strict_types=1);
require __DIR__ . '/vendor/autoload.php';
require __DIR__ . '/orders.php';

if ($_SERVER['REQUEST_METHOD'] !== 'POST' || $_SERVER['REQUEST_URI'] !== '/notifications') {
    http_response_code(404);
    return;
}
http_response_code(500);  // unless it comes to its end: then the daemon sends again

// The signature covers the bytes as they came.
try {
    $headers = array_change_key_case(getallheaders());
    $message = (new StandardWebhooks\Webhook(getenv('NOTIFY_SECRET')))
        ->verify(file_get_contents('php://input'), $headers);
} catch (StandardWebhooks\Exception\WebhookVerificationException) {
    http_response_code(401);
    return;
}

$payment = $message['data'];
if ($message['type'] === 'payment.finding') {
    // For a person. It has the version of a message that may still come, so it changes nothing.
    $open = array_filter($payment['findings'], fn ($finding) => $finding['open']);
    error_log("{$payment['payment_id']}: look at " . implode(', ', array_column($open, 'kind')));
} else {
    transaction($database, fn () => accept($database, $payment, $message['type'] === 'payment.paid'));
}
http_response_code(204);
