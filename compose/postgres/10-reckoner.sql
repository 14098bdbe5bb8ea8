-- Run once, when the data folder is made: Reckoner's own role, which is no superuser, and its
-- database. PUBLIC has no business in it.
CREATE ROLE reckoner LOGIN;
CREATE DATABASE reckoner OWNER reckoner;
REVOKE ALL ON DATABASE reckoner FROM PUBLIC;
