-- For the shop's backend: messages to it, and what PortOne is told of its orders. Nothing was ever
-- written to the table that was kept free for messages.

DROP VIEW timeline;
DROP TABLE notification;

CREATE TABLE notification (
  -- Outbox: messages to the shop's backend, written with the change that they tell of. Those that
  -- wait are sent until the shop takes them.
  notification_id  INTEGER PRIMARY KEY,
  payment_no       INTEGER NOT NULL,
  payment_id       TEXT NOT NULL,          -- the payment's, for people
  version          INTEGER NOT NULL,       -- of the payment, as the message tells it
  type             TEXT NOT NULL,          -- payment.paid, payment.held and so on
  attempt_id       TEXT,                   -- the one that counted then
  body             TEXT NOT NULL,          -- frozen as it was then
  state            TEXT NOT NULL CHECK (state = 'waiting' OR state = 'sent' OR state = 'superseded'
                     OR state = 'parked'),
  tries            INTEGER NOT NULL DEFAULT 0,
  failing_since_ms INTEGER,                -- the first try that failed
  next_at_ms       INTEGER,                -- NULL: nothing is planned, or an earlier one goes first
  outcome          TEXT,                   -- of the newest try, for people
  created_at_ms    INTEGER NOT NULL,
  sent_at_ms       INTEGER,                -- when the shop took it
  CHECK (next_at_ms IS NULL OR state = 'waiting'),
  CHECK ((sent_at_ms IS NOT NULL) = (state = 'sent'))
) STRICT;
CREATE INDEX notification_by_payment ON notification (payment_no, notification_id);
CREATE INDEX notification_by_time ON notification (created_at_ms);
CREATE INDEX notification_due ON notification (next_at_ms) WHERE next_at_ms IS NOT NULL;
CREATE INDEX notification_unsent ON notification (state, notification_id) WHERE state <> 'sent';
CREATE INDEX notification_failing ON notification (failing_since_ms)
  WHERE failing_since_ms IS NOT NULL;

CREATE TABLE untold (
  -- Payments about which messages wait, as PortOne's answer stepped back and is not confirmed: what
  -- was told of them last.
  payment_no       INTEGER PRIMARY KEY,
  result           TEXT NOT NULL,
  deliverable      INTEGER NOT NULL,
  attempt_id       TEXT,
  cancelled_amount INTEGER
) STRICT;

