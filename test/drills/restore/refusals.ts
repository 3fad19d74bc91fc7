import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { Cluster, type Place } from './cluster.js';
import {
  copyOfRepository,
  flipByte,
  largestBackupFile,
  segments,
  tryRestore,
  type Attempt,
} from './damage.js';
import { RunningService } from './running-service.js';
import { stockroom, type Store } from './store.js';

/**
 * One thing that must be refused. **Shape**: `refused` is whether it was, with the words that were expected; of a control, whether it went
 * wrong as it must without what refuses.
 */
export interface Refusal {
  readonly what: string;
  readonly refused: boolean;
  readonly isControl?: true;
  readonly said: string;
}

/** What the refusals are tried on. **Shape**: `repository` stays as it is; `lost` is a moment that only an abandoned line of time has. */
export interface RefusalInput {
  readonly place: Place;
  readonly repository: string;
  readonly store: Store;
  readonly beforeAll: string;
  readonly afterRestore: string;
  /** A segment between the backup and the end, by its place among all. */
  readonly damagedSegment: number;
  /** How many operations a store has lost that opened without all of the log. */
  readonly lost: (cluster: Cluster) => Promise<number>;
}

/** Two at a time: most of the time is spent waiting for second tries. */
const AT_ONCE = 3;

/** Tries everything that must be refused, and what shows that a refusal is not a matter of course. */
export async function tryRefusals(input: RefusalInput): Promise<readonly Refusal[]> {
  const limit = pLimit(AT_ONCE);
  const cases = [
    damagedBackup,
    damagedLog,
    missingLog,
    missingOldLog,
    unknownTimeline,
    abandonedTimeline,
    momentBeforeBackups,
    otherCluster,
    wrongPassphrase,
    keyRing,
  ];
  return (await Promise.all(cases.map((one) => limit(() => one(input))))).flat();
}

function refusal(what: string, isRefused: boolean, said: string, pattern: RegExp): Refusal {
  const line = said.split('\n').find((text) => pattern.test(text));
  return {
    what,
    refused: isRefused && line !== undefined,
    said: (line ?? said.slice(-600)).trim().slice(0, 300),
  };
}

async function damagedBackup({ place, repository }: RefusalInput): Promise<readonly Refusal[]> {
  const copy = await copyOfRepository(place, repository, 'damaged-backup');
  await flipByte(await largestBackupFile(copy));
  const [{ said, opened }, checked] = await Promise.all([
    tryRestore(place, { name: 'from-damaged', repository: copy }),
    verifyRepository(place, 'verify-damaged', copy),
  ]);
  await rm(copy, { recursive: true });
  return [
    refusal(
      'restore of a damaged backup file',
      !opened,
      said,
      /ERROR: \[\d+\].*(zlib|checksum|does not match)/,
    ),
    refusal(
      'check of a repository with a damaged backup file',
      checked.status === 1,
      checked.output,
      /is damaged/,
    ),
  ];
}

/** What `stockroom-backup.sh check` does, without a server. */
async function verifyRepository(
  place: Place,
  name: string,
  repository: string,
): Promise<{ readonly status: number | null; readonly output: string }> {
  const cluster = await Cluster.prepare(place, name, repository);
  return cluster.script('stockroom-backup.sh', 'verify');
}

async function damagedLog(input: RefusalInput): Promise<readonly Refusal[]> {
  const { place, repository, damagedSegment } = input;
  const copy = await copyOfRepository(place, repository, 'damaged-log');
  await flipByte((await segments(copy)).at(damagedSegment) ?? '');
  const checked = await verifyRepository(place, 'verify-log', copy);
  const tried = await tryRestore(place, { name: 'log-damaged', repository: copy });
  const waited = await tried.cluster.script('stockroom-restore.sh', '--wait');
  const control = await tryRestore(place, { name: 'log-control', repository: copy, plain: true });
  const lost = await controlOf(input, control);
  await rm(copy, { recursive: true });
  return [
    refusal(
      'replay of a damaged segment of log',
      tried.restored && !tried.opened,
      tried.said,
      /FATAL: {2}could not restore file/,
    ),
    refusal(
      'waiting for a server that gave the recovery up',
      waited.status === 1,
      waited.output,
      /FAILED: the server does not answer/,
    ),
    refusal(
      'check of a repository with a damaged segment',
      checked.status === 1,
      checked.output,
      /is damaged/,
    ),
    lost,
  ];
}

/** Log that is missing before the newest backup begins is nobody's loss, and no reason to refuse. */
async function missingOldLog({ place, repository }: RefusalInput): Promise<readonly Refusal[]> {
  const copy = await copyOfRepository(place, repository, 'missing-old');
  // The log of the full backup itself: the differential one has its own.
  await rm((await segments(copy)).at(1) ?? '');
  const { cluster, opened, said } = await tryRestore(place, { name: 'old-missing', repository: copy });
  await cluster.remove();
  await rm(copy, { recursive: true });
  const what = 'log that is missing before the newest backup keeps nobody from restoring';
  return [{ what, refused: opened, said: opened ? 'opened' : said.slice(-600), isControl: true }];
}

