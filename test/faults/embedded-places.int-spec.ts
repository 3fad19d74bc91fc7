import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { chmod, chown, cp, lstat, mkdir, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/database/embedded/embedded-postgres.js';
import {
  findBinaries,
  installedPackage,
  SYSTEM_FOLDER,
  type Installation,
} from '../../src/database/embedded/postgres-binaries.js';
import { programOptions } from '../../src/database/embedded/run-program.js';
import { canEnter, chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { PASSWORD, query, Scratch, serverPid } from './embedded-support.js';

const run = promisify(execFile);
const scratch = new Scratch();
const keeper = new Scratch();
let folder: string;
/** A stopped cluster, for the tests that are not about making one, which takes most of a test's time. */
let made: string;

const open = (dataDir: string, extra: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> =>
  EmbeddedPostgres.open({ dataDir, holder: 'service', superuserPassword: PASSWORD, ...extra });

async function keepsItsData(dataDir: string): Promise<EmbeddedPostgres> {
  const first = await open(dataDir);
  await query(first.address, 'create table kept as select 42 as answer');
  await first.close();
  const second = await open(dataDir);
  expect(await query(second.address, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await second.close();
  return second;
}

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? describe : describe.skip;
const ordinary = { uid: 65534, gid: 65534 };
const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
const ordinaryUserGetsIn = isRoot && (await canEnter(projectRoot, ordinary));

beforeAll(async () => {
  made = await keeper.folder();
  await (await open(made)).close();
});
afterAll(() => keeper.cleanUp());
beforeEach(async () => {
  folder = await scratch.folder();
  // The temporary folder is made for this user alone; what stands above a data directory is each test's own matter.
  await chmod(folder, 0o755);
});
afterEach(() => scratch.cleanUp());

describe('a data directory', () => {
  it('may lie so deep that no socket path fits', async () => {
    const dataDir = join(folder, 'x'.repeat(60), 'y'.repeat(60));
    const server = await keepsItsData(dataDir);
    // The control: beside the cluster the socket's path would be longer than the system takes.
    expect(Buffer.byteLength(join(dirname(server.location), 'run', '.s.PGSQL.5432'))).toBeGreaterThan(107);
    expect(Buffer.byteLength(join(server.address.host, '.s.PGSQL.5432'))).toBeLessThanOrEqual(103);
    await rm(server.address.host, { recursive: true });
  });

  it('may have spaces, commas, quotes and letters beyond ASCII in its name', async () => {
    const server = await keepsItsData(join(folder, `a b, c "d" 'e' %f $g ü`));
    expect(server.address.host).toContain(`a b, c "d"`);
  });

  it('of another major version is refused with the way to bring it over', async () => {
    await mkdir(join(folder, 'postgres-9'));
    await expect(open(folder)).rejects.toThrow(/postgres-9 was made by another major version.*Dump it/s);
  });

  it('whose cluster was replaced by one of another version is refused', async () => {
    const file = join(made, 'postgres-18', 'PG_VERSION');
    await writeFile(file, '17\n');
    await expect(open(made)).rejects.toThrow(/holds data of PostgreSQL 17/);
    await writeFile(file, '18\n');
    await (await open(made)).close();
  });

  it('that cannot be made is refused with the variable that mends it', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(open(join(folder, 'file', 'data'))).rejects.toThrow(/cannot be used.*STOCKROOM_DATA_DIR/s);
  });

  it('copied while its server runs is not taken for the original', async () => {
    const server = await open(made);
    const copy = join(folder, 'copy');
    await run('cp', ['-a', made, copy]);
    await expect(open(copy, { holder: 'command' })).rejects.toThrow(/was copied or moved from/);
    await server.close();
  });

  it('serves under a umask of 077', async () => {
    const holder = scratch.holder({ dataDir: join(folder, 'data'), holder: 'service', umask: 0o077 });
    const { address } = await holder.held();
    expect(await query(address, 'select 1 as one')).toEqual([{ one: 1 }]);
    await holder.close();
  });

  it('keeps the password in no file', async () => {
    const found = await run('grep', ['-rlF', PASSWORD, made]).catch((error: { code: number }) => error.code);
    expect(found).toBe(1);
  });
});

describe('binaries', () => {
  it('that are not there are named in the error', async () => {
    await expect(open(folder, { binDir: '/nowhere' })).rejects.toThrow(
      /\/nowhere\/postgres cannot be started/,
    );
  });

  async function packageWithoutLinks(): Promise<Installation> {
    const { root, packageVersion } = await installedPackage();
    const copy = join(folder, 'package', 'native');
    await cp(root, copy, { recursive: true, verbatimSymlinks: true });
    for (const entry of await readdir(join(copy, 'lib'), { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(copy, 'lib', entry.name));
    }
    return { root: copy, packageVersion };
  }

  it('whose library links were never made get them', async () => {
    const installation = await packageWithoutLinks();
    const account = await chooseServerAccount();
    const program = join(installation.root, 'bin', 'postgres');
    // The control: as they are unpacked, they do not run.
    await expect(run(program, ['--version'], programOptions(account))).rejects.toThrow(/shared libraries/);

    const options = { binDir: undefined, dataDir: folder, account, log: () => undefined, installation };
    expect(await findBinaries(options)).toMatchObject({ postgres: program, major: 18 });
    expect((await lstat(join(installation.root, 'lib', 'libicui18n.so.60'))).isSymbolicLink()).toBe(true);
  });

  (ordinaryUserGetsIn ? it : it.skip)(
    'that an ordinary user may not mend are copied to the data directory',
    async () => {
      const installation = await packageWithoutLinks();
      const dataDir = join(folder, 'data');
      await mkdir(dataDir);
      await chown(dataDir, ordinary.uid, ordinary.gid);
      const { stdout } = await run(
        process.execPath,
        [
          ...[
            '--import',
            '@swc-node/register/esm-register',
            join(projectRoot, 'test/faults/embedded-finder.ts'),
          ],
          JSON.stringify({ dataDir, installation }),
        ],
        { cwd: projectRoot, ...ordinary },
      );
      expect(stdout.trim()).toBe(join(dataDir, `postgres-${installation.packageVersion}`, 'bin', 'postgres'));
    },
  );

  asRoot('for root', () => {
    it('are copied where the server may enter, when it may not enter their folder', async () => {
      const installation = { ...(await packageWithoutLinks()), packageVersion: 'of-a-test' };
      await chmod(join(folder, 'package'), 0o700);
      const account = await chooseServerAccount();
      const lines: string[] = [];
      const log = (line: string): void => void lines.push(line);
      const copy = join(SYSTEM_FOLDER, 'postgres-of-a-test');
      try {
        const options = { binDir: undefined, dataDir: folder, account, log, installation };
        expect((await findBinaries(options)).postgres).toBe(join(copy, 'bin', 'postgres'));
        expect(lines).toEqual([expect.stringContaining(`copying them to ${copy}`)]);
        // Found again, not copied again.
        await findBinaries(options);
        expect(lines).toHaveLength(1);
      } finally {
        await rm(copy, { recursive: true, force: true });
      }
    });
  });
});

asRoot('root', () => {
  it('runs the server as another user, in place where that user may enter', async () => {
    const server = await open(made);
    expect(server.location).toBe(join(made, 'postgres-18'));
    expect((await stat(server.location)).uid).not.toBe(0);
    await server.close();
  });

  it('keeps the cluster elsewhere, linked and announced, when the data directory is out of its user’s reach', async () => {
    await chmod(folder, 0o700);
    const dataDir = join(folder, 'project', '.stockroom');
    const lines: string[] = [];
    const first = await open(dataDir, { log: (line) => void lines.push(line) });
    expect(first.location.startsWith(`${SYSTEM_FOLDER}/`)).toBe(true);
    expect(await readlink(join(dataDir, 'postgres-18'))).toBe(first.location);
    expect(lines.join('\n')).toContain(`may not enter ${dataDir}`);
    await first.close();
    const again = await keepsItsData(dataDir);
    expect(again.location).toBe(first.location);
  });

  it('does not inherit the relocated cluster of a data directory that was deleted', async () => {
    await chmod(folder, 0o700);
    const dataDir = join(folder, '.stockroom');
    const old = await open(dataDir);
    await old.close();
    await rm(dataDir, { recursive: true });
    const anew = await open(dataDir, { superuserPassword: 'made anew' });
    expect(anew.location).not.toBe(old.location);
    await anew.close();
    await rm(dirname(old.location), { recursive: true });
  });

  it('runs an existing cluster as its owner, not as whom it would choose', async () => {
    await run('cp', ['-a', `${made}/.`, folder]);
    const location = join(folder, 'postgres-18');
    await run('chown', ['-R', '65534:65534', location, join(folder, 'run')]);
    await (await open(folder)).close();
    expect((await stat(join(location, 'PG_VERSION'))).uid).toBe(65534);
    await run('chown', ['-R', '0:0', location]);
    await expect(open(folder)).rejects.toThrow(/belongs to root.*chown -R/s);
  });

  (ordinaryUserGetsIn ? it : it.skip)(
    'is not needed: an ordinary user runs everything in place',
    async () => {
      const dataDir = join(folder, 'data');
      await mkdir(dataDir);
      await chown(dataDir, ordinary.uid, ordinary.gid);
      const holder = scratch.holder({ dataDir, holder: 'service' }, ordinary);
      const { location } = await holder.held();
      expect(location).toBe(join(dataDir, 'postgres-18'));
      expect((await stat(location)).uid).toBe(ordinary.uid);

      // Root beside it holds the same server, and the ordinary user, who is the last, stops it.
      const command = await open(dataDir, { holder: 'command' });
      expect(await query(command.address, 'select 1 as one')).toEqual([{ one: 1 }]);
      await command.close();
      await holder.close();
      expect(await serverPid(location)).toBeUndefined();
    },
  );

  (ordinaryUserGetsIn ? it : it.skip)(
    'has a cluster that an ordinary user is told not to touch',
    async () => {
      const { mode } = await stat(made);
      await chmod(made, 0o777);
      const holder = scratch.holder({ dataDir: made, holder: 'command' }, ordinary);
      expect((await holder.message()).error?.message).toMatch(
        /belongs to user id \d+, and this is user id 65534/,
      );
      await chmod(made, mode);
    },
  );
});
