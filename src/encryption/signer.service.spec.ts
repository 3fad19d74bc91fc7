import { createHmac, hkdfSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CurrentKeys } from './current-keys.js';
import { KeyRing } from './key-ring.js';
import { SignerService } from './signer.service.js';

const NONE = { appSecret: undefined, salt: undefined };
const bytesOne = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 3));
const keyOne = bytesOne.toString('base64');
const keyTwo = Buffer.from(bytesOne).reverse().toString('base64');
const load = async (keys: string) =>
  new SignerService(new CurrentKeys(await KeyRing.load({ ...NONE, keys })));
let signer: SignerService;

beforeAll(async () => {
  signer = await load(`k1:${keyOne}`);
});

describe('a signed text', () => {
  it('comes back as it was signed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(signer.verify('cursor', signer.sign('cursor', text))).toBe(text);
      }),
    );
  });

  it('can be made from its description alone, without this code', () => {
    const key = Buffer.from(hkdfSync('sha256', bytesOne, '', 'stockroom/sign/v1/cursor', 32));
    const tag = createHmac('sha256', key)
      .update('["2024-01-02",7]')
      .digest()
      .subarray(0, 16)
      .toString('base64url');
    expect(signer.sign('cursor', '["2024-01-02",7]')).toBe(
      `${Buffer.from('["2024-01-02",7]').toString('base64url')}.${tag}`,
    );
  });

  it('means nothing to another purpose', () => {
    expect(signer.verify('download', signer.sign('cursor', 'x'))).toBeNull();
  });

  it('is refused when any one character is another, when cut anywhere, and lengthened', () => {
    const token = signer.sign('cursor', '{"after":42}');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ';
    for (let at = 0; at < token.length; at++) {
      for (const other of alphabet) {
        if (other === token[at]) continue;
        expect(signer.verify('cursor', token.slice(0, at) + other + token.slice(at + 1))).toBeNull();
      }
      expect(signer.verify('cursor', token.slice(0, at))).toBeNull();
    }
    for (const other of [
      `${token}A`,
      `${token}.`,
      `${token}=`,
      `.${token}`,
      `${token}\n`,
      '',
      '.',
      '..',
      'x'.repeat(100_000),
    ]) {
      expect(signer.verify('cursor', other)).toBeNull();
    }
  });

  it('is never taken from chance text', () => {
    fc.assert(fc.property(fc.string(), (token) => expect(signer.verify('cursor', token)).toBeNull()));
  });

  it('stays good after a rotation, and is refused once its key is gone', async () => {
    const token = signer.sign('cursor', 'x');
    const rotated = await load(`k2:${keyTwo},k1:${keyOne}`);
    const retired = await load(`k2:${keyTwo}`);
    expect(rotated.verify('cursor', token)).toBe('x');
    expect(retired.verify('cursor', token)).toBeNull();
    expect(retired.verify('cursor', rotated.sign('cursor', 'y'))).toBe('y');
  });

  it('has an end, and no lone surrogates', () => {
    expect(signer.verify('cursor', signer.sign('cursor', 'x'.repeat(6_000)))).toHaveLength(6_000);
    expect(() => signer.sign('cursor', 'x'.repeat(7_000))).toThrow(RangeError);
    expect(() => signer.sign('cursor', '\udc00')).toThrow(RangeError);
  });
});
