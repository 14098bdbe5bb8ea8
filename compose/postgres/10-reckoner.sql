-- Run when the data folder is created, and by the service `roles` at each `up`, which completes a creation that
-- was interrupted: Reckoner's role, which is no superuser, and its database, which nobody else may use.
SELECT 'CREATE ROLE reckoner LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reckoner') \gexec
SELECT 'CREATE DATABASE reckoner OWNER reckoner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'reckoner') \gexec
REVOKE ALL ON DATABASE reckoner FROM PUBLIC;
