import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { ROOT } from './rules/source-files.js';

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly licenses?: readonly unknown[];
}

interface Document {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: object };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

// Plain JavaScript, because an image is built without a compiler: what it exports is said here.
const { licenceProblems, onlyInstalled, reproducible } = (await import(
  join(ROOT, 'scripts/image/sbom.mjs')
)) as {
  licenceProblems: (components: readonly Component[]) => string[];
  onlyInstalled: (document: Document, refs: ReadonlySet<string>) => Document;
  reproducible: (document: Document) => Document;
};
const { notAllowed } = (await import(join(ROOT, 'scripts/image/check-files.mjs'))) as {
  notAllowed: (
    paths: readonly string[],
    packages: Readonly<Record<string, { readonly dev?: boolean }>>,
  ) => string[];
};

const component = (name: string, ...licenses: readonly unknown[]): Component => ({
  ...{ 'bom-ref': `${name}@1.0.0`, name, version: '1.0.0' },
  ...(licenses.length === 0 ? {} : { licenses }),
});

describe('licences', () => {
  it.each([
    ['by its id', { license: { id: 'MIT' } }],
    ['by a choice of which one was', { expression: '(MIT OR GPL-2.0-only)' }],
    ['by two of which both were', { expression: 'MIT AND ISC' }],
  ])('are agreed to %s', (_name, licence) => {
    expect(licenceProblems([component('good', licence)])).toEqual([]);
  });

  it.each([
    ['that nobody agreed to', { license: { id: 'AGPL-3.0-only' } }, 'AGPL-3.0-only'],
    ['of words', { license: { name: 'SEE LICENSE IN EULA.txt' } }, 'SEE LICENSE IN EULA.txt'],
    ['of two of which one was not', { expression: 'MIT AND SSPL-1.0' }, 'MIT AND SSPL-1.0'],
  ])('are told when there is one %s', (_name, licence, told) => {
    expect(licenceProblems([component('bad', licence)])).toEqual([`bad@1.0.0 has the licence ${told}`]);
  });

  it('are told when there is none', () => {
    expect(licenceProblems([component('silent')])).toEqual(['silent@1.0.0 names no licence']);
  });
});

describe('the list of what the image is made of', () => {
  const made = (time: string, number: string): Document => ({
    serialNumber: number,
    metadata: { timestamp: time, component: { 'bom-ref': 'stockroom@1', type: 'library', name: 'folder' } },
    components: [component('here'), component('elsewhere')],
    dependencies: [
      { ref: 'stockroom@1', dependsOn: ['here@1.0.0', 'elsewhere@1.0.0'] },
      { ref: 'here@1.0.0' },
      { ref: 'elsewhere@1.0.0', dependsOn: ['here@1.0.0'] },
    ],
  });

  it('is the same for the same packages, whenever and wherever it is made', () => {
    const [first, second] = [made('2026-01-01T00:00:00Z', 'a'), made('2026-01-02T00:00:00Z', 'b')].map(
      reproducible,
    );
    expect(first).toEqual(second);
    expect(first?.metadata.component).toEqual({
      'bom-ref': 'stockroom@1',
      type: 'application',
      name: 'stockroom',
    });
  });

  it('leaves out what is not installed, also where something would need it', () => {
    const { components, dependencies } = onlyInstalled(made('', ''), new Set(['here@1.0.0']));
    expect(components.map(({ name }) => name)).toEqual(['here']);
    expect(dependencies).toEqual([
      { ref: 'stockroom@1', dependsOn: ['here@1.0.0'] },
      { ref: 'here@1.0.0', dependsOn: [] },
    ]);
  });
});

describe('the files of the image', () => {
  const packages = {
    'node_modules/pg': {},
    'node_modules/jest': { dev: true },
    'node_modules/@node-rs/argon2-x': {},
  };

  it.each([
    'package.json',
    'dist/src/main.js',
    'dist/src/http/create-app.js.map',
    'dist/migrations/001_stocks.js',
    'node_modules/pg/lib/index.js',
    'node_modules/pg/LICENSE',
    'node_modules/@node-rs/argon2-x/argon2.node',
  ])('may be %s', (path) => expect(notAllowed([path], packages)).toEqual([]));

  it.each([
    ['a source', 'src/main.ts'],
    ['a secret', '.env'],
    ['a key', 'dist/src/server.key'],
    ['the history', '.git/config'],
    ['a spec', 'dist/src/main.spec.js'],
    ['a test of a package', 'node_modules/pg/test/client.js'],
    ['a native part that nobody knows', 'node_modules/pg/build/addon.node'],
    ['a script', 'node_modules/pg/install.sh'],
  ])('may not be %s', (_name, path) =>
    expect(notAllowed([path], packages)).toEqual([expect.stringMatching(/ is /)]),
  );

  it('may be of no package for development, and of none that the lock does not have', () => {
    const paths = ['node_modules/jest/index.js', 'node_modules/jest/more.js', 'node_modules/other/index.js'];
    expect(notAllowed(paths, packages)).toEqual([
      'node_modules/jest is no package that runs',
      'node_modules/other is no package that runs',
    ]);
  });
});
