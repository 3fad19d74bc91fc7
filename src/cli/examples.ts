/** What the help of each command shows below its options, as it is typed after `npm run stockroom --`. A test asks for every command. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  import: [
    'import --symbol ACME --track acme.csv',
    'import --track --on-error skip --json day-1.csv.gz day-2.csv.gz',
    'import --interval 5m --timezone America/New_York --symbol ACME - < minutes.csv',
  ],
  'db wait': ['db wait --timeout 60'],
  'db migrate': ['db migrate', 'db migrate --to 8 --json'],
  'db rollback': ['db rollback', 'db rollback --to 8'],
  'db status': ['db status --json'],
  'db check': ['db check'],
  'db sql': ['db sql > pending.sql', 'db sql | psql -v ON_ERROR_STOP=1 "$DATABASE_MIGRATION_URL"'],
  'db roles': ['db roles', 'db roles --print > roles.sql'],
  'keys status': ['keys status --json'],
  'keys rotate': ['keys rotate', 'keys rotate --new-key'],
  'keys retire': ['keys retire k1'],
  'users create-admin': ['users create-admin --email you@example.com'],
  'users create': ['users create --email you@example.com --username you'],
  'users reset-password': ['users reset-password you@example.com'],
  'retention run': ['retention run --dry-run', 'retention run --json'],
  'sessions purge': ['sessions purge'],
  'sessions end-all': ['sessions end-all --yes'],
};
