import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { VisitorClaim } from './sessions.types.js';

/** Moves what a visitor owns to an account, inside the transaction that signs in. Must hold when nothing is there to move. */
export type MoveVisitorRows = (em: EntityManager, claim: VisitorClaim) => Promise<void>;

/**
 * Features that keep rows of visitors register here how these become an account's. **Why** a registry: they rank above sessions,
 * which can therefore not call them by name.
 *
 * The transaction sees rows of both, visitor and account. The visitor's session row is locked, so a feature that inserts rows
 * for a visitor must take `for share` of that row, while it is live: else a row written meanwhile stays behind.
 */
@Injectable()
export class VisitorClaims {
  readonly #movers = new Map<string, MoveVisitorRows>();

  /** Call it once, when the module starts. **Errors**: `Error` for a name that is taken. */
  register(name: string, move: MoveVisitorRows): void {
    if (this.#movers.has(name)) throw new Error(`Rows of visitors are moved by ${name} already.`);
    this.#movers.set(name, move);
  }

  /** Moves everything, one feature after the other in the order of registration. */
  async move(em: EntityManager, claim: VisitorClaim): Promise<void> {
    for (const move of this.#movers.values()) await move(em, claim);
  }
}
