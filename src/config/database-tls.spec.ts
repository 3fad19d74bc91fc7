import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates, type PeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tlsSettings, TlsWishError } from './database-tls.js';

const HOST = 'db.example.com';
let folder: string;
let ca: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stockroom-tls-'));
  ca = join(folder, 'ca.pem');
  writeFileSync(ca, rootCertificates[0] ?? '');
  writeFileSync(join(folder, 'not.pem'), 'hello');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('TLS to the database', () => {
  it.each(['localhost', '127.0.0.1', '127.9.9.9', '::1', '/var/run/postgresql'])(
    'is off by default for %s',
    (host) => {
      expect(tlsSettings(host, {})).toBe(false);
    },
  );

  it.each([HOST, '10.0.0.7', 'localhost.example.com', '2001:db8::1'])(
    'is verified in full by default for %s',
    (host) => {
      expect(tlsSettings(host, {})).toMatchObject({ rejectUnauthorized: true });
    },
  );

  it('never depends on the mode over a socket file', () => {
    expect(tlsSettings('/run/postgresql', { mode: 'verify-full' })).toBe(false);
  });

  it.each([
    ['disable', false],
    ['allow', false],
    ['prefer', { rejectUnauthorized: false, servername: HOST }],
    ['require', { rejectUnauthorized: false, servername: HOST }],
    ['verify-full', { rejectUnauthorized: true, servername: HOST }],
  ])('means what libpq means by sslmode=%s', (mode, expected) => {
    expect(tlsSettings(HOST, { mode })).toEqual(expected);
  });

  it('is plain text on loopback for prefer, and TLS for require', () => {
    expect(tlsSettings('localhost', { mode: 'prefer' })).toBe(false);
    expect(tlsSettings('localhost', { mode: 'require' })).toMatchObject({ rejectUnauthorized: false });
  });

  it.each(['require', 'verify-ca'])(
    'checks the authority and not the name for %s with a root certificate',
    (mode) => {
      const settings = tlsSettings(HOST, { mode, rootCertificate: ca });
      expect(settings).toMatchObject({ rejectUnauthorized: true, ca: rootCertificates[0] });
      expect(
        settings && settings.checkServerIdentity?.(HOST, certificateFor('DNS:other.example.com')),
      ).toBeUndefined();
    },
  );

  it('leaves the check of the name to Node for verify-full', () => {
    expect(tlsSettings(HOST, { mode: 'verify-full', rootCertificate: ca })).not.toHaveProperty(
      'checkServerIdentity',
    );
  });

  it('compares an address with the addresses of the certificate', () => {
    const settings = tlsSettings('10.0.0.7', {});
    const check = settings && settings.checkServerIdentity;
    if (!check) throw new Error('There is no check.');
    expect(check('localhost', certificateFor('IP Address:10.0.0.7'))).toBeUndefined();
    expect(check('localhost', certificateFor('DNS:localhost'))).toHaveProperty(
      'code',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
    expect(check('localhost', certificateFor('IP Address:10.0.0.8'))).toHaveProperty(
      'code',
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('takes sslrootcert=system for the authorities of Node, with verify-full', () => {
    expect(tlsSettings(HOST, { rootCertificate: 'system' })).toEqual({
      rejectUnauthorized: true,
      servername: HOST,
    });
    expect(tlsSettings('localhost', { rootCertificate: 'system' })).toMatchObject({
      rejectUnauthorized: true,
    });
    expect(() => tlsSettings(HOST, { rootCertificate: 'system', mode: 'require' })).toThrow(
      /verify-full only/,
    );
  });

  it('is verified in full when channel binding is required, since the driver cannot insist on it', () => {
    expect(tlsSettings(HOST, { mode: 'require', channelBinding: 'require' })).toMatchObject({
      rejectUnauthorized: true,
    });
    expect(tlsSettings(HOST, { mode: 'require', channelBinding: 'prefer' })).toMatchObject({
      rejectUnauthorized: false,
    });
    expect(() => tlsSettings(HOST, { mode: 'disable', channelBinding: 'require' })).toThrow(
      /no channel to bind to/,
    );
    expect(() => tlsSettings(HOST, { channelBinding: 'maybe' })).toThrow(/disable, prefer or require/);
  });

  it.each([
    [{ mode: 'verify-ca' }, /needs sslrootcert/],
    [{ mode: 'no-verify' }, /no-verify is called require/],
    [{ mode: 'VERIFY-FULL' }, /must have an sslmode of/],
    [{ certificate: '/x' }, /both sslcert and sslkey/],
    [{ rootCertificate: '/nowhere/ca.pem' }, /sslrootcert that cannot be read: ENOENT/],
  ])('refuses %j', (wishes, reason) => {
    expect(() => tlsSettings(HOST, wishes)).toThrow(TlsWishError);
    expect(() => tlsSettings(HOST, wishes)).toThrow(reason);
  });

  it('refuses a certificate file that holds no certificate', () => {
    expect(() => tlsSettings(HOST, { rootCertificate: join(folder, 'not.pem') })).toThrow(/no PEM text/);
  });

  it('hands a client certificate and its key on', () => {
    const settings = tlsSettings(HOST, { rootCertificate: ca, certificate: ca, key: ca });
    expect(settings).toMatchObject({ cert: rootCertificates[0], key: rootCertificates[0] });
  });
});

/** Only what Node's check of the name looks at. */
function certificateFor(subjectaltname: string): PeerCertificate {
  return { subject: { CN: 'db' }, subjectaltname } as unknown as PeerCertificate;
}
