import { execFileSync } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { open, seal } from '../../../src/encryption/aes-gcm.js';
import { FernetTokenError } from '../../../src/encryption/encryption.errors.js';
import { FernetReader } from '../../../src/encryption/fernet-reader.js';
import { deriveFromSecret, deriveSubkey } from '../../../src/encryption/key-derivation.js';

const VECTORS = join(import.meta.dirname, '../../vectors');
const NEWER = process.env.TEST_WYCHEPROOF_DIR;

function load<T>(file: string, folder = VECTORS): T {
  return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
}
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** **Shape**: everything in hex; `msg` is null, or `result` invalid, where nothing may be opened. */
interface SealedCase {
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly ct: string;
  readonly tag: string;
  readonly msg: string | null;
  readonly result?: string;
}

/** Whether sealing and opening both answer as the case says. */
function holds({ key, iv, aad, ct, tag, msg, result = 'valid' }: SealedCase): boolean {
  const box = { key: createSecretKey(hex(key)), nonce: hex(iv), associated: hex(aad) };
  const opened = open(box, hex(ct + tag));
  if (msg === null || result !== 'valid') return opened === null;
  return opened?.equals(hex(msg)) === true && seal(box, hex(msg)).equals(hex(ct + tag));
}

describe('AES-256-GCM with a nonce of 96 and a tag of 128 bits', () => {
  it('answers as Project Wycheproof says, every case', () => {
    const { tests } = load<{ tests: SealedCase[] }>('wycheproof-aes-256-gcm.json');
    expect(tests.filter((test) => !holds(test))).toEqual([]);
    expect(tests.filter(({ result }) => result === 'invalid').length).toBeGreaterThan(20);
    expect(tests).toHaveLength(48);
  });

  it('answers as NIST says, every case', () => {
    const { tests } = load<{ tests: SealedCase[] }>('nist-aes-256-gcm.json');
    expect(tests.filter((test) => !holds(test))).toEqual([]);
    expect(tests.filter(({ msg }) => msg === null)).toHaveLength(191);
    expect(tests).toHaveLength(375);
  });

  it('control: a case with one bit of its tag changed is noticed', () => {
    const { tests } = load<{ tests: SealedCase[] }>('nist-aes-256-gcm.json');
    const valid = tests.filter(({ msg }) => msg !== null);
    const changed = valid.map((test) => ({
      ...test,
      tag: (Number.parseInt(test.tag.slice(0, 1), 16) ^ 1).toString(16) + test.tag.slice(1),
    }));
    expect(changed.filter(holds)).toEqual([]);
  });
});

const newer = NEWER === undefined ? it.skip : it;

describe('newer files of Project Wycheproof', () => {
  newer('AES-GCM', () => {
    const { testGroups } = load<{
      testGroups: { keySize: number; ivSize: number; tagSize: number; tests: SealedCase[] }[];
    }>('aes_gcm_test.json', NEWER);
    const tests = testGroups
      .filter(({ keySize, ivSize, tagSize }) => keySize === 256 && ivSize === 96 && tagSize === 128)
      .flatMap((group) => group.tests);
    expect(tests.length).toBeGreaterThanOrEqual(66);
    expect(tests.filter((test) => !holds(test))).toEqual([]);
  });

  newer('HKDF-SHA256 of our form: no salt, 32 bytes', () => {
    const { testGroups } = load<{
      testGroups: { tests: { ikm: string; salt: string; info: string; size: number; okm: string }[] }[];
    }>('hkdf_sha256_test.json', NEWER);
    const tests = testGroups
      .flatMap((group) => group.tests)
      .filter(
        ({ salt, info, size }) =>
          salt === '' && size >= 32 && hex(info).equals(Buffer.from(hex(info).toString('utf8'))),
      );
    expect(tests.length).toBeGreaterThan(5);
    for (const { ikm, info, okm } of tests) {
      const key = deriveSubkey(createSecretKey(hex(ikm)), hex(info).toString('utf8'));
      expect(key.export().toString('hex')).toBe(okm.slice(0, 64));
    }
  });

  newer('PBKDF2-HMAC-SHA256', async () => {
    const { testGroups } = load<{
      testGroups: { tests: { password: string; salt: string; iterationCount: number; dk: string }[] }[];
    }>('pbkdf2_hmacsha256_test.json', NEWER);
    const tests = testGroups.flatMap((group) => group.tests);
    expect(tests.length).toBeGreaterThan(10);
    for (const { password, salt, iterationCount: rounds, dk } of tests) {
      const derived = await deriveFromSecret({ secret: hex(password), salt: hex(salt), rounds });
      const key = derived.export().toString('hex');
      expect(key.startsWith(dk) || dk.startsWith(key)).toBe(true);
    }
  });
});

