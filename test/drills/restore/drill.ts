import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { refuseLog, switchLog } from './archiving.js';
import { fillStore } from './bulk.js';
import { Cluster, type Place } from './cluster.js';
import { tryRestore } from './damage.js';
import { dump, restoreDump, type Dump, type DumpReport } from './dumps.js';
import { Ledger, momentOf, type Comparison, type QuietMoment } from './ledger.js';
import type { Refusal } from './refusal.js';
import { tryRefusals } from './refusals.js';
import { endSessions, lookAtCopy, type CopyReport } from './restored-copy.js';
import { RunningService } from './running-service.js';
import { storedRows, type Before } from './stored-rows.js';
import { makeLogins, mustStockroom, type Store } from './store.js';
import { Writer } from './writer.js';

/** How large a drill is. **Units**: bytes, seconds. */
export interface DrillPlan {
  readonly bytes: number;
  readonly archiveTimeout: number;
  readonly say: (line: string) => void;
}

/** What a drill found. **Units**: milliseconds unless the name says otherwise. */
export interface DrillReport {
  readonly databaseMb: number;
  readonly repositoryMb: number;
  readonly operations: number;
  readonly fullBackupMs: number;
  readonly diffBackupMs: number;
  readonly rpoMs: number;
  readonly rto: { readonly filesMs: number; readonly openMs: number; readonly readyMs: number };
  readonly latest: {
    readonly comparison: Comparison;
    readonly copy: CopyReport;
    readonly oldTokenStatus: number;
  };
  readonly moment: { readonly comparison: Comparison; readonly copy: CopyReport; readonly ms: number };
  readonly archivingGoesOn: boolean;
  /** Operations that were answered while the repository took no log. */
  readonly whileRefused: number;
  readonly refusals: readonly Refusal[];
  readonly dump: DumpReport;
}

const DATABASE = 'stockroom';

/** One drill, from an empty server to restored copies of it. */
export class Drill {
  private readonly ledger: Ledger;
  private readonly against: string;
  private before: Before = { revision: 0, sessions: [] };

  private constructor(
    private readonly place: Place,
    private readonly plan: DrillPlan,
    private readonly cluster: Cluster,
    private readonly store: Store,
  ) {
    this.ledger = new Ledger(join(place.folder, 'ledger.jsonl'));
    this.against = join(place.folder, 'before.json');
  }

  /** Sets a server, its repository and a store up, in the order of docs/operations.md. */
  static async begin(place: Place, plan: DrillPlan): Promise<Drill> {
    const cluster = await Cluster.prepare(place, 'main');
    await cluster.init();
    const { ok, log } = await cluster.start();
    if (!ok) throw new Error(`The server did not start:\n${log}`);
    await cluster.query(`create database ${DATABASE}`, [], 'postgres');
    await makeLogins(cluster.connection('postgres'));
    await cluster.query(`alter database ${DATABASE} owner to stockroom_owner`);
    await cluster.must('pgbackrest', ['--stanza=stockroom', 'stanza-create']);
    const store = {
      app: cluster.url('stockroom_service'),
      owner: cluster.url('stockroom_migrator'),
      keys: `k1:${generateSecret(32)}`,
    };
    await mustStockroom(store, 'db', 'migrate');
    return new Drill(place, plan, cluster, store);
  }

  async run(): Promise<DrillReport> {
    const { say } = this.plan;
    const { writer, service } = await this.startWriting();
    const beforeAll = momentOf(Date.now());
    await sleep(1_000);
    const backups = await this.backUp();
    const refusal = await refuseLog(this.cluster, this.ledger);
    say(
      `${refusal.operations} operations while the repository refused log, which failed ${refusal.failures} times; then it took all`,
    );
    const dumped = await dump(this.cluster);
    say(`dumped in ${seconds(dumped.ms)} beside the writer; ${dumped.control}`);
    const moment = await this.chooseMoment();
    const sizes = await this.sizes();
    await this.awaitWorstMoment();
    say(`destroying the database behind ${this.ledger.answered} operations`);
    const destroyedAt = performance.now();
    await this.cluster.destroy();
    await writer.stop();
    const oldToken = service.token;
    await service.stop();

    const { rto, restored } = await this.restoreLatest(destroyedAt);
    const latest = await this.compareLatest(restored, oldToken);
    say(`restored to the last moment: ${latest.comparison.done} of ${this.ledger.answered} operations`);
    const { archives, afterRestore } = await this.writeOn(restored);
    await restored.stop();
    const atMoment = await this.restoreMoment(moment);
    say(`restored to a chosen moment: ${atMoment.comparison.done} operations, expected ${moment.done}`);
    const [refusals, dumpReport] = await Promise.all([
      this.refuse({ beforeAll, afterRestore, moment, done: latest.comparison.done }),
      this.restoreDump(dumped),
    ]);
    await this.cluster.remove();
    return {
      ...{ ...sizes, ...backups, rto, latest, moment: atMoment, refusals, dump: dumpReport },
      operations: this.ledger.answered,
      rpoMs: this.lossOf(latest.comparison),
      archivingGoesOn: archives,
      whileRefused: refusal.operations,
    };
  }

