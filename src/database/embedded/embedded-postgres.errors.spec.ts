import { describe, expect, it } from '@jest/globals';
import { DataDirectoryInUse, explainFailure } from './embedded-postgres.errors.js';

describe('explainFailure', () => {
  it.each([
    ['FATAL: could not extend file "base/1": wrote only 4096 of 8192 bytes at block 10', /The disk is full/],
    ['FATAL: could not write to file "base/1": No space left on device', /The disk is full/],
    [
      'FATAL: could not resize shared memory segment "/PostgreSQL.1": No space left on device',
      /shared memory/,
    ],
    ['initdb: error: could not create directory "x": Permission denied', /owner and mode/],
    ['postgres: error while loading shared libraries: libstdc++.so.6', /libstdc\+\+6/],
    ['initdb: error: could not look up effective user ID 1234: user does not exist', /\/etc\/passwd/],
    ['FATAL: database files are incompatible with server', /another version/],
    ['initdb: error: could not create directory "x": Read-only file system', /read-only/],
  ])('names the mend for "%s"', (output, mend) => {
    expect(explainFailure('It failed.', output).message).toMatch(mend);
  });

  it('does not take a lack of shared memory for a full disk', () => {
    const output = 'could not create shared memory segment: No space left on device';
    expect(explainFailure('It failed.', output).message).not.toContain('disk is full');
  });

  it('shows the last lines of an unknown failure, and no invented mend', () => {
    const output = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const { message } = explainFailure('It failed.', output);
    expect(message.split('\n')).toEqual(['It failed.', ...output.split('\n').slice(-8)]);
  });
});

describe('DataDirectoryInUse', () => {
  it('names the folder, the holder and the variable that mends it', () => {
    expect(new DataDirectoryInUse('/data', 7).message).toMatch(/\/data.*process id 7.*STOCKROOM_DATA_DIR/);
    expect(new DataDirectoryInUse('/data', undefined).message).toContain('another service');
  });
});
