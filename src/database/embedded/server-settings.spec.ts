import { describe, expect, it } from '@jest/globals';
import { serverArguments } from './server-settings.js';

describe('serverArguments', () => {
  it('lets the caller override a setting once, without naming it twice', () => {
    const args = serverArguments('/data', '/run', { fsync: 'off' });
    expect(args.filter((arg) => arg.startsWith('fsync='))).toEqual(['fsync=off']);
  });

  it('keeps the socket where the other holders look for it', () => {
    const args = serverArguments('/data', '/run', { port: '1', unix_socket_directories: '/elsewhere' });
    expect(args).toEqual(expect.arrayContaining(['port=5432', 'unix_socket_directories="/run"']));
  });

  it('quotes a socket folder, which the setting would otherwise take for a list', () => {
    expect(serverArguments('/data', '/a, "b"')).toContain('unix_socket_directories="/a, ""b"""');
  });

  it('writes no values of rows into the log', () => {
    expect(serverArguments('/data', '/run')).toEqual(
      expect.arrayContaining([
        'log_statement=none',
        'log_min_error_statement=panic',
        'log_error_verbosity=terse',
      ]),
    );
  });
});
