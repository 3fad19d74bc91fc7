import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildOnce } from '../support/command-line.js';
import { stopUnderLoad } from './shutdown-drill.js';

beforeAll(buildOnce);

describe('a stop under load', () => {
  it.each(['SIGTERM', 'SIGTERM', 'SIGINT'] as const)(
    'breaks no answer, loses no write and leaves nothing behind: %s',
    async (signal) => {
      const report = await stopUnderLoad({ signal });
      expect(report).toMatchObject({
        status: 0,
        broken: [],
        serverErrors: 0,
        streamEnded: true,
        upload: { status: 503, code: 'shutting-down' },
        sessionsLeft: 0,
        filesLeft: [],
        lostWrites: 0,
      });
      expect(report.readiness.slice(-2)).toEqual(['503 shutting_down', 'gone']);
      expect(report.answered).toBeGreaterThan(0);
      expect(report.ms).toBeLessThan(15_000);
    },
  );

  it('control: a process that simply ends breaks answers', async () => {
    const { broken, streamEnded } = await stopUnderLoad({ signal: 'SIGTERM', abrupt: true });
    expect(broken).not.toEqual([]);
    expect(streamEnded).toBe(false);
  });
});
