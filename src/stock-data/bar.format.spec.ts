import { describe, expect, it } from '@jest/globals';
import { withoutLastBar } from './bar.format.js';

describe('a page with the first bar of the next one', () => {
  it('loses that bar as JSON', () => {
    expect(withoutLastBar('{"date":"2024-01-03","close":1},{"date":"2024-01-02","close":2}', 'json')).toBe(
      '{"date":"2024-01-03","close":1}',
    );
  });

  it('loses that bar as CSV', () => {
    expect(withoutLastBar('2024-01-02,,,,1,,\n2024-01-03,,,,2,,\n2024-01-04,,,,3,,', 'csv')).toBe(
      '2024-01-02,,,,1,,\n2024-01-03,,,,2,,',
    );
  });

  it('is empty when it was the only one', () => {
    expect(withoutLastBar('{"date":"2024-01-03","close":1}', 'json')).toBe('');
  });
});
