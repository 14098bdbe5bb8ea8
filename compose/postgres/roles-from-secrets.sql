-- For psql in the service `roles`, as a superuser.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/database/password`
\set app_password `cat /run/secrets/app/password`
\set keys_password `cat /run/secrets/keys/password`
\ir roles.sql
