import type { Interval } from '../bars/bar.types.js';

/**
 * SQL that writes one bar as text, for the read model: PostgreSQL formats the page, the service passes it on unparsed.
 *
 * `format()` over numerics measures faster than `json_build_object` or `json_agg`. Prices are stored without trailing zeros, so
 * their text is what clients see. Times go through `to_json`, whose form is ISO 8601 whatever the server's date style.
 */
function barTime(interval: Interval, alias: string): string {
  const utc = `${alias}.ts at time zone 'UTC'`;
  return interval === '1d' ? `to_json((${utc})::date)::text` : `rtrim(to_json(${utc})::text, '"') || 'Z"'`;
}

const PRICES = ['open', 'high', 'low', 'close', 'adj_close'] as const;

/** Names of a bar's members in JSON, in order, the time excepted. */
const JSON_NAMES = ['open', 'high', 'low', 'close', 'adjClose', 'volume'] as const;

/** The name of a bar's time in JSON and in the header of a CSV. */
export function timeName(interval: Interval): 'date' | 'ts' {
  return interval === '1d' ? 'date' : 'ts';
}

/** How a page of bars is written. */
export type BarFormat = 'json' | 'csv';

/** How the join of two bars looks, and nothing inside a bar does. */
const JOINTS: Readonly<Record<BarFormat, string>> = { json: ',{', csv: '\n' };

/** Bars joined as a page is, without the last one. */
export function withoutLastBar(text: string, as: BarFormat): string {
  return text.slice(0, Math.max(0, text.lastIndexOf(JOINTS[as])));
}

/** The members of a bar's JSON object, without the braces, so that others can add theirs. */
export function barMembers(interval: Interval, alias: string): string {
  return formatted(memberTemplate(interval), interval, alias);
}

/** The time of a row as a member of JSON, by whether its series `x` is daily. */
export function timeMember(alias: string): string {
  const member = (interval: Interval): string => `'"${timeName(interval)}":' || ${barTime(interval, alias)}`;
  return `case when x."interval" = '1d' then ${member('1d')} else ${member('1h')} end`;
}

/** One bar as a JSON object. */
export function barJson(interval: Interval, alias: string): string {
  return formatted(`{${memberTemplate(interval)}}`, interval, alias);
}

function memberTemplate(interval: Interval): string {
  return [timeName(interval), ...JSON_NAMES].map((name) => `"${name}":%s`).join(',');
}

function formatted(template: string, interval: Interval, alias: string): string {
  const columns = [...PRICES, 'volume'].map((column) => `coalesce(${alias}."${column}"::text, 'null')`);
  return `format('${template}', ${barTime(interval, alias)}, ${columns.join(', ')})`;
}

/** One bar as a line of CSV; null is an empty field. */
export function barCsv(interval: Interval, alias: string): string {
  const columns = [...PRICES, 'volume'].map((column) => `${alias}."${column}"`);
  const template = ['%s', ...columns.map(() => '%s')].join(',');
  return `format('${template}', trim(both '"' from ${barTime(interval, alias)}), ${columns.join(', ')})`;
}

/** The header of a CSV of bars. */
export function csvHeader(interval: Interval): string {
  return [timeName(interval), ...JSON_NAMES].join(',');
}
