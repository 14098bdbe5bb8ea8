-- Run when the data folder is created, and by hand after a change of passwords.
-- No password goes to the server's log, as one of a statement that fails or is slow.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';
\set superuser `cat /run/secrets/postgres/password`
\set reckoner `cat /run/secrets/database/password`
ALTER ROLE postgres PASSWORD :'superuser';
ALTER ROLE reckoner PASSWORD :'reckoner';
