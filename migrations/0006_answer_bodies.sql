-- PortOne's answers as they came stand apart from what was read of them. What retention takes away then
-- lies together: whole pages come free for what comes next, and the file does not grow by them for ever.
-- (Answers of before keep theirs in `snapshot` until retention takes it.)

CREATE TABLE snapshot_body (
  -- One answer, redacted; leaves with retention.
  snapshot_id INTEGER PRIMARY KEY REFERENCES snapshot (snapshot_id),
  body        TEXT NOT NULL
) STRICT;

CREATE TRIGGER snapshot_body_is_evidence BEFORE UPDATE ON snapshot_body
BEGIN SELECT RAISE(ABORT, 'answers are evidence: they only leave'); END;
CREATE TRIGGER snapshot_body_is_not_replaced BEFORE INSERT ON snapshot_body
WHEN EXISTS (SELECT 1 FROM snapshot_body WHERE snapshot_id = NEW.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'answers are evidence: they only leave'); END;
