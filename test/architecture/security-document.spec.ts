import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './rules/source-files.js';

const STATES = ['met', 'partly', 'not', 'documented', 'yours'];

/** The table of requirements. **Shape**: id, level, requirement, state, evidence of each row. */
function requirements(): readonly (readonly string[])[] {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
  const [, table = ''] = page.split('## OWASP ASVS');
  return table
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** Files of the project that a text names in code marks. */
function namedFiles(text: string): readonly string[] {
  return [...text.matchAll(/`((?:src|test|docs|scripts)\/[^`]+)`/g)].map(([, path = '']) => path);
}

describe('the page about security', () => {
  it('has a state and evidence for each requirement', () => {
    const rows = requirements();
    expect(rows.length).toBeGreaterThan(50);
    for (const [id = '', , , state = '', evidence = ''] of rows) {
      expect([id, STATES.includes(state)]).toEqual([id, true]);
      expect([id, evidence.length > 0]).toEqual([id, true]);
    }
  });

  it('names only files that exist', () => {
    const named = requirements().flatMap(([, , , , evidence = '']) => namedFiles(evidence));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('calls met only what some file of tests, or a document that one compares, would find out', () => {
    const met = requirements().filter(([, , , state]) => state === 'met');
    const bare = met.filter(([, , , , evidence = '']) => !/`test\/|\.spec\.ts`|-spec\.ts`/.test(evidence));
    expect(bare.map(([id]) => id)).toEqual([]);
  });

  it('links where something is documented', () => {
    const documented = requirements().filter(([, , , state]) => state === 'documented');
    expect(documented.length).toBeGreaterThan(0);
    for (const [id, , , , evidence = ''] of documented)
      expect([id, evidence]).toEqual([id, expect.stringMatching(/\]\(/)]);
  });

  it('names no requirement twice', () => {
    const ids = requirements().flatMap(([id = '']) => id.split(', '));
    expect(ids.filter((id, place) => ids.indexOf(id) !== place)).toEqual([]);
  });
});
