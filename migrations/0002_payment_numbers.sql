-- What belongs to a payment is kept by the payment's own number, not by PortOne's id: those ids are
-- random, and every new row met another page of the file. New payments have the newest numbers, so
-- what is written for them stands together.

DROP VIEW timeline;
DROP TRIGGER event_stays;

CREATE TABLE numbered_attempt (
  -- Each try to pay, as PortOne's newest accepted answer tells it. Until there is one, signed
  -- webhooks may claim a try for several payments: a row for each.
  payment_no       INTEGER NOT NULL REFERENCES payment (payment_no),
  attempt_id       TEXT NOT NULL,
  payment_id       TEXT NOT NULL,          -- the payment's, for people and for the check below
  api              TEXT NOT NULL CHECK (api IN ('v1', 'v2')),
  result           TEXT NOT NULL CHECK (result = 'none' OR result = 'ready' OR result = 'pending'
                    OR result = 'awaiting_deposit' OR result = 'paid'
                    OR result = 'partially_cancelled' OR result = 'cancelled'
                    OR result = 'failed'),
  snapshot_id      INTEGER,                -- NULL: named by a signed webhook only
  updated_at_ms    INTEGER NOT NULL,
  PRIMARY KEY (payment_no, attempt_id),
  FOREIGN KEY (payment_id, snapshot_id) REFERENCES snapshot (payment_id, snapshot_id),
  CHECK ((result = 'none') = (snapshot_id IS NULL))
) STRICT, WITHOUT ROWID;

INSERT INTO numbered_attempt
SELECT p.payment_no, a.attempt_id, a.payment_id, a.api, a.result, a.snapshot_id, a.updated_at_ms
  FROM attempt a JOIN payment p USING (payment_id) ORDER BY p.payment_no, a.attempt_id;
DROP TABLE attempt;
ALTER TABLE numbered_attempt RENAME TO attempt;
CREATE INDEX attempt_by_id ON attempt (attempt_id);

CREATE TABLE numbered_transition (
  -- History: every change of a payment, with its cause. Never changed.
  transition_id    INTEGER PRIMARY KEY,
  payment_no       INTEGER NOT NULL REFERENCES payment (payment_no),
  payment_id       TEXT NOT NULL,          -- the payment's, for people
  version          INTEGER NOT NULL,
  at_ms            INTEGER NOT NULL,
  cause            TEXT NOT NULL,          -- event, snapshot, order, timer or rebuild
  cause_id         INTEGER,
  from_result      TEXT NOT NULL,
  to_result        TEXT NOT NULL,
  from_ui_state    TEXT NOT NULL,
  to_ui_state      TEXT NOT NULL,
  from_deliverable INTEGER NOT NULL,
  to_deliverable   INTEGER NOT NULL,
  authority        TEXT,
  webhook_status   TEXT NOT NULL,
  UNIQUE (payment_no, version)
) STRICT;

INSERT INTO numbered_transition
SELECT t.transition_id, p.payment_no, t.payment_id, t.version, t.at_ms, t.cause, t.cause_id,
       t.from_result, t.to_result, t.from_ui_state, t.to_ui_state, t.from_deliverable,
       t.to_deliverable, t.authority, t.webhook_status
  FROM transition t JOIN payment p USING (payment_id) ORDER BY t.transition_id;
DROP TABLE transition;
ALTER TABLE numbered_transition RENAME TO transition;

CREATE TRIGGER transition_is_history BEFORE UPDATE ON transition
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER transition_stays BEFORE DELETE ON transition
WHEN EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)
             WHERE i.subject = OLD.payment_id)
BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;
-- REPLACE takes a row away without asking the triggers above.
CREATE TRIGGER transition_is_not_replaced BEFORE INSERT ON transition
WHEN EXISTS (SELECT 1 FROM transition WHERE transition_id = NEW.transition_id)
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;

-- As before, of the tables above.
CREATE TRIGGER event_stays BEFORE DELETE ON event
WHEN OLD.signed = 1
  OR EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.attempt_id = OLD.attempt_id)
  OR EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = OLD.attempt_id)
  OR EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)
             WHERE i.subject = OLD.payment_id AND e.signed = 1)
BEGIN SELECT RAISE(ABORT, 'events are evidence: they are never deleted'); END;

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
    SELECT f.opened_at_ms, f.payment_id, 'finding', f.finding_id, 4, f.kind || ': ' || f.detail,
           NULL, NULL
      FROM finding f
    UNION ALL
    SELECT n.created_at_ms, n.payment_id, 'notification', n.notification_id, 5,
           n.type || ' ' || n.state, NULL, NULL
      FROM notification n
  ), (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  ORDER BY at_ms, rank, id;
