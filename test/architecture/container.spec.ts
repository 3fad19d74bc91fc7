import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { load, YAML11_SCHEMA } from 'js-yaml';
import { loadSettings } from '../../src/config/settings.js';
import { ROOT } from './rules/source-files.js';

interface ComposeService {
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly configs?: readonly { readonly source: string }[];
  readonly volumes: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<'database' | 'migrate' | 'stockroom', ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const compose = load(read('docker-compose.yml'), { schema: YAML11_SCHEMA }) as Compose;
const SECRETS = {
  POSTGRES_PASSWORD: '5d1c0f0a9b7e46f28c3d',
  SERVICE_PASSWORD: '9e8f7a6b5c4d43f1a2b3',
  ENCRYPTION_KEYS: `k1:${Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64')}`,
};

/** The environment of a service as compose hands it on: `${NAME:?why}` replaced, `$$` made one dollar. */
function environmentOf(
  service: ComposeService,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  const fill = (text: string): string =>
    text
      .replaceAll(/\$\{([A-Z_]+):\?[^}]*\}/g, (_all, name: string) => {
        const value = secrets[name];
        if (value === undefined || value === '') throw new Error(`${name} is not set`);
        return value;
      })
      .replaceAll(
        /\$\{([A-Z_]+):-([^}]*)\}/g,
        (_all, name: string, otherwise: string) => secrets[name] ?? otherwise,
      )
      .replaceAll('$$', '$');
  return Object.fromEntries(Object.entries(service.environment).map(([name, value]) => [name, fill(value)]));
}

describe('docker-compose.yml', () => {
  const { database, migrate, stockroom } = compose.services;

  it.each([
    ['service', stockroom],
    ['migration job', migrate],
  ])('gives the %s an environment that it starts with', (_name, service) => {
    const settings = loadSettings({ ...environmentOf(service, SECRETS), HOST: '0.0.0.0' });
    expect(settings.database.app).toMatchObject({ host: 'database', user: 'stockroom_service', ssl: false });
    expect(settings.database.migrateOnStart).toBe(false);
  });

  it('lets only the migration job act as superuser', () => {
    expect(loadSettings({ ...environmentOf(migrate, SECRETS) }).database.migration?.user).toBe('postgres');
    expect(JSON.stringify(stockroom.environment)).not.toContain('POSTGRES_PASSWORD');
  });

  it.each(Object.keys(SECRETS))('does not start without %s', (name) => {
    const secrets = { ...SECRETS, [name]: '' };
    expect(() => [database, migrate].map((service) => environmentOf(service, secrets))).toThrow(name);
  });

  it('holds no secret, and would be refused with a sample in place of one', () => {
    const samples = { ...SECRETS, ENCRYPTION_KEYS: 'replace-me', SERVICE_PASSWORD: 'replace-me' };
    expect(() => loadSettings(environmentOf(stockroom, samples))).toThrow(/ENCRYPTION_KEYS/);
  });

  it('publishes the port on loopback only, and the database not at all', () => {
    expect(stockroom.ports).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
    expect(database.ports).toBeUndefined();
  });

  it('starts the service when the database is healthy and the migrations are done', () => {
    expect(stockroom.depends_on).toEqual({
      database: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
    });
  });

  it('keeps data in volumes that it declares', () => {
    const volumes = [database, migrate, stockroom].flatMap((service) => service.volumes);
    for (const volume of volumes) expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    expect(database.volumes).toEqual(['database:/var/lib/postgresql']);
    for (const { source } of database.configs ?? []) expect(compose.configs[source]?.content).toContain('$$');
  });
});

/** What the last stage may have that puts files into it or takes some away: spaces made one. */
const CONTENT = new Set([
  'RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* ' +
    '&& install -d -o 10001 -g 10001 /var/lib/stockroom',
  'COPY package.json ./',
  'COPY --from=dependencies /build/node_modules ./node_modules',
  'COPY --from=builder /build/dist ./dist',
  'COPY --from=dependencies /build/sbom.cdx.json ./',
]);

