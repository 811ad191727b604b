-- What listings show of streams: gap records are in no count, and the times of broken clocks in neither the
-- first nor the last time.

ALTER TABLE stream ADD COLUMN gaps INTEGER NOT NULL DEFAULT 0;
-- Bytes of their records, without line ends.
ALTER TABLE stream ADD COLUMN gap_bytes INTEGER NOT NULL DEFAULT 0;

-- Blocks that hold gap records or lines of broken clocks: few. What is left of each without them; no time
-- where nothing is.
CREATE TABLE block_exception (
  block_id INTEGER PRIMARY KEY,
  stream_id INTEGER NOT NULL,
  gaps INTEGER NOT NULL,
  gap_bytes INTEGER NOT NULL,
  first_sec INTEGER,
  first_ns INTEGER,
  last_sec INTEGER,
  last_ns INTEGER
);
-- Serves: the first and last time of a stream of which blocks were deleted.
CREATE INDEX block_exception_stream ON block_exception (stream_id);
-- Serves: the same, of its other blocks.
CREATE INDEX block_stream_first ON block (stream_id, min_sec);

-- Blocks written before do not say which of their lines have a broken clock: those are left without a time.
INSERT INTO block_exception (block_id, stream_id, gaps, gap_bytes)
  SELECT id, stream_id, 0, 0 FROM block WHERE min_sec < 946684800 OR max_sec > arrival_max + 86400;
UPDATE stream SET
  (first_sec, first_ns) = (SELECT min_sec, min_ns FROM block WHERE stream_id = stream.id
    AND block.id NOT IN (SELECT block_id FROM block_exception) ORDER BY min_sec, min_ns LIMIT 1),
  (last_sec, last_ns) = (SELECT max_sec, max_ns FROM block WHERE stream_id = stream.id
    AND block.id NOT IN (SELECT block_id FROM block_exception) ORDER BY max_sec DESC, max_ns DESC LIMIT 1)
WHERE id IN (SELECT stream_id FROM block_exception);
