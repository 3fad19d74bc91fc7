#!/usr/bin/env bash
# Restores the cluster from the pgBackRest repository. Runs as the user that owns the cluster, with the server stopped.
#
#   stockroom-restore.sh                                        to the last moment that the repository has
#   stockroom-restore.sh --to '2026-11-21 14:05:00+00'          to a moment: everything committed until then, nothing after it
#   stockroom-restore.sh --to '…' --timeline 1                  to a moment before an earlier restore, on the line of that time
#   stockroom-restore.sh --backup 20261115-010003F              from that backup, of "pgbackrest info", and not from the newest that fits
#   stockroom-restore.sh --look                                 restores nothing: only whether log is missing in between
#   stockroom-restore.sh --wait                                 restores nothing: waits until the started server has replayed all
#
# Then start the server, and let "--wait" say when it has arrived: until then it answers, takes no writes, and may still give up. If it
# cannot arrive it ends, and its log says why. Nothing in the repository is changed.
set -euo pipefail
export LC_ALL=C

STANZA=${STANZA:-stockroom}
HERE=$(cd "$(dirname "$0")" && pwd)
target=()
label=
before=99999999999
timeline=
look=

fail() { printf 'REFUSED: %s\n' "$*" >&2; exit 1; }

# "pg_ctl -w start" returns while log is still replayed. A server that gave up does not answer: a few tries, for one that is just starting.
await_end_of_recovery() {
  local silent=0 answer=
  while [ "$silent" -lt 5 ]; do
    if pg_isready -q && answer=$(psql -XAtq -d postgres -c 'select pg_is_in_recovery()' 2>&1); then
      [ "$answer" != f ] || return 0
      silent=0
    # 1: it is there, and takes no connections yet.
    elif pg_isready -q || [ $? -ne 1 ]; then
      silent=$((silent + 1))
    fi
    sleep 1
  done
  printf 'FAILED: the server does not answer; if it gave the recovery up, its log has the FATAL line. %s\n' "$answer" >&2
  return 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --to)
      [[ ${2:-} =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9:.]+([+-][0-9]{2}(:?[0-9]{2})?)$ ]] ||
        fail "--to needs a moment with an offset, such as '2026-11-21 14:05:00+00'; without one it is the server's own time zone"
      before=$(date -d "$2" +%s) || fail "--to is no moment: $2"
      target=(--type=time "--target=$2" --target-action=promote)
      shift 2 ;;
    --timeline)
      [[ ${2:-} =~ ^[1-9][0-9]{0,8}$ ]] || fail '--timeline needs a number'
      timeline=$2
      shift 2 ;;
    --backup)
      [[ ${2:-} =~ ^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$ ]] || fail '--backup needs a name that "pgbackrest info" shows'
      label=$2
      shift 2 ;;
    --look)
      look=1
      shift ;;
    --wait)
      await_end_of_recovery
      exit ;;
    *) sed -n '2,13s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

