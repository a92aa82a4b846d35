// The checkout page: the order is registered with the daemon before the payment window can open.
//
// usage: PORT=3000 node checkout.js
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import express from 'express';
import { create } from './orders.js';

const {
  PORT = '3000', RECONCILED_ADMIN = 'http://127.0.0.1:8803', RECONCILED_TOKEN,
  RETURN_URL = 'https://pay.example.com/payments/complete',  // the daemon's redirect listener
  PORTONE_STORE_ID, PORTONE_STORE_CODE, PORTONE_CHANNEL_KEY, CHECKOUT_PAGE = 'checkout.html',
} = process.env;
const page = readFileSync(CHECKOUT_PAGE, 'utf8');
const prices = { 'blue-shirt': 64900, 'red-hat': 12000 };  // the shop's, never the browser's

async function register(order) {
  const answer = await fetch(`${RECONCILED_ADMIN}/orders/${encodeURIComponent(order.paymentId)}`, {
    method: 'PUT',
    headers: {
      'Content-Type': 'application/json',
      ...(RECONCILED_TOKEN && { Authorization: `Bearer ${RECONCILED_TOKEN}` }),
    },
    body: JSON.stringify({ amount: order.amount, currency: 'KRW', name: order.name }),
    signal: AbortSignal.timeout(15_000),
  });
  if (!answer.ok) throw new Error(`not registered: ${answer.status} ${await answer.text()}`);
}

const app = express();

app.post('/checkout/:item', async (request, response) => {
  const name = request.params.item;
  if (!Object.hasOwn(prices, name)) return response.sendStatus(404);
  const order = { paymentId: `order-${randomUUID()}`, name, amount: prices[name] };
  create(order);
  await register(order);  // where this fails the buyer gets an error, and no window
  const script = JSON.stringify({
    ...order, returnUrl: RETURN_URL, storeId: PORTONE_STORE_ID, storeCode: PORTONE_STORE_CODE,
    channelKey: PORTONE_CHANNEL_KEY,
  }).replaceAll('<', '\\u003c');
  response.type('html').send(page.replace('__ORDER__', () => script));
});

app.listen(Number(PORT), '127.0.0.1');
