import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeConversation, storeMessage } from '../../factories/history-rows.js';
import { storeUser } from '../../factories/users.js';
import { buildOnce, databaseVariables, stockroom, type CommandResult } from '../../support/command-line.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

let t: TestApp;
let folder: string;

beforeAll(async () => {
  buildOnce();
  t = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'stockroom-commands-'));
}, 120_000);
afterAll(async () => {
  await t.close();
  await rm(folder, { recursive: true, force: true });
});

describe('stockroom retention run', () => {
  it('says what it would remove, removes it, and finds nothing more', async () => {
    const owner = await storeUser(t.db.owner);
    const conversation = await storeConversation(t.db, { userId: owner.id });
    await storeMessage(t.db, conversation, { seq: 1, ago: '10 days' });
    await storeMessage(t.db, conversation, { seq: 2 });
    const env = { ...databaseVariables(t.db), STOCKROOM_MESSAGE_RETENTION_DAYS: '9' };
    const run = (...args: readonly string[]): Promise<CommandResult> =>
      stockroom(['retention', 'run', ...args], { env });
    const wouldGo = await run('--dry-run');
    expect(wouldGo).toMatchObject({
      ...{ status: 0, stderr: '' },
      stdout: 'Would remove 1 messages, 0 conversations and 0 tombstones of deleted ones.\n',
    });
    const gone = { dryRun: false, messages: 1, conversations: 0, tombstones: 0, finished: true };
    expect(JSON.parse((await run('--json')).stdout)).toEqual(gone);
    expect(JSON.parse((await run('--json')).stdout)).toEqual({ ...gone, messages: 0 });
  }, 60_000);
});

describe('stockroom export verify', () => {
  const verify = (path: string, ...args: readonly string[]): Promise<CommandResult> =>
    stockroom(['export', 'verify', path, ...args]);

  it('tells a document that is as it was from one that was changed', async () => {
    const { id } = (await t.api.post('/v1/conversations', { json: { title: 'Ünïcode' } })).json as {
      id: string;
    };
    await t.api.post(`/v1/conversations/${id}/messages`, { json: { role: 'user', content: 'at 101.24' } });
    const { text } = await t.api.get(`/v1/conversations/${id}/export`);
    const path = join(folder, 'export.json');
    await writeFile(path, JSON.stringify(JSON.parse(text), null, 2));
    expect(await verify(path)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('messages: 1'),
    });
    expect(JSON.parse((await verify(path, '--json')).stdout)).toMatchObject({
      intact: true,
      messages: 1,
      bars: 0,
    });
    await writeFile(path, (await readFile(path, 'utf8')).replace('101.24', '101.42'));
    expect(await verify(path)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('was changed'),
    });
    const changed = await verify(path, '--json');
    expect([changed.status, JSON.parse(changed.stdout)]).toMatchObject([1, { intact: false }]);
  }, 60_000);

  it.each([
    ['is not JSON', 'nonsense'],
    ['is no export', '{"messages":[]}'],
    ['is no export', 'null'],
    ['lacks a part', '{"format":"stockroom-conversation/1","digest":{"value":""}}'],
  ])('refuses a file that %s: %s', async (reason, text) => {
    const path = join(folder, 'other.json');
    await writeFile(path, text);
    expect(await verify(path)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(reason),
    });
  });

  it('says which file it cannot read', async () => {
    const missing = join(folder, 'missing.json');
    expect(await verify(missing)).toMatchObject({ status: 1, stderr: expect.stringContaining(missing) });
  });
});
