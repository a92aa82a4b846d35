// The first way to hear of results: the daemon's notifications (notify.url and notify.secret).
//
// usage: PORT=3001 NOTIFY_SECRET=whsec_… node notifications.js
import express from 'express';
import { Webhook } from 'standardwebhooks';
import { accept, database } from './orders.js';

const { PORT = '3001', NOTIFY_SECRET } = process.env;
const webhook = new Webhook(NOTIFY_SECRET);
const app = express();

// The signature covers the bytes as they came: no JSON middleware before this.
app.post('/notifications', express.raw({ type: '*/*', limit: '1mb' }), (request, response) => {
  let message;
  try {
    message = webhook.verify(request.body, request.headers);
  } catch {
    return response.status(401).type('text').send('the signature is not valid\n');
  }
  if (message.type === 'payment.finding') {
    // For a person. It has the version of a message that may still come, so it changes nothing.
    const kinds = message.data.findings.filter((finding) => finding.open).map(({ kind }) => kind);
    console.warn(`${message.data.payment_id}: look at ${kinds.join(', ')}`);
  } else {
    database.transaction(() => accept(message.data, message.type === 'payment.paid')).immediate();
  }
  response.sendStatus(204);  // after the commit; where it failed, 500, and the daemon sends again
});

app.listen(Number(PORT), '127.0.0.1');
