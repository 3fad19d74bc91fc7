import { describe, expect, it } from '@jest/globals';
import { v1 as uuidv1, v4 as uuidv4, v6 as uuidv6, v7 as uuidv7 } from 'uuid';
import { InvalidVisitorId } from '../sessions.errors.js';
import { visitorIdOf } from './visitor-id.js';

const idOf = (text: string | undefined): string | null =>
  visitorIdOf({ headers: text === undefined ? {} : { 'x-session-id': text } });

describe('the id of a visitor', () => {
  it('is a UUID of version 4, whose case does not count', () => {
    const id = uuidv4();
    expect([idOf(id), idOf(id.toUpperCase()), idOf(undefined)]).toEqual([id, id, null]);
  });

  it.each([
    ['version 1', uuidv1()],
    ['version 6', uuidv6()],
    ['version 7', uuidv7()],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['the greatest UUID', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    ['another variant', '6d7e2c1a-3f4b-4c5d-0e6f-112233445566'],
    ['no dashes', uuidv4().replaceAll('-', '')],
    ['braces', `{${uuidv4()}}`],
    ['a URN', `urn:uuid:${uuidv4()}`],
    ['two ids', `${uuidv4()}, ${uuidv4()}`],
    ['nothing', ''],
    ['10 KB', 'a'.repeat(10_240)],
  ])('is refused as %s', (_what, text) => {
    expect(() => idOf(text)).toThrow(InvalidVisitorId);
  });
});
