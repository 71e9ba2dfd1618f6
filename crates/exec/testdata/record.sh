#!/bin/sh
# Records the expectations of the golden sessions from a PostgreSQL server:
#   PGHOST=… PGPORT=… testdata/record.sh [file.sql …]
# A file whose first line holds the word "recorded-by-hand" is left alone.
cd "$(dirname "$0")" || exit 1
[ $# -gt 0 ] || set -- *.sql
for file; do
    head -1 "$file" | grep -q recorded-by-hand && continue
    psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS golden' -c "CREATE DATABASE golden TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'" >/dev/null 2>&1
    psql -X -q -d golden -c "ALTER DATABASE golden SET timezone = 'UTC'" >/dev/null 2>&1
    psql -X -A -a -d golden -v VERBOSITY=verbose <"$file" 2>&1 | grep -v '^LOCATION:' >"${file%.sql}.out"
done
