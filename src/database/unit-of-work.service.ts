import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { translateDriverError } from './driver-errors.js';
import { ownerVariables, type RowOwner } from './own-rows.js';
import { retryTransaction } from './retry.js';

/** Whose rows nobody owns: people, sessions, audit events. */
export const NOBODY: RowOwner = {};

/** Runs use cases that write several entities in one transaction. */
@Injectable()
export class UnitOfWork {
  constructor(private readonly em: EntityManager) {}

  /**
   * Runs `work` in one READ COMMITTED transaction that sees the rows of `owner` and of nobody else, again from the start after
   * a deadlock, each time with an EntityManager that knows nothing yet. What `work` changed is flushed before the commit.
   *
   * **Errors**: `DatabaseUnavailable`, `DatabaseBusy`, `DatabaseTimeout`, `DatabaseStorageFull`, and whatever `work` throws.
   */
  async run<T>(owner: RowOwner, work: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await retryTransaction(() => {
        const em = this.em.fork();
        em.setSessionContext({ variables: ownerVariables(owner) });
        return em.transactional(work);
      });
    } catch (error) {
      throw translateDriverError(error) ?? error;
    }
  }
}