CREATE TABLE preregistration (
  -- What each API was told, or is to be told, of a version of an order, and how it took it.
  order_id     INTEGER NOT NULL REFERENCES expected_order (order_id),
  api          TEXT NOT NULL CHECK (api = 'v1' OR api = 'v2'),
  state        TEXT NOT NULL CHECK (state = 'pending' OR state = 'done' OR state = 'refused'
                    OR state = 'dropped'),
  detail       TEXT,                       -- why it is not done
  failures     INTEGER NOT NULL DEFAULT 0, -- times in a row that PortOne gave no usable answer
  wanted_at_ms INTEGER NOT NULL,           -- when the shop asked for it
  at_ms        INTEGER NOT NULL,           -- when it came to its state, or was tried last
  next_at_ms   INTEGER,                    -- when PortOne is told next; NULL: no more
  PRIMARY KEY (order_id, api),
  CHECK ((state = 'pending') = (next_at_ms IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- Those that the shop waits for go before those that are tried again.
CREATE INDEX preregistration_new ON preregistration (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND failures = 0;
CREATE INDEX preregistration_again ON preregistration (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND failures > 0;

CREATE VIEW timeline AS
  -- All that happened, in order. Ask for one payment: WHERE payment_id = 'ord-1'.
  SELECT strftime('%Y-%m-%d %H:%M:%S', at_ms / 1000 + z.offset, 'unixepoch') AS at,
         payment_id, kind, id, summary, from_result, to_result, at_ms
  FROM (
    SELECT e.received_at_ms AS at_ms, i.subject AS payment_id, 'event' AS kind, e.event_id AS id,
           1 AS rank,
           CASE e.source WHEN 'redirect' THEN 'the browser came back'
                         WHEN 'confirm' THEN 'PortOne asked whether to charge'
                         ELSE 'webhook ' || e.type END
             || CASE e.hint WHEN 'returned_success' THEN ', says success'
                            WHEN 'returned_failure' THEN ', says failure' ELSE '' END
             || CASE WHEN e.attempt_id IS NULL THEN '' ELSE ' for ' || e.attempt_id END
             || CASE WHEN e.signed = 1 THEN ', signed' ELSE '' END
             || CASE WHEN g.parked = 1 THEN ', put aside' ELSE '' END
             || CASE WHEN c.approved = 1 THEN ': yes'
                     WHEN c.approved = 0 THEN ': no, ' || coalesce(c.reason, '') ELSE '' END
             || CASE WHEN g.copies > 1 THEN ' (' || g.copies || ' times)' ELSE '' END AS summary,
           NULL AS from_result, NULL AS to_result
      FROM event_by_subject i JOIN event e USING (event_id)
           JOIN event_progress g USING (event_id)
           LEFT JOIN confirm_answer c USING (event_id)
    UNION ALL
    SELECT s.asked_at_ms, s.payment_id, 'snapshot', s.snapshot_id, 2,
           'PortOne says ' || s.status || ' ' || s.total_amount || ' ' || s.currency
             || CASE WHEN s.cancelled_amount > 0 THEN ', ' || s.cancelled_amount || ' given back'
                     ELSE '' END
             || ' for ' || s.attempt_id
             || coalesce(': ' || s.failure_reason, '')
             || coalesce(', account ' || s.account_bank || ' ' || s.account_number, '')
             || coalesce((SELECT ' (' || (count(*) + 1) || ' times, last at '
                  || strftime('%m-%d %H:%M:%S', max(r.asked_at_ms) / 1000
                       + (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'utc_offset_s'),
                       'unixepoch') || ')'
                FROM snapshot_repeat r WHERE r.snapshot_id = s.snapshot_id HAVING count(*) > 0), ''),
           NULL, NULL
      FROM snapshot s
    UNION ALL
    SELECT l.unknown_at_ms, coalesce(l.payment_id, l.id), 'snapshot', 0, 2,
           'PortOne does not know it'
             || CASE l.question WHEN 'v2_payment' THEN ' (V2)' ELSE ' (V1)' END
             || CASE WHEN l.unknown > 1 THEN ', asked ' || l.unknown || ' times' ELSE '' END,
           NULL, NULL
      FROM lookup l WHERE l.unknown > 0
    UNION ALL
    SELECT t.at_ms, p.payment_id, 'transition', t.transition_id, 3,
           ltrim(CASE WHEN t.cause = 'order' THEN
                  coalesce((SELECT CASE WHEN o.deleted = 1 THEN 'order withdrawn'
                      WHEN EXISTS (SELECT 1 FROM expected_order b WHERE b.payment_id = o.payment_id
                                   AND b.order_id < o.order_id) THEN 'order changed'
                      ELSE 'order registered' END || ', ' || o.amount || ' ' || o.currency
                    FROM expected_order o WHERE o.order_id = t.cause_id), 'order')
                ELSE '' END
             || CASE WHEN t.cause = 'order' AND t.from_result <> t.to_result THEN '; ' ELSE '' END
             || CASE WHEN t.from_result <> t.to_result THEN 'result ' || t.to_result
                       || ', by ' || coalesce(t.authority, 'nobody')
                     WHEN t.cause = 'order' THEN ''
                     WHEN t.from_ui_state <> t.to_ui_state THEN 'the buyer''s page: '
                       || replace(t.to_ui_state, '_', ' ')
                     WHEN t.from_deliverable = t.to_deliverable AND t.version = 1 THEN 'first heard of'
                     WHEN t.from_deliverable = t.to_deliverable THEN 'webhook says '
                       || t.webhook_status || coalesce(', result by ' || t.authority, '')
                     ELSE '' END
             || CASE WHEN t.from_deliverable < t.to_deliverable THEN ', deliverable'
                     WHEN t.from_deliverable > t.to_deliverable THEN ', no longer deliverable'
                     ELSE '' END, ', '),
           t.from_result, t.to_result
      FROM transition t JOIN payment p ON p.payment_no = t.payment_no
                                      AND p.payment_id = t.payment_id
    UNION ALL
    SELECT r.at_ms, o.payment_id, 'preregistration', r.order_id,
           CASE r.api WHEN 'v1' THEN 4 ELSE 5 END,
           CASE r.state WHEN 'done' THEN 'pre-registered with'
                        WHEN 'refused' THEN 'refused to be pre-registered by'
                        WHEN 'dropped' THEN 'not pre-registered with'
                        ELSE 'to be pre-registered with' END
             || ' PortOne ' || upper(r.api) || ', ' || o.amount || ' ' || o.currency
             || CASE WHEN r.failures > 0 AND r.state <> 'done'
                     THEN ' (' || r.failures || ' times in vain)' ELSE '' END
             || coalesce(': ' || r.detail, ''),
           NULL, NULL
      FROM preregistration r JOIN expected_order o USING (order_id)
    UNION ALL
    SELECT f.opened_at_ms, f.payment_id, 'finding', f.finding_id, 6, f.kind || ': ' || f.detail,
           NULL, NULL
      FROM finding f
    UNION ALL
    SELECT n.created_at_ms, p.payment_id, 'notification', n.notification_id, 5,
           n.type || ' '
             || CASE WHEN n.state = 'waiting' AND n.tries > 0 THEN 'is tried again'
                     WHEN n.state = 'waiting' THEN 'is on its way'
                     WHEN n.state = 'sent' THEN 'reached the shop'
                     WHEN n.state = 'superseded' THEN 'was not sent: it no longer holds'
                     ELSE 'was given up' END
             || CASE WHEN n.tries > 1 OR n.state <> 'sent' AND n.tries > 0
                     THEN ' (' || n.tries || CASE n.tries WHEN 1 THEN ' try' ELSE ' tries' END
                          || CASE WHEN n.state = 'sent' THEN '' ELSE coalesce(', ' || n.outcome, '') END
                          || ')'
                     ELSE '' END,
           NULL, NULL
      FROM notification n JOIN payment p ON p.payment_no = n.payment_no
                                        AND p.payment_id = n.payment_id
  ), (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  ORDER BY at_ms, rank, id;
