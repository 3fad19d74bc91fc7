import { describe, expect, it } from '@jest/globals';
import { keyLines, outcomeLine } from './keys.command.js';

describe('the list of keys', () => {
  it('calls a retired key retired, also while it is still configured or even first', () => {
    const key = { wasPrimary: true, encryptedValues: 1, cells: 0, onRing: true, isRetired: false };
    const lines = keyLines({
      primary: 'k3',
      keys: [
        { ...key, id: 'k1', isRetired: true },
        { ...key, id: 'k2' },
        { ...key, id: 'k3' },
        { ...key, id: 'k4', onRing: false },
      ],
    });
    expect(lines.map((line) => line.slice(34, 50).trim())).toEqual([
      'retired',
      'reads',
      'primary',
      'not configured',
    ]);
    expect(keyLines({ primary: 'k1', keys: [{ ...key, id: 'k1', isRetired: true }] })[0]).toContain(
      'retired',
    );
  });
});

describe('the end of a rotation', () => {
  const report = { primary: 'k2', rotated: 4, unreadable: 0, left: 0, unreadableCells: [] };

  it('says that all values are under the key only if they are', () => {
    expect(outcomeLine(report)).toBe('4 values were encrypted anew; all are under "k2".');
    expect(outcomeLine({ ...report, unreadable: 1 })).toBe(
      '4 values were encrypted anew; all are under "k2" but 1 that cannot be read.',
    );
    expect(outcomeLine({ ...report, unreadable: 1, left: 2 })).toBe(
      '4 values were encrypted anew; not under "k2" are 1 that cannot be read and 2 that somebody keeps putting back: see which process writes with another key, then run it again.',
    );
  });
});
