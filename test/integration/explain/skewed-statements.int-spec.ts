import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runStatement, withConnection } from '../../../src/database/direct-connection.js';
import type { Statement } from '../../../src/database/statement.js';
import { aggregatePage, storedSince } from '../../../src/stock-data/aggregate/aggregate.queries.js';
import { barPage } from '../../../src/stock-data/read/bar-page.queries.js';
import { BARS } from '../../../src/stock-data/bars.types.js';
import { branchChanges } from '../../../src/stock-data/branches/branch-changes.queries.js';
import { conflictingBars } from '../../../src/stock-data/branches/merge-conflicts.queries.js';
import { revisionChanges } from '../../../src/stock-data/revisions/revision-changes.queries.js';
import { hasNoVersions } from '../../../src/versioning/commit/first-rows.queries.js';
import { NOW } from '../../../src/versioning/branches/lineage.types.js';
import { revisionPage } from '../../../src/versioning/revisions/revisions.queries.js';
import {
  rowsOfBranch,
  rowsOfRevision,
  scopesOfBranch,
} from '../../../src/versioning/merge/three-way.queries.js';
import type { Proposals } from '../../../src/versioning/versioning.types.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { explained, offences } from './plans.js';
import { seedSkew, SKEW } from './skewed-history.js';

const { large, small, branch, fork, head, own, withdrawn } = SKEW;
const MAIN = [{ branchId: 1, revision: NOW }] as const;
const QUIET = [
  { branchId: branch, revision: NOW },
  { branchId: 1, revision: fork },
] as const;
const BUSY = [
  { branchId: SKEW.busy, revision: NOW },
  { branchId: 1, revision: fork },
] as const;
const UNKNOWN_SERIES = 99;
const LIMIT = 10;
/** Of a page of ten, with what is joined to each. */
const FEW = 120;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase();
  await withConnection(db.superuser, seedSkew);
}, 120_000);
afterAll(() => db.drop());

const since = (symbol: string, lineage: typeof MAIN | typeof QUIET): Statement =>
  storedSince({
    symbol,
    interval: '1h',
    point: { branch: 'any', revision: NOW, lineage, isNow: true },
  });
const touched = { table: BARS, scopes: [small] };
const log = { branchId: null, touched: null, before: null, limit: LIMIT };
const reading = ({ relation, values }: Proposals): Statement => ({
  name: 'rows',
  text: relation,
  values,
  prepared: false,
});

const STATEMENTS: readonly (readonly [name: string, statement: Statement])[] = [
  ['whether a new series has no bars', hasNoVersions(BARS, MAIN, [UNKNOWN_SERIES])],
  ['whether small and new series have none on a branch', hasNoVersions(BARS, QUIET, [small, UNKNOWN_SERIES])],
  ['since when hours are stored of a stock without any', since('S2', MAIN)],
  ['since when hours are stored', since('S1', MAIN)],
  ['since when hours are stored, on a branch', since('S1', QUIET)],
  ['what a branch changed', branchChanges({ lineage: QUIET, after: null, limit: LIMIT })],
  ['what a branch changed in many bars', branchChanges({ lineage: BUSY, after: null, limit: LIMIT })],
  [
    'what a revision changed in many bars',
    revisionChanges({ revision: head - own, lineage: BUSY, after: null, limit: LIMIT }),
  ],
  ['what a revision changed', revisionChanges({ revision: head, lineage: QUIET, after: null, limit: LIMIT })],
  ['the revisions of a stock', revisionPage({ ...log, touched })],
  ['the revisions of a stock on a branch', revisionPage({ ...log, touched, branchId: branch })],
  ['older revisions of a stock', revisionPage({ ...log, touched, before: head - own })],
  ['the revisions of a branch', revisionPage({ ...log, branchId: branch })],
  ['older revisions of a branch', revisionPage({ ...log, branchId: branch, before: head })],
  ['the scopes of a branch', scopesOfBranch(BARS, branch)],
  ['the rows of a branch', reading(rowsOfBranch(BARS, branch, [small]))],
  ['the rows that a branch does not have of a large series', reading(rowsOfBranch(BARS, branch, [large]))],
  [
    'the rows of a revision that touched ten bars of it',
    reading(rowsOfRevision(BARS, { branchId: 1, revision: head - own - 1 }, [large])),
  ],
  ['the rows of a revision', reading(rowsOfRevision(BARS, { branchId: branch, revision: head }, [small]))],
  [
    'bars in conflict',
    conflictingBars({
      count: 2,
      keys: [small, large].map((scope) => ({ scope, key: '1900-01-02T00:00:00Z' })),
      base: [{ branchId: 1, revision: fork }],
      ours: MAIN,
      theirs: QUIET,
    }),
  ],
];

describe('a statement about a small series beside a large one', () => {
  it.each(STATEMENTS)('%s reads through indexes, and next to nothing', async (_, statement) => {
    const steps = await withConnection(db.app, (client) => explained(client, statement));
    expect(offences(steps, { maxRows: FEW, maxSorted: FEW })).toEqual([]);
  });
});

/** Versions that a page may look at in each segment. */
const SCAN = 2_000;
const ALL = { from: null, limit: LIMIT, scan: SCAN } as const;
const pointOf = (lineage: typeof MAIN | typeof QUIET) => ({
  ...{ branch: 'any', revision: NOW, lineage, isNow: true },
});

describe.each(['asc', 'desc'] as const)('a page over many withdrawn bars, %s', (order) => {
  const from = order === 'asc' ? SKEW.firstWithdrawn : null;

  it.each([
    [
      'bars',
      barPage(
        { ...ALL, seriesId: large, interval: '1d', to: null, order, from, point: pointOf(MAIN) },
        'json',
      ),
      1,
    ],
    [
      'bars of a branch',
      barPage(
        { ...ALL, seriesId: large, interval: '1d', to: null, order, from, point: pointOf(QUIET) },
        'json',
      ),
      2,
    ],
    [
      'weeks',
      aggregatePage(
        { ...ALL, seriesId: large, interval: '1w', before: null, order, from, point: pointOf(MAIN) },
        'json',
      ),
      1,
    ],
    [
      'weeks of a branch',
      aggregatePage(
        { ...ALL, seriesId: large, interval: '1w', before: null, order, from, point: pointOf(QUIET) },
        'json',
      ),
      2,
    ],
  ])('of %s looks at some of them, and says where it stopped', async (_, statement, segments) => {
    expect(withdrawn).toBeGreaterThan(10 * SCAN);
    const steps = await withConnection(db.app, (client) => explained(client, statement));
    expect(offences(steps, { maxRows: SCAN * segments, maxSorted: SCAN * segments })).toEqual([]);
    const [row = []] = await withConnection(db.app, (client) => runStatement(client, statement));
    expect(row.slice(1)).toEqual([null, 0, null, expect.anything()]);
  });
});
