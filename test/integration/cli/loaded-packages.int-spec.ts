import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildOnce, COMMAND_LINE, SERVICE } from '../../support/command-line.js';

const WATCH = join(import.meta.dirname, '../../support/loaded-packages.mjs');

/** What a command has no use for: the document, the server, and the log of its requests. */
const OF_THE_SERVICE = ['@nestjs/swagger', 'fastify', 'nestjs-pino'];

function packagesOf(...args: string[]): readonly string[] {
  const { stderr, status } = spawnSync(process.execPath, ['--import', WATCH, ...args], { encoding: 'utf8' });
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