/** The lines of the last stage that put files into it and are none of those. */
function contentBeside(dockerfile: string): string[] {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM ') + 1);
  return last
    .split('\n')
    .map((line) => line.trim().replaceAll(/\s+/g, ' '))
    .filter((line) => /^(?:run|copy|add|onbuild)\b/i.test(line) && !CONTENT.has(line));
}

describe('the image', () => {
  const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
  const instruction = (name: string): string =>
    new RegExp(`^\\s*${name} (.*)$`, 'm').exec(dockerfile)?.[1] ?? '';

  it('is built from files that .dockerignore lets through', () => {
    const allowed = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
    expect(allowed).toEqual(
      expect.arrayContaining(['package.json', 'package-lock.json', 'src', 'migrations']),
    );
    for (const path of allowed)
      expect({ path, exists: existsSync(join(ROOT, path)) }).toEqual({ path, exists: true });
  });

  it('copies only from stages that exist', () => {
    const stages = [...dockerfile.matchAll(/ AS (\w+)$/gm)].map(([, name]) => name);
    const sources = [...dockerfile.matchAll(/--from=(\w+)/g)].map(([, name]) => name);
    expect(sources.length).toBeGreaterThan(0);
    expect(stages).toEqual(expect.arrayContaining(sources));
  });

  it('runs the Node that the project is written for, as a number that is not root', () => {
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${read('.nvmrc').trim()}-`);
    for (const [, base] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(base).toBe('${NODE_IMAGE}');
    expect(instruction('USER')).toBe('10001:10001');
  });

  it('holds what was checked: pruned packages, and the list of what they are', () => {
    expect(dockerfile).toContain('RUN sh scripts/image/prune.sh && node scripts/image/sbom.mjs');
    const copied = [...dockerfile.matchAll(/^COPY (?:--from=\w+ )?(.+)$/gm)].map(([, paths]) => paths);
    const runtime = copied.slice(copied.indexOf('package.json ./'));
    expect(runtime).toEqual([
      'package.json ./',
      '/build/node_modules ./node_modules',
      '/build/dist ./dist',
      '/build/sbom.cdx.json ./',
    ]);
  });

  it('gets nothing into its last stage that was not checked, by no other instruction', () => {
    expect(contentBeside(dockerfile)).toEqual([]);
    for (const line of [
      'RUN npm i left-pad',
      'ADD https://example.com/x /app/',
      'copy . .',
      'ONBUILD COPY . .',
    ])
      expect(contentBeside(dockerfile.replace('WORKDIR /app\n', `$&${line}\n`))).toEqual([line]);
    expect(contentBeside(dockerfile.replace('/opt/yarn-*', '/opt/yarn-* && npm i left-pad'))).toHaveLength(1);
  });

  it('starts without a shell in between, so that signals arrive', () => {
    expect(JSON.parse(instruction('ENTRYPOINT'))).toEqual(['node']);
    expect(JSON.parse(instruction('CMD'))).toEqual(['dist/src/main.js']);
    expect(instruction('STOPSIGNAL')).toBe('SIGTERM');
  });

  it('runs with the flags of `npm start`', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: { start: string } };
    const flags = /\bNODE_OPTIONS=(\S+)/.exec(dockerfile)?.[1];
    expect(flags).toMatch(/^--max-semi-space-size=\d+$/);
    expect(scripts.start).toContain(`exec node ${flags} dist/src/main.js`);
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('is told by its health check that an answer of %i means exit status %i', async (status, exitStatus) => {
    const server = createServer((_request, response) => response.writeHead(status).end()).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const command = /HEALTHCHECK .*?CMD (\[.*\])/.exec(dockerfile)?.[1] ?? '';
    const [, ...args] = JSON.parse(command) as string[];
    const { port } = server.address() as AddressInfo;
    const check = spawn(process.execPath, args, { env: { PORT: String(port) } });
    expect(await once(check, 'exit')).toEqual([exitStatus, null]);
    server.close();
  });
});
