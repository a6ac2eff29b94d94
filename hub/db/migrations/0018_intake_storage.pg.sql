-- What is handed over is stored as it stands: most of a large mail is base64, and to try to compress that costs more than all
-- the rest of taking it. Out of the row, filing does not write it a second time either.

ALTER TABLE journal ALTER COLUMN raw SET STORAGE EXTERNAL;
