import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { configurationDocument, TABLE_COMMAND, TABLE_FILE } from '../../scripts/configuration-table.js';
import { environmentTopics, secretNames, variableNames } from '../../src/config/environment.schema.js';
import { factsOf } from '../../src/config/variable.js';

const root = join(import.meta.dirname, '../..');

describe('the configuration', () => {
  it('is documented as it is', () => {
    const path = join(root, TABLE_FILE);
    const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const mend = `${TABLE_FILE} is not what the schema says. Mend it with: ${TABLE_COMMAND}`;
    expect(committed === configurationDocument() ? '' : mend).toBe('');
  });

  it('has every variable in exactly one topic', () => {
    const listed = environmentTopics.flatMap(({ variables }) => Object.keys(variables));
    expect(new Set(listed).size).toBe(listed.length);
    expect([...listed].sort()).toEqual([...variableNames].sort());
  });

  it('explains every variable in whole sentences, and every unit in its name', () => {
    for (const { variables } of environmentTopics) {
      for (const [name, variable] of Object.entries(variables)) {
        const { description, values, default: fallback } = factsOf(variable);
        expect(`${name}: ${description}`).toMatch(/: .{20,}[.)]$/s);
        expect(`${name}: ${values} ${fallback}`).not.toMatch(/undefined|\n/);
        // Ports and counts have no unit; everything else that is measured does.
        if (/TIMEOUT|DELAY|LIFETIME|WAIT|SLOW|LIMIT|MAX_/.test(name))
          expect(name).toMatch(/_(MS|SECONDS|BYTES)$/);
      }
    }
  });

  it('calls whatever sounds like a secret one', () => {
    const sounding = variableNames.filter((name) => /PASSWORD|SECRET|_KEYS?$|SALT|_URLS?$|TOKEN/.test(name));
    expect(secretNames).toEqual(sounding);
  });
});
