import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import type { Row, Statement } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import { StocksService } from '../../stocks/stocks.service.js';
import { PointReads } from '../../versioning/points/point-reads.service.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { csvHeader, timeName, withoutLastBar, type BarFormat } from '../bar.format.js';
import { barVersions } from './bar-versions.queries.js';
import { barPage, headNumber, oneBar } from './bars.queries.js';
import { KnownPages, type PageRow } from './known-pages.js';
import { BarNotFound } from '../stock-data.errors.js';
import type { BarPageText, BarRange, BarScope } from '../stock-data.types.js';

/** A whole range as CSV, and the revision that it shows. */
export interface BarDownload {
  readonly revision: number;
  readonly chunks: AsyncGenerator<string>;
}

/** One bar, its JSON ready to send, and the revision that brought it. */
export interface BarText {
  readonly json: string;
  readonly revision: number;
}

/** A CSV is read a page at a time, so that a slow reader holds no connection. */
const CSV_PAGE_ROWS = 10_000;

/** The series of a stock that has no bars yet: a number that no series has. */
const NO_SERIES = 0;

/** Reads bars as PostgreSQL writes them: now, as of a revision, through a branch. */
@Injectable()
export class ReadBarsService {
  private readonly known: KnownPages;

  constructor(
    private readonly points: PointReads,
    private readonly stocks: StocksService,
    private readonly versioning: VersioningService,
    private readonly signer: SignerService,
    private readonly history: StoreHistory,
  ) {
    this.known = new KnownPages(points);
    history.onChange(() => this.known.clear());
  }

