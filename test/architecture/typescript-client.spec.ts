import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ROOT } from './rules/source-files.js';

/** A folder of somebody else's, with the packed client and what it leans on, and nothing of this one. */
let folder: string;
let work: string;

const write = (file: string, text: string): string => {
  const path = join(folder, file);
  writeFileSync(path, text);
  return path;
};

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'stockroom-client-'));
  folder = join(work, 'somebody');
  // The script of package.json, over a copy, so that what lies in the tree has no part in it.
  cpSync(join(ROOT, 'clients'), join(work, 'clients'), {
    recursive: true,
    filter: (path) => !path.endsWith('/dist'),
  });
  for (const file of ['package.json', 'tsconfig.json']) cpSync(join(ROOT, file), join(work, file));
  symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'));
  execFileSync('npm', ['run', 'client:build'], { cwd: work, stdio: 'pipe' });

  const packed = join(folder, 'node_modules/stockroom-client');
  mkdirSync(packed, { recursive: true });
  const told = execFileSync('npm', ['pack', '--json', '--pack-destination', work], {
    cwd: join(work, 'clients/typescript'),
    stdio: 'pipe',
  });
  const [{ filename }] = JSON.parse(told.toString()) as [{ filename: string }];
  execFileSync('tar', ['-xzf', join(work, filename), '-C', packed, '--strip-components=1']);
  for (const name of ['openapi-fetch', 'openapi-typescript-helpers', '@types', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  write('package.json', '{ "type": "module" }');
}, 120_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('the TypeScript client as a package', () => {
  it('runs under plain Node, in a folder that has it and openapi-fetch', () => {
    const program = write(
      'run.js',
      `import { createStockroomClient, items, ok, StockroomError } from 'stockroom-client';
       const fetch = async (request) =>
         request.headers.get('authorization') === 'Bearer t'
           ? Response.json({ data: [new URL(request.url).pathname], nextCursor: null })
           : Response.json({ code: 'unauthenticated', title: 'No' }, { status: 401 });
       const client = (token) => createStockroomClient({ baseUrl: 'http://stockroom.test', token: () => token, fetch });
       for await (const path of items(() => ok(client('t').GET('/v1/stocks')))) console.log(path);
       await ok(client(null).GET('/v1/stocks')).catch((error) => console.log(error instanceof StockroomError, error.code));`,
    );
    const { stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    expect([stderr, stdout]).toEqual(['', '/v1/stocks\ntrue unauthenticated\n']);
  });

  it.each([
    ['/v1/stocks', []],
    ['/v1/stonks', ['TS2554']],
  ])(
    'has its types: what the compiler says of a request to %s is %j',
    (path, told) => {
      write(
        'typed.ts',
        `import { createStockroomClient, ok } from 'stockroom-client';
       export const page = await ok(createStockroomClient({ baseUrl: 'http://stockroom.test' }).GET('${path}'));`,
      );
      const compilerOptions = {
        module: 'nodenext',
        target: 'es2023',
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        types: ['node'],
      };
      write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
      const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
      const { stdout } = spawnSync(process.execPath, [compiler, '-p', folder], { encoding: 'utf8' });
      expect([...stdout.matchAll(/error (TS\d+)/g)].map(([, code]) => code)).toEqual(told);
    },
    60_000,
  );
});