/** Why the script does more than pgBackRest: without, such a store opens, and nobody is told what it lacks. */
async function controlOf({ lost }: RefusalInput, { cluster, opened }: Attempt): Promise<Refusal> {
  const operations = opened ? await lost(cluster) : 0;
  await cluster.remove();
  const said = `it opened without ${operations} operations`;
  return { what: 'by pgBackRest alone that store opens', refused: operations > 0, said, isControl: true };
}

async function missingLog(input: RefusalInput): Promise<readonly Refusal[]> {
  const { place, repository, damagedSegment } = input;
  const copy = await copyOfRepository(place, repository, 'missing-log');
  await rm((await segments(copy)).at(damagedSegment) ?? '');
  const tried = await tryRestore(place, { name: 'log-missing', repository: copy });
  const checked = await verifyRepository(place, 'verify-missing', copy);
  const control = await tryRestore(place, { name: 'missing-control', repository: copy, plain: true });
  const lost = await controlOf(input, control);
  await rm(copy, { recursive: true });
  return [
    refusal(
      'restore over a segment of log that is missing',
      !tried.restored,
      tried.said,
      /REFUSED: .* has no log between/,
    ),
    refusal(
      'check of a repository that lacks a segment',
      checked.status === 1,
      checked.output,
      /has no log between/,
    ),
    lost,
  ];
}

async function unknownTimeline({ place, repository }: RefusalInput): Promise<readonly Refusal[]> {
  const tried = await tryRestore(place, { name: 'timeline-9', repository, args: ['--timeline', '9'] });
  return [
    refusal(
      'a timeline that there is not',
      !tried.opened,
      tried.said,
      /REFUSED: .* no history of timeline 9/,
    ),
  ];
}

async function abandonedTimeline({
  place,
  repository,
  afterRestore,
}: RefusalInput): Promise<readonly Refusal[]> {
  const args = ['--to', afterRestore, '--timeline', '1'];
  const tried = await tryRestore(place, { name: 'timeline-1', repository, args });
  const pattern = /recovery ended before configured recovery target was reached/;
  return [refusal('a moment that lies on another timeline', !tried.opened, tried.said, pattern)];
}

async function momentBeforeBackups({
  place,
  repository,
  beforeAll,
}: RefusalInput): Promise<readonly Refusal[]> {
  const tried = await tryRestore(place, { name: 'too-early', repository, args: ['--to', beforeAll] });
  const pattern = /REFUSED: no backup leads there/;
  const vague = await tryRestore(place, { name: 'vague', repository, args: ['--to', '2026-01-01 00:00:00'] });
  return [
    refusal('a moment before the first backup', !tried.opened, tried.said, pattern),
    refusal('a moment without an offset', !vague.restored, vague.said, /needs a moment with an offset/),
  ];
}

async function otherCluster({ place, repository }: RefusalInput): Promise<readonly Refusal[]> {
  const other = await Cluster.prepare(place, 'other', repository);
  await other.init();
  await other.start({ archive_mode: 'off' });
  const backup = await other.script('stockroom-backup.sh', 'full');
  await other.query('checkpoint', [], 'postgres');
  const segment = `${other.data}/pg_wal/000000010000000000000001`;
  const push = await other.run('pgbackrest', ['--stanza=stockroom', 'archive-push', segment]);
  await other.remove();
  return [
    refusal(
      'a backup of another cluster into this repository',
      backup.status !== 0,
      backup.output,
      /ERROR: \[(028|051)\]/,
    ),
    refusal(
      'log of another cluster into this repository',
      push.status !== 0,
      push.output,
      /ArchiveMismatchError/,
    ),
  ];
}

/** An encrypted repository, which only its own passphrase opens. */
async function wrongPassphrase({ place }: RefusalInput): Promise<readonly Refusal[]> {
  const cluster = await Cluster.prepare(place, 'ciphered');
  await cluster.init();
  const withPassphrase = (passphrase: string): NodeJS.ProcessEnv => ({
    PGBACKREST_REPO1_CIPHER_TYPE: 'aes-256-cbc',
    PGBACKREST_REPO1_CIPHER_PASS: passphrase,
  });
  const [right, wrong] = [withPassphrase(generateSecret(32)), withPassphrase(generateSecret(32))];
  const info = (env: NodeJS.ProcessEnv) => cluster.run('pgbackrest', ['--stanza=stockroom', 'info'], env);
  await cluster.must('pgbackrest', ['--stanza=stockroom', '--no-online', 'stanza-create'], right);
  const [read, unread] = [await info(right), await info(wrong)];
  const isReadable = read.output.includes('no valid backups');
  return [
    refusal('a repository with another passphrase', isReadable, unread.output, /unable to load info file/),
  ];
}

async function keyRing({ place, store }: RefusalInput): Promise<readonly Refusal[]> {
  const without = { ...store, keys: `k2:${generateSecret(32)}` };
  const verified = await stockroom(without, 'db', 'verify');
  const started = await RunningService.start(without, `${place.folder}/without-key`).then(
    async (service) => {
      await service.stop();
      return null;
    },
    (error: unknown) => String(error),
  );
  return [
    refusal(
      'a start without the old key',
      started !== null,
      started ?? '',
      /values under the encryption key "k1", which is missing/,
    ),
    refusal(
      'db verify without the old key',
      verified.status === 1,
      verified.output,
      /were decrypted, [1-9]\d* were not/,
    ),
  ];
}
