import type { DrillReport } from './drill.js';
import type { Comparison } from './ledger.js';
import type { CopyReport } from './restored-copy.js';

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** The figures, a line each. */
export function linesOf(report: DrillReport): readonly string[] {
  const { rto, latest, moment, dump } = report;
  const perSecond = (report.databaseMb / (rto.filesMs / 1_000)).toFixed(0);
  return [
    '',
    `database ${report.databaseMb} MB, repository ${report.repositoryMb} MB, ${report.operations} operations in the ledger`,
    `full backup ${seconds(report.fullBackupMs)}, differential backup ${seconds(report.diffBackupMs)}`,
    `RPO ${seconds(report.rpoMs)} (last answer before the loss, less the newest operation that is there again)`,
    `RTO ${seconds(rto.readyMs)}: files ${seconds(rto.filesMs)} (${perSecond} MB/s), open ${seconds(rto.openMs)}, sessions ended and service ready ${seconds(rto.readyMs)}`,
    `last moment: ${rowsOf(latest.comparison)}; an old token is answered ${latest.oldTokenStatus}`,
    ...copyLines(latest.copy),
    `chosen moment: ${rowsOf(moment.comparison)}, in ${seconds(moment.ms)}`,
    ...copyLines(moment.copy),
    `the restored store archives: ${report.archivingGoesOn}`,
    `dump: made in ${seconds(dump.dumpMs)}; ${dump.control}`,
    `dump into PostgreSQL ${dump.serverVersion}: ${seconds(dump.restoreMs)} (${(dump.bytesPerSecond / 2 ** 20).toFixed(0)} MB/s), ${rowsOf(dump.comparison)}, verified: ${dump.sound}`,
    ...report.refusals.map(({ what, refused, isControl, said }) => {
      const word = isControl === true ? 'control' : 'refused';
      return `${refused ? word : `NOT ${word.toUpperCase()}`}: ${what}: ${said}`;
    }),
  ];
}

function rowsOf({ done, rows, missing, extra, unanswered }: Comparison): string {
  return `${done} operations, ${rows} rows, ${missing.length} missing, ${extra.length} too many, ${unanswered} of an unanswered one`;
}

function copyLines({
  current,
  amcheck,
  verification,
  verifyMs,
  sessionsLeft,
}: CopyReport): readonly string[] {
  return [
    `  migrations current: ${current}; tables and indexes in order: ${amcheck}; open sessions: ${sessionsLeft}; verified in ${seconds(verifyMs)}`,
    ...verification.split('\n').map((line) => `  ${line}`),
  ];
}

/** Everything that is not as it must be. **Shape**: `targets` null judges no time. */
export function faultsOf(
  report: DrillReport,
  targets: { readonly rpoMs: number; readonly readyMs: number } | null,
): readonly string[] {
  const { latest, moment, dump } = report;
  const faults: (string | false)[] = [
    latest.oldTokenStatus !== 401 && 'a session of before is open in the restored copy',
    report.whileRefused === 0 && 'the service stood still while the repository took no log',
    !report.archivingGoesOn && 'the restored store does not archive',
    !dump.isRefusedWithout && 'a dump by a role that may not see all rows looks like a dump',
    !dump.sound && 'the store restored from the dump is not whole',
    moment.comparison.done === 0 && 'the chosen moment has no operation',
    ...Object.entries({ latest, moment }).flatMap(([name, { copy }]) => copyFaults(name, copy)),
    ...Object.entries({
      latest: latest.comparison,
      moment: moment.comparison,
      dump: dump.comparison,
    }).flatMap(([name, { missing, extra }]) =>
      [...missing.slice(0, 3), ...extra.slice(0, 3)].map((row) => `${name}: not as in the ledger: ${row}`),
    ),
    ...report.refusals.filter(({ refused }) => !refused).map(({ what }) => `not as expected: ${what}`),
    targets !== null && report.rpoMs > targets.rpoMs && 'more is lost than the target allows',
    targets !== null &&
      report.rto.readyMs > targets.readyMs &&
      'the restore takes longer than the target allows',
  ];
  return faults.filter((fault) => fault !== false);
}

function copyFaults(name: string, copy: CopyReport): readonly (string | false)[] {
  return [
    !copy.current && `${name}: migrations are not current`,
    !copy.whole && `${name}: the store is not whole`,
    !copy.amcheck && `${name}: pg_amcheck found damage`,
    copy.sessionsLeft !== 0 && `${name}: ${copy.sessionsLeft} sessions are open`,
  ];
}
