import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { nodeProblem, OLDEST_NODE } from './required-node.js';

const ROOT = join(import.meta.dirname, '../..');
const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};

/** The oldest Node that a package names. **Shape**: undefined when it names none, or several lines of them. */
function oldestFor(name: string): string | undefined {
  const path = createRequire(join(ROOT, 'package.json')).resolve.paths(name)?.[0] ?? '';
  const { engines } = JSON.parse(readFileSync(join(path, name, 'package.json'), 'utf8')) as {
    engines?: { node?: string };
  };
  return /^>=\s*([\d.]+)$/.exec(engines?.node ?? '')?.[1];
}

describe('the Node that is needed', () => {
  it.each(['18.20.8', '20.20.2', '22.16.0'])('is not %s, which is told what to do in one line', (version) => {
    expect(nodeProblem(version)).toMatch(
      new RegExp(`^This is Node ${version}, and Stockroom needs 22\\.17\\.0.*"npm start".*$`),
    );
  });

  it.each(['22.17.0', '22.20.1', '24.0.0', '100.0.0', process.versions.node])('may be %s', (version) => {
    expect(nodeProblem(version)).toBeNull();
  });

  it('is old enough for nobody: no package asks for a later one, and one asks for just this one', () => {
    const needs = Object.keys(dependencies).flatMap((name) => oldestFor(name) ?? []);
    expect(needs).toContain(OLDEST_NODE);
    const order = new Intl.Collator('en', { numeric: true });
    expect(needs.toSorted((a, b) => order.compare(a, b)).at(-1)).toBe(OLDEST_NODE);
  });
});
