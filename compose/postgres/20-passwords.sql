-- Run when the data folder is made, and by hand after the passwords were changed.
\set superuser `cat /run/secrets/postgres/password`
\set reckoner `cat /run/secrets/database/password`
ALTER ROLE postgres PASSWORD :'superuser';
ALTER ROLE reckoner PASSWORD :'reckoner';
