import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** A small house that keeps every rule; each case below adds one file that breaks one. */
const SOUND: Readonly<Record<string, string>> = {
  'src/main.ts': `import './app.module.js';`,
  'src/app.module.ts': `import './stock-data/stock-data.module.js';\nimport './sessions/sessions.module.js';`,
  'src/cli/main.ts': `import '../boot/boot.js';\nimport 'pg';`,
  'src/boot/boot.ts': `import '../database/embedded/server.js';`,
  'src/common/errors.ts': `export const a = 1;`,
  'src/config/settings.ts': `import '../common/errors.js';`,
  'src/database/sql.service.ts': `import '../config/settings.js';`,
  'src/database/embedded/server.ts': `import '../sql.service.js';`,
  'src/versioning/branches/branch.entity.ts': `import '../../database/sql.service.js';`,
  'src/users/users.service.ts': `import './users.queries.js';`,
  'src/users/users.queries.ts': `export const b = 1;`,
  'src/stock-data/stock-data.module.ts': `import '../versioning/branches/branch.entity.js';\nimport '../users/users.service.js';`,
  'src/sessions/sessions.module.ts': `import '../users/users.service.js';`,
  'test/helper.ts': `export const c = 1;`,
  'migrations/001_first.ts': `import '../src/database/sql.service.js';`,
  'mikro-orm.config.ts': `import './src/versioning/branches/branch.entity.js';`,
};

/** One offence each. **Shape**: rule, the file at fault, and its whole text. */
const OFFENCES: readonly (readonly [rule: string, file: string, text: string])[] = [
  ['rank-0-common', 'src/common/wrong.ts', `import '../config/settings.js';`],
  ['rank-1-config', 'src/config/wrong.ts', `import '../database/sql.service.js';`],
  [
    'rank-2-database',
    'src/database/wrong.ts',
    `import type {} from '../versioning/branches/branch.entity.js';`,
  ],
  ['rank-3-bars', 'src/bars/wrong.ts', `import '../versioning/branches/branch.entity.js';`],
  ['rank-4-versioning', 'src/versioning/wrong.ts', `import '../users/users.service.js';`],
  ['rank-5-users', 'src/stocks/wrong.ts', `import '../users/users.service.js';`],
  ['rank-6-sessions', 'src/sessions/wrong.ts', `import '../stock-data/stock-data.module.js';`],
  ['rank-7-stock-import', 'src/chat-history/wrong.ts', `import '../app.module.js';`],
  ['rank-8-health', 'src/health/wrong.ts', `import '../cli/main.js';`],
  ['every-folder-has-a-rank', 'src/helpers/wrong.ts', `import '../common/errors.js';`],
  ['public-files-only', 'src/stock-data/wrong.ts', `import '../users/users.queries.js';`],
  [
    'embedded-database-is-for-starting',
    'src/users/wrong.service.ts',
    `import '../database/embedded/server.js';`,
  ],
  ['no-cycles', 'src/stock-import/again.ts', `import './wrong.js';`],
  ['no-orphans', 'src/stocks/unused.ts', `export const d = 1;`],
  ['no-barrels', 'src/stocks/barrel.ts', `export * from './index.js';`],
  ['src-stands-alone', 'src/stocks/tested.ts', `import '../../test/helper.js';`],
  ['migrations-stand-alone', 'migrations/002_wrong.ts', `import '../src/users/users.service.js';`],
  ['no-dev-dependency-in-src', 'src/stocks/dev.ts', `import 'fast-check';`],
  ['declared-dependencies-only', 'src/stocks/undeclared.ts', `import 'postgres-bytea';`],
  ['imports-resolve', 'src/stocks/missing.ts', `import './nowhere.js';`],
];

const COMPANIONS: Readonly<Record<string, string>> = {
  'src/stock-import/wrong.ts': `import './again.js';`,
  'src/stocks/index.ts': `export const e = 1;`,
};

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

/** What dependency-cruiser says about a tree made of these files, by this project's rules. */
function violationsIn(folder: string, files: Readonly<Record<string, string>>): readonly string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const name of ['package.json', 'tsconfig.json']) {
    writeFileSync(join(folder, name), readFileSync(join(ROOT, name)));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const report = execFileSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
      ...['--config', join(ROOT, '.dependency-cruiser.mjs'), '--output-type', 'json'],
      ...['src', 'migrations', 'mikro-orm.config.ts'],
    ],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  const { summary } = JSON.parse(report) as { summary: { violations: readonly Violation[] } };
  return summary.violations.map((violation) => `${violation.rule.name} ${violation.from}`);
}

describe('the ranks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stockroom-ranks-'));
  let found: readonly string[] = [];

  beforeAll(() => {
    const offences = Object.fromEntries(OFFENCES.map(([, file, text]) => [file, text]));
    found = violationsIn(join(folder, 'broken'), { ...SOUND, ...COMPANIONS, ...offences });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('find nothing in a house that keeps them', () => {
    expect(violationsIn(join(folder, 'sound'), SOUND)).toEqual([]);
  });

  it.each(OFFENCES)('refuse by %s what %s does', (rule, file) => {
    expect(found).toContain(`${rule} ${file}`);
  });

  it('are all shown to bite', async () => {
    const config = (await import(join(ROOT, '.dependency-cruiser.mjs'))) as {
      default: { forbidden: readonly { name: string; comment: string }[] };
    };
    const names = config.default.forbidden.map((rule) => rule.name);
    expect(names.toSorted()).toEqual(OFFENCES.map(([rule]) => rule).toSorted());
    for (const rule of config.default.forbidden) expect(rule.comment.length).toBeGreaterThan(40);
  });
});
