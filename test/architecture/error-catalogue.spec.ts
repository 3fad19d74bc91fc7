import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalogueProblems, usedCodes } from './rules/error-catalogue.js';
import { ROOT, sourceFiles } from './rules/source-files.js';

const CATALOGUE = 'docs/errors.md';
const SAMPLE = {
  path: 'src/users/users.errors.ts',
  text: `export class EmailTaken extends DomainError {
    constructor() { super('conflict', 'email-taken', 'This address is taken.'); }
  }`,
};

describe('the catalogue of errors', () => {
  it('lists every code that the source uses, and no other', () => {
    if (!existsSync(join(ROOT, CATALOGUE))) throw new Error(`${CATALOGUE} is missing: write it.`);
    expect(catalogueProblems(sourceFiles('src'), readFileSync(join(ROOT, CATALOGUE), 'utf8'))).toEqual([]);
  });

  it('is compared with codes that are really found', () => {
    expect(usedCodes(sourceFiles('src')).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['stock-not-found', 'database-unavailable', 'route-not-found']),
    );
  });

  it('misses a code that is not listed', () => {
    expect(catalogueProblems([SAMPLE], '| code |\n|---|\n')).toEqual([
      'src/users/users.errors.ts:2: add a row for `email-taken` to docs/errors.md.',
    ]);
  });

  it('has no row that nothing uses, and none twice', () => {
    const row = '| `email-taken` | 409 | … | … |\n';
    expect(catalogueProblems([SAMPLE], row)).toEqual([]);
    expect(catalogueProblems([SAMPLE], `${row}| \`gone\` | 404 | … | … |\n`)).toEqual([
      'docs/errors.md lists `gone`, which nothing in src uses: remove the row.',
    ]);
    expect(catalogueProblems([SAMPLE], row + row)).toContain('docs/errors.md lists `email-taken` twice.');
  });

  it('needs codes that are written out', () => {
    const text = "throw new DomainError('conflict', codes[0], 'Taken.');";
    expect(catalogueProblems([{ path: 'src/users/a.ts', text }], '')).toEqual([
      'src/users/a.ts:1: write the code out as a string, so that it can be looked up.',
    ]);
  });

  it('includes what the framework refuses by itself', () => {
    const text = "const known = { 404: { code: 'route-not-found', detail: 'Nothing here.' } };";
    expect(usedCodes([{ path: 'src/http/filter.ts', text }])).toEqual([
      { code: 'route-not-found', place: 'src/http/filter.ts:1' },
    ]);
  });

  it('ignores other classes that pass texts to their parents', () => {
    const text = "class A extends Error { constructor() { super('conflict of interest', { cause: 1 }); } }";
    expect(usedCodes([{ path: 'src/users/a.ts', text }])).toEqual([]);
  });
});
