#!/usr/bin/env bash
# Backups of a Stockroom database, for cron, a container or a hand at the keyboard. Runs as the user that owns the cluster.
#
#   stockroom-backup.sh full | diff   a base backup by pgBackRest
#   stockroom-backup.sh due           a full one when the newest is older than a week, else a differential one when the newest
#                                     backup is older than a day, else nothing
#   stockroom-backup.sh dump          a logical dump, gone before it is DUMP_KEEP_DAYS old; of the database that libpq's PG* variables name
#   stockroom-backup.sh verify        whether all that is in the repository is as it was written, and no log is missing in between
#   stockroom-backup.sh check         the same, and whether log reaches the repository now
#   stockroom-backup.sh age SECONDS   fails when the newest backup is older than this, or there is none; for a health check
#   stockroom-backup.sh loop          "due" every ten minutes, "dump" and "check" once a day; for a container
#
# Exit status 0: done, or nothing to do. Every failure is a line on standard error and a status that is not 0.
set -euo pipefail

STANZA=${STANZA:-stockroom}
HERE=$(cd "$(dirname "$0")" && pwd)
DUMP_DIR=${DUMP_DIR:-/var/lib/stockroom-dumps}
DUMP_KEEP_DAYS=${DUMP_KEEP_DAYS:-14}
FULL_EVERY_SECONDS=$((7 * 24 * 3600))
DIFF_EVERY_SECONDS=$((24 * 3600))
# A run that starts a little earlier than the one before it would find that one not old enough, and leave a day out.
SLACK_SECONDS=1800

say() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }
fail() { say "FAILED: $*" >&2; exit 1; }

backrest() { pgbackrest --stanza="$STANZA" "$@"; }

# Seconds since the newest backup of a type (a regular expression) ended; nothing when there is none.
age_of() {
  backrest info --output=json --log-level-console=error |
    jq -r --arg type "^($1)\$" '[.[].backup[] | select((.error // false | not) and (.type | test($type))) | .timestamp.stop]
      | if length > 0 then (now | floor) - max else "" end'
}

backup() {
  say "$1 backup"
  backrest --type="$1" backup
}

due() {
  local full any
  full=$(age_of full) || fail 'the repository does not say what it has'
  any=$(age_of 'full|diff|incr') || fail 'the repository does not say what it has'
  if [ -z "$full" ] || [ "$full" -ge $((FULL_EVERY_SECONDS - SLACK_SECONDS)) ]; then
    backup full
  elif [ "$any" -ge $((DIFF_EVERY_SECONDS - SLACK_SECONDS)) ]; then
    backup diff
  else
    say 'nothing is due'
  fi
}

# Each run removes what would be too old before the next, a day later, and does so before it dumps: what people were promised to be gone
# goes even while dumps fail. The newest stays however old it is, because it may be the only one.
expire_dumps() {
  local keep_minutes=$(((DUMP_KEEP_DAYS - 1) * 24 * 60)) newest
  newest=$(find "$DUMP_DIR" -name 'stockroom-*.dump' | sort | tail -n 1)
  find "$DUMP_DIR" -name 'stockroom-*.dump' ! -path "$newest" -mmin "+$keep_minutes" -delete
}

# Whole before it has its name: what is named *.dump was finished, and its list of contents read back.
dump() {
  local name part listed
  mkdir -p "$DUMP_DIR"
  # One at a time, so that a *.part is what a run left that broke off, and not what another is writing.
  exec 9>>"$DUMP_DIR/.lock"
  flock -n 9 || fail "another dump into $DUMP_DIR is running"
  expire_dumps
  name="$DUMP_DIR/stockroom-$(date -u +%Y%m%dT%H%M%SZ).dump"
  part="$name.part"
  rm -f "$DUMP_DIR"/*.part
  (umask 077 && pg_dump --format=custom --compress=6 --file="$part")
  listed=$(pg_restore --list "$part")
  grep -q 'TABLE DATA public stock_data' <<<"$listed" || fail "$part has no bars in it"
  sync "$part"
  mv "$part" "$name"
  say "dumped $(stat -c %s "$name") bytes to $name"
}

# pgBackRest's "verify" ends with 0 whatever it found, so that its words count; and it does not look for log that is missing.
verify() {
  local found
  "$HERE/stockroom-restore.sh" --look || fail 'log is missing; see the line above'
  found=$(backrest verify --output=text --verbose 2>&1) || { printf '%s\n' "$found" >&2; fail 'the repository cannot be verified'; }
  printf '%s\n' "$found"
  if ! grep -q 'status: ok' <<<"$found" || grep -Eq 'ERROR|status: (error|invalid)|(missing|invalid|other): [1-9]' <<<"$found"; then
    fail 'the repository is damaged; see the lines above'
  fi
}

check() {
  backrest check
  verify
}

age() {
  local found
  found=$(age_of 'full|diff|incr')
  [ -n "$found" ] || fail 'there is no backup'
  [ "$found" -le "${1:?seconds}" ] || fail "the newest backup is $found seconds old"
  say "the newest backup is $found seconds old"
}

# Each step is a process of its own, so that one that fails ends itself and not the loop.
loop() {
  local checked=0
  trap 'exit 0' TERM INT
  backrest stanza-create
  while :; do
    "$0" due || say 'the backup is tried again in ten minutes' >&2
    if [ -z "$(find "$DUMP_DIR" -name 'stockroom-*.dump' -mmin "-$(((DIFF_EVERY_SECONDS - SLACK_SECONDS) / 60))")" ]; then
      "$0" dump || say 'the dump is tried again in ten minutes' >&2
    fi
    if [ $(($(date +%s) - checked)) -ge "$DIFF_EVERY_SECONDS" ]; then
      if "$0" check; then checked=$(date +%s); else say 'the check is made again in ten minutes' >&2; fi
    fi
    sleep 600 &
    wait $!
  done
}

case ${1:-} in
  full | diff) backup "$1" ;;
  due | dump | verify | check | loop) "$1" ;;
  age) age "${2:-}" ;;
  *) sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
