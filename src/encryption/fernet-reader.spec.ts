import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { FernetTokenError } from './encryption.errors.js';
import { FernetReader } from './fernet-reader.js';

const SECRET = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
const reader = new FernetReader([createSecretKey(Buffer.from(SECRET, 'base64url'))]);
const seconds = (instant: string): number => Date.parse(instant) / 1000;

/** generate.json and verify.json of github.com/fernet/spec: one token. */
const VALID =
  'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
const VERIFIED_AT = '1985-10-26T01:20:01-07:00';

/** invalid.json of github.com/fernet/spec. */
const INVALID = [
  [
    'incorrect mac',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==',
    VERIFIED_AT,
  ],
  ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==', VERIFIED_AT],
  [
    'invalid base64',
    '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    VERIFIED_AT,
  ],
  [
    'payload size not multiple of block size',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
    VERIFIED_AT,
  ],
  [
    'payload padding error',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
    VERIFIED_AT,
  ],
  [
    'far-future timestamp',
    'gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==',
    VERIFIED_AT,
  ],
  [
    'expired',
    'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    '1985-10-26T01:21:31-07:00',
  ],
  [
    'incorrect IV',
    'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
    VERIFIED_AT,
  ],
] as const;

/**
 * Made with Fernet of Python's cryptography 38.0.4, under the key that PBKDF2 (480,000 rounds) makes of "a secret written
 * for this test only" and "a salt written for this test"; written at 1,700,000,000.
 */
const OTHER_KEY = '4f2f85aee1bac98d971ef8f7edac49f1d1311bd3e20b00474418a5fb8060296f';
const BY_PYTHON: readonly [clear: string, token: string][] = [
  [
    '',
    'gAAAAABlU_EAgtC4s-1sMb7rBxhPnYa1W9dG_AIXp28hrIG4ikWU2hjPlqSbzU4R-YrTe_I--7O-Uo9q7OAAI-EXUBc43Fn42w==',
  ],
  [
    'hello',
    'gAAAAABlU_EA_YiidjBq_TahfzxDYp4-azmB6h_khdLHVsm6812FeQTKZviq4kYuDcqFrteLWdmIoOBI8TAatXbnInDu4kzRsA==',
  ],
  [
    'x'.repeat(15),
    'gAAAAABlU_EA-gARo_ii0IQwGMlauX7LTHoVXkhpXToU18FqrQuGXmUIV_TklGOvDv9yFKQokooHpptWRWPSelbBn3fd5p0Ufw==',
  ],
  [
    'x'.repeat(16),
    'gAAAAABlU_EAaADP44LeC-8-kioY501jVi2ymQ6wUsodZFT5OKKQ12ONhoQ4fdlqz-NZ2tTFVoT8Z2X97ZV3hUusA1O374nOrPvaomnzU7815AvVVVOCxuY=',
  ],
  [
    'naïve € 😀 ',
    'gAAAAABlU_EAiKp0XY6CxbZDiOuXQ4EMDDc0E5F_81w4JfH93xRRfKNAu9T5fMEcaH-vrqiD61IXrkQE3x8ICqpfvfJDAgCzbkEyfoioVk4tYozgZ4uPFPc=',
  ],
  [
    '{"token":"abc"}'.repeat(10),
    'gAAAAABlU_EAkUx22WEjdNdnV4A1DLsBUOSeneYQmd_ho4KaYUv4Vo3ogD_xpnaoChlfMhXSIERU9u0u_x39wAAbcIkYJmP5ExiTuPP4YTE9jJ2rC4F0psHmvTjPV5qedz_ytdC0g30gKQb6xJy2bcuBlsOOdmB3hZvVJUvOKBtSJ2rA8ui3-YKHdHftr2As1E_Rjmloa32tueJiTfNtOuCHwQ57uTuYKnVX5SO4TcqeoYbTwKimrl-Of3dUZMvVURlCs9pP1KiTbMmV5oGkrxNF4TO9ThPeSg==',
  ],
];

describe('a Fernet token', () => {
  it('of the specification is read, within its time and without one', () => {
    const age = { ttlSeconds: 60, nowSeconds: seconds(VERIFIED_AT) };
    expect(reader.read(VALID, age).toString()).toBe('hello');
    expect(reader.read(VALID).toString()).toBe('hello');
  });

  it.each(INVALID)('of the specification is refused: %s', (_, token, now) => {
    const age = { ttlSeconds: 60, nowSeconds: seconds(now) };
    expect(() => reader.read(token, age)).toThrow(FernetTokenError);
    expect(() => reader.read(token, age)).toThrow('The Fernet token cannot be read.');
  });

  it('lives to the second that its limit says', () => {
    const written = seconds('1985-10-26T01:20:00-07:00');
    expect(reader.read(VALID, { ttlSeconds: 60, nowSeconds: written + 60 }).toString()).toBe('hello');
    expect(() => reader.read(VALID, { ttlSeconds: 60, nowSeconds: written + 61 })).toThrow(FernetTokenError);
    expect(reader.read(VALID, { ttlSeconds: 60, nowSeconds: written - 60 }).toString()).toBe('hello');
    expect(() => reader.read(VALID, { ttlSeconds: 60, nowSeconds: written - 61 })).toThrow(FernetTokenError);
  });

  it.each(BY_PYTHON)('of Python is read: %j', (clear, token) => {
    const both = new FernetReader([
      createSecretKey(Buffer.alloc(32, 1)),
      createSecretKey(Buffer.from(OTHER_KEY, 'hex')),
    ]);
    expect(both.read(token).toString()).toBe(clear);
    expect(() => reader.read(token)).toThrow(FernetTokenError);
  });

  it('is refused with any one bit flipped, or cut anywhere', () => {
    const bytes = Buffer.from(VALID, 'base64url');
    const encode = (changed: Buffer): string =>
      changed.toString('base64').replace(/\+/g, '-').replace(/\//g, '_');
    expect(reader.read(encode(bytes)).toString()).toBe('hello');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => reader.read(encode(changed))).toThrow(FernetTokenError);
    }
    for (let end = 0; end < VALID.length; end++) {
      expect(() => reader.read(VALID.slice(0, end))).toThrow(FernetTokenError);
    }
  });

  it('is refused in another alphabet, without padding, and with anything around it', () => {
    for (const token of [
      VALID.replace(/=/g, ''),
      ` ${VALID}`,
      `${VALID}\n`,
      VALID.replace(/_/g, '/').replace(/-/g, '+'),
      `${VALID}====`,
    ]) {
      expect(() => reader.read(token)).toThrow(FernetTokenError);
    }
  });

  it('is refused in another version, although its mac is right', () => {
    const bytes = Buffer.from(VALID, 'base64url').subarray(0, -32);
    const sign = (version: number): string => {
      const signed = Buffer.concat([Buffer.from([version]), bytes.subarray(1)]);
      const mac = createHmac('sha256', Buffer.from(SECRET, 'base64url').subarray(0, 16))
        .update(signed)
        .digest();
      return Buffer.concat([signed, mac]).toString('base64').replace(/\+/g, '-').replace(/\//g, '_');
    };
    expect(reader.read(sign(0x80)).toString()).toBe('hello');
    expect(() => reader.read(sign(0x81))).toThrow(FernetTokenError);
  });

  it('takes keys of 32 bytes only', () => {
    expect(() => new FernetReader([createSecretKey(Buffer.alloc(16, 1))])).toThrow(RangeError);
  });
});
