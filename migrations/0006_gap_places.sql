-- What a gap record needs to know after a restart: where it belongs in time, and that there was more.

-- Time of the stream's last line when the position was stored; null: none that can be believed.
ALTER TABLE file ADD COLUMN last_sec INTEGER;
ALTER TABLE file ADD COLUMN last_ns INTEGER NOT NULL DEFAULT 0;
-- Bytes of the file behind the position, as far as they were known when it was stored.
ALTER TABLE file ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
