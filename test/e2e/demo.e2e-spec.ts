import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chart } from '../../scripts/demo/chart.js';
import { digestOf, type ExportDocument } from '../../src/chat-history/export/export-document.types.js';
import { runScript, type CommandResult } from '../support/command-line.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let t: TestApp;
let folder: string;

beforeAll(async () => {
  t = await startTestApp();
  folder = await mkdtemp(join(tmpdir(), 'stockroom-demo-'));
});
afterAll(async () => {
  await t.close();
  await rm(folder, { recursive: true, force: true });
});

const file = (): string => join(folder, 'export.json');
const demo = async (...args: readonly string[]): Promise<CommandResult> =>
  runScript('scripts/demo/main.ts', ['--url', t.url, '--export', file(), ...args]);
const signedIn = (): readonly string[] => ['--login', t.admin.email, '--password', t.admin.password];

describe('the demo', () => {
  it('tells the whole story on an empty service, and again as often as one likes', async () => {
    for (const [inserted, corrected, revision] of [
      [23, 0, 1],
      [0, 1, 3],
    ]) {
      const { status, stdout, stderr } = await demo(...signedIn());
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`${inserted} inserted, ${corrected} corrected`);
      expect(stdout).toContain(
        '422 citation-misquoted: a made-up price is not stored, and the answer says what is true: 71.84',
      );
      expect(stdout).toContain(`pinned to revision ${revision} of branch main, status current`);
      expect(stdout).toContain('would restate 1 quotation.');
      expect(stdout).toContain(`restated by revision ${Number(revision) + 1}: quoted 71.84, now 78.14`);
      expect(stdout.match(/○/g)).toHaveLength(2);
      expect(stdout).toContain('✓ as exported');
      expect(stdout).toContain('✗ changed, and it shows');
      // Colours are for terminals.
      expect(stdout).not.toContain('\u001b');
    }
  }, 60_000);

  it('leaves a document that verifies, and nobody signed in', async () => {
    const document = JSON.parse(await readFile(file(), 'utf8')) as ExportDocument;
    expect(digestOf(document)).toBe(document.digest.value);
    const sessions = (await t.api.get('/v1/sessions')).json as { data: readonly unknown[] };
    expect(sessions.data).toHaveLength(1);
  });

  it('signs in with what the first start left', async () => {
    const { email, username, password } = t.admin;
    await writeFile(join(folder, 'admin.json'), JSON.stringify({ email, username, password }));
    expect(await demo('--data-dir', folder)).toMatchObject({ status: 0, stderr: '' });
  }, 60_000);

  it('looks where the service looks: PORT and STOCKROOM_DATA_DIR say where it is', async () => {
    const { email, username, password } = t.admin;
    await writeFile(join(folder, 'admin.json'), JSON.stringify({ email, username, password }));
    const env = { PORT: new URL(t.url).port, STOCKROOM_DATA_DIR: folder };
    const told = await runScript('scripts/demo/main.ts', ['--export', file()], { env });
    expect(told).toMatchObject({ status: 0, stderr: '' });
    expect(told.stdout).toContain(`told by ${t.url}, asked as ${email}`);
    const wrong = await runScript('scripts/demo/main.ts', [], { env: { PORT: 'x' } });
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringContaining('PORT') });
  }, 60_000);

  it('says in a sentence what is missing', async () => {
    const nobody = await demo('--data-dir', join(folder, 'none'));
    expect(nobody).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('give --login and --password'),
    });
    const nowhere = await demo('--url', 'http://127.0.0.1:1', ...signedIn());
    expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringContaining('npm start') });
    const wrong = await demo('--login', t.admin.email, '--password', 'wrong');
    expect(wrong).toMatchObject({ status: 1, stderr: expect.stringMatching(/^401: /) });
    const user = await t.signedIn('USER');
    const notAllowed = await demo('--login', user.email, '--password', user.password);
    expect(notAllowed).toMatchObject({ status: 1, stderr: expect.stringMatching(/^403: /) });
  }, 60_000);

  it('leaves a stock alone that is somebody’s own', async () => {
    const other = await startTestApp();
    await other.api.post('/v1/stocks', { json: { symbol: 'DEMO', name: 'Democracy Inc' } });
    const { email, password } = other.admin;
    const told = await demo('--url', other.url, '--login', email, '--password', password);
    expect(told).toMatchObject({ status: 1, stderr: expect.stringContaining('stays as it is') });
    expect((await other.api.get('/v1/revisions')).json).toMatchObject({ data: [] });
    await other.close();
  }, 60_000);
});

describe('the chart', () => {
  it('draws what was known then only where it was something else', () => {
    const lines = chart([
      { label: 'a', before: 1, today: 1 },
      { label: 'b', before: 5, today: 9 },
      { label: 'c', before: 9, today: 9 },
    ]);
    expect(lines).toEqual([
      '    9.00 ┤   ● ●',
      '    8.00 ┤',
      '    7.00 ┤',
      '    6.00 ┤',
      '    5.00 ┤   ○',
      '    4.00 ┤',
      '    3.00 ┤',
      '    2.00 ┤',
      '    1.00 ┤ ●',
      '         └──────',
      '           a   c',
    ]);
  });

  it('draws a line that never moves', () => {
    const flat = chart([{ label: 'a', before: 3, today: 3 }]);
    expect(flat.at(8)).toBe('    3.00 ┤ ●');
  });
});
