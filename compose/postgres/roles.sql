-- Reckoner's roles, run by a superuser in the database reckoner at each start, so that an existing
-- database gets them too. What is there stays, but for rights and passwords, which are set anew.
--
--   reckoner       owns the database and migrates
--   reckoner_app   gateways, relays and workers: rows only
--   reckoner_keys  `reckoner key`: the rows of API keys
--
-- What each may do with each table is granted after each upgrade of the schema: migrations/grants.py.
-- Whoever runs this replaces :'owner_password', :'app_password' and :'keys_password'.
BEGIN;
-- No password goes to the server's log.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL client_min_messages = 'warning';
SET LOCAL password_encryption = 'scram-sha-256';
-- One at a time: two that alter the same role at once fail.
DO $$
DECLARE
    role text;
BEGIN
    PERFORM pg_advisory_xact_lock(7325663438);
    FOREACH role IN ARRAY ARRAY['reckoner_app', 'reckoner_keys'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I', role);
        END IF;
    END LOOP;
END $$;

ALTER ROLE reckoner PASSWORD :'owner_password';
ALTER ROLE reckoner_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'app_password';
ALTER ROLE reckoner_keys LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'keys_password';

-- Names mean the objects of the schema public, whatever else somebody may have created.
ALTER ROLE reckoner_app SET search_path = public, pg_temp;
ALTER ROLE reckoner_keys SET search_path = public, pg_temp;

-- By default every role may connect to each database and create temporary tables there, and up to
-- PostgreSQL 14 tables in the schema public.
REVOKE ALL ON DATABASE reckoner, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE reckoner TO reckoner_app, reckoner_keys;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO reckoner;
GRANT USAGE ON SCHEMA public TO reckoner_app, reckoner_keys;
COMMIT;
