import type { SourceFile } from './source-files.js';

/** Where a file has grown past one job. **Units**: lines. */
const STOP_LINES: Readonly<Record<string, number>> = {
  module: 60,
  controller: 200,
  service: 350,
  repository: 300,
  queries: 300,
  entity: 150,
  dto: 80,
  errors: 120,
  types: 120,
  spec: 400,
};
const STOP_LINES_OTHERWISE = 300;

const FEATURES = [
  ...['versioning', 'audit', 'rate-limits', 'keys', 'users', 'stocks', 'sessions', 'stock-data'],
  ...['stock-import', 'chat-history', 'accounts', 'credentials', 'health'],
];

/** What a file in a feature's folder may be. Helpers with one job of their own go into a subfolder named for that job. */
const ROLES = [
  ...[
    'module',
    'controller',
    'service',
    'repository',
    'queries',
    'table',
    'entity',
    'dto',
    'errors',
    'types',
  ],
  ...['guard', 'decorator', 'pipe', 'interceptor', 'filter', 'hook', 'indicator', 'format'],
];

const KEBAB = '[a-z0-9]+(?:-[a-z0-9]+)*';
const PLAIN_NAME = new RegExp(`^${KEBAB}(?:\\.${KEBAB})*\\.ts$`);
const ROLE_NAME = new RegExp(`^${KEBAB}\\.(?:${ROLES.join('|')})(?:\\.spec)?\\.ts$`);
const DTO_NAME = new RegExp(`^${KEBAB}\\.dto(?:\\.spec)?\\.ts$`);

/** Files that are too long, and what to do. */
export function tooLong(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path, text }) => {
    const role = /\.([a-z]+)\.ts$/.exec(path)?.[1] ?? '';
    const stop = STOP_LINES[role] ?? STOP_LINES_OTHERWISE;
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    return lines > stop
      ? [`${path} has ${lines} lines, at most ${stop} are allowed: split it by use case, not by layer.`]
      : [];
  });
}

/** Files whose name does not say what they are. */
export function badlyNamed(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap(({ path }) => {
    const [, feature = '', ...rest] = path.split('/');
    const name = path.split('/').at(-1) ?? '';
    if (!PLAIN_NAME.test(name)) return [`${path}: write the name in kebab-case.`];
    if (rest.at(0) === 'dto' && !DTO_NAME.test(name)) return [`${path}: name it *.dto.ts.`];
    if (FEATURES.includes(feature) && rest.length === 1 && !ROLE_NAME.test(name)) {
      return [`${path}: end the name in its role (${ROLES.join(', ')}), or move it into a subfolder.`];
    }
    return [];
  });
}
