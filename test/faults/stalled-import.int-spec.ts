import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withConnection } from '../../src/database/direct-connection.js';
import { SqlService } from '../../src/database/sql.service.js';
import { StalledTurns } from '../../src/versioning/commit/stalled-turns.service.js';
import { bar, csvOf, day } from '../factories/bars.js';
import { generatedCsv } from '../factories/price-files.js';
import { importCsv, trackStock } from '../factories/stocks.js';
import { buildOnce, COMMAND_LINE, databaseVariables, endOf, startProgram } from '../support/command-line.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = 1_000_000;
const COPYING = `select 1 from pg_stat_progress_copy where relid = 'stock_data'::regclass`;
/** Longer than three looks: without them nothing would have changed by then. */
const LONGER_THAN_THE_BOUND_MS = 20_000;

describe('a command line that is stopped in the middle of a first import', () => {
  let service: TestApp;
  let short: string;
  let child: ChildProcess | undefined;

  beforeAll(() => buildOnce());
  beforeEach(async () => {
    service = await startTestApp();
    short = await trackStock(service.api);
    await importCsv(service.api, short, csvOf([bar(day(0), '1')]));
  }, 60_000);
  afterEach(async () => {
    jest.restoreAllMocks();
    child?.kill('SIGCONT');
    child?.kill('SIGKILL');
    await service.close();
  });

  const correct = () => service.api.put(`/v1/stocks/${short}/data/${day(0)}`, { json: { close: 2 } });

  /** **Shape**: how the command ends, once it goes on. */
  async function stoppedImport() {
    const long = await trackStock(service.api);
    const file = join(service.spoolDir, '..', 'long.csv');
    await writeFile(file, generatedCsv(ROWS));
    const env = { ...databaseVariables(service.db), STOCKROOM_DATA_DIR: join(service.spoolDir, '..', 'cli') };
    const started = startProgram(COMMAND_LINE, ['import', file, '--symbol', long, '--interval', '1m'], {
      env,
    });
    child = started;
    const ended = endOf(started);
    // Over one connection: on a busy machine it takes so long to make others that the import may be over.
    await withConnection(service.db.superuser, async (client) => {
      while ((await client.query(COPYING)).rows.length === 0) await sleep(5);
      started.kill('SIGSTOP');
    });
    await sleep(1_000);
    // It was stopped before its end, and has the turn.
    expect(await copying()).toBe(1);
    return { ended };
  }

  async function copying(): Promise<number> {
    const { rows } = await withConnection(service.db.superuser, (client) => client.query(COPYING));
    return rows.length;
  }

  it('is ended, and a correction that waited for it is stored', async () => {
    const stopped = await stoppedImport();
    expect(await correct()).toMatchObject({ status: 200 });
    expect(await copying()).toBe(0);
    child?.kill('SIGCONT');
    expect((await stopped.ended).status).not.toBe(0);
  }, 90_000);

  it('is not disturbed by the first look, when it goes on before the next', async () => {
    const stopped = await stoppedImport();
    const answer = correct();
    await sleep(500);
    await service.app.get(StalledTurns).look();
    expect(await copying()).toBe(1);
    child?.kill('SIGCONT');
    expect(await stopped.ended).toMatchObject({ status: 0 });
    expect(await answer).toMatchObject({ status: 200 });
  }, 90_000);

  it('would keep it waiting if nobody looked', async () => {
    const readOne: SqlService['readOne'] = Reflect.get(SqlService.prototype, 'readOne');
    const looks = jest.fn();
    jest.spyOn(SqlService.prototype, 'readOne').mockImplementation(async function (
      this: SqlService,
      statement,
    ) {
      if (statement.name !== 'turn_end_stalled') return readOne.call(this, statement);
      looks();
      return null;
    });
    const stopped = await stoppedImport();
    const answer = correct();
    const first = await Promise.race([answer, sleep(LONGER_THAN_THE_BOUND_MS, 'still waiting')]);
    expect(first).toBe('still waiting');
    expect(await copying()).toBe(1);
    expect(looks).toHaveBeenCalled();
    child?.kill('SIGCONT');
    expect(await stopped.ended).toMatchObject({ status: 0 });
    expect(await answer).toMatchObject({ status: 200 });
  }, 90_000);
});
