-- Who reads for Grafana's boards: results, and nothing else. Run it once there are tables, as their
-- owner who may make roles, and again after a version that brings new ones; it may be run as often
-- as one likes:
--   HEADWIND_READER_PASSWORD=… psql --no-psqlrc postgresql://headwind@…/headwind -f deploy/grafana/reader.sql
--
-- Whoever may ask a question in Grafana may ask this role anything. So what nobody may read is what
-- is not granted; the settings at the end only spare the database questions that are too large, and
-- a session may set them otherwise.
\set ON_ERROR_STOP on
\set password ''
\getenv password HEADWIND_READER_PASSWORD

BEGIN;

-- To be without a password would be no error of the database's.
SELECT :'password' = '' AS missing \gset
\if :missing
DO $$ BEGIN RAISE EXCEPTION 'HEADWIND_READER_PASSWORD is not set; write a long random one'; END $$;
\endif

SELECT 'CREATE ROLE headwind_reader'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'headwind_reader') \gexec
ALTER ROLE headwind_reader LOGIN CONNECTION LIMIT 20 PASSWORD :'password';

-- What an earlier version granted and this one does not is taken back.
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM headwind_reader;
-- Everybody may make tables that last for a session, and before PostgreSQL 15 others too.
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

GRANT CONNECT ON DATABASE :"DBNAME" TO headwind_reader;
GRANT USAGE ON SCHEMA public TO headwind_reader;

-- Results. `value` is cut by month: a question to the whole needs rights on the whole alone, so
-- months that are made later need no grant. There are no default privileges, on purpose: a table
-- that comes with a later version is read only once it stands here.
GRANT SELECT ON value, expected, signal, alert, shock, quality, beside, mark TO headwind_reader;
-- Where they came from, who belongs together, and how the work goes.
GRANT SELECT ON source, setting, position, worker, delivery TO headwind_reader;
GRANT SELECT (stage, partition, position, received) ON log TO headwind_reader;
GRANT SELECT (id, alert, transition, agency, created) ON outbox TO headwind_reader;
-- The quarantine, without what was sent.
GRANT SELECT (id, agency, received, origin, event_source, event_id, event_type, problems) ON refused
    TO headwind_reader;
-- Not granted: events (log.body, refused.payload), state (snapshot), messages (outbox.payload), keys
-- (api_key), names of files (load), and what people wrote (silence).

ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET default_transaction_read_only = on;
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET statement_timeout = '30s';
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET lock_timeout = '5s';
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET timezone = 'UTC';
-- A board's question takes milliseconds: to compile it, or to start processes for it, takes longer.
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET jit = off;
ALTER ROLE headwind_reader IN DATABASE :"DBNAME" SET max_parallel_workers_per_gather = 0;

COMMIT;
