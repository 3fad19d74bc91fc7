/** A daily bar as a test writes it: a day and the prices that matter to it. */
export interface DailyBar {
  readonly date: string;
  readonly open?: string;
  readonly high?: string;
  readonly low?: string;
  readonly close: string;
  readonly adjClose?: string;
  readonly volume?: string;
}

/** The file that brings these bars. **Shape**: what a bar does not give is an empty field. */
export function csvOf(bars: readonly DailyBar[]): string {
  const lines = bars.map((bar) =>
    [bar.date, bar.open, bar.high, bar.low, bar.close, bar.adjClose, bar.volume]
      .map((text) => text ?? '')
      .join(','),
  );
  return `Date,Open,High,Low,Close,Adj Close,Volume\n${lines.join('\n')}\n`;
}

/** A bar of one day with nothing but its close. */
export function bar(date: string, close: string): DailyBar {
  return { date, close };
}

/** A day counted from 2020-01-01. */
export function day(offset: number): string {
  return new Date(Date.UTC(2020, 0, 1 + offset)).toISOString().slice(0, 10);
}