  private async startWriting(): Promise<{ writer: Writer; service: RunningService }> {
    const email = 'drill@example.com';
    const made = await mustStockroom(this.store, 'users', 'create-admin', '--email', email, '--json');
    const { password } = JSON.parse(made) as { password: string };
    const service = await this.startService();
    const writer = new Writer(this.ledger, { login: email, password });
    if (this.plan.bytes > 0) {
      const session = await service.must('POST', '/v1/sessions', { login: email, password });
      service.token = String(session['token']);
      await fillStore(service, {
        ...{ bytes: this.plan.bytes, say: this.plan.say },
        weigh: async () => (await this.sizes()).databaseMb * 2 ** 20,
      });
    }
    const [head] = await this.cluster.query<{ id: number }>(
      'select coalesce(max(id), 0)::int as id from revisions',
    );
    const sessions = await this.cluster.query<{ id: string }>('select id from sessions');
    this.before = { revision: head?.id ?? 0, sessions: sessions.map(({ id }) => id) };
    await writer.prepare(service);
    writer.begin(service);
    return { writer, service };
  }

  private async backUp(): Promise<{ fullBackupMs: number; diffBackupMs: number }> {
    // What "due" does when there is nothing yet, and a day after a full one.
    const fullBackupMs = await this.script('due');
    await sleep(1_000);
    const diffBackupMs = await this.script('diff');
    this.plan.say(`full backup in ${seconds(fullBackupMs)}, differential one in ${seconds(diffBackupMs)}`);
    await writeFile(this.against, await mustStockroom(this.store, 'db', 'verify', '--json'));
    return { fullBackupMs, diffBackupMs };
  }

  private async script(command: string): Promise<number> {
    const startedAt = performance.now();
    const { status, output } = await this.cluster.script('stockroom-backup.sh', command);
    if (status !== 0) throw new Error(`stockroom-backup.sh ${command} ended with ${status}:\n${output}`);
    return Math.round(performance.now() - startedAt);
  }

  /** A moment between two operations, with log behind it in the archive: whoever goes back to it needs a commit that is later. */
  private async chooseMoment(): Promise<QuietMoment> {
    await switchLog(this.cluster);
    await sleep(1_500);
    const moment = this.ledger.quietMoment(Date.now());
    await sleep(500);
    await switchLog(this.cluster);
    await sleep(1_000);
    await switchLog(this.cluster);
    return moment;
  }

  /** Just before the server would archive again, when the most is lost. */
  private async awaitWorstMoment(): Promise<void> {
    await sleep(Math.max(this.plan.archiveTimeout * 1_000 - 2_000, 0));
  }

  /** How long before the last answer the newest thing lies that is there again. */
  private lossOf({ done }: Comparison): number {
    const { operations, answered } = this.ledger;
    return (operations[answered - 1]?.okAt ?? 0) - (operations[Math.min(done, answered) - 1]?.okAt ?? 0);
  }

  private async restoreLatest(
    destroyedAt: number,
  ): Promise<{ rto: DrillReport['rto']; restored: RunningService }> {
    const since = (): number => Math.round(performance.now() - destroyedAt);
    await this.restoreFiles();
    const filesMs = since();
    const { ok, log } = await this.cluster.start();
    if (!ok) throw new Error(`The restored server did not open:\n${log}`);
    const openMs = since();
    const waited = await this.cluster.script('stockroom-restore.sh', '--wait');
    if (waited.status !== 0) throw new Error(`stockroom-restore.sh --wait: ${waited.output}`);
    await endSessions(this.store);
    const restored = await this.startService();
    return { rto: { filesMs, openMs, readyMs: since() }, restored };
  }

