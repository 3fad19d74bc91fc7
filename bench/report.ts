import type { Line, Sample } from './bench.types.js';

/** What came of one line. **Shape**: the median of all rounds, and the lowest and highest. */
export interface Outcome {
  readonly key: string;
  readonly title: string;
  readonly unit: string;
  readonly result: { readonly median: number; readonly min: number; readonly max: number };
  readonly ours: number;
  readonly yardstick: number | null;
  readonly target: string;
  readonly met: boolean;
  readonly samples: readonly Sample[];
}

/** Judges a line by the median of its rounds: single rounds of a shared machine stray by a third. */
export function judge(line: Line, samples: readonly Sample[]): Outcome {
  const results = samples.map((sample) => resultOf(line, sample));
  const median = medianOf(results);
  const yardsticks = samples.flatMap(({ yardstick }) => (yardstick === null ? [] : [yardstick]));
  const { target } = line;
  return {
    key: line.key,
    title: line.title,
    unit: line.unit,
    result: { median, min: Math.min(...results), max: Math.max(...results) },
    ours: medianOf(samples.map(({ ours }) => ours)),
    yardstick: yardsticks.length === 0 ? null : medianOf(yardsticks),
    target: 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`,
    met: 'atLeast' in target ? median >= target.atLeast : median <= target.atMost,
    samples,
  };
}

function resultOf({ measure }: Line, { ours, yardstick }: Sample): number {
  if (measure === 'value' || yardstick === null) return ours;
  return measure === 'ratio' ? ours / yardstick : ours - yardstick;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}

const COLUMNS = ['line', 'ours', 'yardstick', 'result', 'spread', 'target', 'met'] as const;

/** The outcomes as a table of Markdown, which reads well on a terminal too. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ title, unit, result, ours, yardstick, target, met }) => [
    title,
    `${figure(ours)} ${unit}`,
    yardstick === null ? '-' : `${figure(yardstick)} ${unit}`,
    figure(result.median),
    `${figure(result.min)} - ${figure(result.max)}`,
    target,
    met ? 'yes' : 'no',
  ]);
  const widths = COLUMNS.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const text = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [text(COLUMNS), text(widths.map((width) => '-'.repeat(width))), ...rows.map(text)].join('\n');
}

function figure(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(2);
}
