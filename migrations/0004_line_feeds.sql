-- Whether lines of a block hold line feeds of their own: a search for text need not look at the columns of
-- one whose lines do not. NULL: the block was written before this was noted.
ALTER TABLE block ADD COLUMN holds_line_feeds INTEGER;
