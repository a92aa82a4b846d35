// Sends a message as the daemon does, signed by the public library of Standard Webhooks.
//
// usage: node send.js URL SECRET ID FILE   prints the status
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const [url, secret, id, file] = process.argv.slice(2);
const body = readFileSync(file, 'utf8');
const now = new Date();
const answer = await fetch(url, {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  },
  body,
});
console.log(answer.status);