  private async restoreFiles(): Promise<void> {
    const { status, output } = await this.cluster.script('stockroom-restore.sh');
    if (status !== 0) throw new Error(`stockroom-restore.sh ended with ${status}:\n${output}`);
  }

  private async compareLatest(
    restored: RunningService,
    oldToken: string | null,
  ): Promise<DrillReport['latest']> {
    const comparison = this.ledger.compare(await storedRows(this.cluster, this.store.keys, this.before));
    restored.token = oldToken;
    const { status } = await restored.ask('GET', '/v1/sessions/current');
    const copy = await lookAtCopy(this.cluster, this.store, this.against);
    return { comparison, copy, oldTokenStatus: status };
  }

  /** The restored store lives on: it takes writes, and they reach the repository, on a timeline of their own. */
  private async writeOn(
    restored: RunningService,
  ): Promise<{ readonly archives: boolean; readonly afterRestore: string }> {
    restored.token = null;
    const reset = await mustStockroom(this.store, 'users', 'reset-password', 'drill@example.com', '--json');
    const { password: fresh } = JSON.parse(reset) as { password: string };
    const session = await restored.must('POST', '/v1/sessions', {
      login: 'drill@example.com',
      password: fresh,
    });
    restored.token = String(session['token']);
    for (const symbol of ['LATER', 'STILL', 'THIRD']) {
      await restored.must('POST', '/v1/stocks', { symbol });
      await switchLog(this.cluster);
    }
    const afterRestore = momentOf(Date.now());
    await restored.must('POST', '/v1/stocks', { symbol: 'LAST' });
    const { status } = await this.cluster.script('stockroom-backup.sh', 'check');
    return { archives: status === 0, afterRestore };
  }

  private async restoreMoment(moment: QuietMoment): Promise<DrillReport['moment']> {
    const startedAt = performance.now();
    const { cluster, opened, said } = await tryRestore(this.place, {
      ...{ name: 'moment', repository: this.cluster.repository, args: ['--to', momentOf(moment.at)] },
    });
    if (!opened) throw new Error(`The copy of a moment did not open:\n${said.slice(-4_000)}`);
    const ms = Math.round(performance.now() - startedAt);
    const store = {
      ...this.store,
      app: cluster.url('stockroom_service'),
      owner: cluster.url('stockroom_migrator'),
    };
    const comparison = this.ledger.compare(await storedRows(cluster, store.keys, this.before), moment.done);
    await endSessions(store);
    const copy = await lookAtCopy(cluster, store, this.against);
    await cluster.remove();
    return { comparison, copy, ms };
  }

  private async refuse(input: {
    readonly beforeAll: string;
    readonly afterRestore: string;
    readonly moment: QuietMoment;
    readonly done: number;
  }): Promise<readonly Refusal[]> {
    const compare = async (cluster: Cluster, done?: number): Promise<Comparison> =>
      this.ledger.compare(await storedRows(cluster, this.store.keys, this.before), done);
    const lost = async (cluster: Cluster): Promise<number> => input.done - (await compare(cluster)).done;
    const { place, store } = this;
    const { repository } = this.cluster;
    const moment = { at: momentOf(input.moment.at), done: input.moment.done };
    // The last but one of the first timeline: behind the backups, and before the end.
    const places = { place, repository, store, damagedSegment: -2 };
    return tryRefusals({ ...input, ...places, moment, compare, lost });
  }

  private async restoreDump(dumped: Dump): Promise<DumpReport> {
    const { cluster, ledger, before, store, against } = this;
    return restoreDump(dumped, { cluster, ledger, before, store, against });
  }

  private async sizes(): Promise<{ databaseMb: number; repositoryMb: number }> {
    const [size] = await this.cluster.query<{ mb: number }>(
      'select (pg_database_size(current_database()) / 1048576)::int as mb',
    );
    const used = await this.cluster.must('du', ['-sm', this.cluster.repository]);
    return { databaseMb: size?.mb ?? 0, repositoryMb: Number.parseInt(used, 10) };
  }

  private async startService(): Promise<RunningService> {
    return RunningService.start(this.store, join(this.place.folder, 'service'));
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
