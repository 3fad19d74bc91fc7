#!/usr/bin/env bash
# The restore drill in its short form: backups, a loss, restores to the last and to a chosen moment, and all that must be refused.
set -euo pipefail
cd "$(dirname "$0")/../.."

npm run --silent drill:restore -- --quick
