-- Run when the data folder is created, and by hand after a change of passwords.
\set superuser `cat /run/secrets/postgres/password`
\set reckoner `cat /run/secrets/database/password`
ALTER ROLE postgres PASSWORD :'superuser';
ALTER ROLE reckoner PASSWORD :'reckoner';
