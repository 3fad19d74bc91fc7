import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { EmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.js';
import { PASSWORD, query, type Scratch } from './embedded-support.js';

const openssl = promisify(execFile);

/** A certificate with its key, as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Authorities and certificates of one test, in a folder that the server may read. */
export class CertificateShop {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<CertificateShop> {
    const shop = new CertificateShop(join(folder, 'certificates'));
    // Run as root, the server has another user's id, which must be able to enter.
    await chmod(folder, 0o755);
    await mkdir(shop.folder, { mode: 0o755 });
    return shop;
  }

  /** An authority that signs itself; without `names` for servers it is also what a self-signed server shows. */
  async authority(name: string, servers: readonly string[] = []): Promise<Certificate> {
    const files = this.files(name);
    const alt = servers.length === 0 ? [] : ['-addext', `subjectAltName=${servers.join(',')}`];
    await openssl('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', files.key, '-out', files.cert, '-subj', `/CN=${name}`, '-days', '2', ...alt],
    ]);
    return this.give(files);
  }

  /** **Shape**: `names` as in a certificate, such as `DNS:localhost`; `days` before now makes one that has expired. */
  async issue(
    name: string,
    input: { readonly by: Certificate; readonly names: readonly string[]; readonly expired?: boolean },
  ): Promise<Certificate> {
    const files = this.files(name);
    const request = join(this.folder, `${name}.csr`);
    const extensions = join(this.folder, `${name}.ext`);
    await writeFile(extensions, input.names.length === 0 ? '' : `subjectAltName=${input.names.join(',')}\n`);
    await openssl('openssl', [
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', files.key, '-out', request, '-subj', `/CN=${name}`],
    ]);
    await openssl('openssl', [
      ...['x509', '-req', '-in', request, '-CA', input.by.cert, '-CAkey', input.by.key, '-CAcreateserial'],
      ...['-out', files.cert, '-extfile', extensions, '-days', input.expired === true ? '-1' : '2'],
    ]);
    return this.give(files);
  }

  private files(name: string): Certificate {
    return { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
  }

  /** PostgreSQL takes a key only of its own account, and only if nobody else may read it. */
  private async give(files: Certificate): Promise<Certificate> {
    await chmod(files.key, 0o600);
    const account = await chooseServerAccount();
    if (account !== undefined) await chown(files.key, account.uid, account.gid);
    return files;
  }
}

/** A PostgreSQL with TLS, reached as `localhost` at a port of this test. */
export interface TlsServer {
  readonly port: number;
  /** Lets it show this certificate from the next connection on. */
  show(certificate: Certificate): Promise<void>;
  close(): Promise<void>;
}

/** No other server of this machine listens there; its port cannot be chosen. */
const ADDRESS = '127.0.0.77';
const PORT = 5432;

/** Starts it with a first certificate. **Shape**: `clients` is the authority that certificates of clients must come from. */
export async function startTlsServer(
  scratch: Scratch,
  input: { readonly first: Certificate; readonly clients: Certificate },
): Promise<TlsServer> {
  const postgres = await EmbeddedPostgres.open({
    dataDir: await scratch.folder(),
    holder: 'service',
    superuserPassword: PASSWORD,
    settings: { listen_addresses: ADDRESS },
  });
  const set = async (name: string, value: string): Promise<void> => {
    await query(postgres.address, `alter system set ${name} = '${value}'`);
  };
  const show = async ({ cert, key }: Certificate): Promise<void> => {
    await set('ssl_cert_file', cert);
    await set('ssl_key_file', key);
    await set('ssl_ca_file', input.clients.cert);
    await set('ssl', 'on');
    await query(postgres.address, 'select pg_reload_conf(), pg_sleep(0.3)');
  };
  await show(input.first);
  const { proxy, port, sockets } = await startProxy();
  return {
    port,
    show,
    close: async () => {
      proxy.close();
      for (const socket of sockets) socket.destroy();
      await postgres.close();
    },
  };
}

/** What connects to `localhost` gets to the server under its own address. */
async function startProxy(): Promise<{ proxy: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const proxy = createServer((socket) => {
    const upstream = connect(PORT, ADDRESS);
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => undefined);
      end.on('close', () => {
        sockets.delete(end);
        socket.destroy();
        upstream.destroy();
      });
    }
    socket.pipe(upstream).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { proxy, port: (proxy.address() as { port: number }).port, sockets };
}
