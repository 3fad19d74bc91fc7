#!/usr/bin/env bash
# Runs Node as a container of the image would run: the image's files and nothing else of this machine but its libraries, all read-only, as
# the image's user without any capability. Called by run-pods.ts, behind `unshare --mount`, so that no mount outlives it.
#
# IMAGE   folder that is /app        NODE     the program        SECRETS  folder that is /run/secrets/stockroom
# SOCKET  of the database, which is /run/postgresql/.s.PGSQL.5432      VOLUME   writable folder, or empty for none
# Arguments: NAME=value …, then /node and its arguments.
set -euo pipefail
: "${IMAGE:?}" "${NODE:?}" "${SECRETS:?}" "${SOCKET:?}" "${VOLUME?}"

mount --make-rprivate /
root=$(mktemp -d)
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir -p "$root"/{app,usr,dev,proc,run/secrets/stockroom,run/postgresql,var/lib/stockroom}
for name in bin lib lib64 sbin; do [ ! -e "/$name" ] || ln -s "usr/$name" "$root/$name"; done
touch "$root/node" "$root/run/postgresql/.s.PGSQL.5432" "$root"/dev/{null,urandom}

read_only() { mount --bind "$1" "$root/$2" && mount -o remount,bind,ro "$root/$2"; }
read_only /usr usr
read_only "$IMAGE" app
read_only "$NODE" node
read_only "$SECRETS" run/secrets/stockroom
for file in null urandom; do mount --bind "/dev/$file" "$root/dev/$file"; done
mount --bind /proc "$root/proc"
mount --bind "$SOCKET" "$root/run/postgresql/.s.PGSQL.5432"
# As a volume is with fsGroup: root's, and the group's to write.
[ -z "$VOLUME" ] || mount -t tmpfs -o mode=2770,gid=10001 tmpfs "$root$VOLUME"
mount -o remount,ro "$root"

exec chroot "$root" /usr/bin/setpriv --reuid 10001 --regid 10001 --groups 10001 --no-new-privs --inh-caps=-all --bounding-set=-all \
  /usr/bin/env --ignore-environment --chdir=/app "$@"