  /**
   * A page as the JSON body of the answer. A cursor goes on at the revision of the page that made it, so that pages fit
   * together whatever is committed between them.
   *
   * **Errors**: `StockNotFound`, `BranchNotFound`, `AsOfInFuture`, `AsOfBeforeFirst`, `InvalidCursor`.
   */
  async page(range: BarRange, limit: number, cursor: string | undefined): Promise<BarPageText> {
    const scope = [
      'bars',
      range.symbol,
      range.interval,
      range.branch,
      range.asOf ?? null,
      range.from,
      range.to,
      range.order,
      range.source ?? null,
    ];
    const position = readCursor(this.signer, scope, cursor);
    const [start, revision] = (position ?? [null, null]) as [string | null, number | null];
    const { point, row } = await this.history.settled(async () => {
      const at = await this.start(range, revision);
      const page = { ...beginningAt(range, start), ...at, limit };
      return { ...at, row: await this.knownPage(at, barPage(page, 'json'), limit) };
    });
    const answered = this.versioning.answeredRevision(point, headNumber(row.head));
    const make = (): BarPageText => {
      const nextCursor = row.nextTs === null ? null : makeCursor(this.signer, scope, [row.nextTs, answered]);
      const { symbol, interval, branch } = range;
      const head = JSON.stringify({ symbol, interval, branch, revision: answered }).slice(0, -1);
      return { body: `${head},"data":[${row.text}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
    };
    return row.answers?.at(answered, JSON.stringify(scope), make) ?? make();
  }

  /**
   * All bars of a range as lines of CSV with a header, in chunks, without a limit, all at one revision.
   *
   * **Errors**: as {@link page}, all of them before the first chunk.
   */
  async csv(range: BarRange): Promise<BarDownload> {
    const { seriesId, point, first } = await this.history.settled(async () => {
      const at = await this.start(range, null);
      return { ...at, first: await this.csvPage(range, at.seriesId, at.point) };
    });
    const revision = this.versioning.answeredRevision(point, headNumber(first.head));
    return { revision, chunks: this.csvChunks(range, { seriesId, revision, first }) };
  }

  private async *csvChunks(
    range: BarRange,
    { seriesId, revision, first }: { seriesId: number; revision: number; first: PageRow },
  ): AsyncGenerator<string> {
    yield `${csvHeader(range.interval)}\n${first.text === '' ? '' : `${first.text}\n`}`;
    if (first.nextTs === null) return;
    const point = await this.versioning.readPoint(range.branch, { revision });
    for (let start: string | null = first.nextTs; start !== null;) {
      const row: PageRow = await this.csvPage(beginningAt(range, start), seriesId, point);
      yield `${row.text}\n`;
      start = row.nextTs;
    }
  }

  private async csvPage(range: BarRange, seriesId: number, point: ReadPoint): Promise<PageRow> {
    const statement = barPage({ ...range, seriesId, point, limit: CSV_PAGE_ROWS }, 'csv');
    return pageRow(await this.points.readOne(point, statement), CSV_PAGE_ROWS, 'csv');
  }

  /** One bar. **Errors**: as {@link page}, and `BarNotFound` where the branch shows none. */
  async one(scope: BarScope, ts: string): Promise<BarText> {
    const { point, row } = await this.readAt(scope, null, (at) =>
      oneBar({ ...at, interval: scope.interval, ts }),
    );
    const [head, json, revision] = row ?? [];
    this.versioning.answeredRevision(point, headNumber(head));
    if (typeof json !== 'string') throw new BarNotFound(scope.symbol, shownTime(scope, ts));
    return { json, revision: Number(revision) };
  }

  /**
   * A page of the versions of a bar as the JSON body of the answer, newest first; a cursor goes on at the revision of its page.
   * **Errors**: as {@link one}, and `InvalidCursor`.
   */
  async versions(
    scope: BarScope,
    {
      ts,
      limit,
      cursor,
    }: { readonly ts: string; readonly limit: number; readonly cursor: string | undefined },
  ): Promise<BarPageText> {
    const { symbol, interval, branch, asOf = null } = scope;
    const query = ['versions', symbol, interval, branch, asOf, ts];
    const position = readCursor(this.signer, query, cursor);
    const [before, revision] = (position ?? [null, null]) as [number | null, number | null];
    const { point, row } = await this.readAt(scope, revision, (at) =>
      barVersions({ ...at, interval, ts, before, limit }),
    );
    const [head, json, last] = row ?? [];
    const answered = this.versioning.answeredRevision(point, headNumber(head));
    if (typeof json !== 'string') throw new BarNotFound(symbol, shownTime(scope, ts));
    const nextCursor = typeof last === 'number' ? makeCursor(this.signer, query, [last, answered]) : null;
    return { body: `{"data":[${json}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
  }

  /** What a statement about one bar gives. */
  private async readAt(
    scope: BarScope,
    revision: number | null,
    statement: (at: { readonly seriesId: number; readonly point: ReadPoint }) => Statement,
  ): Promise<{ readonly point: ReadPoint; readonly row: Row | null }> {
    return this.history.settled(async () => {
      const at = await this.start(scope, revision);
      return { point: at.point, row: await this.points.readOne(at.point, statement(at)) };
    });
  }

  /** A page that was answered before, if it still is the answer; else as it is read. */
  private async knownPage(
    at: { readonly seriesId: number; readonly point: ReadPoint },
    statement: Statement,
    limit: number,
  ): Promise<PageRow> {
    const known = await this.known.find(statement, at);
    if (known !== null) return known;
    const page = pageRow(await this.points.readOne(at.point, statement), limit, 'json');
    if (at.point.isNow || headNumber(page.head) >= at.point.revision) this.known.keep(statement, page);
    return page;
  }

  private async start(
    scope: BarScope,
    revision: number | null,
  ): Promise<{ seriesId: number; point: ReadPoint }> {
    const seriesId = (await this.stocks.seriesId(scope.symbol, scope.interval)) ?? NO_SERIES;
    const asOf = revision === null || revision === 0 ? scope.asOf : { revision };
    const point = await this.versioning.pointFromZero(scope.branch, asOf);
    return { seriesId, point: { ...point, atLeast: scope.minRevision } };
  }
}

/** A range that goes on where a page ended. */
function beginningAt(range: BarRange, start: string | null): BarRange {
  if (start === null) return range;
  return range.order === 'asc' ? { ...range, from: start } : { ...range, to: start };
}

function pageRow(row: Row | null, limit: number, as: BarFormat): PageRow {
  const [head, joined, count, lastTs] = row ?? [];
  const text = (joined as string | null) ?? '';
  const more = Number(count) > limit;
  return {
    head: String(head),
    text: more ? withoutLastBar(text, as) : text,
    nextTs: more ? (lastTs as string) : null,
  };
}

/** The time of a bar as its interval shows it. */
export function shownTime(scope: { readonly interval: BarScope['interval'] }, ts: string): string {
  return timeName(scope.interval) === 'date' ? ts.slice(0, 10) : ts;
}
