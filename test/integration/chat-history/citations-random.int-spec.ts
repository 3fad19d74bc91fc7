import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CitationListsService } from '../../../src/chat-history/citations/citation-lists.service.js';
import { ConversationFamilyService } from '../../../src/chat-history/conversations/conversation-family.service.js';
import { ConversationsService } from '../../../src/chat-history/conversations/conversations.service.js';
import { EventLogService } from '../../../src/chat-history/events/event-log.service.js';
import { AppendMessageService } from '../../../src/chat-history/messages/append-message.service.js';
import { ReadMessagesService } from '../../../src/chat-history/messages/read-messages.service.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { BranchesService } from '../../../src/versioning/branches/branches.service.js';
import { MergeService } from '../../../src/versioning/merge/merge.service.js';
import { RevertService } from '../../../src/versioning/merge/revert.service.js';
import { RevisionLogService } from '../../../src/versioning/revisions/revision-log.service.js';
import { VersioningService } from '../../../src/versioning/versioning.service.js';
import { assertProperty } from '../../support/property.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';
import { barsWorld } from '../versioning/bars-world.js';
import type { ModelBranch } from '../versioning/history-model.js';
import { HistoryRun } from '../versioning/history-runner.js';
import { history, type Step } from '../versioning/history-steps.js';
import type { VersioningServices } from '../versioning/history-world.js';
import { CitedEvents } from './cited-events.js';
import { CitedHistory, type Cite, type CitedServices } from './cited-history.js';
import { standingOf, versionShown } from './cited-model.js';

/** How much longer than in a usual run to look: a drill sets hundreds. */
const DEPTH = Number(process.env.STOCKROOM_TEST_DEPTH ?? 1);
const LIMIT_MS = 15_000;
/** As many as a history may have steps: one message behind each. */
const MAX_STEPS = 18;

const cite: fc.Arbitrary<Cite> = fc.record({
  branch: fc.nat(30),
  quotes: fc.array(
    fc.record({
      day: fc.integer({ min: 0, max: 5 }),
      revision: fc.option(fc.nat(30), { nil: null, freq: 2 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  forkAt: fc.option(fc.nat(30), { freq: 4, nil: null }),
});
/** Three branches, each forked off the one before, and the same bar changed on each: rare where branches are chosen by chance. */
const CHAIN: readonly Step[] = [1, 2, 3].flatMap((branch) => [
  { kind: 'fork', parent: branch - 1, at: null },
  { kind: 'commit', branch, changes: [{ day: 0, close: `${branch + 1}` }], dryRun: false },
]);
const citedHistory = fc.tuple(history, fc.array(cite, { minLength: MAX_STEPS, maxLength: MAX_STEPS }));

describe('quotations through any history of imports, corrections, withdrawals, forks, merges, reverts and discards', () => {
  let service: TestApp;
  let versioning: VersioningServices;
  let chat: CitedServices;

  beforeAll(async () => {
    service = await startTestApp();
    const { app } = service;
    const { userId } = await service.signedIn('USER');
    versioning = {
      versioning: app.get(VersioningService),
      branches: app.get(BranchesService),
      merges: app.get(MergeService),
      reverts: app.get(RevertService),
    };
    chat = {
      owner: { id: userId, userId, visitorId: null },
      conversations: app.get(ConversationsService),
      families: app.get(ConversationFamilyService),
      head: async () => app.get(RevisionLogService).head(),
      appends: app.get(AppendMessageService),
      reads: app.get(ReadMessagesService),
    };
  });
  afterAll(() => service.close());

  async function symbolOf(series: number): Promise<string> {
    return withConnection(service.db.superuser, async (client) => {
      const { rows } = await client.query<{ symbol: string }>(
        'select s.symbol from stock_series x join tracked_stocks s on s.id = x.tracked_stock_id where x.id = $1',
        [series],
      );
      return rows[0]?.symbol ?? '';
    });
  }

  /** How deep the branch is that a citation stands on: 0 is main. */
  const depthOf = ({ parent }: ModelBranch): number => (parent === null ? 0 : 1 + depthOf(parent));

  it(
    'stand at every step as an in-memory model says, each with its current bar, nothing else is taken, and each change is told',
    async () => {
      const world = barsWorld(service);
      let series = 0;
      const noted = { ...world, newScope: async () => (series = await world.newScope()) };
      let compared = 0;
      let deepest = 0;
      let told = 0;
      await assertProperty(
        [citedHistory],
        async ([steps, cites]) => {
          const run = await HistoryRun.begin(noted, versioning);
          const cited = new CitedHistory(chat, run, await symbolOf(series));
          const events = await CitedEvents.begin(chat.owner, {
            events: service.app.get(EventLogService),
            log: service.app.get(RevisionLogService),
            lists: service.app.get(CitationListsService),
          });
          for (const step of CHAIN) await run.take(step);
          await cited.cite({ branch: CHAIN.length / 2, quotes: [{ day: 0, revision: null }], forkAt: null });
          for (const [n, step] of steps.entries()) {
            await run.take(step);
            const message = cites[n];
            if (message !== undefined) await cited.cite(message);
            compared += await cited.compare();
            await events.follow();
          }
          told += await events.compare(cited.citations);
          deepest = Math.max(deepest, ...cited.citations.map(({ version }) => depthOf(version.branch)));
        },
        { runs: 1_000 * DEPTH, limitMs: LIMIT_MS * DEPTH },
      );
      // Says how far the time went, on a slow machine too.
      expect(compared).toBeGreaterThan(20);
      expect(told).toBeGreaterThan(0);
      expect(deepest).toBeGreaterThanOrEqual(CHAIN.length / 2);
    },
    60_000 * DEPTH,
  );
});

describe('the model that quotations are compared with', () => {
  const main: ModelBranch = {
    ...{ name: 'main', parent: null, forkRevision: 0, status: 'open' },
    commits: [
      { revision: 1, changes: [{ day: 0, close: '1' }] },
      { revision: 3, changes: [{ day: 0, close: '2' }] },
      { revision: 5, changes: [{ day: 0, close: null }] },
    ],
  };
  const fork: ModelBranch = {
    ...{ name: 'fork', parent: main, forkRevision: 2, status: 'open' },
    commits: [{ revision: 4, changes: [{ day: 0, close: '9' }] }],
  };

  it('tells a version of a branch from one that it inherits, and each by its own branch', () => {
    expect(versionShown(fork, 0, 3)).toMatchObject({ branch: main, revision: 1 });
    expect(versionShown(fork, 0, 4)).toMatchObject({ branch: fork, revision: 4 });
    expect([versionShown(main, 0, 5), versionShown(main, 1, 5)]).toEqual([null, null]);
  });

  it('tells current, restated and withdrawn, and which revision did it', () => {
    const first = { branch: main, revision: 1, day: 0, close: '1' };
    expect(standingOf(first)).toEqual({ status: 'withdrawn', restatedBy: 3, close: null });
    expect(standingOf({ ...first, branch: fork, revision: 4 })).toEqual({ status: 'current' });
    const shorter = { ...main, commits: main.commits.slice(0, 2) };
    expect(standingOf({ ...first, branch: shorter })).toEqual({
      status: 'restated',
      restatedBy: 3,
      close: '2',
    });
  });
});
