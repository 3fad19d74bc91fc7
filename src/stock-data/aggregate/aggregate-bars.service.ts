import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { Interval } from '../../bars/bar.types.js';
import { InvalidCursor, makeCursor, readCursor } from '../../common/pagination.js';
import { SignerService } from '../../encryption/signer.service.js';
import { StocksService } from '../../stocks/stocks.service.js';
import { PointReads } from '../../versioning/points/point-reads.service.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { sourceBounds } from './aggregate-bucket.format.js';
import { aggregatePage, storedSince } from './aggregate.queries.js';
import { headNumber } from '../read/bars.queries.js';
import {
  AGGREGATES,
  isAggregate,
  isComputedOnly,
  type AggregateRange,
  type ListRange,
} from './aggregate.types.js';
import { csvHeader, withoutLastBar, type BarFormat } from '../bar.format.js';
import { ReadBarsService, type BarDownload } from '../read/read-bars.service.js';
import type { BarPageText, BarRange } from '../stock-data.types.js';

interface Buckets {
  readonly head: number;
  readonly text: string;
  /** The first bucket of the next page, in RFC 3339; null when there is none. */
  readonly nextStart: string | null;
}

/** From where computed bars are read. */
interface Source {
  readonly seriesId: number;
  readonly point: ReadPoint;
}

/** A download, and what its bars were computed from if they were. */
export interface AggregateDownload extends BarDownload {
  readonly computedFrom?: Interval;
}

/** Buckets of one statement of a CSV: of hours, at most 60,000 source bars. */
const CSV_PAGE_BUCKETS = 1_000;
const READ_ON_FACTOR = 8;
const REMEMBERED_STARTS = 10_000;

/** The series of a stock that has no bars yet: a number that no series has. */
const NO_SERIES = 0;

/**
 * Lists bars of any interval: stored ones through {@link ReadBarsService}, longer ones computed in SQL from days or minutes, at any
 * revision and on any branch.
 *
 * `5m`, `15m` and `1h` may have been imported as well. One answer never mixes the two: where the branch stored any bar of the interval
 * by the revision that is read, the stored bars are the answer; else all of it is computed. `source` overrides that.
 */
@Injectable()
export class AggregateBarsService {
  // Safe to keep as long as the history does: the first revision that stored a bar of an interval on a branch stays the first.
  private readonly firstStored = new LRUCache<string, number>({ max: REMEMBERED_STARTS });

  constructor(
    private readonly points: PointReads,
    private readonly stocks: StocksService,
    private readonly versioning: VersioningService,
    private readonly signer: SignerService,
    private readonly stored: ReadBarsService,
    private readonly history: StoreHistory,
  ) {
    history.onChange(() => this.firstStored.clear());
  }

  /**
   * A page as the JSON body of the answer. A cursor goes on at the revision of the page that made it, and with the same source.
   *
   * **Errors**: as `ReadBarsService.page`.
   */
  async page(range: ListRange, limit: number, cursor: string | undefined): Promise<BarPageText> {
    if (!isAggregate(range)) return this.stored.page(range, limit, cursor);
    return this.history.settled(() => this.aggregates(range, limit, cursor));
  }

