-- PostgreSQL only: how the bytes of the journal are stored.
SELECT 1;
