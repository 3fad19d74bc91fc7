import { describe, expect, it } from '@jest/globals';
import { keyLines } from './keys.command.js';

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
