-- Counts over time of each block, so that a histogram reads no columns; and the size of each part of the
-- database, kept by triggers so that it is exact and free to ask.

-- Lines per span of time, level and iostream (src/store/count-cells.ts). Blocks written before have no row.
-- A table of their own: a histogram reads neighbouring pages.
CREATE TABLE block_counts (
  block_id INTEGER PRIMARY KEY,
  cells BLOB NOT NULL
);

CREATE TABLE part_size (
  part TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;

-- Blocks are looked at once: there may be hundreds of thousands.
WITH stored (bodies, columns) AS MATERIALIZED
  (SELECT coalesce(sum(length(body)), 0), coalesce(sum(length(columns) + length(runs)), 0) FROM block_data)
INSERT INTO part_size (part, bytes)
  SELECT 'bodies', bodies FROM stored
  UNION ALL SELECT 'columns', columns FROM stored
  UNION ALL SELECT 'filters', coalesce(sum(length(bits)), 0) FROM block_filter
  UNION ALL SELECT 'counts', 0
  UNION ALL SELECT 'journal', coalesce(sum(length(head) + length(body) + length(moves)), 0) FROM journal;

CREATE TRIGGER block_data_added AFTER INSERT ON block_data BEGIN
  UPDATE part_size SET bytes = bytes + length(new.body) WHERE part = 'bodies';
  UPDATE part_size SET bytes = bytes + length(new.columns) + length(new.runs) WHERE part = 'columns';
END;
CREATE TRIGGER block_data_removed AFTER DELETE ON block_data BEGIN
  UPDATE part_size SET bytes = bytes - length(old.body) WHERE part = 'bodies';
  UPDATE part_size SET bytes = bytes - length(old.columns) - length(old.runs) WHERE part = 'columns';
END;
CREATE TRIGGER block_filter_added AFTER INSERT ON block_filter BEGIN
  UPDATE part_size SET bytes = bytes + length(new.bits) WHERE part = 'filters';
END;
CREATE TRIGGER block_filter_removed AFTER DELETE ON block_filter BEGIN
  UPDATE part_size SET bytes = bytes - length(old.bits) WHERE part = 'filters';
END;
CREATE TRIGGER block_counts_added AFTER INSERT ON block_counts BEGIN
  UPDATE part_size SET bytes = bytes + length(new.cells) WHERE part = 'counts';
END;
CREATE TRIGGER block_counts_removed AFTER DELETE ON block_counts BEGIN
  UPDATE part_size SET bytes = bytes - length(old.cells) WHERE part = 'counts';
END;
CREATE TRIGGER journal_added AFTER INSERT ON journal BEGIN
  UPDATE part_size SET bytes = bytes + length(new.head) + length(new.body) + length(new.moves)
    WHERE part = 'journal';
END;
CREATE TRIGGER journal_removed AFTER DELETE ON journal BEGIN
  UPDATE part_size SET bytes = bytes - length(old.head) - length(old.body) - length(old.moves)
    WHERE part = 'journal';
END;
