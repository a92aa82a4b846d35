-- What a person decided: a finding that is closed, a registered order that is corrected. Evidence, with
-- who and why.

CREATE TABLE resolution (
  -- Evidence: a person closed a finding, which stays closed whatever is derived anew.
  resolution_id INTEGER PRIMARY KEY,
  payment_id    TEXT NOT NULL,
  kind          TEXT NOT NULL,
  cause         TEXT NOT NULL,
  note          TEXT NOT NULL,             -- why
  by_whom       TEXT NOT NULL,             -- as they called themselves
  at_ms         INTEGER NOT NULL,
  UNIQUE (payment_id, kind, cause)
) STRICT;

INSERT INTO resolution (payment_id, kind, cause, note, by_whom, at_ms)
SELECT payment_id, kind, cause, coalesce(note, ''), 'somebody', coalesce(closed_at_ms, opened_at_ms)
  FROM finding WHERE closed_by = 'person';

CREATE TRIGGER resolution_is_evidence BEFORE UPDATE ON resolution
BEGIN SELECT RAISE(ABORT, 'resolutions are evidence: they are never changed'); END;
CREATE TRIGGER resolution_stays BEFORE DELETE ON resolution
BEGIN SELECT RAISE(ABORT, 'resolutions are evidence: they are never deleted'); END;
CREATE TRIGGER resolution_is_not_replaced BEFORE INSERT ON resolution
WHEN EXISTS (SELECT 1 FROM resolution r WHERE r.resolution_id = NEW.resolution_id
             OR r.payment_id = NEW.payment_id AND r.kind = NEW.kind AND r.cause = NEW.cause)
BEGIN SELECT RAISE(ABORT, 'resolutions are evidence'); END;

-- Of a version with which a person corrected the order.
ALTER TABLE expected_order ADD COLUMN note TEXT;
ALTER TABLE expected_order ADD COLUMN by_whom TEXT;

-- Messages that were never tried, and those that are tried again, are read in turn.
DROP INDEX notification_due;
CREATE INDEX notification_fresh ON notification (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND tries = 0;
CREATE INDEX notification_again ON notification (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND tries > 0;

DROP VIEW timeline;
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
                      WHEN o.by_whom IS NOT NULL THEN 'order corrected by ' || o.by_whom
                      WHEN EXISTS (SELECT 1 FROM expected_order b WHERE b.payment_id = o.payment_id
                                   AND b.order_id < o.order_id) THEN 'order changed'
                      ELSE 'order registered' END
                      || coalesce((SELECT ' from ' || b.amount || ' ' || b.currency || ' to '
                           FROM expected_order b WHERE b.payment_id = o.payment_id
                             AND b.order_id < o.order_id AND o.by_whom IS NOT NULL
                           ORDER BY b.order_id DESC LIMIT 1), ', ')
                      || o.amount || ' ' || o.currency || coalesce(' (' || o.note || ')', '')
                    FROM expected_order o WHERE o.order_id = t.cause_id), 'order')
                ELSE '' END
             || CASE WHEN t.cause = 'order' AND t.from_result <> t.to_result THEN '; ' ELSE '' END
             || CASE WHEN t.from_result <> t.to_result THEN 'result ' || t.to_result
                       || ', by ' || coalesce(t.authority, 'nobody')
                     WHEN t.cause = 'order' THEN ''
                     WHEN t.cause = 'resolution' AND t.from_deliverable = t.to_deliverable
                       THEN 'a finding was closed'
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
    SELECT f.closed_at_ms, f.payment_id, 'finding', f.finding_id,
           CASE WHEN r.by_whom IS NULL THEN 6 ELSE 2 END,
           f.kind || coalesce(' was closed by ' || r.by_whom || ': ' || r.note, ' is over'),
           NULL, NULL
      FROM finding f LEFT JOIN resolution r ON r.payment_id = f.payment_id AND r.kind = f.kind
                                           AND r.cause = f.cause
     WHERE f.open = 0
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
