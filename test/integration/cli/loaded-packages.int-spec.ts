import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  buildOnce,
  COMMAND_LINE,
  databaseVariables,
  endOf,
  SERVICE,
  startProgram,
} from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

const WATCH = join(import.meta.dirname, '../../support/loaded-packages.mjs');

/** What a command has no use for: the document, the server, and the log of its requests. */
const OF_THE_SERVICE = ['@nestjs/swagger', 'fastify', 'nestjs-pino'];

/** Starts processes, which take seconds on a busy machine. **Units**: milliseconds. */
jest.setTimeout(120_000);

function packagesOf(...args: string[]): readonly string[] {
  return packagesIn(spawnSync(process.execPath, ['--import', WATCH, ...args], { encoding: 'utf8' }));
}

function packagesIn({ stderr, status }: { stderr: string; status: number | null }): readonly string[] {
  expect([status, stderr]).toEqual([0, expect.stringContaining('loaded: ')]);
  return /^loaded: (.*)$/m.exec(stderr)?.[1]?.split(' ') ?? [];
}

describe('a command', () => {
  beforeAll(() => buildOnce());

  it('loads the features and nothing of the server', () => {
    const packages = packagesOf(COMMAND_LINE, '--help');
    expect(packages).toEqual(expect.arrayContaining(['commander', '@nestjs/core', '@mikro-orm/core']));
    expect(OF_THE_SERVICE.filter((name) => packages.includes(name))).toEqual([]);
  });

  it('would be seen to load them, as the service does', () => {
    const http = ['create-app.js', 'openapi.js'].map((file) => {
      return `await import('${pathToFileURL(join(SERVICE, '../http', file)).href}');`;
    });
    const packages = packagesOf('--input-type=module', '--eval', http.join('\n'));
    expect(OF_THE_SERVICE.filter((name) => packages.includes(name))).toEqual(OF_THE_SERVICE);
  });
});

describe('the service', () => {
  let db: TestDatabase;
  let variables: NodeJS.ProcessEnv;
  beforeAll(async () => {
    buildOnce();
    db = await createTestDatabase();
    variables = databaseVariables(db);
  });
  afterAll(() => db.drop());

  /** What it has loaded when it stops, after it listened and answered these paths. */
  async function packagesAfter(...paths: string[]): Promise<readonly string[]> {
    const child = startProgram('--import', [WATCH, SERVICE], {
      env: { ...variables, PORT: '0', STOCKROOM_SHUTDOWN_DELAY_MS: '0' },
    });
    const end = endOf(child);
    const url = await new Promise<string>((resolve) => {
      let said = '';
      child.stdout.on('data', (text: string) => {
        said += text;
        const [, address] = /listens on (\S+)\n/.exec(said) ?? [];
        if (address !== undefined) resolve(address);
      });
      child.once('close', () => resolve(''));
    });
    for (const path of paths) expect((await fetch(`${url}${path}`)).status).toBe(200);
    child.kill('SIGTERM');
    return packagesIn(await end);
  }

  it('has not loaded what makes the document before somebody asks for it', async () => {
    const packages = await packagesAfter('/readyz', '/docs/swagger-ui.css');
    expect(OF_THE_SERVICE.filter((name) => packages.includes(name))).toEqual(['fastify', 'nestjs-pino']);
  });

  it.each(['/openapi.json', '/docs'])('has loaded it once somebody asked for %s', async (path) => {
    expect(await packagesAfter(path)).toContain('@nestjs/swagger');
  });
});
