import { createCipheriv, hkdfSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CellCipher, keyIdOf } from './cell-cipher.js';
import { DecryptionError, type Cell } from './encryption.errors.js';
import { KeyRing } from './key-ring.js';

const NONE = { appSecret: undefined, salt: undefined };
const bytesOne = Buffer.from(Array.from({ length: 32 }, (_, index) => index + 11));
const keyOne = bytesOne.toString('base64');
const keyTwo = Buffer.from(bytesOne).reverse().toString('base64');
const CELL: Cell = {
  table: 'external_credentials',
  column: 'secret',
  rowId: '0190a2b4-0000-7000-8000-000000000001',
};
const CLEAR = 'sk-live-1234567890 ✓';

let cipher: CellCipher;
const load = async (keys: string) => new CellCipher(await KeyRing.load({ ...NONE, keys }));

beforeAll(async () => {
  cipher = await load(`k1:${keyOne}`);
});

function refusal(decrypt: () => string): DecryptionError {
  try {
    decrypt();
  } catch (error) {
    if (error instanceof DecryptionError) return error;
    throw error;
  }
  throw new Error('It was decrypted.');
}

function opens(cell: Cell, text: string): boolean {
  try {
    cipher.decrypt(cell, text);
    return true;
  } catch (error) {
    if (error instanceof DecryptionError) return false;
    throw error;
  }
}

