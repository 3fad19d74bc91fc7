#!/usr/bin/env bash
# Restores the cluster from the pgBackRest repository. Runs as the user that owns the cluster, with the server stopped.
#
#   stockroom-restore.sh                                        to the last moment that the repository has
#   stockroom-restore.sh --to '2026-11-21 14:05:00+00'          to a moment: everything committed until then, nothing after it
#   stockroom-restore.sh --to '…' --timeline 1                  to a moment before an earlier restore, on the line of that time
#   stockroom-restore.sh --backup 20261115-010003F              from that backup, of "pgbackrest info", and not from the newest that fits
#   stockroom-restore.sh --look                                 restores nothing: only whether log is missing in between
#
# Then start the server. It replays the log and opens for connections when it has arrived; if it cannot arrive it ends, and its log says
# why. Nothing in the repository is changed.
set -euo pipefail

STANZA=${STANZA:-stockroom}
HERE=$(cd "$(dirname "$0")" && pwd)
target=()
from=()
label=
before=99999999999
timeline=latest
look=

fail() { printf 'REFUSED: %s\n' "$*" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case $1 in
    --to)
      [[ ${2:-} =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9:.]+([+-][0-9]{2}(:?[0-9]{2})?)$ ]] ||
        fail "--to needs a moment with an offset, such as '2026-11-21 14:05:00+00'; without one it is the server's own time zone"
      before=$(date -d "$2" +%s) || fail "--to is no moment: $2"
      target=(--type=time "--target=$2" --target-action=promote)
      shift 2 ;;
    --timeline)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || fail '--timeline needs a number'
      timeline=$2
      shift 2 ;;
    --backup)
      [[ ${2:-} =~ ^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$ ]] || fail '--backup needs a name that "pgbackrest info" shows'
      label=$2
      from=("--set=$2")
      shift 2 ;;
    --look)
      look=1
      shift ;;
    *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

# The backup that will be taken: where in the archive it lies, and the segment that its log begins with. Nothing when none fits.
backup_start() {
  pgbackrest --stanza="$STANZA" --log-level-console=error info --output=json |
    jq -r --arg name "$label" --argjson before "$before" '.[0] as $stanza
      | [$stanza.backup[] | select(($name == "" or .label == $name) and .timestamp.stop <= $before)]
      | sort_by(.timestamp.stop) | last // empty
      | .database.id as $id | "\($stanza.archive[] | select(.database.id == $id) | .id) \(.archive.start)"'
}

number_of() { printf '%d' $((16#${1:8:8} * 256 + 16#${1:16:8})); }

# A segment that is missing between others ends the replay as quietly as the true end does, and pgBackRest's "verify" does not look for it.
place='' first=0
if [ -z "$look" ]; then
  begin=$(backup_start) || fail 'the repository does not say what it has; see the line above'
  place=${begin% *}
  [ -z "$begin" ] || first=$(number_of "${begin#* }")
fi
listed=$(pgbackrest --log-level-console=error repo-ls --recurse "archive/$STANZA") || fail 'the repository cannot be listed; see the line above'
previous_line='' previous=0 previous_segment=''
while read -r path; do
  segment=${path##*/}
  line=${path%%/*}/${segment:0:8} number=$((16#${segment:8:8} * 256 + 16#${segment:16:8}))
  if [ "$line" = "$previous_line" ] && [ "$number" -gt $((previous + 1)) ]; then
    fail "the repository has no log between $previous_segment and $segment: nothing after the first can be restored but from a later backup (see docs/operations.md)"
  fi
  previous_line=$line previous=$number previous_segment=$segment
  # What is older than the backup is not replayed.
  if [ -n "$place" ] && { [ "${path%%/*}" != "$place" ] || [ "$number" -lt "$first" ]; }; then previous_line=''; fi
done < <(grep -oE '^[0-9]+-[0-9]+/[0-9A-F]{16}/[0-9A-F]{24}-[0-9a-f]{40}' <<<"$listed" | sed 's/-[0-9a-f]\{40\}$//' | sort -u)
[ -z "$look" ] || exit 0

# The server may be started by somebody who has not this environment.
command="STANZA=$STANZA"
for name in PGBACKREST_CONFIG PGBACKREST_CONFIG_INCLUDE_PATH PGBACKREST_PG1_PATH PGBACKREST_REPO1_PATH; do
  [ -z "${!name:-}" ] || command="$command $name=${!name}"
done
pgbackrest --stanza="$STANZA" "${from[@]}" "${target[@]}" --target-timeline="$timeline" \
  --recovery-option="restore_command=$command $HERE/stockroom-archive-get.sh %f \"%p\"" restore
