/**
 * Which file may import which. `npm run check` enforces it; `test/architecture/ranks.spec.ts` proves that each rule bites.
 */

/** The house from the ground up: a folder of `src/` may import itself and the ranks below it. */
const RANKS = [
  ['common'],
  ['config'],
  ['database', 'encryption'],
  // Words that every feature about prices shares: what a bar, a symbol, an interval is. No database, no Nest.
  // `tracing` is where traces of requests and statements are made, for whoever starts the service.
  ['bars', 'tracing'],
  ['versioning', 'audit', 'rate-limits'],
  // `keys` is which encryption keys there are and how they change; it holds no secret of anybody.
  ['users', 'stocks', 'keys'],
  ['sessions', 'stock-data'],
  // `accounts` is /v1/users: what is done to people and their sessions together.
  ['stock-import', 'chat-history', 'accounts', 'credentials'],
  // `verification` looks through the whole store from the command line, after a restore.
  // `metrics` asks every feature how it stands.
  ['health', 'verification', 'metrics'],
];

/** The roof: puts everything together, and is imported by nothing below. */
const ROOF = ['boot', 'cli', 'http'];

/** Folders that show the rest of the house only their public files. */
const FEATURES = RANKS.slice(4).flat();

const PUBLIC_FILE = String.raw`\.(module|service|types|errors|guard|decorator|entity)\.ts$`;
const SPEC = String.raw`\.spec\.ts$`;
const ENTRY_POINTS = String.raw`^(src/main|src/cli/main|mikro-orm\.config)\.ts$`;

const oneOf = (names) => `(${names.join('|')})`;

const rankRules = RANKS.map((folders, index) => {
  const below = RANKS.slice(0, index).flat();
  return {
    name: `rank-${index}-${folders[0]}`,
    comment:
      `src/${folders.join(' and src/')} may import ${below.length > 0 ? below.join(', ') : 'nothing of src'}, and not each other: ` +
      'dependencies run one way, so that a folder can be read knowing only what lies below it. ' +
      'Move the code down, or let the higher folder call.',
    severity: 'error',
    from: { path: `^src/${oneOf(folders)}/` },
    to: { path: '^(src/|mikro-orm)', pathNot: ['^src/$1/', ...below.map((name) => `^src/${name}/`)] },
  };
});

export default {
  forbidden: [
    ...rankRules,
    {
      name: 'every-folder-has-a-rank',
      comment: 'A folder of src that has no rank escapes every rule: give it one in .dependency-cruiser.mjs.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/${oneOf([...RANKS.flat(), ...ROOF])}/` },
      to: {},
    },
    {
      name: 'public-files-only',
      comment:
        'A feature shows others its *.module, *.service, *.types, *.errors, *.guard, *.decorator and, for many-to-one, *.entity ' +
        'files. Its repository, queries, dto and controller may change without asking anybody: call the service.',
      severity: 'error',
      from: { path: '^(?:src/([^/]+)/|src/[^/]+$|mikro-orm)' },
      to: { path: `^src/${oneOf(FEATURES)}/`, pathNot: ['^src/$1/', PUBLIC_FILE] },
    },
    {
      name: 'embedded-database-is-for-starting',
      comment:
        'Everybody else gets a connection and must not know whether the server is ours: only database, cli, boot and main start it.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(database/|cli/|boot/|main\\.ts$)' },
      to: { path: '^src/database/embedded/' },
    },
    {
      name: 'no-cycles',
      comment:
        'Files that need each other can only be understood, tested and loaded together: extract what both need.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment:
        'Neither the service nor a command reaches this file, so nothing but its own test runs it: use it or delete it.',
      severity: 'error',
      from: { path: ENTRY_POINTS },
      to: { path: '^src/', pathNot: [SPEC, ENTRY_POINTS], reachable: false },
    },
    {
      name: 'no-barrels',
      comment: 'An index file hides what is used from where and makes cycles: import the file itself.',
      severity: 'error',
      from: {},
      to: { path: '/index\\.ts$', pathNot: 'node_modules' },
    },
    {
      name: 'src-stands-alone',
      comment:
        'What runs in production must not need tests, benchmarks or scripts: move the shared part into src.',
      severity: 'error',
      from: { path: '^(src/|migrations/|mikro-orm)', pathNot: SPEC },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'migrations-stand-alone',
      comment:
        'A migration must do next year what it did when it was written: it may use src/database only, no feature.',
      severity: 'error',
      from: { path: '^migrations/' },
      to: { path: '^src/', pathNot: '^src/database/' },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment:
        'The image is installed without development dependencies: move the package to "dependencies", or do without.',
      severity: 'error',
      from: { path: '^(src/|migrations/|mikro-orm)', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'] },
    },
    {
      name: 'declared-dependencies-only',
      comment:
        'A package that is only there because another one brought it vanishes with that one: add it to package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'imports-resolve',
      comment: 'The imported file does not exist. Relative imports end in .js, as Node will see them.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types count: they are what makes a reader open the other file.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
