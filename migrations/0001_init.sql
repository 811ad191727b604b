-- The first schema: streams, their blocks, the journal of recent commits, and what the collector needs to go
-- on. Times are whole seconds since 1970 plus nanoseconds, so that years 0000 to 9999 fit; lines are numbered
-- per stream for ever.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value NOT NULL
) WITHOUT ROWID;

-- One container instance's log. Ids are never used again: cursors name them.
CREATE TABLE stream (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  namespace TEXT NOT NULL,
  pod TEXT NOT NULL,
  pod_uid TEXT NOT NULL,
  container TEXT NOT NULL,
  restart INTEGER NOT NULL,
  node TEXT NOT NULL,
  -- Further labels as a JSON object.
  labels TEXT NOT NULL DEFAULT '{}',
  -- Lines with a smaller number lie in blocks (or were swept); the others lie in the journal.
  sealed_line INTEGER NOT NULL DEFAULT 0,
  -- Of the blocks that are still there.
  lines INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  first_sec INTEGER,
  first_ns INTEGER,
  last_sec INTEGER,
  last_ns INTEGER,
  -- Structure version of the last change to this row: readers reload only what changed.
  version INTEGER NOT NULL DEFAULT 0,
  UNIQUE (namespace, pod, pod_uid, container, restart, node)
);
-- Serves: which streams changed since a reader last looked.
CREATE INDEX stream_version ON stream (version);

-- Header of a sealed group of lines of one stream, in arrival order.
CREATE TABLE block (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id INTEGER NOT NULL,
  first_line INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  min_sec INTEGER NOT NULL,
  min_ns INTEGER NOT NULL,
  max_sec INTEGER NOT NULL,
  max_ns INTEGER NOT NULL,
  -- 1 where no line is older than the one before it.
  ascending INTEGER NOT NULL,
  commit_min INTEGER NOT NULL,
  commit_max INTEGER NOT NULL,
  arrival_min INTEGER NOT NULL,
  arrival_max INTEGER NOT NULL,
  -- How often it was merged; 100 where it is full.
  tier INTEGER NOT NULL,
  detector_version INTEGER NOT NULL,
  -- Nine variable-length integers: lines per level code, gap records last.
  level_counts BLOB NOT NULL
);
-- Serves: neighbours for merging, the block that holds a line.
CREATE UNIQUE INDEX block_line ON block (stream_id, first_line);
-- Serves: newest blocks of few streams.
CREATE INDEX block_stream_time ON block (stream_id, max_sec, min_sec);
-- Serves: newest blocks of all streams, and blocks across a moment.
CREATE INDEX block_time ON block (max_sec, min_sec, stream_id);
-- Serves: tails that are behind the journal.
CREATE INDEX block_commit ON block (commit_max, commit_min, stream_id);
-- Serves: retention, oldest arrival first.
CREATE INDEX block_arrival ON block (arrival_max);

-- Columns stand before the body, so that reading them leaves the body's pages alone.
CREATE TABLE block_data (
  block_id INTEGER PRIMARY KEY,
  runs BLOB NOT NULL,
  columns BLOB NOT NULL,
  body BLOB NOT NULL
);

-- A table of their own, written together: a scan over all filters reads neighbouring pages.
CREATE TABLE block_filter (
  block_id INTEGER PRIMARY KEY,
  bits BLOB NOT NULL
);

-- Recent commits, lines of all streams together. A row holds one commit, or several neighbouring ones folded.
CREATE TABLE journal (
  last_commit INTEGER PRIMARY KEY,
  first_commit INTEGER NOT NULL,
  arrival_min INTEGER NOT NULL,
  arrival_max INTEGER NOT NULL,
  -- How often it was folded.
  tier INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  -- File positions of these commits; sealing folds them into the table `file`.
  moves BLOB NOT NULL,
  -- Directory and columns.
  head BLOB NOT NULL,
  body BLOB NOT NULL
);

-- A log file that exists (or is still read): which one it is and how far it is stored, unless the journal
-- knows better.
CREATE TABLE file (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id INTEGER NOT NULL,
  device TEXT NOT NULL,
  inode TEXT NOT NULL,
  name TEXT NOT NULL,
  gzip INTEGER NOT NULL,
  state TEXT NOT NULL,
  head_length INTEGER NOT NULL,
  head_hash INTEGER NOT NULL,
  position INTEGER NOT NULL,
  tail_length INTEGER NOT NULL,
  tail_hash INTEGER NOT NULL,
  last_levels INTEGER NOT NULL
);
-- Serves: whether a stream is still present on the node.
CREATE INDEX file_stream ON file (stream_id);

-- Pieces of lines that have not ended, in the order in which they were read.
CREATE TABLE fragment (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  stream_id INTEGER NOT NULL,
  iostream INTEGER NOT NULL,
  sec INTEGER NOT NULL,
  ns INTEGER NOT NULL,
  attributes INTEGER NOT NULL,
  bytes BLOB NOT NULL
);
-- Serves: removing the pieces of a line that has ended.
CREATE INDEX fragment_stream ON fragment (stream_id, iostream);
