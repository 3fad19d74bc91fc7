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
import { bucketStart, sourceBounds } from './aggregate-bucket.format.js';
import { aggregatePage, storedSince } from './aggregate.queries.js';
import { headNumber } from '../read/bars.queries.js';
import { partOf, wholePage, type PagePart, type WholePage } from '../read/page-in-parts.js';
import { beginningAt, beginningOf, knownPart, NO_SERIES, pointAt } from '../read/range.js';
import {
  AGGREGATES,
  type AggregateInterval,
  isAggregate,
  isComputedOnly,
  type AggregateRange,
  type ListRange,
} from './aggregate.types.js';
import { csvHeader, type BarFormat } from '../bar.format.js';
import { ReadBarsService, type BarDownload } from '../read/read-bars.service.js';
import type { BarPageText, BarRange } from '../stock-data.types.js';

/** A page of computed bars. **Shape**: `nextStart` is a bucket, in RFC 3339. */
interface Buckets extends WholePage {
  readonly head: number;
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
const REMEMBERED_STARTS = 10_000;

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
      if (page.text !== '') yield `${page.text}\n`;
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

  /** A page, read in parts where much has to be looked at in vain. */
  private async read(input: BucketPage): Promise<Buckets> {
    const { range, limit, as } = input;
    const { most } = AGGREGATES[range.interval];
    const { head, ...first } = await this.part({ ...input, scan: sourceBars(most, limit) });
    if (!first.isCut) return { head, text: first.text, nextStart: first.nextStart };
    const further = beginningAt(range, first.nextStart);
    const known = await knownPart(this.points, input, further);
    if (known === null) return { head, text: first.text, nextStart: null };
    const rest = { ...known, from: laterBucket(range.interval, further.from, known.from) };
    const point = pointAt(input.point, head);
    const whole = await wholePage(
      { ...first, nextStart: beginningOf(rest) },
      {
        limit,
        as,
        read: ({ start, ...part }) =>
          this.part({
            ...input,
            ...{ range: beginningAt(rest, start), point, limit: part.limit },
            scan: Math.max(part.scan, sourceBars(most, part.limit)),
          }),
      },
    );
    return { head, ...whole };
  }

  private async part(input: BucketPage & { readonly scan: number }): Promise<PagePart & { head: number }> {
    const { range, seriesId, point, limit, as, scan } = input;
    const { interval, order } = range;
    const page = { seriesId, interval, point, order, limit, scan, ...sourceBounds(interval, range) };
    const row = await this.points.readOne(point, aggregatePage(page, as));
    const [head, text, count, last, cut] = row ?? [];
    const read = {
      text: (text as string | null) ?? '',
      count: Number(count),
      last: instantOf(last),
      cut: instantOf(cut),
    };
    return { head: headNumber(head), ...partOf(read, limit, as) };
  }
}

/** What a page of computed bars asks for. */
interface BucketPage extends Source {
  readonly range: AggregateRange;
  readonly limit: number;
  readonly as: BarFormat;
}

/** The bucket of an instant, or the bound if that is later: what begins before the bound is not in the range. */
function laterBucket(interval: AggregateInterval, bound: string | null, at: string | null): string | null {
  if (at === null) return bound;
  const start = bucketStart(interval, Date.parse(at));
  return bound !== null && Date.parse(bound) >= start ? bound : new Date(start).toISOString();
}

/** How many source bars a page and the bucket behind it can have, and one more, so that the last of them is whole. */
function sourceBars(most: number, limit: number): number {
  return most * (limit + 1) + 1;
}

/** Seconds since 1970 as RFC 3339. */
function instantOf(seconds: unknown): string | null {
  return typeof seconds === 'number' ? new Date(seconds * 1000).toISOString() : null;
}

/** The range as one of stored bars. Only intervals that can be stored come here. */
function storedRange(range: AggregateRange): BarRange {
  const { interval, source, ...rest } = range;
  const { shownAs } = AGGREGATES[interval];
  return { ...rest, interval: shownAs, ...(source === 'stored' ? { source } : {}) };
}
