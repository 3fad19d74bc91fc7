import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Batcher } from './batcher.js';

/** Answers when it is told to. */
function controlled() {
  const asked: { keys: readonly number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const batcher = new Batcher<number, string>(
    (keys) =>
      new Promise((resolve, reject) => {
        asked.push({ keys, answer: () => resolve(keys.map((key) => `v${key}`)), fail: reject });
      }),
    3,
  );
  return { asked, batcher };
}

describe('questions that are asked together', () => {
  it('do not wait when nobody else asks', async () => {
    const { asked, batcher } = controlled();
    const value = batcher.load(1);
    expect(asked.map(({ keys }) => keys)).toEqual([[1]]);
    asked[0]?.answer();
    await expect(value).resolves.toBe('v1');
  });

  it('gather while an answer is awaited, and go out after it', async () => {
    const { asked, batcher } = controlled();
    const values = [1, 2, 2, 3, 4].map((key) => batcher.load(key));
    asked[0]?.answer();
    await turn();
    expect(asked.map(({ keys }) => keys)).toEqual([[1], [2, 2, 3]]);
    asked[1]?.answer();
    await turn();
    asked[2]?.answer();
    await expect(Promise.all(values)).resolves.toEqual(['v1', 'v2', 'v2', 'v3', 'v4']);
  });

  it('fail together, and the next ones are asked all the same', async () => {
    const { asked, batcher } = controlled();
    const first = batcher.load(1);
    const others = [batcher.load(2), batcher.load(3)];
    asked[0]?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    asked[1]?.answer();
    await expect(Promise.all(others)).resolves.toEqual(['v2', 'v3']);
  });

  it('fail when an answer is missing', async () => {
    const batcher = new Batcher<number, string>(() => Promise.resolve([]), 3);
    await expect(batcher.load(1)).rejects.toThrow('fewer values');
  });
});