describe('an encrypted cell', () => {
  it('gives back every text', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    fc.assert(
      fc.property(text, (clear) => expect(cipher.decrypt(CELL, cipher.encrypt(CELL, clear))).toBe(clear)),
    );
  });

  it('has the documented shape, hides the text, and is different each time', () => {
    const texts = new Set(Array.from({ length: 1000 }, () => cipher.encrypt(CELL, CLEAR)));
    expect(texts.size).toBe(1000);
    for (const text of texts) {
      expect(text).toMatch(/^v1\.k1\.[\w-]{16}\.[\w-]+$/);
      expect(keyIdOf(text)).toBe('k1');
    }
    // Nonces alone differ too: two with the same one would give their difference away.
    expect(new Set([...texts].map((text) => text.split('.')[2])).size).toBe(1000);
  });

  it('can be made from its description alone, without this code', () => {
    const key = Buffer.from(hkdfSync('sha256', bytesOne, '', 'stockroom/cell/v1', 32));
    const nonce = Buffer.from('000102030405060708090a0b', 'hex');
    const associated = ['v1', 'k1', CELL.table, CELL.column, CELL.rowId].map((part) =>
      Buffer.concat([Buffer.from([0, 0, 0, part.length]), Buffer.from(part)]),
    );
    const aes = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.concat(associated));
    const sealed = Buffer.concat([aes.update(CLEAR, 'utf8'), aes.final(), aes.getAuthTag()]);
    const text = `v1.k1.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
    expect(cipher.decrypt(CELL, text)).toBe(CLEAR);
  });

  it('decrypts in its own place only: every ordered pair of cells', () => {
    const names = ['a', 'ab', 'b', 'a.b', 'v1', 'k1'];
    const cells = names.flatMap((table) =>
      names.flatMap((column) => ['a', 'b', '1', 'b.a', 'ab'].map((rowId) => ({ table, column, rowId }))),
    );
    const texts = cells.map((cell) => cipher.encrypt(cell, CLEAR));
    let opened = 0;
    for (const [place, cell] of cells.entries()) {
      for (const [origin, text] of texts.entries()) {
        if (place === origin) expect(cipher.decrypt(cell, text)).toBe(CLEAR);
        else expect(opens(cell, text)).toBe(false);
        opened += Number(place === origin);
      }
    }
    expect(opened).toBe(cells.length);
  });

  it('is refused when any one character is another, anywhere', () => {
    const text = cipher.encrypt(CELL, CLEAR);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ';
    for (let at = 0; at < text.length; at++) {
      for (const other of alphabet) {
        if (other === text[at]) continue;
        expect(opens(CELL, text.slice(0, at) + other + text.slice(at + 1))).toBe(false);
      }
    }
  });

  it('is refused with any one bit flipped', () => {
    const text = Buffer.from(cipher.encrypt(CELL, CLEAR), 'latin1');
    for (let bit = 0; bit < text.length * 8; bit++) {
      const changed = Buffer.from(text);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(opens(CELL, changed.toString('latin1'))).toBe(false);
    }
  });

  it('is refused when it is cut anywhere, lengthened, or plain text', () => {
    const text = cipher.encrypt(CELL, CLEAR);
    for (let end = 0; end < text.length; end++) expect(opens(CELL, text.slice(0, end))).toBe(false);
    for (const other of [
      `${text}A`,
      `${text}.`,
      `${text}=`,
      `${text}\n`,
      ` ${text}`,
      CLEAR,
      '',
      'v1.k1..',
      'v1.k1.AAAA.AAAA',
    ]) {
      expect(opens(CELL, other)).toBe(false);
    }
  });

  it('is refused with a tag of 0 to 15 bytes', () => {
    const [version, id, nonce, sealed = ''] = cipher.encrypt(CELL, CLEAR).split('.');
    const bytes = Buffer.from(sealed, 'base64url');
    for (let cut = 1; cut <= 16; cut++) {
      const short = bytes.subarray(0, bytes.length - cut).toString('base64url');
      expect(opens(CELL, [version, id, nonce, short].join('.'))).toBe(false);
    }
  });

  it('is refused under an unknown key, another key of the same id, and the same key under another id', async () => {
    const text = cipher.encrypt(CELL, CLEAR);
    const unknown = await load(`k2:${keyTwo}`);
    const replaced = await load(`k1:${keyTwo}`);
    const renamed = await load(`k2:${keyOne}`);
    expect(refusal(() => unknown.decrypt(CELL, text)).keyId).toBeNull();
    expect(refusal(() => replaced.decrypt(CELL, text)).keyId).toBe('k1');
    expect(refusal(() => renamed.decrypt(CELL, text.replace('v1.k1.', 'v1.k2.'))).keyId).toBe('k2');
  });

  it('stays readable after a rotation', async () => {
    const text = cipher.encrypt(CELL, CLEAR);
    const rotated = await load(`k2:${keyTwo},k1:${keyOne}`);
    expect(rotated.decrypt(CELL, text)).toBe(CLEAR);
    expect(keyIdOf(rotated.encrypt(CELL, CLEAR))).toBe('k2');
  });

  it('is refused in the same words whatever the cause, with table, column and key id alone', () => {
    const text = cipher.encrypt(CELL, CLEAR);
    const altered = text.slice(0, -4) + (text.endsWith('AAAA') ? 'BBBB' : 'AAAA');
    const moved = refusal(() => cipher.decrypt({ ...CELL, rowId: 'another' }, text));
    const cut = refusal(() => cipher.decrypt(CELL, text.slice(0, -9)));
    const changed = refusal(() => cipher.decrypt(CELL, altered));
    expect(new Set([moved.message, cut.message, changed.message])).toEqual(
      new Set(['The value in external_credentials.secret cannot be decrypted (key id: k1).']),
    );
    for (const error of [moved, cut, changed]) expect(error).not.toHaveProperty('cause');
  });

  it('needs a place, and text that UTF-8 can hold', () => {
    for (const part of ['table', 'column', 'rowId'] as const) {
      expect(() => cipher.encrypt({ ...CELL, [part]: '' }, CLEAR)).toThrow(RangeError);
      expect(() => cipher.encrypt({ ...CELL, [part]: '\ud800' }, CLEAR)).toThrow(RangeError);
    }
    expect(() => cipher.encrypt(CELL, 'a\ud800b')).toThrow(RangeError);
  });
});

describe('the key id of a stored text', () => {
  it.each([
    '',
    'plain text',
    'v2.k1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA',
    'v1.K.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA',
    'v1.k1.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
    'gAAAAABlU_EA',
  ])('is none for %j', (text) => {
    expect(keyIdOf(text)).toBeNull();
  });
});
