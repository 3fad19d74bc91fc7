import { createDecipheriv, createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { open, seal, TAG_BYTES } from './aes-gcm.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
const KEY = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308';
const CLEAR = `d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
               1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255`;
const CIPHER = `522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa
                8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad`;

/** Test cases 13 to 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", which NIST SP 800-38D refers to. */
const KNOWN = [
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    associated: '',
    clear: '',
    cipher: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    associated: '',
    clear: '00'.repeat(16),
    cipher: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    key: KEY,
    nonce: 'cafebabefacedbaddecaf888',
    associated: '',
    clear: CLEAR,
    cipher: CIPHER,
    tag: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    key: KEY,
    nonce: 'cafebabefacedbaddecaf888',
    associated: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    clear: hex(CLEAR).subarray(0, 60).toString('hex'),
    cipher: hex(CIPHER).subarray(0, 60).toString('hex'),
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
].map((known) => ({
  box: { key: createSecretKey(hex(known.key)), nonce: hex(known.nonce), associated: hex(known.associated) },
  clear: hex(known.clear),
  sealed: hex(known.cipher + known.tag),
}));

describe('AES-256-GCM', () => {
  it.each(KNOWN)('gives the published answer, case %#', ({ box, clear, sealed }) => {
    expect(seal(box, clear)).toEqual(sealed);
    expect(open(box, sealed)).toEqual(clear);
  });

  it.each(KNOWN)('opens nothing that was changed in any bit, case %#', ({ box, sealed }) => {
    for (let bit = 0; bit < sealed.length * 8; bit++) expect(open(box, flip(sealed, bit))).toBeNull();
    for (let bit = 0; bit < 96; bit++)
      expect(open({ ...box, nonce: flip(box.nonce, bit) }, sealed)).toBeNull();
    for (let bit = 0; bit < box.associated.length * 8; bit++) {
      expect(open({ ...box, associated: flip(box.associated, bit) }, sealed)).toBeNull();
    }
  });

  it.each(KNOWN)('opens nothing whose tag was cut to 0 to 15 bytes, case %#', ({ box, sealed }) => {
    for (let cut = 1; cut <= TAG_BYTES; cut++) {
      expect(open(box, sealed.subarray(0, sealed.length - cut))).toBeNull();
    }
  });

  it('would open a tag of 4 bytes if that length were allowed: the control of the case above', () => {
    for (const { box, clear, sealed } of KNOWN) {
      const decipher = createDecipheriv('aes-256-gcm', box.key, box.nonce, { authTagLength: 4 }).setAAD(
        box.associated,
      );
      decipher.setAuthTag(sealed.subarray(clear.length, clear.length + 4));
      const opened = Buffer.concat([decipher.update(sealed.subarray(0, clear.length)), decipher.final()]);
      expect(opened).toEqual(clear);
      expect(open(box, sealed.subarray(0, clear.length + 4))).toBeNull();
    }
  });

  it.each([0, 1, 8, 11, 13, 16])('takes no nonce of %d bytes', (length) => {
    const [known] = KNOWN;
    if (known === undefined) throw new Error('There are no cases.');
    expect(open({ ...known.box, nonce: Buffer.alloc(length) }, known.sealed)).toBeNull();
  });
});

function flip(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  return changed;
}
