import type { PoolClient } from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import { inOneGo } from './in-one-go.js';
import type { Row, Statement, StatementResult } from './statement.js';

/** A transaction that is open on one pooled connection. Made by `SqlService.transaction`; not to be kept after it. */
export class SqlTransaction {
  private rolledBack = false;

  constructor(
    private readonly client: PoolClient,
    private readonly execute: (statement: Statement) => Promise<StatementResult>,
  ) {}

  /** The rows of one statement. **Errors**: the driver's, untranslated, so that a deadlock can still be retried. */
  async run(statement: Statement): Promise<readonly Row[]> {
    return (await this.execute(statement)).rows;
  }

  /** The rows of several statements that need nothing of each other's answers, sent in one go. **Errors**: of the first that failed. */
  async runTogether<S extends readonly Statement[]>(
    ...statements: S
  ): Promise<{ readonly [I in keyof S]: readonly Row[] }> {
    const results = await inOneGo(this.client, () => statements.map((statement) => this.execute(statement)));
    return results.map(({ rows }) => rows) as { readonly [I in keyof S]: readonly Row[] };
  }

  /** The first row of a statement that always has one. */
  async runOne(statement: Statement): Promise<Row> {
    const [row] = await this.run(statement);
    if (row === undefined) throw new Error(`statement ${statement.name} returned no row`);
    return row;
  }

  /** How many rows a statement wrote. */
  async count(statement: Statement): Promise<number> {
    return (await this.execute(statement)).count;
  }

  /**
   * A writable stream into `copy … from stdin`. **Errors**: arrive on the stream, at the latest when it finishes.
   * The text comes from a `*.queries.ts` function; COPY takes no bound values.
   */
  copyFrom(statement: Statement): CopyStreamQuery {
    const stream = this.client.query(copyFrom(statement.text));
    // What broke the source stays with us: the package would send its message to the server, and into the server's log.
    const destroy = stream._destroy.bind(stream);
    stream._destroy = (error, done) =>
      destroy(error === null ? null : new Error('given up by the sender'), () => done(error));
    return stream;
  }

  /** Ends the transaction with a rollback instead of a commit, without an error: a dry run, or nothing to change. */
  rollback(): void {
    this.rolledBack = true;
  }

  get isRolledBack(): boolean {
    return this.rolledBack;
  }
}
