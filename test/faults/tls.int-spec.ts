import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadSettings } from '../../src/config/settings.js';
import { withConnection } from '../../src/database/direct-connection.js';
import { generateSecret } from '../../src/encryption/secrets.js';
import { waitForDatabase } from '../../src/database/wait-for-database.js';
import { buildOnce, runProgram, SERVICE } from '../support/command-line.js';
import { PASSWORD, Scratch } from './embedded-support.js';
import { CertificateShop, startTlsServer, type Certificate, type TlsServer } from './tls-support.js';

const scratch = new Scratch();
const KEYS = `k1:${generateSecret(32)}`;
let server: TlsServer;
let authority: Certificate;
let other: Certificate;
let client: Certificate;
let shown: Record<'right' | 'wrongName' | 'expired' | 'otherAuthority' | 'selfSigned', Certificate>;

beforeAll(async () => {
  buildOnce();
  const shop = await CertificateShop.open(await scratch.folder());
  authority = await shop.authority('private authority');
  other = await shop.authority('another authority');
  const names = ['DNS:localhost'];
  shown = {
    right: await shop.issue('right', { by: authority, names }),
    wrongName: await shop.issue('wrong-name', { by: authority, names: ['DNS:db.example.com'] }),
    expired: await shop.issue('expired', { by: authority, names, expired: true }),
    otherAuthority: await shop.issue('other', { by: other, names }),
    selfSigned: await shop.authority('self-signed', names),
  };
  client = await shop.issue('client', { by: authority, names: [] });
  server = await startTlsServer(scratch, { first: shown.right, clients: authority });
});
afterAll(async () => {
  await server.close();
  await scratch.cleanUp();
});

function urlWith(query: string, host = 'localhost'): string {
  const password = encodeURIComponent(PASSWORD);
  return `postgres://postgres:${password}@${host}:${server.port}/postgres?${query}`;
}

/** How the server sees a connection: whether it is encrypted, and whose certificate the client has shown. */
async function encryption(query: string, host?: string): Promise<unknown> {
  const { app } = loadSettings({ DATABASE_URL: urlWith(query, host), ENCRYPTION_KEYS: KEYS }).database;
  if (app === null) throw new Error('no connection');
  await waitForDatabase(app, { seconds: 0 });
  return withConnection(app, async (session) => {
    const { rows } = await session.query<Record<string, unknown>>(
      'select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()',
    );
    return rows[0];
  });
}

describe('a database with TLS and a private authority', () => {
  it('verify-full takes the certificate of the right name and authority', async () => {
    await server.show(shown.right);
    expect(await encryption(`sslmode=verify-full&sslrootcert=${authority.cert}`)).toEqual({
      ssl: true,
      client_dn: null,
    });
  });

  it.each([
    ['wrongName', /ERR_TLS_CERT_ALTNAME_INVALID\): it is for another name: connect by a name that it is for/],
    ['expired', /CERT_HAS_EXPIRED\): it has expired: renew it at the server/],
    ['otherAuthority', /no authority that is trusted here has signed it: append sslrootcert=/],
    ['selfSigned', /no authority that is trusted here has signed it: append sslrootcert=/],
  ] as const)('verify-full refuses %s', async (which, line) => {
    await server.show(shown[which]);
    await expect(encryption(`sslmode=verify-full&sslrootcert=${authority.cert}`)).rejects.toThrow(line);
  });

  it('verify-full refuses the right certificate where the authority is not named', async () => {
    await server.show(shown.right);
    await expect(encryption('sslmode=verify-full')).rejects.toThrow(/append sslrootcert=/);
  });

  it('verify-full compares an address as well', async () => {
    await server.show(shown.right);
    await expect(
      encryption(`sslmode=verify-full&sslrootcert=${authority.cert}`, '127.0.0.1'),
    ).rejects.toThrow(/ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  it('verify-ca takes another name, and no other authority', async () => {
    await server.show(shown.wrongName);
    const verifyCa = `sslmode=verify-ca&sslrootcert=${authority.cert}`;
    expect(await encryption(verifyCa)).toMatchObject({ ssl: true });
    await server.show(shown.otherAuthority);
    await expect(encryption(verifyCa)).rejects.toThrow(/no authority that is trusted here/);
  });

  it('require encrypts and trusts anybody, unless an authority is named; disable does not encrypt', async () => {
    await server.show(shown.selfSigned);
    expect(await encryption('sslmode=require')).toMatchObject({ ssl: true });
    await expect(encryption(`sslmode=require&sslrootcert=${authority.cert}`)).rejects.toThrow(/not trusted/);
    expect(await encryption('sslmode=disable')).toMatchObject({ ssl: false });
  });

  it("shows the server a client's certificate", async () => {
    await server.show(shown.right);
    const own = `sslcert=${client.cert}&sslkey=${client.key}`;
    expect(await encryption(`sslmode=verify-full&sslrootcert=${authority.cert}&${own}`)).toEqual({
      ssl: true,
      client_dn: '/CN=client',
    });
  });

  it('a start with a certificate that has expired ends with one line that says the mend', async () => {
    await server.show(shown.expired);
    const env = {
      DATABASE_URL: urlWith(`sslmode=verify-full&sslrootcert=${authority.cert}`),
      ENCRYPTION_KEYS: KEYS,
      PORT: '0',
      STOCKROOM_DATA_DIR: await scratch.folder(),
      STOCKROOM_LOG_LEVEL: 'silent',
    };
    const { status, stderr } = await runProgram(SERVICE, [], { env });
    expect(stderr).toMatch(/^The certificate of localhost:\d+ is not trusted .*renew it at the server.\n$/);
    expect(status).toBe(1);
    expect(stderr).not.toContain(PASSWORD);
  });
});
