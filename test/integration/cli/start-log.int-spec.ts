import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildOnce, databaseVariables, endOf, SERVICE, startProgram } from '../../support/command-line.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

interface Line {
  readonly level: number;
  readonly context?: string;
  readonly msg?: string;
}

/** What a start says to people, and what else is in no line of the log. */
const ANNOUNCEMENT =
  /^(Stockroom listens on|Documentation: |First administrator: | +password: |SIGTERM|Stopp)/;

/** Starts processes, which take seconds on a busy machine. **Units**: milliseconds. */
jest.setTimeout(120_000);

let db: TestDatabase;
let variables: NodeJS.ProcessEnv;
beforeAll(async () => {
  buildOnce();
  db = await createTestDatabase();
  variables = databaseVariables(db);
});
afterAll(() => db.drop());

/** Runs the service, without a terminal, until `isEnough` of what it says. **Shape**: all that it said until its end. */
async function start(
  env: NodeJS.ProcessEnv,
  isEnough: (said: string) => boolean | Promise<boolean>,
): Promise<{ status: number | null; said: readonly string[] }> {
  const child = startProgram(SERVICE, [], {
    env: { ...variables, PORT: '0', STOCKROOM_SHUTDOWN_DELAY_MS: '0', ...env },
  });
  let all = '';
  let isAsked = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      all += data.toString();
      void Promise.resolve(isEnough(all)).then((enough) => {
        if (enough && !isAsked) isAsked = child.kill('SIGTERM');
      });
    });
  const { status, stdout, stderr } = await endOf(child);
  return { status, said: `${stdout}${stderr}`.split('\n').filter((line) => line !== '') };
}

const linesOf = (said: readonly string[]): readonly Line[] =>
  said.filter((line) => !ANNOUNCEMENT.test(line)).map((line) => JSON.parse(line) as Line);

describe('what a start writes without a terminal', () => {
  it('is JSON, but for what it announces', async () => {
    const { status, said } = await start({ STOCKROOM_SLOW_QUERY_MS: '0', METRICS_PORT: '0' }, (all) =>
      all.includes('listens on'),
    );
    expect(status).toBe(0);
    const slow = linesOf(said).filter(({ msg }) => msg === 'slow query');
    expect(slow.length).toBeGreaterThan(0);
    for (const line of slow) expect(line).toMatchObject({ level: 40, context: 'SlowQuery' });
    expect(linesOf(said).filter(({ context }) => context === 'InstanceLoader')).toEqual([]);
  });

  it('names an exporter of traces that there is not, and ends', async () => {
    const { status, said } = await start({ OTEL_TRACES_EXPORTER: 'foo' }, () => false);
    expect(status).toBe(1);
    expect(said.join('\n')).toContain('OTEL_TRACES_EXPORTER names "foo"');
  });

  it('has one warning when traces cannot be sent', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    };
    const asked: Promise<unknown>[] = [];
    const { said } = await start(env, (all) => {
      const [, url] = /listens on (\S+)/.exec(all) ?? [];
      if (url !== undefined && asked.length === 0) asked.push(fetch(`${url}/v1/stocks`));
      return all.includes('traces are in trouble');
    });
    await Promise.all(asked);
    const told = linesOf(said).filter(({ context }) => context === 'Tracing');
    expect(told).toEqual([
      expect.objectContaining({ level: 40, msg: 'traces are in trouble; the service goes on without them' }),
    ]);
  });
});
