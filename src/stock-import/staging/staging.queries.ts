import type { Interval } from '../../bars/bar.types.js';
import type { Statement } from '../../database/statement.js';
import type { Proposals } from '../../versioning/versioning.types.js';
import type { FastRole } from '../parse/fast-pass.js';

/** The temporary table that holds the rows of a file until they are compared with what is stored. */
const ROWS = 'import_rows';

const TYPES: Record<FastRole, string> = {
  date: 'date',
  time: 'time',
  datetime: 'timestamp',
  symbol: 'text',
  open: 'numeric',
  high: 'numeric',
  low: 'numeric',
  close: 'numeric',
  adjClose: 'numeric',
  volume: 'bigint',
  ignored: 'text',
};

const KEY_ROLES: ReadonlySet<FastRole> = new Set<FastRole>(['date', 'time', 'datetime', 'symbol']);

/** How the staged columns are read: differs between a file's own columns and the ones of the careful pass. */
export interface StagedShape {
  /** SQL of the bar's time in the file's time zone, `r` being the row; null where an offset was given. */
  readonly local: string;
  /** SQL of the bar's instant where the file gave an offset; null if it never does. */
  readonly instant: string | null;
  readonly columns: ReadonlySet<string>;
  /** The columns that say which bar a row is. */
  readonly keys: readonly string[];
}

/**
 * More time than any import should take, and room to compare a million rows in memory, until the transaction ends; the defaults
 * are made for requests. **Why** 64 MB: hashing a million stored bars takes 100 MB, which PostgreSQL allows itself twice the
 * setting for; with its default of 4 MB it goes through the disk and takes 0.3 s of 1.7 longer. Few imports run at a time.
 */
export function relaxLimits(): Statement {
  return {
    name: 'import_limits',
    text: `
      select set_config('statement_timeout', '30min', true), set_config('lock_timeout', '15min', true),
        set_config('work_mem', '64MB', true)`,
    values: [],
  };
}

/** A table with the file's own columns in the file's own order, so that its bytes can be copied as they are. */
export function createFastRows(roles: readonly FastRole[]): {
  create: Statement;
  copy: Statement;
  shape: StagedShape;
} {
  const columns = roles.map((role, index) => ({
    name: role === 'ignored' ? `ignored_${index}` : role,
    type: TYPES[role],
  }));
  const list = columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
  const local = roles.includes('datetime')
    ? 'r.datetime'
    : roles.includes('time')
      ? '(r.date + r.time)'
      : 'r.date::timestamp';
  return {
    create: unprepared('import_create_fast', `create temporary table ${ROWS} (${list}) on commit drop`),
    copy: unprepared('import_copy_fast', `copy ${ROWS} from stdin with (format csv)`),
    shape: {
      local,
      instant: null,
      columns: new Set(roles),
      keys: roles.filter((role) => KEY_ROLES.has(role)),
    },
  };
}

/** A table for rows that were read one by one, each with its line. */
export function createCarefulRows(): { create: Statement; copy: Statement; shape: StagedShape } {
  return {
    create: unprepared(
      'import_create_careful',
      `create temporary table ${ROWS} (
        line bigint, symbol text, local timestamp, instant timestamptz,
        "open" numeric, high numeric, low numeric, "close" numeric, "adjClose" numeric, volume bigint
      ) on commit drop`,
    ),
    copy: unprepared('import_copy_careful', `copy ${ROWS} from stdin`),
    shape: {
      local: 'r.local',
      instant: 'r.instant',
      columns: new Set(['symbol', 'open', 'high', 'low', 'close', 'adjClose', 'volume']),
      keys: ['symbol', 'local', 'instant'],
    },
  };
}

/**
 * Tells the planner what was staged: it would guess how many bars and symbols there are. **Why** only the keys: nothing is
 * planned by prices, and sorting samples of them took 120 of 200 ms.
 */
export function analyzeRows({ keys }: StagedShape): Statement {
  return unprepared('import_analyze', `analyze ${ROWS} (${keys.map((key) => `"${key}"`).join(', ')})`);
}

/** Whether PostgreSQL knows a time zone. **Errors**: 22023 when not. */
export function knownTimezone(timezone: string): Statement {
  return { name: 'import_timezone', text: 'select now() at time zone $1', values: [timezone] };
}

function tsOf(shape: StagedShape): string {
  const zoned = `(${shape.local} at time zone $1)`;
  return shape.instant === null ? zoned : `coalesce(${shape.instant}, ${zoned})`;
}

/** SQL of the newest time that a bar may have: today anywhere on earth for a daily bar, now for the others. */
function newest(interval: Interval): string {
  return interval === '1d' ? `(${newestTime(interval)} at time zone 'UTC')` : newestTime(interval);
}

/** The same as an instant: a daily bar stands at midnight UTC of its day. */
export function newestTime(interval: Interval): string {
  return interval === '1d' ? `(now() + interval '14 hours')` : 'now()';
}

/**
 * Whether any staged row has a time that does not exist in its zone, or lies in the future. **Shape**: one row, one boolean.
 */
export function hasImpossibleTimes(shape: StagedShape, interval: Interval, timezone: string): Statement {
  return unprepared(
    'import_impossible_times',
    `select exists (select from ${ROWS} r where ${impossible(shape, interval, timezone)})`,
    [timezone],
  );
}

