import { existsSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { nodeProblem } from '../../../src/boot/required-node.js';
import { buildOnce, COMMAND_LINE, SERVICE } from '../../support/command-line.js';

/** Where systems keep a Node of their own; it counts here when it is too old. */
const SYSTEM_NODE = '/usr/bin/node';
const OLD_VERSION = '20.20.2';
/** Makes the Node of this run say that it is an old one, and tell which files it then loads. */
const PRETEND = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${OLD_VERSION}' } });
  registerHooks({
    load(url, context, next) {
      if (url.startsWith('file:')) process.stdout.write(url + '\\n');
      return next(url, context);
    },
  });
`)}`;

const systemVersion = existsSync(SYSTEM_NODE)
  ? spawnSync(SYSTEM_NODE, ['--version'], { encoding: 'utf8' }).stdout.trim().slice(1)
  : '100.0.0';
const hasOldNode = nodeProblem(systemVersion) !== null;

beforeAll(() => buildOnce());

describe.each([
  ['the service', SERVICE],
  ['the command line', COMMAND_LINE],
])('%s by an old Node', (_what, program) => {
  it('ends with one line before anything but the check is loaded', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', PRETEND, program], {
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, `${nodeProblem(OLD_VERSION)}\n`]);
    const loaded = stdout
      .trim()
      .split('\n')
      .map((url) => url.replace(/.*\/dist\/src\//, ''));
    expect(loaded).toEqual([expect.stringMatching(/^(cli\/)?main\.js$/), 'boot/required-node.js']);
  });

  (hasOldNode ? it : it.skip)('of this system does the same', () => {
    const { status, stdout, stderr } = spawnSync(SYSTEM_NODE, [program], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect([status, stdout, stderr]).toEqual([1, '', `${nodeProblem(systemVersion)}\n`]);
  });
});
