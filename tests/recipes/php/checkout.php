<?php
// The checkout page: the order is registered with the daemon before the payment window can open.
//
// usage: php -S 127.0.0.1:3000 checkout.php
declare(strict_types=1);
require __DIR__ . '/orders.php';
require __DIR__ . '/daemon.php';

const PRICES = ['blue-shirt' => 64900, 'red-hat' => 12000];  // the shop's, never the browser's

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$item = preg_match('#^/checkout/([^/]+)$#', (string) $path, $match) ? $match[1] : '';
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !isset(PRICES[$item])) {
    http_response_code(404);
    return;
}

$order = [
    'paymentId' => 'order-' . bin2hex(random_bytes(16)),
    'name' => $item,
    'amount' => PRICES[$item],
];
run($database, 'INSERT INTO shop_order (payment_id, name, amount) VALUES (?, ?, ?)',
    array_values($order));

[$status] = ask_daemon('PUT', '/orders/' . rawurlencode($order['paymentId']),
    ['amount' => $order['amount'], 'currency' => 'KRW', 'name' => $item]);
if ($status !== 200 && $status !== 201) {
    error_log("not registered: $status");
    http_response_code(500);  // the buyer gets an error, and no window
    return;
}

$order += [
    'returnUrl' => getenv('RETURN_URL') ?: 'https://pay.example.com/payments/complete',
    'storeId' => getenv('PORTONE_STORE_ID') ?: null,
    'storeCode' => getenv('PORTONE_STORE_CODE') ?: null,
    'channelKey' => getenv('PORTONE_CHANNEL_KEY') ?: null,
];
$page = file_get_contents(getenv('CHECKOUT_PAGE') ?: __DIR__ . '/checkout.html');
header('Content-Type: text/html; charset=utf-8');
echo str_replace('__ORDER__', json_encode($order, JSON_HEX_TAG | JSON_THROW_ON_ERROR), $page);
