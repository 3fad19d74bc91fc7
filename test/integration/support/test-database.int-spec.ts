import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { testConnection, testServer, type TestServer } from '../../support/test-server.js';

async function query(connection: ConnectionSettings, text: string): Promise<readonly unknown[]> {
  return withConnection(connection, async (client) => {
    const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
    return rows;
  });
}

describe('a test database', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await createTestDatabase();
  });
  afterAll(() => db.drop());

  it('is made by the migrations', async () => {
    const [row] = await query(db.app, 'select count(*)::int from migrations');
    expect(row).toEqual([expect.any(Number)]);
    expect(await query(db.app, 'select symbol from tracked_stocks')).toEqual([]);
  });

  it('is used as the application role, which may change no table', async () => {
    expect(
      await query(
        db.app,
        "select rolsuper, pg_has_role('stockroom_app', 'member') from pg_roles where rolname = current_user",
      ),
    ).toEqual([[false, true]]);
    await expect(query(db.app, 'create table mine (id int)')).rejects.toMatchObject({ code: '42501' });
    await expect(query(db.app, 'drop table tracked_stocks')).rejects.toMatchObject({ code: '42501' });
  });

  it('belongs to one file alone', async () => {
    const other = await createTestDatabase();
    await query(db.superuser, "comment on table tracked_stocks is 'changed here'");
    expect(await query(other.app, "select obj_description('tracked_stocks'::regclass)")).toEqual([[null]]);
    await other.drop();
  });

  it('may be empty, with roles and no table', async () => {
    const empty = await createTestDatabase('empty');
    expect(
      await query(empty.owner, "select relname from pg_class where relnamespace = 'public'::regnamespace"),
    ).toEqual([]);
    await query(empty.owner, 'set role stockroom_owner; create table mine (id int)');
    await empty.drop();
  });

  it('is dropped while somebody is connected', async () => {
    const other = await createTestDatabase();
    await withConnection(other.app, async () => {
      await other.drop();
    });
    await expect(query(other.app, 'select 1')).rejects.toThrow(other.name);
  });

  it('cannot be changed for everybody, because the template takes no connection', async () => {
    const server = testServer();
    await expect(query(testConnection(server, 'superuser'), 'select 1')).rejects.toThrow(
      /not currently accepting/,
    );
  });
});

describe('the process that holds the test server', () => {
  it.each([
    [
      'its standard input ends, as when jest is killed',
      (child: ReturnType<typeof start>) => child.stdin.end(),
    ],
    ['it is told to stop', (child: ReturnType<typeof start>) => child.kill('SIGTERM')],
  ])('leaves nothing behind when %s', async (_case, end) => {
    const child = start();
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const server = JSON.parse(line) as TestServer;
    const directory = dirname(server.host);
    expect(existsSync(join(server.host, `.s.PGSQL.${server.port}`))).toBe(true);

    // Ctrl-C reaches the whole group and must not stop it half-way.
    child.kill('SIGINT');
    const [version] = await query(testConnection(server, 'superuser', 'postgres'), 'select 1');
    expect(version).toEqual([1]);

    end(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(existsSync(directory)).toBe(false);
    await expect(query(testConnection(server, 'superuser', 'postgres'), 'select 1')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  function start() {
    return spawn(
      process.execPath,
      ['--import', '@swc-node/register/esm-register', 'test/support/server-process.ts'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
  }
});
