import { appendFileSync } from 'node:fs';

/** One thing that the writer did. **Shape**: `adds` are the rows that it leaves behind; empty until it is answered. Times in milliseconds. */
export interface Operation {
  readonly number: number;
  readonly kind: string;
  readonly invokedAt: number;
  okAt: number | null;
  adds: readonly string[];
}

/** A moment at which nothing was under way. **Shape**: `done` operations were over, and the next was not begun. */
export interface QuietMoment {
  readonly at: number;
  readonly done: number;
}

/** How rows that were restored compare with the ledger. **Shape**: `done` operations are there, with all their rows and no other. */
export interface Comparison {
  readonly done: number;
  readonly rows: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** Rows of the operation that nobody has an answer of: it may be there or not. */
  readonly unanswered: number;
}

/** Everything that the writer did, in order: each is noted in a file before it is sent, and when its answer is there. */
export class Ledger {
  readonly operations: Operation[] = [];

  constructor(private readonly path: string) {}

  invoke(kind: string): Operation {
    const number = this.operations.length;
    const operation: Operation = { number, kind, invokedAt: Date.now(), okAt: null, adds: [] };
    this.note({ event: 'invoke', number, kind, at: operation.invokedAt });
    this.operations.push(operation);
    return operation;
  }

  ok(operation: Operation, adds: readonly string[]): void {
    operation.okAt = Date.now();
    operation.adds = adds;
    this.note({ event: 'ok', number: operation.number, at: operation.okAt, adds });
  }

  /** How many operations were answered, up to the first that was not. */
  get answered(): number {
    const first = this.operations.findIndex(({ okAt }) => okAt === null);
    return first < 0 ? this.operations.length : first;
  }

  /** The newest pause between two operations that lies before `before`. **Errors**: when there was none. */
  quietMoment(before: number): QuietMoment {
    for (let next = this.answered - 1; next > 0; next--) {
      const [end, begin] = [this.operations[next - 1]?.okAt ?? 0, this.operations[next]?.invokedAt ?? 0];
      if (begin < before && begin - end >= 10) return { at: Math.floor((end + begin) / 2), done: next };
    }
    throw new Error('The writer never paused.');
  }

  /** Compares rows with what must be there behind so many operations; without a number, behind the newest that left a row. */
  compare(stored: ReadonlySet<string>, done = this.newestIn(stored)): Comparison {
    const expected = new Set(this.operations.slice(0, done).flatMap(({ adds }) => adds));
    const missing = [...expected].filter((row) => !stored.has(row));
    const extra = [...stored].filter((row) => !expected.has(row));
    const isLast = done === this.answered && this.operations.length > this.answered;
    const unanswered = isLast ? extra.length : 0;
    return { done, rows: stored.size, missing, extra: isLast ? [] : extra, unanswered };
  }

  private newestIn(stored: ReadonlySet<string>): number {
    return this.operations.findLastIndex(({ adds }) => adds.some((row) => stored.has(row))) + 1;
  }

  private note(line: object): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }
}

/** A moment as `stockroom-restore.sh` takes it. */
export function momentOf(at: number): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', '+00');
}
