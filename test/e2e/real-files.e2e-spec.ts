import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { realFile } from '../factories/price-files.js';
import type { ApiClient } from '../support/api-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** A bar as the file itself says it: exact decimals in their shortest form, null for nothing. */
interface FileBar {
  readonly time: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string | null;
  readonly adjClose: string | null;
  readonly volume: string | null;
}

interface RealFile {
  readonly name: string;
  readonly symbol: string;
  readonly interval: string;
  readonly rows: number;
  readonly columns: Readonly<Record<keyof FileBar, string>>;
  /** Where the time of day has a column of its own. */
  readonly timeColumn?: string;
}

const YAHOO = {
  time: 'Date',
  open: 'Open',
  high: 'High',
  low: 'Low',
  close: 'Close',
  adjClose: 'Adj Close',
  volume: 'Volume',
};

const FILES: readonly RealFile[] = [
  { name: 'nvda-1999-2014.csv', symbol: 'NVDA', interval: '1d', rows: 4012, columns: YAHOO },
  { name: 'orcl-1995-2014.csv', symbol: 'ORCL', interval: '1d', rows: 5036, columns: YAHOO },
  {
    name: 'aapl-2015-2017-vendor.csv',
    symbol: 'AAPL',
    interval: '1d',
    rows: 506,
    columns: {
      ...{ time: 'Date', open: 'AAPL.Open', high: 'AAPL.High', low: 'AAPL.Low', close: 'AAPL.Close' },
      ...{ adjClose: 'AAPL.Adjusted', volume: 'AAPL.Volume' },
    },
  },
  {
    name: '2006-5min.csv',
    symbol: 'STOXX',
    interval: '5m',
    rows: 2142,
    columns: { ...YAHOO, adjClose: 'none' },
    timeColumn: 'Time',
  },
];

/** Reads a file with nothing of the service: splits lines at commas and trims zeros. */
function barsOf(file: RealFile, text: string): FileBar[] {
  const [header = '', ...lines] = text.split(/\r?\n/).filter((line) => line !== '');
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    const cell = (name: string): string => cells[names.indexOf(name)] ?? '';
    const decimal = (name: string): string | null => shortest(cell(name));
    const { columns, timeColumn } = file;
    const date = cell(columns.time);
    return {
      time: timeColumn === undefined ? date : `${date}T${cell(timeColumn)}Z`,
      ...{ open: decimal(columns.open), high: decimal(columns.high), low: decimal(columns.low) },
      ...{
        close: decimal(columns.close),
        adjClose: decimal(columns.adjClose),
        volume: decimal(columns.volume),
      },
    };
  });
}

function shortest(text: string): string | null {
  if (text === '') return null;
  const [whole = '', fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  const start = whole.replace(/^0+(?=\d)/, '');
  return digits === '' ? start : `${start}.${digits}`;
}

describe.each(FILES)('the file $name', (file) => {
  const path = realFile(file.name);
  const given = path === undefined ? it.skip : it;
  const text = path === undefined ? '' : readFileSync(path, 'utf8');
  const expected = barsOf(file, text);
  const data = `/v1/stocks/${file.symbol}/data`;
  const query = { interval: file.interval };
  let service: TestApp;
  let api: ApiClient;

  beforeAll(async () => {
    service = await startTestApp();
    ({ api } = service);
    await api.post('/v1/stocks', { json: { symbol: file.symbol } });
  });
  afterAll(() => service.close());

  given('is imported whole, as one revision', async () => {
    const answer = await api.post(data, { type: 'text/csv', body: text, query });
    expect(answer.json).toEqual({
      ...{
        revision: 1,
        inserted: file.rows,
        corrected: 0,
        unchanged: 0,
        rejected: 0,
        errorCount: 0,
        errors: [],
      },
    });
    expect(expected).toHaveLength(file.rows);
  });

  given('comes back by pages, value by value', async () => {
    const read: FileBar[] = [];
    let cursor: string | null = null;
    do {
      const answer = await api.get(data, {
        query: { ...query, order: 'asc', limit: 777, ...(cursor === null ? {} : { cursor }) },
      });
      const page = answer.exact as {
        data: (Omit<FileBar, 'time'> & { date?: string; ts?: string })[];
        revision: string;
      };
      expect(page.revision).toBe('1');
      for (const { date, ts, ...rest } of page.data) read.push({ time: date ?? ts ?? '', ...rest });
      cursor = (answer.json as { nextCursor: string | null }).nextCursor;
    } while (cursor !== null);
    expect(read).toEqual(expected);
  });

  given('comes back as one page, newest first', async () => {
    const answer = await api.get(data, { query: { ...query, limit: 10_000 } });
    const { data: bars, nextCursor } = answer.exact as { data: { close: string }[]; nextCursor: null };
    expect(bars.map(({ close }) => close)).toEqual(expected.map(({ close }) => close).reverse());
    expect(nextCursor).toBeNull();
  });

  given('comes back as CSV, value by value', async () => {
    const answer = await api.get(data, {
      query: { ...query, order: 'asc' },
      headers: { accept: 'text/csv' },
    });
    expect(answer.headers.get('content-disposition')).toContain(`${file.symbol}-${file.interval}.csv`);
    const [header, ...lines] = answer.text.trimEnd().split('\n');
    expect(header).toBe(`${file.interval === '1d' ? 'date' : 'ts'},open,high,low,close,adjClose,volume`);
    const columns = ['time', 'open', 'high', 'low', 'close', 'adjClose', 'volume'] as const;
    expect(lines).toEqual(expected.map((bar) => columns.map((column) => bar[column] ?? '').join(',')));
  });

  given('is unchanged throughout when it is imported again, or what was downloaded is', async () => {
    const unchanged = { revision: 1, inserted: 0, corrected: 0, unchanged: file.rows, rejected: 0 };
    const again = await api.post(data, { type: 'text/csv', body: text, query });
    expect(again.json).toMatchObject(unchanged);
    const download = await api.get(data, { query, headers: { accept: 'text/csv' } });
    const back = await api.post(data, { type: 'text/csv', body: download.text, query });
    expect(back.json).toMatchObject(unchanged);
    expect((await api.get('/v1/revisions')).json).toMatchObject({ data: [{ id: 1, inserted: file.rows }] });
  });
});
