import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { KeptPages } from './kept-pages.js';

interface Page {
  readonly text: string;
}

const keptPages = (maxAgeMs?: number): KeptPages<Page> =>
  new KeptPages<Page>({
    maxSize: 100,
    maxPageSize: 60,
    sizeOf: ({ text }, key) => text.length + key.length,
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
  });
const page = (length: number): Page => ({ text: 'x'.repeat(length) });

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('pages that are kept', () => {
  it('are those that are asked for again', () => {
    const kept = keptPages();
    expect([kept.isAskedAgain('a'), kept.isAskedAgain('b'), kept.isAskedAgain('a')]).toEqual([
      ...[false, false, true],
    ]);
    kept.keep('a', page(1));
    expect([kept.isAskedAgain('a'), kept.isAskedAgain('a')]).toEqual([true, true]);
  });

  it('are not those of whoever reads everything twice, if everything is much', () => {
    const kept = keptPages();
    const everything = Array.from({ length: 5_000 }, (_, n) => `page ${n}`);
    const again = (): number => everything.filter((key) => kept.isAskedAgain(key)).length;
    expect([again(), again()]).toEqual([0, 0]);
  });

  it('push out the one that was asked for the longest ago', () => {
    const kept = keptPages();
    for (const key of ['a', 'b', 'c']) {
      kept.keep(key, page(39));
      kept.get('a');
    }
    expect(['a', 'b', 'c'].map((key) => kept.get(key) !== undefined)).toEqual([true, false, true]);
  });

  it('are not kept when they are too large, nor is what was kept in their place', () => {
    const kept = keptPages();
    kept.keep('a', page(1));
    kept.keep('a', page(60));
    expect(kept.get('a')).toBeUndefined();
  });

  it('are forgotten alone or all together, with what was asked for', () => {
    const kept = keptPages();
    for (const key of ['a', 'b']) kept.keep(key, page(1));
    kept.isAskedAgain('c');
    kept.forget('a');
    expect([kept.get('a'), kept.get('b')]).toEqual([undefined, page(1)]);
    kept.clear();
    expect([kept.get('b'), kept.isAskedAgain('c')]).toEqual([undefined, false]);
  });

  it('go when they are of age, however often they are asked for, also when nobody asks', () => {
    jest.useFakeTimers({ doNotFake: ['performance'] });
    jest.spyOn(performance, 'now').mockImplementation(() => Date.now());
    const ages = 60_000;
    const kept = keptPages(ages);
    kept.keep('a', page(1));
    jest.advanceTimersByTime(ages / 2);
    expect(kept.get('a')).toEqual(page(1));
    jest.advanceTimersByTime(ages);
    // Nothing is waited for any more, so nothing is left.
    expect([kept.get('a'), jest.getTimerCount()]).toEqual([undefined, 0]);
  });
});
