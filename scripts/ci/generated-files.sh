#!/usr/bin/env bash
# Committed files that a generator writes must be what it writes now.
set -euo pipefail
cd "$(dirname "$0")/../.."

files=(docs/openapi.json clients/typescript/schema.d.ts docs/configuration.md test/schema.sql)
npm run openapi
npm run client
npm run configuration:table
npm run schema:dump
git ls-files --error-unmatch "${files[@]}" > /dev/null
if ! git diff --exit-code -- "${files[@]}"; then
  echo 'Run npm run openapi, npm run client, npm run configuration:table and npm run schema:dump, and commit what they change.' >&2
  exit 1
fi
