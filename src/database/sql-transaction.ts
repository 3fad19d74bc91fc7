import type { PoolClient } from 'pg';
import { from as copyFrom, type CopyStreamQuery } from 'pg-copy-streams';
import { inOneGo } from './in-one-go.js';
import type { Row, Statement, StatementResult } from './statement.js';

/** A transaction on one pooled connection. Made by `SqlService.transaction`; not to be kept after it. */
export class SqlTransaction {
  private rolledBack = false;
  private state: 'to begin' | 'open' | 'ended';

  /** **Shape**: `opening` is what the transaction begins with; null when it has begun. */
  constructor(
    private readonly client: PoolClient,
    private readonly execute: (statement: Statement) => Promise<StatementResult>,
    private readonly opening: Statement | null = null,
  ) {
    this.state = opening === null ? 'open' : 'to begin';
  }

  /** The rows of one statement. **Errors**: the driver's, untranslated, so that a deadlock can still be retried. */
  async run(statement: Statement): Promise<readonly Row[]> {
    return (await this.send([statement]))[0]?.rows ?? [];
  }

  /**
   * The rows of several statements, sent in one go: each is run behind those before it, none can have values from their answers.
   * **Errors**: of the first that failed.
   */
  async runTogether<S extends readonly Statement[]>(
    ...statements: S
  ): Promise<{ readonly [I in keyof S]: readonly Row[] }> {
    const results = await this.send(statements);
    return results.map(({ rows }) => rows) as { readonly [I in keyof S]: readonly Row[] };
  }

  /**
   * The same with the commit behind them, which saves one more wait: for the last statements of a transaction, when nothing in their
   * answers could be a reason to give it up. **Errors**: of the first that failed; then nothing is stored.
   */
  async runLast<S extends readonly Statement[]>(
    ...statements: S
  ): Promise<{ readonly [I in keyof S]: readonly Row[] }> {
    const results = await this.send(statements, true);
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
    return (await this.send([statement]))[0]?.count ?? 0;
  }

  /**
   * A writable stream into `copy … from stdin`. **Errors**: arrive on the stream, at the latest when it finishes.
   * The text comes from a `*.queries.ts` function; COPY takes no bound values.
   */
  copyFrom(statement: Statement): CopyStreamQuery {
    const stream = this.client.query(Object.assign(copyFrom(statement.text), { label: statement.name }));
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

  /** Whether it has begun and not ended. */
  get isOpen(): boolean {
    return this.state === 'open';
  }

  private async send(statements: readonly Statement[], last = false): Promise<readonly StatementResult[]> {
    const { opening, state } = this;
    if (state === 'ended') throw new Error('a transaction was used behind its last statements');
    const begins = state === 'to begin' && opening !== null;
    const [only] = statements;
    if (!begins && !last && statements.length === 1 && only !== undefined) return [await this.execute(only)];
    this.state = last ? 'ended' : 'open';
    const results = await inOneGo(this.client, () => [
      ...(begins ? [this.client.query('begin'), this.execute(opening)] : []),
      ...statements.map((statement) => this.execute(statement)),
      ...(last ? [this.client.query('commit')] : []),
    ]);
    const first = begins ? 2 : 0;
    return results.slice(first, first + statements.length) as StatementResult[];
  }
}
