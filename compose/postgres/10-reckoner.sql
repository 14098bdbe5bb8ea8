-- Run once, when the data folder is made: Reckoner's own role, which is no superuser, and its
-- database. PUBLIC has no business in it.
\set password `cat /run/secrets/database_password`
CREATE ROLE reckoner LOGIN PASSWORD :'password';
CREATE DATABASE reckoner OWNER reckoner;
REVOKE ALL ON DATABASE reckoner FROM PUBLIC;
