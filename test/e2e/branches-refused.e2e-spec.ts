import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  forkBranch,
  freshBranchName,
  mergeBranch,
  putClose,
  revisionOf,
  shownCloses,
  stockWith,
} from '../factories/branches.js';
import type { ApiClient } from '../support/api-client.js';
import { expectRefused } from '../support/refusals.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** How many branches lie between `main` and the deepest one, itself among them. */
const MAX_DEPTH = 32;

let service: TestApp;
let api: ApiClient;

beforeAll(async () => {
  service = await startTestApp();
  ({ api } = service);
});
afterAll(() => service.close());

describe('a branch that cannot be made', () => {
  it.each([
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a name of 65 characters', { name: 'x'.repeat(65) }],
    ['a name with a space', { name: 'a b' }],
    ['a name with a slash', { name: 'a/b' }],
    ['a name that begins with a dot', { name: '.a' }],
    ['a name in other letters', { name: 'zwölf' }],
    ['a name with a line break', { name: 'a\n' }],
    ['a parent with a space', { name: 'ok', parent: 'a b' }],
    ['a fraction as revision', { name: 'ok', asOf: 1.5 }],
    ['a negative revision', { name: 'ok', asOf: -1 }],
    ['a word as revision', { name: 'ok', asOf: 'yesterday' }],
    ['a member that nobody knows', { name: 'ok', from: 'main' }],
  ])('because of %s', async (_, json) => {
    expectRefused(await api.post('/v1/branches', { json }), 400, 'validation-failed');
  });

  it('takes names of 1 and of 64 characters', async () => {
    for (const name of ['x', 'y'.repeat(64)]) {
      expect((await api.post('/v1/branches', { json: { name } })).status).toBe(201);
      expect((await api.get(`/v1/branches/${name}`)).json).toMatchObject({ name });
    }
  });

  it('because its name is taken, also by main and by a branch that is gone, and uses up no number', async () => {
    const name = await forkBranch(api);
    await api.delete(`/v1/branches/${name}`);
    const fork = (taken: string) => api.post('/v1/branches', { json: { name: taken } });
    for (const taken of [name, 'main']) expectRefused(await fork(taken), 409, 'branch-name-taken');
    const both = freshBranchName();
    const answers = await Promise.all([fork(both), fork(both), fork(both)]);
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409]);
  });

  it('because its parent is missing, itself, merged or discarded', async () => {
    const fork = (parent: string) => api.post('/v1/branches', { json: { name: freshBranchName(), parent } });
    expectRefused(await fork('nope'), 404, 'branch-not-found');
    const own = freshBranchName();
    const ofItself = await api.post('/v1/branches', { json: { name: own, parent: own } });
    expectRefused(ofItself, 404, 'branch-not-found');
    const merged = await forkBranch(api);
    await mergeBranch(api, merged);
    expectRefused(await fork(merged), 409, 'branch-merged');
    const discarded = await forkBranch(api);
    await api.delete(`/v1/branches/${discarded}`);
    expectRefused(await fork(discarded), 409, 'branch-discarded');
  });

  it('because it would leave its parent in the future, before everything, or at a revision of an unrelated branch', async () => {
    const { symbol, revision } = await stockWith(api, '1');
    const [one, other] = [await forkBranch(api), await forkBranch(api)];
    const foreign = revisionOf(await putClose(api, { symbol, day: 0, branch: other }, 2));
    const fork = (parent: string, asOf: number | string) =>
      api.post('/v1/branches', { json: { name: freshBranchName(), parent, asOf } });
    expectRefused(await fork('main', foreign + 1000), 400, 'as-of-in-future');
    const future = new Date(Date.now() + 3_600_000).toISOString();
    expectRefused(await fork('main', future), 400, 'as-of-in-future');
    expectRefused(await fork('main', 0), 400, 'as-of-before-first-revision');
    expectRefused(await fork('main', '2001-01-01T00:00:00Z'), 400, 'as-of-before-first-revision');
    for (const parent of ['main', one]) {
      const answer = await fork(parent, foreign);
      expectRefused(answer, 422, 'revision-on-other-branch');
      expect(answer.json).toMatchObject({ revision: foreign, branch: other });
    }
    // Made on an ancestor, but after the branch had left it.
    const later = revisionOf(await putClose(api, { symbol, day: 0, branch: 'main' }, 3));
    const unseen = await fork(one, later);
    expectRefused(unseen, 422, 'revision-on-other-branch');
    expect(unseen.json).toMatchObject({
      revision: later,
      branch: 'main',
      detail: `Revision ${later} of branch "main" is later than the fork of "${one}", which shows that branch up to revision ${revision}.`,
    });
    expect((await fork('main', later)).status).toBe(201);
    expect((await fork(one, revision)).status).toBe(201);
    expect((await fork(other, foreign)).status).toBe(201);
  });
});

