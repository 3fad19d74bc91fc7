#!/bin/sh
# restore_command of a restored cluster: fetches one segment of log from the repository.
#
# PostgreSQL takes every status up to 125 for "there is no more", ends recovery there and opens the database, with what the log would
# have brought missing. pgBackRest says 1 for a segment that is not there, and 42 and the like for one that it cannot read. A damaged
# segment in the middle must not look like the end: it becomes 255, on which PostgreSQL gives the recovery up.
pgbackrest --stanza="${STANZA:-stockroom}" archive-get "$1" "$2"
status=$?
[ "$status" -le 1 ] || exit 255
exit "$status"
