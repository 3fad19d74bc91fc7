import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { entities } from '../../../mikro-orm.config.js';
import { loadSettings, type ConnectionSettings } from '../../../src/config/settings.js';
import { withConnection } from '../../../src/database/direct-connection.js';
import { EmbeddedPostgres } from '../../../src/database/embedded/embedded-postgres.js';
import { rolesScript } from '../../../src/database/roles.queries.js';
import { SchemaMigrator } from '../../../src/database/schema-migrator.js';
import { generateSecret } from '../../../src/encryption/secrets.js';

/**
 * As on a server that somebody else runs: a user who may create roles and owns one database, and no superuser in sight.
 * Roles belong to the whole server, so this needs one where nobody has made them yet.
 */
describe('a user who may create roles and owns the database', () => {
  const password = generateSecret(18);
  let server: EmbeddedPostgres;
  let dataDir: string;
  let owner: ConnectionSettings;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'stockroom-roles-'));
    await chmod(dataDir, 0o755);
    server = await EmbeddedPostgres.open({
      dataDir,
      superuserPassword: password,
      holder: 'service',
      binDir: process.env.TEST_POSTGRES_BIN_DIR || undefined,
      settings: { fsync: 'off' },
    });
    const { host, port, superuser } = server.address;
    const maintenance = { host, port, user: superuser, password, database: 'postgres', ssl: false } as const;
    await query(maintenance, `create role landlord login createrole password '${password}'`);
    await query(maintenance, 'create database rented owner landlord');
    owner = { ...maintenance, user: 'landlord', database: 'rented' };
  });
  afterAll(async () => {
    await server.close();
    await rm(server.location, { recursive: true, force: true });
    await rm(dataDir, { recursive: true, force: true });
  });

  it('is no superuser', async () => {
    expect(await query(owner, 'select rolsuper from pg_roles where rolname = current_user')).toEqual([
      [false],
    ]);
  });

  it('makes the roles, and makes them again without a change', async () => {
    await query(owner, rolesScript());
    const before = await roles();
    expect(before.map(([name]) => name)).toEqual(['stockroom_app', 'stockroom_owner', 'stockroom_readonly']);
    await query(owner, rolesScript());
    expect(await roles()).toEqual(before);
  });

  it('migrates', async () => {
    const migrator = new SchemaMigrator(loadSettings({}), owner, entities);
    expect(await migrator.up()).not.toEqual([]);
    expect(await migrator.drift()).toBe('');
    await query(owner, rolesScript());
  });

  it('repairs grants', async () => {
    const mayInsert = `select has_table_privilege('stockroom_app', 'tracked_stocks', 'insert')`;
    await query(owner, 'set role stockroom_owner; revoke all on tracked_stocks from stockroom_app');
    expect(await query(owner, mayInsert)).toEqual([[false]]);
    await new SchemaMigrator(loadSettings({}), owner, entities).repairGrants();
    expect(await query(owner, mayInsert)).toEqual([[true]]);
  });

  it('gives a login user of its own making what the service needs', async () => {
    await query(owner, `create role tenant login password '${password}' in role stockroom_app`);
    const tenant = { ...owner, user: 'tenant' };
    expect(await query(tenant, 'select count(*)::int from stock_data')).toEqual([[0]]);
    await expect(query(tenant, 'create table mine (id int)')).rejects.toMatchObject({ code: '42501' });
  });

  async function roles(): Promise<readonly (readonly unknown[])[]> {
    return query(
      owner,
      `select rolname, rolsuper, rolcanlogin, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles
       where rolname like 'stockroom%' order by 1`,
    );
  }
});

async function query(connection: ConnectionSettings, text: string): Promise<readonly (readonly unknown[])[]> {
  return withConnection(connection, async (client) => {
    const { rows } = await client.query<unknown[]>({ text, rowMode: 'array' });
    return rows;
  });
}