describe('a branch of a branch of a branch', () => {
  it('is read at the greatest depth that there may be, and is not forked any deeper, also by two at once', async () => {
    const { symbol } = await stockWith(api, '1');
    const chain = ['main'];
    for (let depth = 1; depth <= MAX_DEPTH; depth++)
      chain.push(await forkBranch(api, { parent: chain.at(-1) ?? '' }));
    const deepest = chain.at(-1) ?? '';
    const deeper = freshBranchName();
    const fork = () => api.post('/v1/branches', { json: { name: deeper, parent: deepest } });
    for (const answer of [await fork(), ...(await Promise.all([fork(), fork()]))]) {
      expectRefused(answer, 422, 'branch-too-deep');
      expect(answer.json).toMatchObject({ depth: MAX_DEPTH + 1, most: MAX_DEPTH });
    }
    expectRefused(await api.get(`/v1/branches/${deeper}`), 404, 'branch-not-found');
    expect(await shownCloses(api, symbol, { branch: deepest })).toBe('0=1');
    await putClose(api, { symbol, day: 0, branch: deepest }, 2);
    expect((await mergeBranch(api, deepest)).json).toMatchObject({ corrected: 1 });
    expect(await shownCloses(api, symbol, { branch: chain.at(-2) ?? '' })).toBe('0=2');
    // One beside it is no deeper.
    expect(await forkBranch(api, { parent: chain.at(-2) ?? '' })).not.toBe('');
  });
});

describe('main', () => {
  it('is a branch without a parent: it is not merged, discarded or compared', async () => {
    expect((await api.get('/v1/branches/main')).json).toMatchObject({
      ...{ name: 'main', parent: null, forkRevision: null, status: 'open' },
    });
    expectRefused(await mergeBranch(api, 'main'), 422, 'root-branch');
    expectRefused(await api.delete('/v1/branches/main'), 422, 'root-branch');
    expectRefused(await api.get('/v1/branches/main/changes'), 422, 'root-branch');
  });
});

describe('a branch that is not there', () => {
  it('is not found by any route', async () => {
    const answers = [
      await api.get('/v1/branches/nope'),
      await api.get('/v1/branches/nope/changes'),
      await api.delete('/v1/branches/nope'),
      await mergeBranch(api, 'nope'),
    ];
    for (const answer of answers) expectRefused(answer, 404, 'branch-not-found');
    expectRefused(await api.get(`/v1/branches/${encodeURIComponent('a b')}`), 400, 'validation-failed');
  });
});

describe('who may do what with branches', () => {
  it('anyone with a session may look, visitors too; only administrators may change', async () => {
    const { revision } = await stockWith(api, '1');
    const { symbol } = await stockWith(api, '1');
    const name = await forkBranch(api);
    await putClose(api, { symbol, day: 0, branch: name }, 2);
    const user = (await service.signedIn('USER')).api;
    const reads = ['/v1/branches', `/v1/branches/${name}`, `/v1/branches/${name}/changes`];
    for (const path of reads) {
      for (const reader of [user, service.visitor()]) expect((await reader.get(path)).status).toBe(200);
      expectRefused(await service.stranger.get(path), 401, 'unauthenticated');
    }
    const writes: [method: 'post' | 'delete', path: string, json?: object][] = [
      ['post', '/v1/branches', { name: freshBranchName() }],
      ['post', `/v1/branches/${name}/merge`, {}],
      ['post', `/v1/revisions/${revision}/revert`],
      ['delete', `/v1/branches/${name}`],
    ];
    for (const [method, path, json] of writes) {
      const call = json === undefined ? {} : { json };
      expectRefused(await user[method](path, call), 403, 'forbidden');
      expectRefused(await service.visitor()[method](path, call), 401, 'sign-in-required');
      expectRefused(await service.stranger[method](path, call), 401, 'unauthenticated');
    }
    const admin = (await service.signedIn('ADMIN')).api;
    for (const [method, path, json] of writes.slice(0, 3)) {
      const answer = await admin[method](path, json === undefined ? {} : { json });
      expect([path, answer.status]).toEqual([path, expect.any(Number)]);
      expect(answer.status).toBeLessThan(300);
    }
  });

  it('and the author of merges and reverts is who asked for them', async () => {
    const { symbol } = await stockWith(api, '1');
    const name = await forkBranch(api);
    await putClose(api, { symbol, day: 0, branch: name }, 2);
    const boss = await service.signedIn('ADMIN');
    const merged = revisionOf(await mergeBranch(boss.api, name));
    const reverted = revisionOf(await boss.api.post(`/v1/revisions/${merged}/revert`));
    for (const id of [merged, reverted]) {
      expect((await api.get(`/v1/revisions/${id}`)).json).toMatchObject({ authorId: boss.userId });
    }
  });
});
