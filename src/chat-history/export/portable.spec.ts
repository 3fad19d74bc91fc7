import { describe, expect, it } from '@jest/globals';
import { quotedIn } from './portable.js';

const QUOTED = { date: '2024-01-03', close: '102.8' };
const quotation = (more: object) => ({
  citations: [
    {
      ...{ type: 'stock-data', symbol: 'ACME', interval: '1d', branch: 'main', revision: 1, quoted: QUOTED },
      ...more,
    },
  ],
});

describe('what an export quotes', () => {
  it('names the revisions that brought a version, ended it, and brought what stands there now', () => {
    const restated = { status: 'restated', restatedBy: 3, currentRevision: 5 };
    expect(quotedIn([quotation(restated)]).revisions).toEqual([1, 3, 5]);
    expect(quotedIn([quotation({ ...restated, currentRevision: 3 })]).revisions).toEqual([1, 3]);
    expect(quotedIn([quotation({ status: 'current' })]).revisions).toEqual([1]);
  });
});
