-- Filters of many blocks turned, so that what a text excludes is read for all of them at once: a bit of each
-- lies side by side with those of the others (src/store/filter-packs.ts).

CREATE TABLE filter_pack (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Of each filter.
  bits INTEGER NOT NULL,
  -- Per slot: the block's id, its stream, and its first and last second.
  blocks BLOB NOT NULL,
  -- Blocks of it that have not been deleted; without any it goes.
  live INTEGER NOT NULL,
  -- Of all its blocks.
  min_sec INTEGER NOT NULL,
  max_sec INTEGER NOT NULL
);
-- Serves: newest packs, and packs across a moment.
CREATE INDEX filter_pack_time ON filter_pack (max_sec, min_sec);

-- Some hashes' bits of a pack.
CREATE TABLE filter_slice (
  -- Number of the pack x 4096 + number of the slice.
  id INTEGER PRIMARY KEY,
  bits BLOB NOT NULL
);

-- Number of the pack x 64 + slot, where the block's filter lies in a pack. Else it lies in `block_filter`; or
-- the block has none.
ALTER TABLE block ADD COLUMN packed INTEGER;
-- Serves: newest blocks outside packs, and blocks across a moment.
CREATE INDEX block_unpacked ON block (max_sec, min_sec, stream_id) WHERE packed IS NULL;

-- Arrival after which the block is not merged any more; 0: it never is.
ALTER TABLE block_filter ADD COLUMN ready_sec INTEGER NOT NULL DEFAULT 0;
-- Serves: filters that may be packed.
CREATE INDEX block_filter_ready ON block_filter (ready_sec);

CREATE TRIGGER block_removed_from_pack AFTER DELETE ON block WHEN old.packed IS NOT NULL BEGIN
  UPDATE filter_pack SET live = live - 1 WHERE id = old.packed / 64;
  DELETE FROM filter_slice WHERE id BETWEEN old.packed / 64 * 4096 AND old.packed / 64 * 4096 + 4095
    AND EXISTS (SELECT 1 FROM filter_pack WHERE id = old.packed / 64 AND live = 0);
  DELETE FROM filter_pack WHERE id = old.packed / 64 AND live = 0;
END;

CREATE TRIGGER filter_pack_added AFTER INSERT ON filter_pack BEGIN
  UPDATE part_size SET bytes = bytes + length(new.blocks) WHERE part = 'filters';
END;
CREATE TRIGGER filter_pack_removed AFTER DELETE ON filter_pack BEGIN
  UPDATE part_size SET bytes = bytes - length(old.blocks) WHERE part = 'filters';
END;
CREATE TRIGGER filter_slice_added AFTER INSERT ON filter_slice BEGIN
  UPDATE part_size SET bytes = bytes + length(new.bits) WHERE part = 'filters';
END;
CREATE TRIGGER filter_slice_removed AFTER DELETE ON filter_slice BEGIN
  UPDATE part_size SET bytes = bytes - length(old.bits) WHERE part = 'filters';
END;

-- Filters above 8 KiB know more of their text than those of before did, by which texts would be excluded
-- wrongly. Blocks of before are searched without one.
DELETE FROM block_filter WHERE length(bits) > 8192;
