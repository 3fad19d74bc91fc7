import { describe, expect, it } from '@jest/globals';
import { giveBack, giveBackAll } from './give-back.js';

describe('the memory of a chunk', () => {
  it('is given back where the chunk fills it, once', () => {
    const chunk = new Uint8Array(8);
    const alias = Buffer.from(chunk.buffer);
    giveBack(chunk);
    expect([chunk.length, alias.length, chunk.buffer.detached]).toEqual([0, 0, true]);
    expect(() => giveBack(alias)).not.toThrow();
    expect(() => giveBackAll(chunk.buffer)).not.toThrow();
  });

  it('stays where something else lies in it, or another thread may look', () => {
    const part = new Uint8Array(8).subarray(0, 7);
    giveBack(part);
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    giveBack(shared);
    expect([part.length, shared.length]).toEqual([7, 8]);
  });
});
