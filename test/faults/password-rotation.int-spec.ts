import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings } from '../../src/config/settings.js';
import { generateSecret } from '../../src/encryption/secrets.js';
import { execute } from '../migrations/migration-support.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { testConnection, testServer } from '../support/test-server.js';

const user = `rotated_${randomBytes(4).toString('hex')}`;
const FIRST = 'the first password';

/** A secret as Kubernetes mounts it: a link to a file below a link to a folder, which alone is exchanged. */
class MountedSecret {
  private version = 0;

  private constructor(private readonly folder: string) {}

  static async mount(text: string): Promise<MountedSecret> {
    const secret = new MountedSecret(await mkdtemp(join(tmpdir(), 'stockroom-secret-')));
    await secret.exchange(text);
    await symlink(join('..data', 'password'), secret.path);
    return secret;
  }

  get path(): string {
    return join(this.folder, 'password');
  }

  async exchange(text: string): Promise<void> {
    const version = `..version-${++this.version}`;
    await mkdir(join(this.folder, version));
    await writeFile(join(this.folder, version, 'password'), `${text}\n`);
    await symlink(version, join(this.folder, '..next'));
    await rename(join(this.folder, '..next'), join(this.folder, '..data'));
  }

  async unmount(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

let service: TestApp;
let secret: MountedSecret;

beforeAll(async () => {
  secret = await MountedSecret.mount(FIRST);
  await onServer(`create role ${user} login password '${FIRST}' in role stockroom_app`);
  service = await startTestApp({
    database: (db) => {
      const { host, port, database } = db.app;
      const { app } = loadSettings({
        DATABASE_HOST: host,
        DATABASE_PORT: String(port),
        DATABASE_NAME: database,
        DATABASE_USER: user,
        DATABASE_PASSWORD_FILE: secret.path,
        ENCRYPTION_KEYS: `k1:${generateSecret(32)}`,
      }).database;
      if (app === null) throw new Error('no connection');
      return { app };
    },
  });
});
afterAll(async () => {
  await service.close();
  await onServer(`drop role ${user}`);
  await secret.unmount();
});

/** Roles belong to the server, whatever databases there are. */
async function onServer(text: string): Promise<void> {
  await execute(testConnection(testServer(), 'superuser', 'postgres'), text);
}

const change = (password: string): Promise<void> => onServer(`alter role ${user} password '${password}'`);
/** Ends every session of the service, as a failover or an administrator would; those that follow need the new password. */
const endSessions = (): Promise<void> =>
  onServer(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${user}'`);
/** **Shape**: `200`, or what was wrong. */
const asked = async (): Promise<string> => {
  const { status, text } = await service.api.get('/v1/stocks');
  return status === 200 ? '200' : text;
};

describe('a password that is rotated while the service runs', () => {
  it('costs no request: connections that are open go on, new ones take the new password from the file', async () => {
    const statuses = new Set<string>();
    let isOver = false;
    const asking = Array.from({ length: 4 }, async () => {
      while (!isOver) statuses.add(await asked());
    });
    for (const password of ['the second password', 'the third password']) {
      await change(password);
      await secret.exchange(password);
      await endSessions();
      expect(await asked()).toBe('200');
    }
    isOver = true;
    await Promise.all(asking);
    expect([...statuses]).toEqual(['200']);
  });

  it('says what is wrong while the file is behind, shows no secret, and recovers by itself', async () => {
    const lines = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await change('known to nobody');
    await endSessions();
    const refused = await service.api.get('/v1/stocks');
    expect([refused.status, refused.json]).toMatchObject([503, { code: 'database-unavailable' }]);
    expect(await service.stranger.get('/readyz')).toMatchObject({
      status: 503,
      json: { checks: { database: 'down' } },
    });
    const saidSo = (): boolean =>
      lines.mock.calls.some(([line]) => /wrong user or password/.test(String(line)));
    while (!saidSo()) await service.stranger.get('/readyz');
    await service.stranger.get('/readyz');
    const said = lines.mock.calls
      .map(([line]) => String(line))
      .filter((line) => line.startsWith('not ready'));
    lines.mockRestore();
    // Once, however often it is asked; on a busy machine a probe may have given up before it knew why.
    expect(said.filter((line) => !/timed out/.test(line))).toHaveLength(1);
    expect(said.join()).toMatch(/not ready: The database refuses .*: wrong user or password/);
    expect(said.join()).not.toMatch(/third|nobody|second/);
    await secret.exchange('known to nobody');
    expect([await asked(), (await service.stranger.get('/readyz')).status]).toEqual(['200', 200]);
  });

  it('would fail with the password of the start: the control', async () => {
    const { currentPassword, ...fixed } = loadSettings({
      DATABASE_HOST: service.db.app.host,
      DATABASE_NAME: service.db.name,
      DATABASE_USER: user,
      DATABASE_PASSWORD: FIRST,
      ENCRYPTION_KEYS: `k1:${generateSecret(32)}`,
    }).database.app ?? { currentPassword: undefined };
    expect(currentPassword).toBeUndefined();
    await expect(execute({ ...service.db.app, ...fixed }, 'select 1')).rejects.toThrow(
      /wrong user or password/,
    );
  });
});
