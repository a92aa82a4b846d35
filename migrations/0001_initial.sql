-- The whole store of reconciled: evidence that only grows, and the state that follows from it.
--
-- Times are unix milliseconds (*_ms) or, where PortOne says them, microseconds (*_us), in UTC.
-- Money is an integer in ISO 4217 minor units next to its currency.
-- What decides which of two things is newer is a number that only grows, never a time.
-- (Words that the program alone writes have no checks where rows are only added: a new word must
-- not rebuild the history. Why the other checks are chains of OR: for an IN of three words or more
-- SQLite builds a table of them at every row that is written.)

CREATE TABLE meta (
  -- Single values that the daemon keeps for itself.
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

INSERT INTO meta (key, value) VALUES
  ('utc_offset_s', '32400'),     -- of `timezone`, for the views
  ('arrivals_reserved', '0'),    -- numbers up to here were given, or may have been
  ('look_ups_reserved', '0');

CREATE TABLE configuration (
  -- Evidence: the settings that decisions hang on, a row for each change of them.
  configuration_id    INTEGER PRIMARY KEY,
  since_ms            INTEGER NOT NULL,
  missing_webhook     TEXT NOT NULL CHECK (missing_webhook IN ('lookup', 'wait')),
  unregistered_orders TEXT NOT NULL CHECK (unregistered_orders IN ('hold', 'accept')),
  channel             TEXT NOT NULL CHECK (channel IN ('live', 'test')),
  v1                  INTEGER NOT NULL CHECK (v1 IN (0, 1)),
  v2_store_id         TEXT                 -- NULL: V2 is not configured
) STRICT;

CREATE TABLE event (
  -- Evidence: everything that arrived and was acknowledged. Ids and status are the sender's
  -- claims. Rows never change, but for body and headers, which retention sets to NULL.
  event_id        INTEGER PRIMARY KEY,     -- in the order of arrival
  received_at_ms  INTEGER NOT NULL,
  source          TEXT NOT NULL,           -- webhook, redirect or confirm
  api             TEXT,                    -- v1 or v2; NULL: not told
  kind            TEXT NOT NULL,           -- payment, confirm, test_call, …
  type            TEXT NOT NULL,           -- PortOne's own word
  payment_id      TEXT,                    -- claimed: V1 merchant_uid, V2 paymentId
  attempt_id      TEXT,                    -- claimed: V1 imp_uid, V2 transactionId
  cancellation_id TEXT,
  store_id        TEXT,
  status          TEXT,                    -- what it claims, in the words of payment.result
  said_at_us      INTEGER,                 -- V2: when it happened, by PortOne
  asked_amount    TEXT,                    -- a confirm call's amount, as it was written
  hint            TEXT NOT NULL,           -- what a redirect says, in the words of ui_state
  reason_code     TEXT,
  reason_message  TEXT,
  signed          INTEGER NOT NULL CHECK (signed IN (0, 1)),
  remote_ip       TEXT,
  known_source    INTEGER NOT NULL CHECK (known_source IN (0, 1)),  -- remote_ip is PortOne's
  headers         TEXT,                    -- JSON, an allow-list of them
  body            TEXT                     -- as it came, tokens cut out; a redirect's query
) STRICT;

-- Those that may turn out to be nobody's: see event_stays.
CREATE INDEX event_unsigned ON event (event_id) WHERE signed = 0;

CREATE TABLE event_progress (
  -- Bookkeeping beside each event: its copies, and whether it is reconciled.
  event_id         INTEGER PRIMARY KEY REFERENCES event (event_id),
  dedupe_hash      INTEGER NOT NULL,             -- 64 bits of SHA-256 of what names the copies
  copies           INTEGER NOT NULL DEFAULT 1,   -- how often it arrived
  answered_copies  INTEGER NOT NULL DEFAULT 0,   -- of these, known when the newest answer was asked for
  arrival          INTEGER NOT NULL DEFAULT 0,   -- redirects: the number of the newest arrival
  last_arrival_ms  INTEGER NOT NULL,             -- when that was, for people
  tries            INTEGER NOT NULL DEFAULT 0,   -- decisions begun on it that did not end well
  processed_at_ms  INTEGER,                      -- NULL: still in the inbox
  parked           INTEGER NOT NULL DEFAULT 0    -- 1: given up after three tries, with a finding
) STRICT;
CREATE INDEX event_inbox ON event_progress (event_id) WHERE processed_at_ms IS NULL;

CREATE TABLE event_index (
  -- Finds copies, and a subject's events, with one index. Its keys are as random as PortOne's ids,
  -- so it is written behind the events, some at a time: see event_by_subject.
  subject     TEXT NOT NULL,               -- payment_id; attempt_id where the event has no other
  dedupe_hash INTEGER NOT NULL,
  event_id    INTEGER NOT NULL,            -- of event; a checked reference would need an index more
  PRIMARY KEY (subject, dedupe_hash)
) STRICT, WITHOUT ROWID;

INSERT INTO meta (key, value) VALUES ('events_indexed_to', '0');  -- newer events are not in it

CREATE VIEW event_by_subject AS
  -- What event_index will be once it has caught up. Ask for one subject.
  SELECT subject, dedupe_hash, event_id FROM event_index
  UNION ALL
  SELECT coalesce(e.payment_id, e.attempt_id, ''), g.dedupe_hash, e.event_id
    FROM event e JOIN event_progress g USING (event_id)
   WHERE e.event_id > (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'events_indexed_to');

CREATE TABLE confirm_answer (
  -- What a confirm call was answered, so that the same question gets the same answer.
  event_id INTEGER PRIMARY KEY REFERENCES event (event_id),
  approved INTEGER NOT NULL CHECK (approved IN (0, 1)),
  reason   TEXT                            -- why not
) STRICT;

CREATE TABLE rejected_delivery (
  -- The newest deliveries that were refused, and why.
  rejected_id  INTEGER PRIMARY KEY,
  at_ms        INTEGER NOT NULL,
  remote_ip    TEXT,
  path         TEXT NOT NULL,
  status       INTEGER NOT NULL,           -- the HTTP status that was answered
  reason       TEXT NOT NULL,
  webhook_id   TEXT,
  content_type TEXT,
  body_bytes   INTEGER NOT NULL,
  body_sha256  TEXT NOT NULL
) STRICT;

CREATE TABLE expected_order (
  -- Evidence: what the shop registered, a row for each version. The newest counts.
  order_id         INTEGER PRIMARY KEY,
  payment_id       TEXT NOT NULL,
  amount           INTEGER NOT NULL CHECK (amount > 0),
  currency         TEXT NOT NULL,
  name             TEXT,
  deleted          INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  registered_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX expected_order_by_payment ON expected_order (payment_id, order_id);

CREATE TABLE snapshot (
  -- Evidence: PortOne's own answers, redacted, with the time when each was asked for.
  snapshot_id      INTEGER PRIMARY KEY,
  payment_id       TEXT NOT NULL,          -- as PortOne binds the attempt
  attempt_id       TEXT NOT NULL,
  look_up          INTEGER NOT NULL,       -- the number of the look-up that brought it
  content          INTEGER NOT NULL,       -- 64 bits of SHA-256 of what it says
  api              TEXT NOT NULL,          -- which API answered
  version          TEXT NOT NULL,          -- the attempt's own
  status           TEXT NOT NULL,          -- PortOne's word
  result           TEXT NOT NULL CHECK (result = 'ready' OR result = 'pending'
                    OR result = 'awaiting_deposit' OR result = 'paid'
                    OR result = 'partially_cancelled' OR result = 'cancelled'
                    OR result = 'failed'),
  total_amount     INTEGER NOT NULL CHECK (total_amount >= 0),
  cancelled_amount INTEGER NOT NULL CHECK (cancelled_amount >= 0),
  currency         TEXT NOT NULL,
  store_id         TEXT,
  channel          TEXT,                   -- live or test; NULL: not told
  pg_provider      TEXT,
  method           TEXT,
  account_bank     TEXT,                   -- virtual account
  account_number   TEXT,
  account_holder   TEXT,
  account_due_us   INTEGER,
  failure_reason   TEXT,
  started_at_us    INTEGER,
  status_at_us     INTEGER,                -- newest of paid, cancelled, failed
  paid_at_us       INTEGER,
  updated_at_us    INTEGER,                -- V2
  disputes         TEXT,                   -- JSON; NULL: this answer cannot carry them
  chargebacks      TEXT,                   -- JSON
  asked_at_ms      INTEGER NOT NULL,
  body             TEXT,                   -- NULL once retention is over
  UNIQUE (payment_id, snapshot_id)
) STRICT;
CREATE INDEX snapshot_by_attempt ON snapshot (attempt_id);

CREATE TABLE snapshot_repeat (
  -- Evidence: later look-ups that brought the same answer again, unchanged.
  snapshot_id INTEGER NOT NULL REFERENCES snapshot (snapshot_id),
  look_up     INTEGER NOT NULL,
  asked_at_ms INTEGER NOT NULL,
  PRIMARY KEY (snapshot_id, look_up)
) STRICT, WITHOUT ROWID;

CREATE TABLE timer_mark (
  -- Evidence: what a timer found when it fired.
  mark_id      INTEGER PRIMARY KEY,
  payment_id   TEXT NOT NULL,
  kind         TEXT NOT NULL,              -- webhook_overdue: decided by look-up, and 10 minutes
                                           --   later no webhook
                                           -- schedule_done: the whole schedule was asked once
                                           -- asking_ended: nothing more will be asked, still open
                                           -- unreadable: PortOne's answers could not be read for
                                           --   10 minutes; readable: and then one could
  attempt_id   TEXT,                       -- webhook_overdue: which attempt
  result       TEXT,                       -- webhook_overdue: and what it came to
  up_to_event  INTEGER NOT NULL,           -- the newest event that the schedule began with
  look_up      INTEGER NOT NULL,           -- and the newest changed answer; or the look-up read
  at_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX timer_mark_by_payment ON timer_mark (payment_id);

CREATE TABLE payment (
  -- What each payment is, derived from the evidence above. One row an order of the shop.
  payment_no           INTEGER PRIMARY KEY,
  payment_id           TEXT NOT NULL UNIQUE,
  result               TEXT NOT NULL CHECK (result = 'none' OR result = 'ready'
                    OR result = 'pending' OR result = 'awaiting_deposit' OR result = 'paid'
                    OR result = 'partially_cancelled' OR result = 'cancelled'
                    OR result = 'failed'),
  authority            TEXT CHECK (authority IN ('webhook', 'lookup')),
  deliverable          INTEGER NOT NULL CHECK (deliverable IN (0, 1)),
  unverified           INTEGER NOT NULL CHECK (unverified IN (0, 1)),
  unobstructed         INTEGER NOT NULL CHECK (unobstructed IN (0, 1)),  -- but for the result
  ui_state             TEXT NOT NULL CHECK (ui_state = 'none' OR ui_state = 'returned_success'
                    OR ui_state = 'returned_failure' OR ui_state = 'returned_unknown'),
  webhook_status       TEXT NOT NULL CHECK (webhook_status = 'none' OR webhook_status = 'ready'
                    OR webhook_status = 'pending' OR webhook_status = 'awaiting_deposit'
                    OR webhook_status = 'paid' OR webhook_status = 'partially_cancelled'
                    OR webhook_status = 'cancelled' OR webhook_status = 'failed'),
  currency             TEXT,
  expected_amount      INTEGER,
  expected_currency    TEXT,
  total_amount         INTEGER,
  cancelled_amount     INTEGER,
  winning_attempt_id   TEXT,
  deciding_snapshot_id INTEGER,            -- PortOne's answer that the result stands on
  created_at_ms        INTEGER NOT NULL,
  updated_at_ms        INTEGER NOT NULL,
  decided_at_ms        INTEGER,
  version              INTEGER NOT NULL CHECK (version >= 1),
  configuration_id     INTEGER NOT NULL REFERENCES configuration (configuration_id),
  FOREIGN KEY (payment_id, deciding_snapshot_id) REFERENCES snapshot (payment_id, snapshot_id),
  CHECK ((result = 'none') = (deciding_snapshot_id IS NULL)),
  CHECK ((result = 'none') = (authority IS NULL)),
  CHECK (deliverable = 0 OR (result = 'paid' AND unobstructed = 1))
) STRICT;
CREATE INDEX payment_by_result ON payment (result, payment_no);

CREATE TABLE attempt (
  -- Each try to pay, as PortOne's newest accepted answer tells it. Until there is one, signed
  -- webhooks may claim a try for several payments: a row for each.
  attempt_id       TEXT NOT NULL,
  payment_id       TEXT NOT NULL REFERENCES payment (payment_id),
  api              TEXT NOT NULL CHECK (api IN ('v1', 'v2')),
  result           TEXT NOT NULL CHECK (result = 'none' OR result = 'ready' OR result = 'pending'
                    OR result = 'awaiting_deposit' OR result = 'paid'
                    OR result = 'partially_cancelled' OR result = 'cancelled'
                    OR result = 'failed'),
  snapshot_id      INTEGER,                -- NULL: named by a signed webhook only
  updated_at_ms    INTEGER NOT NULL,
  PRIMARY KEY (attempt_id, payment_id),
  FOREIGN KEY (payment_id, snapshot_id) REFERENCES snapshot (payment_id, snapshot_id),
  CHECK ((result = 'none') = (snapshot_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX attempt_by_payment ON attempt (payment_id);

CREATE TABLE transition (
  -- History: every change of a payment, with its cause. Never changed.
  transition_id    INTEGER PRIMARY KEY,
  payment_id       TEXT NOT NULL REFERENCES payment (payment_id),
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
  UNIQUE (payment_id, version)
) STRICT;

CREATE TABLE finding (
  -- What a person should look at. One row a payment, kind and cause, ever.
  finding_id   INTEGER PRIMARY KEY,
  payment_id   TEXT NOT NULL,
  kind         TEXT NOT NULL,              -- amount_mismatch, late_approval, …
  cause        TEXT NOT NULL,
  open         INTEGER NOT NULL CHECK (open IN (0, 1)),
  detail       TEXT NOT NULL,              -- what happened, and what to do
  opened_at_ms INTEGER NOT NULL,
  closed_at_ms INTEGER,
  closed_by    TEXT CHECK (closed_by IN ('evidence', 'person')),
  note         TEXT,
  UNIQUE (payment_id, kind, cause)
) STRICT;
CREATE INDEX finding_open ON finding (finding_id) WHERE open = 1;

CREATE TABLE notification (
  -- Outbox: messages to the shop's backend, written with the change that they tell of.
  notification_id INTEGER PRIMARY KEY,
  payment_id      TEXT NOT NULL,
  version         INTEGER NOT NULL,
  type            TEXT NOT NULL,
  body            TEXT NOT NULL,           -- frozen as it was then
  state           TEXT NOT NULL CHECK (state = 'waiting' OR state = 'sent' OR state = 'superseded'
                    OR state = 'parked'),
  tries           INTEGER NOT NULL DEFAULT 0,
  next_at_ms      INTEGER,
  created_at_ms   INTEGER NOT NULL,
  sent_at_ms      INTEGER
) STRICT;
CREATE INDEX notification_by_payment ON notification (payment_id);
CREATE INDEX notification_due ON notification (next_at_ms) WHERE state = 'waiting';

CREATE TABLE lookup (
  -- What to ask PortOne next, and when. The schedule counts from anchor_at_ms.
  question     TEXT NOT NULL CHECK (question = 'v1_attempt' OR question = 'v1_order'
                    OR question = 'v2_payment'),
  id           TEXT NOT NULL,              -- imp_uid, merchant_uid or paymentId
  payment_id   TEXT,                       -- whose look-up it is, where that is known or claimed
  anchor_at_ms INTEGER NOT NULL,
  begun_event  INTEGER NOT NULL DEFAULT 0, -- the newest event that began the schedule anew
  begun_answer INTEGER NOT NULL DEFAULT 0, -- likewise the newest changed answer: its look-up
  doubted      INTEGER NOT NULL DEFAULT 0, -- the first answer of a doubt that was asked about at once
  next_at_ms   INTEGER,                    -- NULL: nothing more to ask
  asked_at_ms  INTEGER,                    -- when the newest usable answer was asked for
  failures     INTEGER NOT NULL DEFAULT 0, -- unusable answers in a row
  unread       INTEGER NOT NULL DEFAULT 0, -- of these, answers about it that could not be read
  unread_since_ms INTEGER,                 -- since when no answer could be read
  unknown      INTEGER NOT NULL DEFAULT 0, -- how often PortOne said that it does not know it
  unknown_at_ms INTEGER,                   -- when it said so last
  outcome      TEXT,                       -- of the newest look-up
  attempt_id   TEXT,                       -- an attempt that PortOne's list showed, to be asked for
  PRIMARY KEY (question, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lookup_due ON lookup (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND question <> 'v1_attempt';
-- An attempt is asked about by itself only until PortOne binds it: these rows nobody vouches for.
CREATE INDEX lookup_attempt_due ON lookup (next_at_ms)
  WHERE next_at_ms IS NOT NULL AND question = 'v1_attempt';
CREATE INDEX lookup_by_payment ON lookup (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE webhook_watch (
  -- Payments decided by look-up whose webhook should have come by due_at_ms.
  payment_id TEXT PRIMARY KEY,
  attempt_id TEXT NOT NULL,
  result     TEXT NOT NULL,
  due_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_watch_due ON webhook_watch (due_at_ms);

-- Evidence is never rewritten. --------------------------------------------------------------

CREATE TRIGGER event_is_evidence BEFORE UPDATE ON event
WHEN NOT ((NEW.body IS NULL OR NEW.body IS OLD.body)
      AND (NEW.headers IS NULL OR NEW.headers IS OLD.headers)
      AND NEW.event_id IS OLD.event_id AND NEW.received_at_ms IS OLD.received_at_ms
      AND NEW.source IS OLD.source AND NEW.api IS OLD.api AND NEW.kind IS OLD.kind
      AND NEW.type IS OLD.type AND NEW.payment_id IS OLD.payment_id
      AND NEW.attempt_id IS OLD.attempt_id AND NEW.cancellation_id IS OLD.cancellation_id
      AND NEW.store_id IS OLD.store_id AND NEW.status IS OLD.status
      AND NEW.said_at_us IS OLD.said_at_us AND NEW.asked_amount IS OLD.asked_amount
      AND NEW.hint IS OLD.hint AND NEW.reason_code IS OLD.reason_code
      AND NEW.reason_message IS OLD.reason_message AND NEW.signed IS OLD.signed
      AND NEW.remote_ip IS OLD.remote_ip AND NEW.known_source IS OLD.known_source)
BEGIN SELECT RAISE(ABORT, 'events are evidence: only body and headers may become NULL'); END;

-- An event is evidence once a registered order, a signed webhook or an answer of PortOne names its
-- payment or its attempt. Before, anybody may have invented it: such events are capped, and leave.
-- (Here and below: what the index has not caught up with is the daemon's to know, not a trigger's.)
CREATE TRIGGER event_stays BEFORE DELETE ON event
WHEN OLD.signed = 1
  OR EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.attempt_id = OLD.attempt_id)
  OR EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = OLD.attempt_id)
  OR EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)
             WHERE i.subject = OLD.payment_id AND e.signed = 1)
BEGIN SELECT RAISE(ABORT, 'events are evidence: they are never deleted'); END;

CREATE TRIGGER snapshot_is_evidence BEFORE UPDATE ON snapshot
WHEN NOT (NEW.body IS NULL AND NEW.snapshot_id IS OLD.snapshot_id
      AND NEW.payment_id IS OLD.payment_id AND NEW.attempt_id IS OLD.attempt_id
      AND NEW.look_up IS OLD.look_up AND NEW.content IS OLD.content
      AND NEW.api IS OLD.api AND NEW.version IS OLD.version AND NEW.status IS OLD.status
      AND NEW.result IS OLD.result AND NEW.total_amount IS OLD.total_amount
      AND NEW.cancelled_amount IS OLD.cancelled_amount AND NEW.currency IS OLD.currency
      AND NEW.store_id IS OLD.store_id AND NEW.channel IS OLD.channel
      AND NEW.pg_provider IS OLD.pg_provider AND NEW.method IS OLD.method
      AND NEW.account_bank IS OLD.account_bank AND NEW.account_number IS OLD.account_number
      AND NEW.account_holder IS OLD.account_holder AND NEW.account_due_us IS OLD.account_due_us
      AND NEW.failure_reason IS OLD.failure_reason AND NEW.started_at_us IS OLD.started_at_us
      AND NEW.status_at_us IS OLD.status_at_us AND NEW.paid_at_us IS OLD.paid_at_us
      AND NEW.updated_at_us IS OLD.updated_at_us AND NEW.disputes IS OLD.disputes
      AND NEW.chargebacks IS OLD.chargebacks AND NEW.asked_at_ms IS OLD.asked_at_ms)
BEGIN SELECT RAISE(ABORT, 'snapshots are evidence: only the body may become NULL'); END;

CREATE TRIGGER snapshot_stays BEFORE DELETE ON snapshot
BEGIN SELECT RAISE(ABORT, 'snapshots are evidence: they are never deleted'); END;

CREATE TRIGGER snapshot_repeat_is_evidence BEFORE UPDATE ON snapshot_repeat
BEGIN SELECT RAISE(ABORT, 'repeated answers are evidence: they are never changed'); END;
CREATE TRIGGER snapshot_repeat_stays BEFORE DELETE ON snapshot_repeat
BEGIN SELECT RAISE(ABORT, 'repeated answers are evidence: they are never deleted'); END;

CREATE TRIGGER expected_order_is_evidence BEFORE UPDATE ON expected_order
BEGIN SELECT RAISE(ABORT, 'orders are evidence: a change is a new row'); END;
CREATE TRIGGER expected_order_stays BEFORE DELETE ON expected_order
BEGIN SELECT RAISE(ABORT, 'orders are evidence: they are never deleted'); END;

CREATE TRIGGER configuration_is_evidence BEFORE UPDATE ON configuration
BEGIN SELECT RAISE(ABORT, 'the configuration is evidence: a change is a new row'); END;
CREATE TRIGGER configuration_stays BEFORE DELETE ON configuration
BEGIN SELECT RAISE(ABORT, 'the configuration is evidence: it is never deleted'); END;

CREATE TRIGGER timer_mark_is_evidence BEFORE UPDATE ON timer_mark
BEGIN SELECT RAISE(ABORT, 'timer marks are evidence: they are never changed'); END;
CREATE TRIGGER timer_mark_stays BEFORE DELETE ON timer_mark
BEGIN SELECT RAISE(ABORT, 'timer marks are evidence: they are never deleted'); END;

CREATE TRIGGER transition_is_history BEFORE UPDATE ON transition
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER transition_stays BEFORE DELETE ON transition
WHEN EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)
             WHERE i.subject = OLD.payment_id)
BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;

-- REPLACE takes a row away without asking the triggers above. (Where the number is left to SQLite,
-- NEW carries -1.)
CREATE TRIGGER event_is_not_replaced BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE event_id = NEW.event_id)
BEGIN SELECT RAISE(ABORT, 'events are evidence'); END;
CREATE TRIGGER snapshot_is_not_replaced BEFORE INSERT ON snapshot
WHEN EXISTS (SELECT 1 FROM snapshot WHERE snapshot_id = NEW.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'snapshots are evidence'); END;
CREATE TRIGGER expected_order_is_not_replaced BEFORE INSERT ON expected_order
WHEN EXISTS (SELECT 1 FROM expected_order WHERE order_id = NEW.order_id)
BEGIN SELECT RAISE(ABORT, 'orders are evidence'); END;
CREATE TRIGGER configuration_is_not_replaced BEFORE INSERT ON configuration
WHEN EXISTS (SELECT 1 FROM configuration WHERE configuration_id = NEW.configuration_id)
BEGIN SELECT RAISE(ABORT, 'the configuration is evidence'); END;
CREATE TRIGGER timer_mark_is_not_replaced BEFORE INSERT ON timer_mark
WHEN EXISTS (SELECT 1 FROM timer_mark WHERE mark_id = NEW.mark_id)
BEGIN SELECT RAISE(ABORT, 'timer marks are evidence'); END;
CREATE TRIGGER transition_is_not_replaced BEFORE INSERT ON transition
WHEN EXISTS (SELECT 1 FROM transition WHERE transition_id = NEW.transition_id)
BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;

-- No payment is decided without PortOne's answer, and none by hand. --------------------------
-- These hold in the sqlite3 shell too, where foreign keys are off unless asked for.

CREATE TRIGGER payment_begins_undecided BEFORE INSERT ON payment
WHEN NEW.result <> 'none' AND NOT EXISTS (
  SELECT 1 FROM snapshot s
  WHERE s.snapshot_id = NEW.deciding_snapshot_id AND s.payment_id = NEW.payment_id
    AND (s.result = NEW.result OR NEW.result IN ('ready', 'pending')))
BEGIN SELECT RAISE(ABORT, 'a result needs an answer of PortOne that says so'); END;

CREATE TRIGGER payment_follows_portone BEFORE UPDATE ON payment
WHEN NEW.result <> 'none' AND NOT EXISTS (
  SELECT 1 FROM snapshot s
  WHERE s.snapshot_id = NEW.deciding_snapshot_id AND s.payment_id = NEW.payment_id
    AND (s.result = NEW.result OR NEW.result IN ('ready', 'pending')))
BEGIN SELECT RAISE(ABORT, 'a result needs an answer of PortOne that says so'); END;

CREATE TRIGGER payment_changes_have_history BEFORE UPDATE ON payment
WHEN NEW.version <> OLD.version + 1
 AND (NEW.result IS NOT OLD.result OR NEW.deliverable IS NOT OLD.deliverable
   OR NEW.authority IS NOT OLD.authority OR NEW.ui_state IS NOT OLD.ui_state
   OR NEW.webhook_status IS NOT OLD.webhook_status OR NEW.payment_id IS NOT OLD.payment_id)
BEGIN SELECT RAISE(ABORT, 'payments change through the daemon, which writes history'); END;

-- But for those that only an invented, unsigned message ever named, once that is gone.
CREATE TRIGGER payment_stays BEFORE DELETE ON payment
WHEN OLD.result <> 'none'
  OR EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = OLD.payment_id)
  OR EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)
             WHERE i.subject = OLD.payment_id)
BEGIN SELECT RAISE(ABORT, 'payments are never deleted'); END;

-- Views for people. ---------------------------------------------------------------------------
-- Their times are in the configured time zone, whose offset the daemon keeps in `meta`.

CREATE VIEW overview AS
  -- A row a payment, the newest change first. Money in minor units: 64900 KRW is 64,900 won.
  SELECT p.payment_id, p.result, CASE p.deliverable WHEN 1 THEN 'yes' ELSE 'no' END AS deliverable,
         coalesce(p.expected_amount, '-') AS ordered, coalesce(p.total_amount, '-') AS paid,
         coalesce(p.currency, p.expected_currency) AS cur,
         p.authority,
         (SELECT group_concat(f.kind, ' ') FROM finding f
           WHERE f.payment_id = p.payment_id AND f.open = 1) AS open_findings,
         strftime('%m-%d %H:%M', p.updated_at_ms / 1000 + z.offset, 'unixepoch') AS updated_at
  FROM payment p, (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  ORDER BY p.updated_at_ms DESC, p.payment_no DESC;

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
    SELECT t.at_ms, t.payment_id, 'transition', t.transition_id, 3,
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
      FROM transition t
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

CREATE VIEW stuck AS
  -- Open payments that nothing more is planned for though somebody called them decided, once each.
  SELECT p.payment_id, p.result, p.ui_state, p.webhook_status, f.detail,
         strftime('%Y-%m-%d %H:%M:%S', f.opened_at_ms / 1000 + z.offset, 'unixepoch') AS since
  FROM finding f JOIN payment p USING (payment_id),
       (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  WHERE f.kind = 'stuck' AND f.open = 1
  ORDER BY f.finding_id;

CREATE VIEW open_findings AS
  -- What a person should look at now.
  SELECT f.finding_id, f.kind, f.payment_id, f.detail,
         strftime('%Y-%m-%d %H:%M:%S', f.opened_at_ms / 1000 + z.offset, 'unixepoch') AS opened_at
  FROM finding f,
       (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  WHERE f.open = 1 ORDER BY f.finding_id;

CREATE VIEW inbox AS
  -- Events that are not reconciled yet, the oldest first.
  SELECT e.event_id,
         strftime('%Y-%m-%d %H:%M:%S', e.received_at_ms / 1000 + z.offset, 'unixepoch')
           AS received_at,
         e.source, e.api, e.kind, e.type, e.payment_id, e.attempt_id, g.copies, g.tries
  FROM event_progress g JOIN event e USING (event_id),
       (SELECT CAST(value AS INTEGER) AS offset FROM meta WHERE key = 'utc_offset_s') z
  WHERE g.processed_at_ms IS NULL ORDER BY g.event_id;