  private async aggregates(
    range: AggregateRange,
    limit: number,
    cursor: string | undefined,
  ): Promise<BarPageText> {
    const { symbol, interval, branch, asOf, from, to, order } = range;
    const scope = [
      'aggregates',
      symbol,
      interval,
      branch,
      asOf ?? null,
      from,
      to,
      order,
      range.source ?? null,
    ];
    const position = this.ownPosition(range, scope, cursor);
    if (cursor !== undefined && position === null) return this.stored.page(storedRange(range), limit, cursor);
    const [start, revision] = (position ?? [null, null]) as [string | null, number | null];
    const source = await this.source(range, revision);
    if ('stored' in source) return this.stored.page(source.stored, limit, cursor);
    const page = await this.read({ range: beginningAt(range, start), limit, as: 'json', ...source });
    const answered = this.versioning.answeredRevision(source.point, page.head);
    const nextCursor =
      page.nextStart === null ? null : makeCursor(this.signer, scope, [page.nextStart, answered]);
    const computedFrom = AGGREGATES[interval].from;
    const head = JSON.stringify({ symbol, interval, branch, revision: answered, computedFrom }).slice(0, -1);
    return { body: `${head},"data":[${page.text}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
  }

  /** All bars of a range as lines of CSV with a header, in chunks, all at one revision. **Errors**: as {@link page}. */
  async csv(range: ListRange): Promise<AggregateDownload> {
    if (!isAggregate(range)) return this.stored.csv(range);
    return this.history.settled(() => this.aggregatesCsv(range));
  }

  private async aggregatesCsv(range: AggregateRange): Promise<AggregateDownload> {
    const source = await this.source(range, null);
    if ('stored' in source) return this.stored.csv(source.stored);
    const first = await this.read({ range, limit: CSV_PAGE_BUCKETS, as: 'csv', ...source });
    const revision = this.versioning.answeredRevision(source.point, first.head);
    const fixed = { seriesId: source.seriesId, point: pointAt(source.point, revision) };
    return {
      revision,
      chunks: this.csvChunks(range, fixed, first),
      computedFrom: AGGREGATES[range.interval].from,
    };
  }

  private async *csvChunks(range: AggregateRange, source: Source, first: Buckets): AsyncGenerator<string> {
    const { shownAs } = AGGREGATES[range.interval];
    yield `${csvHeader(shownAs)}\n${first.text === '' ? '' : `${first.text}\n`}`;
    for (let start = first.nextStart; start !== null;) {
      const next = { range: beginningAt(range, start), limit: CSV_PAGE_BUCKETS, as: 'csv' } as const;
      const page = await this.read({ ...next, ...source });
      yield `${page.text}\n`;
      start = page.nextStart;
    }
  }

  /** The position of a cursor that this service made; null without one, or when it may be one of stored bars. */
  private ownPosition(
    range: AggregateRange,
    scope: readonly unknown[],
    cursor: string | undefined,
  ): readonly unknown[] | null {
    try {
      return readCursor(this.signer, scope, cursor);
    } catch (error) {
      const mayBeStored = !isComputedOnly(range.interval) && range.source !== 'computed';
      if (error instanceof InvalidCursor && mayBeStored) return null;
      throw error;
    }
  }

  /** Where to read: stored bars of the interval, or source bars at a point. `revision` is that of a page before. */
  private async source(
    range: AggregateRange,
    revision: number | null,
  ): Promise<Source | { readonly stored: BarRange }> {
    if (range.source === 'stored') return { stored: storedRange(range) };
    const from = AGGREGATES[range.interval].from;
    const seriesId = (await this.stocks.seriesId(range.symbol, from)) ?? NO_SERIES;
    const asked = await this.versioning.pointFromZero(
      range.branch,
      revision === null ? range.asOf : undefined,
    );
    const point = revision === null ? { ...asked, atLeast: range.minRevision } : pointAt(asked, revision);
    if (revision !== null || range.source === 'computed' || isComputedOnly(range.interval))
      return { seriesId, point };
    const { since, head } = await this.storedAt(range, point);
    // A replica that does not have them yet would show none.
    if (since !== null)
      return { stored: { ...storedRange(range), minRevision: Math.max(since, range.minRevision ?? 0) } };
    // Fixed before it is read: bars of the interval that are stored meanwhile belong to a later answer.
    return { seriesId, point: point.isNow ? pointAt(point, head) : point };
  }

  private async storedAt(
    range: AggregateRange,
    point: ReadPoint,
  ): Promise<{ readonly since: number | null; readonly head: number }> {
    const { symbol, interval, branch } = range;
    const key = `${interval}:${branch}:${symbol}`;
    const known = this.firstStored.get(key);
    if (known !== undefined && known <= point.revision) return { since: known, head: known };
    const row = await this.points.readOne(point, storedSince({ symbol, interval, point }));
    const head = headNumber(row?.[0]);
    this.versioning.answeredRevision(point, head);
    const [, found] = row ?? [];
    if (typeof found !== 'number') return { since: null, head };
    this.firstStored.set(key, found);
    return { since: found, head };
  }

  private async read(
    input: Source & { readonly range: AggregateRange; readonly limit: number; readonly as: BarFormat },
  ): Promise<Buckets> {
    const { range, seriesId, point, limit, as } = input;
    const { interval, order } = range;
    const page = { seriesId, interval, point, order, limit, ...sourceBounds(interval, range) };
    for (let sourceRows = AGGREGATES[interval].most * limit + 1; ; sourceRows *= READ_ON_FACTOR) {
      const row = await this.points.readOne(point, aggregatePage({ ...page, sourceRows }, as));
      const [head, joined, count, lastStart, sourceCount] = row ?? [];
      const more = Number(count) > limit;
      // Source bars closer together than their interval says, or many that were withdrawn: there is more, and the last bucket may be
      // cut in two.
      if (!more && Number(sourceCount) >= sourceRows) continue;
      const text = (joined as string | null) ?? '';
      return {
        head: headNumber(head),
        text: more ? withoutLastBar(text, as) : text,
        nextStart: more ? new Date(Number(lastStart) * 1000).toISOString() : null,
      };
    }
  }
}

/** The range as one of stored bars. Only intervals that can be stored come here. */
function storedRange(range: AggregateRange): BarRange {
  const { interval, source, ...rest } = range;
  const { shownAs } = AGGREGATES[interval];
  return { ...rest, interval: shownAs, ...(source === 'stored' ? { source } : {}) };
}

/** A range that goes on where a page ended. */
function beginningAt(range: AggregateRange, start: string | null): AggregateRange {
  if (start === null) return range;
  return range.order === 'asc' ? { ...range, from: start } : { ...range, to: start };
}

/** The same point at a revision that it can see. */
function pointAt(point: ReadPoint, revision: number): ReadPoint {
  const lineage = point.lineage.map((segment) => ({
    branchId: segment.branchId,
    revision: Math.min(segment.revision, revision),
  }));
  return { branch: point.branch, revision, lineage, isNow: false };
}
