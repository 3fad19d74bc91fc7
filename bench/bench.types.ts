import type { BenchServer } from './database/bench-server.js';

/** One line of the table: what is measured, and how it is judged. */
export interface Line {
  readonly key: string;
  readonly title: string;
  /** What a single figure counts: `req/s`, `rows/s`, `s`, `MB`. */
  readonly unit: string;
  /** `ratio`: ours over the yardstick. `difference`: ours less the yardstick. `value`: ours alone. */
  readonly measure: 'ratio' | 'difference' | 'value';
  readonly target: { readonly atLeast: number } | { readonly atMost: number };
}

/** The figures of one round, taken within seconds of each other. **Shape**: `yardstick` is null for a `value`. */
export interface Sample {
  readonly ours: number;
  readonly yardstick: number | null;
}

/** Lines that share their data and processes, and so are measured together. */
export interface Experiment {
  readonly lines: readonly Line[];
  /** Takes minutes to seed, so it runs only with `--full` or when one of its lines is asked for. */
  readonly full: boolean;
  /** **Shape**: samples by key of line, one for each round. **Errors**: anything that breaks; being slow is no error. */
  run(bench: Bench): Promise<ReadonlyMap<string, readonly Sample[]>>;
}

/** What an experiment works with. */
export interface Bench {
  readonly server: BenchServer;
  /** A folder for files and logs, removed at the end. */
  readonly directory: string;
  /** Smaller data and shorter rounds, to see whether it runs; its figures mean little. */
  readonly quick: boolean;
  /** Compiled yardstick programs. */
  readonly yardstick: (name: string) => string;
  /** Tells whoever waits what is going on. */
  readonly say: (text: string) => void;
  /** Undoes something at the end of the experiment, whatever happens; the last one first. */
  readonly defer: (undo: () => Promise<void>) => void;
}
