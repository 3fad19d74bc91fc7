import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT } from './rules/source-files.js';

interface Locked {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
}

interface Manifest {
  readonly [group: string]: Readonly<Record<string, string>> | undefined;
}

/** What is wrong with where packages come from. */
function problems(packages: Readonly<Record<string, Locked>>): readonly string[] {
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .flatMap(([path, { integrity = '', resolved, link = false, dev = false, optional = false }]) => [
      // Those for other systems are not in the lock with a hash; npm installs none of them here.
      ...(integrity.startsWith('sha512-') || (dev && optional && integrity === '')
        ? []
        : [`${path} has no hash`]),
      ...(link ? [`${path} is a link`] : []),
      ...(resolved === undefined || resolved.startsWith('https://registry.npmjs.org/')
        ? []
        : [`${path} comes from ${resolved}`]),
    ]);
}

const parsed = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), 'utf8'));

describe('packages', () => {
  it('are each pinned by a hash, and come from the registry', () => {
    const { packages } = parsed('package-lock.json') as { packages: Readonly<Record<string, Locked>> };
    expect(Object.keys(packages).length).toBeGreaterThan(500);
    expect(problems(packages)).toEqual([]);
  });

  it('are told when they have no hash or come from elsewhere', () => {
    const integrity = 'sha512-abc';
    const bad: Readonly<Record<string, Locked>> = {
      bare: {},
      weak: { integrity: 'sha1-abc' },
      git: { integrity, resolved: 'git+ssh://git@example.com/a.git' },
      plain: { integrity, resolved: 'http://registry.npmjs.org/a.tgz' },
      beside: { integrity, link: true },
    };
    for (const [path, locked] of Object.entries(bad)) expect(problems({ [path]: locked })).toHaveLength(1);
  });

  it('are asked for by one version each, and no address', () => {
    const manifest = parsed('package.json') as Manifest;
    const asked = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
      Object.entries(manifest[group] ?? {}),
    );
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });
});
