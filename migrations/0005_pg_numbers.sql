-- The payment gateways' own numbers, as bank statements and their consoles have them. They decide
-- nothing; a payment is found by them.

CREATE TABLE pg_number (
  -- From PortOne's answers: V1's pg_tid, V2's pgTxId.
  pg_number  TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  PRIMARY KEY (pg_number, payment_id)
) STRICT, WITHOUT ROWID;

-- Of answers that retention has left; V1's never held it.
INSERT OR IGNORE INTO pg_number (pg_number, payment_id)
SELECT number, payment_id FROM (
  SELECT CASE WHEN json_valid(body) THEN json_extract(body, '$.pgTxId') END AS number, payment_id
    FROM snapshot WHERE api = 'v2' AND body IS NOT NULL) stored
 WHERE typeof(number) = 'text' AND length(number) BETWEEN 1 AND 200
 ORDER BY 1, 2;
