import { SOCKET_PORT } from './cluster-place.js';

/**
 * Settings of every embedded server; given on its command line, so that they hold whatever postgresql.conf says.
 * Memory and disk are those of a small machine with other things to do.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  // Nobody outside this machine's account reaches the server, so there is no port to guard, forward or collide with.
  listen_addresses: '',
  unix_socket_permissions: '0700',

  // What was acknowledged survives a crash. Named although they are the defaults: an edited file must not lift them.
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',

  // A service with a pool of 10 to 20, commands and tools beside it, and room for a second of each.
  max_connections: '100',
  // Twice the default: a year of minute bars of some dozen symbols stays in memory; the system's cache holds the rest.
  shared_buffers: '256MB',
  // A million imported bars write 163 MB of log (measured). The default of 1 GB forces a checkpoint every three million or
  // so, each followed by a burst of full-page images; this doubles the distance and costs at most this much disk.
  max_wal_size: '2GB',
  // The bundled build can only compress with pglz. Measured on 20,000 corrections scattered over a million bars, right
  // after a checkpoint: 53 MB of log instead of 97, but 3.6 to 4.4 s instead of 0.25 to 0.3.
  wal_compression: 'off',
  // Compiling a query pays off for seconds-long ones; ours take milliseconds, and the bundled build cannot do it anyway.
  jit: 'off',

  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %a ',
  log_min_messages: 'warning',
  // Values of rows stay out of the log: no statements, no parameters, neither of statements that fail, and no DETAIL
  // lines, which quote the key that collided.
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_error_verbosity: 'terse',

  cluster_name: 'stockroom',
};

/** The setting is a list, so a comma in the path would part it, were it not quoted. */
const quoteListItem = (path: string): string => `"${path.replaceAll('"', '""')}"`;

/** Arguments for the server. `overrides` win, except over the place of its socket, where everybody looks for it. */
export function serverArguments(
  location: string,
  socketFolder: string,
  overrides: Readonly<Record<string, string>> = {},
): readonly string[] {
  const socket = { port: String(SOCKET_PORT), unix_socket_directories: quoteListItem(socketFolder) };
  const settings = { ...SETTINGS, ...overrides, ...socket };
  return ['-D', location, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}
