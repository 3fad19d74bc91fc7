import type { SqlService } from '../../src/database/sql.service.js';
import type { SqlTransaction } from '../../src/database/sql-transaction.js';
import type { Statement } from '../../src/database/statement.js';
import { DryRunConsequences } from '../../src/versioning/commit/dry-run-consequences.service.js';
import { StoreHistory } from '../../src/versioning/points/store-history.service.js';
import { VersioningService } from '../../src/versioning/versioning.service.js';

/**
 * The same commits with one thing left out: nobody waits for a turn, and each takes its number from a sequence, as a design
 * without the commit lock would. For controls: whatever watches the order of revisions must find this one out.
 */
export function sqlWithoutLock(sql: SqlService, sequence: string): SqlService {
  const substitute = (statement: Statement): Statement => {
    if (statement.name === 'commit_lock')
      return { name: 'no_lock', text: 'select 1', values: [], prepared: false };
    if (statement.name !== 'revision_head') return statement;
    return {
      name: 'no_head',
      text: `select (nextval('${sequence}') - 1)::float8`,
      values: [],
      prepared: false,
    };
  };
  const unlocked = (tx: SqlTransaction): SqlTransaction =>
    new Proxy(tx, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (name === 'run' || name === 'runOne' || name === 'count') {
          return (statement: Statement) => target[name](substitute(statement));
        }
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
  return new Proxy(sql, {
    get: (target, name) => {
      if (name === 'transaction') {
        return <T>(work: (tx: SqlTransaction) => Promise<T>) =>
          target.transaction((tx) => work(unlocked(tx)));
      }
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** Versioning over {@link sqlWithoutLock}. */
export function versioningWithoutLock(sql: SqlService, sequence: string): VersioningService {
  const withoutLock = sqlWithoutLock(sql, sequence);
  return new VersioningService(withoutLock, new DryRunConsequences(), new StoreHistory(withoutLock));
}
