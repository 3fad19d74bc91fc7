import { describe, expect, it } from '@jest/globals';
import { digestOf, EXPORT_FORMAT } from './export-document.types.js';
import { verifyExport } from './verify-export.service.js';

const ID = '01900000-0000-7000-8000-000000000001';
const AT = '2026-01-31T14:30:00.000Z';

const CONTENT = {
  format: EXPORT_FORMAT,
  exportedAt: AT,
  revision: 3,
  conversation: {
    ...{ id: ID, title: 'Ünïcode "1.0": {}', metadata: null, asOf: null, branch: 'main', parentId: null },
    ...{ forkSeq: null, archived: false, pinned: false, retainUntil: null, lastSeq: 1 },
    ...{ lastActivityAt: AT, createdAt: AT, updatedAt: AT },
  },
  messages: [
    {
      ...{ id: ID, conversationId: ID, seq: 1, role: 'user', content: 'a "b": c\\', metadata: '{"n":1.0}' },
      ...{ createdAt: AT, redactedAt: null, inherited: false },
      citations: [{ type: 'document', documentId: 'report', page: 10 }],
    },
  ],
  bars: [],
  revisions: [],
};
const DIGEST = { algorithm: 'SHA-256', canonicalization: 'JCS', value: digestOf(CONTENT) };
const TEXT = JSON.stringify({ ...CONTENT, digest: DIGEST });

const verified = (text: string | Uint8Array) =>
  verifyExport(typeof text === 'string' ? new TextEncoder().encode(text) : text);

/** The text of an export with one place changed. */
function changed(before: string, after: string): string {
  expect(TEXT.split(before)).toHaveLength(2);
  return TEXT.replace(before, after);
}

describe('an export', () => {
  it('is what it was, however it is laid out', () => {
    const { digest, ...content } = JSON.parse(TEXT) as Record<string, unknown>;
    for (const text of [
      TEXT,
      JSON.stringify({ digest, ...content }, null, 2),
      TEXT.replace('Ünïcode', '\\u00dcn\\u00efcode'),
    ])
      expect(verified(text)).toMatchObject({ problem: null, found: DIGEST.value });
  });

  it.each([
    ['a member twice, with another value first', '"seq":1', '"seq":2,"seq":1', /two members/],
    ['a member twice, with the same value', '"seq":1', '"seq":1,"seq":1', /two members/],
    ['a member twice, once escaped', '"seq":1', '"s\\u0065q":2,"seq":1', /two members/],
    ['a member of the document twice', '"revision":3', '"revision":4,"revision":3', /two members/],
    ['__proto__', '"seq":1', '"seq":1,"__proto__":{"role":"system"}', /__proto__/],
    ['__proto__ beside the digest', '"revision":3', '"revision":3,"__proto__":[]', /__proto__/],
    ['a member beside the digest', '"algorithm":', '"note":"trust me","algorithm":', /digest.*note/],
    ['another algorithm', '"SHA-256"', '"none"', /digest\.algorithm/],
    ['a member that no export has', '"seq":1', '"seq":1,"extra":true', /messages\.0.*extra/],
    ['a fraction of nothing', '"seq":1', '"seq":1.0', /number 1\.0 in seq/],
    ['an exponent', '"seq":1', '"seq":1e0', /number 1e0 in seq/],
    ['an exponent of ten', '"page":10', '"page":1E1', /number 1E1 in page/],
    ['a zero with a sign', '"revision":3', '"revision":-0', /number -0 in revision/],
    ['more digits than a float has', '"revision":3', '"revision":3.00000000000000000001', /in revision/],
    ['half a pair', 'a \\"b', '\\ud800 \\"b', /surrogate pair in content/],
    ['another format', EXPORT_FORMAT, 'stockroom-conversation/2', /no export in the format/],
    ['a comment', '"seq":1', '"seq":1/* one */', /not JSON/],
    ['a mark of byte order', '{"format"', '\ufeff{"format"', /not JSON/],
  ])('is refused with %s', (_, before, after, problem) => {
    expect(verified(changed(before, after)).problem).toMatch(problem);
  });

  it('is refused with bytes that are no UTF-8', () => {
    const bytes = new TextEncoder().encode(TEXT);
    bytes[TEXT.indexOf('main')] = 0xff;
    expect(verified(bytes).problem).toMatch(/not JSON in UTF-8/);
  });

  it.each([undefined, 3])(
    'is one whether or not it names the revision of the current bar: %p',
    (currentRevision) => {
      const bar = {
        date: '2024-01-03',
        open: null,
        high: null,
        low: null,
        close: '1',
        adjClose: null,
        volume: null,
      };
      const citation = {
        ...{
          type: 'stock-data',
          symbol: 'ACME',
          interval: '1d',
          branch: 'main',
          date: '2024-01-03',
          revision: 1,
        },
        ...{
          field: 'close',
          value: '1',
          asOf: 1,
          quoted: bar,
          status: 'restated',
          current: bar,
          restatedBy: 2,
        },
        ...(currentRevision === undefined ? {} : { currentRevision }),
      };
      const content = { ...CONTENT, messages: [{ ...CONTENT.messages[0], citations: [citation] }] };
      const digest = { ...DIGEST, value: digestOf(content) };
      expect(verified(JSON.stringify({ ...content, digest }))).toMatchObject({
        problem: null,
        found: digest.value,
      });
    },
  );

  it('has another digest when a value was changed', () => {
    expect(verified(changed('"seq":1', '"seq":2'))).toMatchObject({ problem: null });
    expect(verified(changed('"seq":1', '"seq":2'))).not.toMatchObject({ found: DIGEST.value });
  });
});
