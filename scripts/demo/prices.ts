/** One trading day of the stock in the story. */
export interface Day {
  readonly date: string;
  readonly close: string;
}

const FIRST = Date.UTC(2024, 0, 2);
const DAY_MS = 86_400_000;

/** The day that the vendor got wrong, and what the close should have been: two digits changed places. */
export const SLIP = { date: '2024-01-24', wrong: '71.84', right: '78.14' } as const;

/** Closes in cents, a month of weekdays. */
const CENTS = [
  ...[7_420, 7_462, 7_451, 7_508, 7_547, 7_530, 7_584, 7_611, 7_602, 7_655, 7_688],
  ...[7_671, 7_702, 7_736, 7_729, 7_790, 7_814, 7_842, 7_831, 7_876, 7_903, 7_889, 7_944],
];

/** A month of daily closes, as they truly were. */
export function trueDays(): readonly Day[] {
  const weekdays: string[] = [];
  for (let at = FIRST; weekdays.length < CENTS.length; at += DAY_MS) {
    const weekday = new Date(at).getUTCDay();
    if (weekday !== 0 && weekday !== 6) weekdays.push(new Date(at).toISOString().slice(0, 10));
  }
  return CENTS.map((cents, place) => ({ date: weekdays[place] ?? '', close: (cents / 100).toFixed(2) }));
}

/** The vendor's file, with the slip in it. */
export function vendorFile(): string {
  const lines = trueDays().map(({ date, close }) => `${date},${date === SLIP.date ? SLIP.wrong : close}`);
  return `Date,Close\n${lines.join('\n')}\n`;
}