function impossible(shape: StagedShape, interval: Interval, timezone: string): string {
  const ts = tsOf(shape);
  const clock = interval === '1d' ? `(${ts} at time zone 'UTC')` : ts;
  const future = `${clock} > ${newest(interval)}`;
  // UTC skips no hour; to ask all the same takes as long again as to look for the future.
  if (timezone === 'UTC') return future;
  return `${future} or ((${shape.local} at time zone $1) at time zone $1) <> ${shape.local}`;
}

/** Takes out the rows that {@link hasImpossibleTimes} found. **Shape**: rows of line and whether it is the future. */
export function takeImpossibleTimes(shape: StagedShape, interval: Interval, timezone: string): Statement {
  const ts = tsOf(shape);
  const clock = interval === '1d' ? `(${ts} at time zone 'UTC')` : ts;
  return unprepared(
    'import_take_impossible_times',
    `with taken as (
       delete from ${ROWS} r where ${impossible(shape, interval, timezone)}
       returning r.line, ${clock} > ${newest(interval)} as future
     )
     select line::float8, future from taken order by line`,
    [timezone],
  );
}

/** **Shape**: rows of symbol and the first line that names it (0 where lines are not kept), by symbol. */
export function stagedSymbols(withLines: boolean): Statement {
  return unprepared(
    'import_symbols',
    `select symbol, ${withLines ? 'min(line)' : '0'}::float8 from ${ROWS} group by symbol order by symbol collate "C"`,
  );
}

/** Takes out the rows of symbols that cannot be imported. **Shape**: rows of line and symbol, by line. */
export function takeSymbols(symbols: readonly string[]): Statement {
  return unprepared(
    'import_take_symbols',
    `with taken as (delete from ${ROWS} where symbol = any($1::text[]) returning line, symbol)
     select line::float8, symbol from taken order by line`,
    [symbols],
  );
}

/** Whether two staged rows are for the same bar. **Shape**: one row, one boolean. */
export function hasDuplicates(shape: StagedShape, timezone: string): Statement {
  const symbol = shape.columns.has('symbol') ? 'r.symbol, ' : '';
  return unprepared(
    'import_has_duplicates',
    `select exists (select from ${ROWS} r group by ${symbol}${tsOf(shape)} having count(*) > 1)`,
    [timezone],
  );
}

/**
 * Takes out repeated rows: of identical ones all but the first, of different ones all.
 *
 * **Shape**: rows of line and the other line it contradicts (null for a mere repetition), by line.
 */
export function takeDuplicates(timezone: string): Statement {
  const values = ['"open"', 'high', 'low', '"close"', '"adjClose"', 'volume'];
  return unprepared(
    'import_take_duplicates',
    `with grouped as (
       select line,
         first_value(line) over same as first_line,
         min(line) over (partition by symbol, ts) as bar_line,
         lead(line) over (partition by symbol, ts order by line) as next_line,
         count(*) over (partition by symbol, ts) as bar_rows,
         count(*) over (partition by symbol, ts, ${values.join(', ')}) as same_rows
       from (select r.*, coalesce(r.instant, r.local at time zone $1) as ts from ${ROWS} r) r
       window same as (partition by symbol, ts, ${values.join(', ')} order by line)
     ),
     judged as (
       select line, case when same_rows < bar_rows then coalesce(nullif(bar_line, line), next_line) end as other
       from grouped
       where same_rows < bar_rows or line <> first_line
     ),
     taken as (delete from ${ROWS} r using judged j where r.line = j.line)
     select line::float8, other::float8 from judged order by line`,
    [timezone],
  );
}

/**
 * The staged rows as proposals. Trailing zeros go here, once, so that no read has to trim them.
 *
 * **Shape**: at most one row per bar, provided that duplicates were taken out.
 * **Why** symbols and series come as values: of the tables that hold them the planner knows what was there before this import.
 * With 200 stocks new to it, it compared every row with every stock, and a file took five times as long.
 */
export function stagedProposals(input: {
  shape: StagedShape;
  timezone: string;
  series: ReadonlyMap<string, number>;
  /** Each row names its symbol; else all are of the one series. */
  bySymbol: boolean;
}): Proposals {
  const { shape, timezone, series, bySymbol } = input;
  const ids = [...series.values()];
  const price = (column: string): string =>
    shape.columns.has(column) ? `trim_scale(r."${column}")` : 'null::numeric';
  const volume = shape.columns.has('volume') ? 'r.volume' : 'null::bigint';
  const join = bySymbol
    ? 'join unnest($2::text[], $3::int[]) as s (symbol, series_id) on s.symbol = r.symbol'
    : '';
  const seriesId = bySymbol ? 's.series_id' : '$2::int';
  return {
    relation: `
      select ${seriesId} as series_id, ${tsOf(shape)} as ts, false as withdrawn,
        ${['open', 'high', 'low', 'close', 'adjClose'].map(price).join(', ')}, ${volume} as volume
      from ${ROWS} r ${join}`,
    values: bySymbol ? [timezone, [...series.keys()], ids] : [timezone, ids[0]],
    scopes: ids,
  };
}

function unprepared(name: string, text: string, values: readonly unknown[] = []): Statement {
  return { name, text, values, prepared: false };
}
