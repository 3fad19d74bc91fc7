#!/usr/bin/env bash
# Renders the Kustomize overlays given behind the folder into files of that folder, each named as its overlay.
#
# Kustomize is a package of Debian since trixie. On an older Debian its program is taken from there and nothing is installed: it needs
# glibc 2.34 and no more.
set -euo pipefail
target=$1
shift

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

kustomize=$(command -v kustomize || true)
if [ -z "$kustomize" ]; then
  mkdir -p "$work"/apt/{lists/partial,cache/archives/partial,parts} "$work/kustomize"
  sed "s/$(. /etc/os-release && echo "$VERSION_CODENAME")/trixie/g" /etc/apt/sources.list.d/debian.sources > "$work/apt/debian.sources"
  cat > "$work/apt/apt.conf" << EOF
Dir::Etc::sourcelist "$work/apt/debian.sources";
Dir::Etc::sourceparts "$work/apt/parts";
Dir::Etc::preferencesparts "$work/apt/parts";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
EOF
  export APT_CONFIG=$work/apt/apt.conf
  timeout 300 apt-get update -q < /dev/null >&2
  (cd "$work/kustomize" && timeout 300 apt-get download -q kustomize < /dev/null >&2 && dpkg-deb -x kustomize_*.deb .)
  unset APT_CONFIG
  kustomize=$work/kustomize/usr/bin/kustomize
fi

for overlay in "$@"; do
  "$kustomize" build "$overlay" > "$target/$(basename "$overlay").yaml"
done
