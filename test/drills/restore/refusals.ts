import { rm } from 'node:fs/promises';
import pLimit from 'p-limit';
import { generateSecret } from '../../../src/encryption/secrets.js';
import { Cluster } from './cluster.js';
import { copyOfRepository, flipByte, largestBackupFile, segments, tryRestore } from './damage.js';
import { missingAtFork, missingBehindMoment, missingLog, missingOldLog } from './missing-log.js';
import { controlOf, refusal, verifyRepository, type Refusal, type RefusalInput } from './refusal.js';
import { RunningService } from './running-service.js';
import { stockroom } from './store.js';

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
    missingAtFork,
    missingBehindMoment,
    unknownTimeline,
    abandonedTimeline,
    momentBeforeBackups,
    otherCluster,
    wrongPassphrase,
    keyRing,
  ];
  return (await Promise.all(cases.map((one) => limit(() => one(input))))).flat();
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