# Segments are counted through all of a timeline's log; they have 16 MB, as of every cluster that was not made otherwise.
number_of() { printf '%d' $((16#${1:8:8} * 256 + 16#${1:16:8})); }
name_of() { printf '%08X%08X%08X' "$1" $(($2 / 256)) $(($2 % 256)); }
position_of() { printf '%d' $((16#${1%/*} * 4294967296 + 16#${1#*/})); }

# What there is, by "archive/timeline", such as 15-1/2: ranges of segments, such as "3-10 12-14"; the timelines of each archive.
declare -A ranges=() lines=() histories=()
read_listing() {
  local listed path id='' key='' previous_key='' number previous=0 first=0
  listed=$(pgbackrest --log-level-console=error repo-ls --recurse "archive/$STANZA") || fail 'the repository cannot be listed; see the line above'
  while read -r path; do
    id=${path%%/*} path=${path##*/}
    key=$id/$((16#${path:0:8})) number=$((16#${path:8:8} * 256 + 16#${path:16:8}))
    if [ "$key" != "$previous_key" ] || [ "$number" -ne $((previous + 1)) ]; then
      [ -z "$previous_key" ] || ranges[$previous_key]+=" $first-$previous"
      [ "$key" = "$previous_key" ] || lines[$id]+=" ${key#*/}"
      first=$number
    fi
    previous_key=$key previous=$number
  done < <(grep -oE '^[0-9]+-[0-9]+/[0-9A-F]{16}/[0-9A-F]{24}-[0-9a-f]{40}' <<<"$listed" | sed 's/-[0-9a-f]\{40\}$//' | sort -u)
  [ -z "$key" ] || ranges[$key]+=" $first-$previous"
  while read -r path; do
    id=${path%%/*} path=${path##*/}
    histories[$id/$((16#${path:0:8}))]=present
    lines[$id]+=" $((16#${path:0:8}))"
  done < <(grep -oE '^[0-9]+-[0-9]+/[0-9A-F]{8}\.history' <<<"$listed")
}

# The timelines that a timeline comes from, oldest first, each with the position at which it was left: "1:184549376 2:…".
declare -A parents=()
read_history() {
  local id=$1 line=$2 text parent position rest forks least i
  [ "$line" -gt 1 ] && [ -z "${parents[$id/$line]+read}" ] || return 0
  [ -n "${histories[$id/$line]:-}" ] ||
    fail "the repository has no history of timeline $line ($(printf '%08X' "$line").history): nobody can say where its log begins"
  text=$(pgbackrest --stanza="$STANZA" --log-level-console=error repo-get "archive/$STANZA/$id/$(printf '%08X' "$line").history" </dev/null) ||
    fail "the history of timeline $line cannot be read; see the line above"
  forks=()
  while read -r parent position rest; do
    [[ $parent =~ ^[0-9]+$ && $position =~ ^[0-9A-F]+/[0-9A-F]+$ ]] || continue
    forks+=("$parent:$(position_of "$position")")
  done <<<"$text"
  [ ${#forks[@]} -gt 0 ] || fail "the history of timeline $line names no timeline that it comes from"
  # Who goes back to before a timeline began leaves it, says the file, before it began: what comes from it is nothing.
  least=${forks[-1]#*:} parents[$id/$line]=
  for ((i = ${#forks[@]} - 1; i >= 0; i--)); do
    [ "${forks[i]#*:}" -ge "$least" ] || least=${forks[i]#*:}
    parents[$id/$line]=" ${forks[i]%:*}:$least${parents[$id/$line]}"
  done
}

# The log from a backup to the end of a timeline: "timeline:first:last" of each step. Status 1: no way leads there.
path_of() {
  local id=$1 line=$2 first=$3 stop=$4 goal=$5 fork parent position newest
  steps=()
  if [ "$line" -ne "$goal" ]; then
    for fork in ${parents[$id/$goal]:-}; do
      parent=${fork%:*} position=${fork#*:}
      [ "$parent" -ge "$line" ] || continue
      # A backup that ended behind the fork belongs to the other branch.
      if [ ${#steps[@]} -eq 0 ] && { [ "$parent" -ne "$line" ] || [ "$stop" -gt "$position" ]; }; then return 1; fi
      # The segment in which a timeline was left is written anew on the next one, from its beginning.
      steps+=("$parent:$first:$((position / 16777216 - 1))")
      [ "$first" -gt $((position / 16777216)) ] || first=$((position / 16777216))
    done
    [ ${#steps[@]} -gt 0 ] || return 1
  fi
  newest=${ranges[$id/$goal]:-}
  newest=${newest##*-}
  steps+=("$goal:$first:${newest:-0}")
}

# The first segment of a step that is not there; nothing when all are.
missing_in() {
  local id=$1 line=${2%%:*} next=${2#*:} last=${2##*:} range
  next=${next%:*}
  for range in ${ranges[$id/$line]:-}; do
    [ "${range%-*}" -le "$next" ] || break
    [ "${range#*-}" -lt "$next" ] || next=$((${range#*-} + 1))
  done
  [ "$next" -gt "$last" ] || printf '%d' "$next"
}

# An older timeline that has a segment which the newer one lacks. PostgreSQL would take that one, and bring back what was given up.
instead_of() {
  local id=$1 line=$2 number=$3 goal=$4 fork range
  for fork in ${parents[$id/$goal]:-}; do
    [ "${fork%:*}" -lt "$line" ] || break
    for range in ${ranges[$id/${fork%:*}]:-}; do
      if [ "${range%-*}" -le "$number" ] && [ "$number" -le "${range#*-}" ]; then printf '%d' "${fork%:*}"; return; fi
    done
  done
}

# What is there behind a missing segment: of this step, or where the next begins.
present_after() {
  local id=$1 step=$2 number=$3 range
  for range in ${ranges[$id/${step%%:*}]:-}; do
    if [ "${range%-*}" -gt "$number" ]; then name_of "${step%%:*}" "${range%-*}"; return; fi
  done
  printf 'the next timeline'
}

# A segment that is missing between others ends the replay as quietly as the true end does, and pgBackRest's "verify" does not look for it.
check_steps() {
  local id=$1 goal=$2 step number other gap first before_it=''
  for step in "${steps[@]}"; do
    first=${step#*:} first=${first%:*}
    number=$(missing_in "$id" "$step")
    if [ -z "$number" ]; then before_it=${step%%:*}; continue; fi
    [ -n "$before_it" ] && [ "$number" -eq "$first" ] || before_it=${step%%:*}
    gap="the repository has no log between $(name_of "$before_it" $((number - 1))) and $(present_after "$id" "$step" "$number")"
    other=$(instead_of "$id" "${step%%:*}" "$number" "$goal")
    [ -z "$other" ] || fail "$gap, and has that of timeline $other in its place: what was given up would come back (see docs/operations.md)"
    [ ${#target[@]} -gt 0 ] ||
      fail "$gap: nothing after the first can be restored but from a later backup; --to goes to a moment before it (see docs/operations.md)"
    # Which segment holds the moment nobody knows before it is replayed. PostgreSQL from 13 on ends when the log does before the moment.
    printf 'NOTE: %s; the server opens only if the moment lies before that\n' "$gap" >&2
    return 0
  done
  # A timeline that has begun and of which nothing arrived. To look at, it is no loss: it may have been left for good.
  if [ -z "$look" ] && [ "${step##*:}" -lt "$first" ]; then
    other=$(instead_of "$id" "$goal" "$first" "$goal")
    [ -z "$other" ] ||
      fail "no log of timeline $goal has arrived, and timeline $other goes on beyond it: say --timeline $other, with --to the moment that was gone back to"
  fi
}

read_listing
# Backups, newest first: label, archive, timeline and first segment of its log, the position at which it is whole.
backups=$(pgbackrest --stanza="$STANZA" --log-level-console=error info --output=json |
  jq -r --arg name "$label" --argjson before "$before" '.[0] as $stanza
    | [$stanza.backup[]? | select(($name == "" or .label == $name) and .timestamp.stop < $before)] | sort_by(.timestamp.stop) | reverse[]
    | .database.id as $id | "\(.label) \($stanza.archive[] | select(.database.id == $id) | .id) \(.archive.start) \(.lsn.stop)"') ||
  fail 'the repository does not say what it has; see the line above'

chosen=
while read -r name id start stop; do
  [ -n "$name" ] || break
  line=$((16#${start:0:8}))
  mapfile -t known < <(tr ' ' '\n' <<<"${lines[$id]:-} $line" | grep . | sort -nu)
  if [ -n "$look" ]; then goals=("${known[@]}"); else goals=("${timeline:-${known[-1]}}"); fi
  for goal in "${goals[@]}"; do
    [ "$goal" -ge "$line" ] || continue
    read_history "$id" "$goal"
    path_of "$id" "$line" "$(number_of "$start")" "$(position_of "$stop")" "$goal" || continue
    check_steps "$id" "$goal"
    chosen=$name
  done
  [ -n "$look" ] || [ -z "$chosen" ] || break
done <<<"$backups"
[ -z "$look" ] || exit 0
[ -n "$chosen" ] || fail "no backup leads there: none of \"pgbackrest info\" ${label:+is named $label and }ended before the moment and on the way to ${timeline:+timeline }${timeline:-the newest timeline}"

# The server may be started by somebody who has not this environment.
command="STANZA=$STANZA"
for name in PGBACKREST_CONFIG PGBACKREST_CONFIG_INCLUDE_PATH PGBACKREST_PG1_PATH PGBACKREST_REPO1_PATH; do
  [ -z "${!name:-}" ] || command="$command $name=${!name}"
done
pgbackrest --stanza="$STANZA" --set="$chosen" "${target[@]}" --target-timeline="$goal" \
  --recovery-option="restore_command=$command $HERE/stockroom-archive-get.sh %f \"%p\"" restore
