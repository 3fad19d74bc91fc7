#!/usr/bin/env bash
# The alert rules, checked and tried by Prometheus' own tool, as Debian bookworm ships it (2.42).
set -euo pipefail
rules=$(cd "$(dirname "$0")/../../deploy/monitoring" && pwd)

promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  # Unpacked, not installed: the package would start a server.
  unpacked=$(mktemp -d)
  trap 'rm -rf "$unpacked"' EXIT
  chmod 777 "$unpacked"
  apt-get update -q
  (cd "$unpacked" && apt-get download -q prometheus && dpkg-deb -x prometheus_*.deb .)
  promtool=$unpacked/usr/bin/promtool
fi
cd "$rules"
"$promtool" check rules alerts.yaml
"$promtool" test rules alerts.test.yaml
