// The same job with Express and better-sqlite3: verifies the signature over the raw body, parses it,
// stores it durably, copies once, and answers 200 after the commit.
//
// usage: node app.js FOLDER   prints the port that it listens on at 127.0.0.1, then serves;
//   $WEBHOOK_SECRET is the secret, whsec_…
'use strict';

const crypto = require('node:crypto');
const path = require('node:path');
const Database = require('better-sqlite3');
const express = require('express');

const key = Buffer.from(process.env.WEBHOOK_SECRET.slice('whsec_'.length), 'base64');
const toleranceSeconds = 300;

const database = new Database(path.join(process.argv[2], 'express.db'));
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`CREATE TABLE event (
  event_id INTEGER PRIMARY KEY, webhook_id TEXT NOT NULL UNIQUE, received_at_ms INTEGER NOT NULL,
  type TEXT NOT NULL, payment_id TEXT, attempt_id TEXT, body TEXT NOT NULL)`);
const insert = database.prepare(`INSERT INTO event
  (webhook_id, received_at_ms, type, payment_id, attempt_id, body) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (webhook_id) DO NOTHING`);

function isSigned(request) {
  const id = request.get('webhook-id');
  const timestamp = request.get('webhook-timestamp');
  const signatures = request.get('webhook-signature');
  if (!id || !timestamp || !signatures) return false;
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= toleranceSeconds)) return false;
  const expected = crypto.createHmac('sha256', key)
    .update(`${id}.${timestamp}.`).update(request.body).digest();
  return signatures.split(' ').some((signature) => {
    if (!signature.startsWith('v1,')) return false;
    const given = Buffer.from(signature.slice('v1,'.length), 'base64');
    return given.length === expected.length && crypto.timingSafeEqual(given, expected);
  });
}

const app = express();
app.post('/webhooks/portone', express.raw({ type: '*/*', limit: '64kb' }), (request, response) => {
  if (!Buffer.isBuffer(request.body) || !isSigned(request)) {
    response.status(401).type('text').send('the signature is not valid\n');
    return;
  }
  const body = request.body.toString('utf8');
  let message;
  try {
    message = JSON.parse(body);
  } catch {
    response.status(400).type('text').send('this is no JSON\n');
    return;
  }
  insert.run(request.get('webhook-id'), Date.now(), message.type, message.data?.paymentId,
    message.data?.transactionId, body);
  response.type('text').send('ok\n');
});
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
