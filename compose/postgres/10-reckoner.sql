-- Run once, when the data folder is created: Reckoner's role, which is no superuser, and its database,
-- which nobody else may use.
CREATE ROLE reckoner LOGIN;
CREATE DATABASE reckoner OWNER reckoner;
REVOKE ALL ON DATABASE reckoner FROM PUBLIC;