/** One case of the Fernet specification. */
interface FernetCase {
  readonly desc?: string;
  readonly token: string;
  readonly now: string;
  readonly ttl_sec?: number;
  readonly src?: string;
  readonly secret: string;
}

describe('Fernet', () => {
  const read = ({ token, now, ttl_sec: ttlSeconds, secret }: FernetCase): string => {
    const reader = new FernetReader([createSecretKey(Buffer.from(secret, 'base64url'))]);
    const age = ttlSeconds === undefined ? undefined : { ttlSeconds, nowSeconds: Date.parse(now) / 1000 };
    return reader.read(token, age).toString('utf8');
  };

  it.each(['fernet-generate.json', 'fernet-verify.json'])('%s is read', (file) => {
    const cases = load<FernetCase[]>(file);
    expect(cases.map(read)).toEqual(cases.map(({ src }) => src));
    expect(cases.length).toBeGreaterThan(0);
  });

  it('fernet-invalid.json is refused, every case', () => {
    const cases = load<FernetCase[]>('fernet-invalid.json');
    expect(cases).toHaveLength(8);
    for (const refused of cases) expect(() => read(refused)).toThrow(FernetTokenError);
  });

  it('tokens that Python wrote are read under their own key and no other', () => {
    const { keys, tokens, rotated } = load<{
      keys: string[];
      tokens: { key: number; clear: string; token: string }[];
      rotated: { clear: string; token: string };
    }>('python-fernet.json');
    const readers = keys.map((key) => new FernetReader([createSecretKey(Buffer.from(key, 'base64url'))]));
    for (const { key, clear, token } of tokens) {
      for (const [index, reader] of readers.entries()) {
        if (index === key) expect(reader.read(token).toString('utf8')).toBe(clear);
        else expect(() => reader.read(token)).toThrow(FernetTokenError);
      }
    }
    expect(tokens).toHaveLength(22);
    expect(readers[1]?.read(rotated.token).toString('utf8')).toBe(rotated.clear);
  });

  const python = pythonWithCryptography();
  (python === null ? it.skip : it)('tokens that Python writes now are read', () => {
    const key = randomBytes(32);
    const script =
      'import sys; from cryptography.fernet import Fernet; f = Fernet(sys.argv[1].encode()); ' +
      "print('\\n'.join(f.encrypt(('é' * n).encode()).decode() for n in range(0, 400, 7)))";
    const encoded = `${key.toString('base64url')}=`;
    const printed = execFileSync(python ?? '', ['-c', script, encoded], { encoding: 'utf8' }).trim();
    const reader = new FernetReader([createSecretKey(key)]);
    const clear = printed.split('\n').map((token) => reader.read(token).toString('utf8'));
    expect(clear).toEqual(Array.from({ length: 58 }, (_, n) => 'é'.repeat(n * 7)));
  });
});

/** A Python that has the package, where the machine has one. */
function pythonWithCryptography(): string | null {
  for (const python of ['/usr/bin/python3', 'python3']) {
    try {
      execFileSync(python, ['-c', 'import cryptography.fernet'], { stdio: 'ignore' });
      return python;
    } catch {
      // The next one, or none.
    }
  }
  return null;
}
