import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { fileProblem } from './file-problem.js';
import { isLoopback } from './network.js';

/** How a connection is encrypted and whom it trusts, in the words of Node's TLS and of the driver. */
export interface TlsSettings {
  readonly rejectUnauthorized: boolean;
  readonly checkServerIdentity?: (name: string, certificate: PeerCertificate) => Error | undefined;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
}

/** The modes of libpq, weakest first. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** What is asked for, as text; absent means not said. Files are paths. */
export interface TlsWishes {
  readonly mode?: string | undefined;
  readonly rootCertificate?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly channelBinding?: string | undefined;
}

/** The wishes cannot be met. **Shape**: `message` reads on from the variable's name and holds no secret. */
export class TlsWishError extends Error {}

/**
 * What libpq means by the wishes, as far as the driver can do it, and never weaker.
 *
 * **Why** not the driver's own reading: to it `require` is `verify-full` today and will be something else in its next
 * version. Four differences from libpq remain, each to the safe side:
 * - said nothing, a host beyond this machine gets `verify-full` (libpq: `prefer`, which anybody in between can turn off);
 * - `prefer` beyond this machine does not fall back to plain text, because the driver cannot connect twice; on loopback
 *   `prefer` and `allow` are plain text, since nothing crosses a network;
 * - `verify-full` without a root certificate trusts the authorities that Node trusts (libpq: `sslrootcert=system`);
 * - `channel_binding=require` becomes `verify-full`: the driver can use channel binding but cannot insist on it, and
 *   without insisting it stops nobody.
 */
export function tlsSettings(host: string, wishes: TlsWishes): false | TlsSettings {
  // As in libpq: over a socket file there is no wire to protect, whatever the mode says.
  if (host.startsWith('/')) return false;
  const mode = effectiveMode(host, wishes);
  if (mode === 'disable' || mode === 'allow') return false;
  if (mode === 'prefer' && isLoopback(host)) return false;
  return withFiles(verification(host, mode, wishes), wishes);
}

function effectiveMode(host: string, wishes: TlsWishes): SslMode {
  const system = wishes.rootCertificate === 'system';
  const mode = readMode(wishes.mode) ?? (isLoopback(host) && !system ? 'prefer' : 'verify-full');
  if (system && mode !== 'verify-full') {
    throw new TlsWishError('asks for sslrootcert=system, which goes with sslmode=verify-full only');
  }
  switch (wishes.channelBinding) {
    case undefined:
    case 'disable':
    case 'prefer':
      return mode;
    case 'require':
      if (mode === 'disable' || mode === 'allow') {
        throw new TlsWishError(
          `asks for channel_binding=require and sslmode=${mode}: there is no channel to bind to`,
        );
      }
      return 'verify-full';
    default:
      throw new TlsWishError('must have a channel_binding of disable, prefer or require');
  }
}

function readMode(mode: string | undefined): SslMode | undefined {
  if (mode === undefined) return undefined;
  const known = SSL_MODES.find((candidate) => candidate === mode);
  if (known !== undefined) return known;
  throw new TlsWishError(
    `must have an sslmode of ${SSL_MODES.join(', ')}` +
      (mode === 'no-verify' ? '; no-verify is called require' : ''),
  );
}

function verification(host: string, mode: SslMode, wishes: TlsWishes): TlsSettings {
  const ownRoot = wishes.rootCertificate !== undefined && wishes.rootCertificate !== 'system';
  const servername = isIP(host) === 0 ? { servername: host } : {};
  if (mode === 'verify-full') {
    // The driver names no host to Node when it is an address, and Node then compares with "localhost".
    const byAddress = {
      checkServerIdentity: (_: string, cert: PeerCertificate) => checkServerIdentity(host, cert),
    };
    return { rejectUnauthorized: true, ...servername, ...(isIP(host) === 0 ? {} : byAddress) };
  }
  if (mode === 'verify-ca' && !ownRoot) {
    throw new TlsWishError(
      'asks for sslmode=verify-ca, which needs sslrootcert=<file> as well; or ask for verify-full',
    );
  }
  // libpq: with a root certificate at hand, require means verify-ca.
  const checksAuthority = ownRoot && mode !== 'prefer';
  return checksAuthority
    ? { rejectUnauthorized: true, ...servername, checkServerIdentity: () => undefined }
    : { rejectUnauthorized: false, ...servername };
}

function withFiles(settings: TlsSettings, { rootCertificate, certificate, key }: TlsWishes): TlsSettings {
  if ((certificate === undefined) !== (key === undefined)) {
    throw new TlsWishError('must have both sslcert and sslkey, or neither');
  }
  return {
    ...settings,
    ...(rootCertificate === undefined || rootCertificate === 'system'
      ? {}
      : { ca: readPem('sslrootcert', rootCertificate) }),
    ...(certificate === undefined ? {} : { cert: readPem('sslcert', certificate) }),
    ...(key === undefined ? {} : { key: readPem('sslkey', key) }),
  };
}

function readPem(parameter: string, path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    throw new TlsWishError(`names a file as ${parameter} that cannot be read: ${fileProblem(error)}`);
  }
  if (!content.includes('-----BEGIN '))
    throw new TlsWishError(`names a file as ${parameter} that holds no PEM text`);
  return content;
}
