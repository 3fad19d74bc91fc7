import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { runStatement, withConnection } from '../../src/database/direct-connection.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import {
  APP_ROLE,
  createDatabase,
  OWNER_ROLE,
  rolesScript,
  upsertLoginUser,
} from '../../src/database/roles.queries.js';
import { secretFiles, workloads, type Manifest, type Workload } from './manifest.js';
import { IMAGE_USER } from './pod-rules.js';

/** What a cluster would give its pods: an image, a database, secrets and ports. */
export interface PodWorld {
  readonly image: string;
  readonly imageEnvironment: Readonly<Record<string, string>>;
  readonly imageCommand: readonly string[];
  readonly manifests: readonly Manifest[];
  /** By the names that containers give them. */
  readonly ports: Readonly<Record<string, number>>;
  readonly socket: string;
  /** The folder with the files that the volumes of a workload show. */
  secretsOf(workload: Workload): string;
  close(): Promise<void>;
}

/** Makes one in a folder: roles and logins as docs/operations.md says, and a database without a schema. */
export async function openPodWorld(input: {
  readonly folder: string;
  readonly image: string;
  readonly manifests: readonly Manifest[];
}): Promise<PodWorld> {
  const { folder, image, manifests } = input;
  await chmod(folder, 0o755);
  const superuserPassword = randomBytes(18).toString('base64url');
  const postgres = await EmbeddedPostgres.open({
    dataDir: folder,
    superuserPassword,
    holder: 'service',
    // The pods' user is another one; the folder around the socket keeps everybody else out.
    settings: { unix_socket_permissions: '0777' },
  });
  try {
    const { host, port, superuser } = postgres.address;
    const passwords = await prepareDatabase({
      host,
      port,
      user: superuser,
      password: superuserPassword,
      database: 'postgres',
      ssl: false,
    });
    await writeSecrets(folder, manifests, passwords);
    const socket = join(host, `.s.PGSQL.${port}`);
    const [http, metrics] = await freePorts();
    const dockerfile = readDockerfile();
    return {
      ...{ image, manifests, socket, ...dockerfile },
      ports: { http, metrics },
      secretsOf: (workload) => join(folder, `secrets-${workload.metadata.name}`),
      close: () => postgres.close(),
    };
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

type Passwords = Readonly<Record<'stockroom_service' | 'stockroom_migrator', string>>;

async function prepareDatabase(superuser: ConnectionSettings): Promise<Passwords> {
  const passwords = {
    stockroom_service: randomBytes(18).toString('base64url'),
    stockroom_migrator: randomBytes(18).toString('base64url'),
  };
  await withConnection(superuser, (client) => client.query(createDatabase('stockroom')));
  await withConnection({ ...superuser, database: 'stockroom' }, async (client) => {
    await client.query(rolesScript());
    await client.query('begin');
    for (const [name, role] of [
      ['stockroom_service', APP_ROLE],
      ['stockroom_migrator', OWNER_ROLE],
    ] as const) {
      for (const statement of upsertLoginUser({ name, password: passwords[name], role })) {
        await runStatement(client, statement);
      }
    }
    await client.query('commit');
  });
  return passwords;
}

async function writeSecrets(
  folder: string,
  manifests: readonly Manifest[],
  passwords: Passwords,
): Promise<void> {
  const url = (user: keyof Passwords): string =>
    `postgres://${user}:${passwords[user]}@/stockroom?host=/run/postgresql&sslmode=disable`;
  const texts: Readonly<Record<string, string>> = {
    'database-url': url('stockroom_service'),
    'database-migration-url': url('stockroom_migrator'),
    'encryption-keys': `k1:${randomBytes(32).toString('base64')}`,
  };
  for (const { metadata, spec } of workloads(manifests)) {
    const place = join(folder, `secrets-${metadata.name}`);
    await mkdir(place, { mode: 0o755 });
    for (const { path } of (spec.template.spec.volumes ?? []).flatMap(secretFiles)) {
      const file = join(place, path);
      await writeFile(file, texts[path] ?? '', { mode: 0o440 });
      await chown(file, 0, IMAGE_USER);
    }
  }
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()].map((server) => server.listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const [http, metrics] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return [http ?? 0, metrics ?? 0];
}

function readDockerfile(): Pick<PodWorld, 'imageEnvironment' | 'imageCommand'> {
  const text = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const environment = [...text.matchAll(/^(?:ENV)?\s+([A-Z_]+)=(\S+)/gm)];
  return {
    imageEnvironment: Object.fromEntries(environment.map(([, name = '', value = '']) => [name, value])),
    imageCommand: JSON.parse(/^CMD (.*)$/m.exec(text)?.[1] ?? '[]') as string[],
  };
}
