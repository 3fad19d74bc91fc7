import { Injectable } from '@nestjs/common';
import { makeCursor, readCursor } from '../../common/pagination.js';
import type { Row, Statement } from '../../database/statement.js';
import { SignerService } from '../../encryption/signer.service.js';
import { StocksService } from '../../stocks/stocks.service.js';
import { PointReads } from '../../versioning/points/point-reads.service.js';
import { StoreHistory } from '../../versioning/points/store-history.service.js';
import { VersioningService } from '../../versioning/versioning.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import { csvHeader, timeName, type BarFormat } from '../bar.format.js';
import { barVersions } from './bar-versions.queries.js';
import { barPage, type BarPage } from './bar-page.queries.js';
import { headNumber, oneBar } from './bars.queries.js';
import { KnownPages, type PageRow } from './known-pages.js';
import { partOf, wholePage, type PagePart } from './page-in-parts.js';
import { beginningAt, beginningOf, knownPart, NO_SERIES, pointAt } from './range.js';
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
      return { ...at, row: await this.knownPage({ ...beginningAt(range, start), ...at, limit }) };
    });
    const answered = this.versioning.answeredRevision(point, headNumber(row.head));
    const { nextStart } = row;
    const make = (): BarPageText => {
      const nextCursor = nextStart === null ? null : makeCursor(this.signer, scope, [nextStart, answered]);
      const { symbol, interval, branch } = range;
      const head = JSON.stringify({ symbol, interval, branch, revision: answered }).slice(0, -1);
      return { body: `${head},"data":[${row.text}],"nextCursor":${JSON.stringify(nextCursor)}}`, nextCursor };
    };
    const of = { revision: answered, query: JSON.stringify(scope), signedWith: this.signer.keysInForce };
    return row.answers?.at(of, make) ?? make();
  }

  /**
   * All bars of a range as lines of CSV with a header, in chunks, without a limit, all at one revision.
   *
   * **Errors**: as {@link page}, all of them before the first chunk.
   */
  async csv(range: BarRange): Promise<BarDownload> {
    const { seriesId, point, first } = await this.history.settled(async () => {
      const at = await this.start(range, null);
      return { ...at, first: await this.read({ ...range, ...at, limit: CSV_PAGE_ROWS }, 'csv') };
    });
    const revision = this.versioning.answeredRevision(point, headNumber(first.head));
    return { revision, chunks: this.csvChunks(range, { seriesId, revision, first }) };
  }

  private async *csvChunks(
    range: BarRange,
    { seriesId, revision, first }: { seriesId: number; revision: number; first: PageRow },
  ): AsyncGenerator<string> {
    yield `${csvHeader(range.interval)}\n${first.text === '' ? '' : `${first.text}\n`}`;
    if (first.nextStart === null) return;
    const point = await this.versioning.readPoint(range.branch, { revision });
    for (let start: string | null = first.nextStart; start !== null;) {
      const page = { ...beginningAt(range, start), seriesId, point, limit: CSV_PAGE_ROWS };
      const row: PageRow = await this.read(page, 'csv');
      if (row.text !== '') yield `${row.text}\n`;
      start = row.nextStart;
    }
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
  private async knownPage(page: BarPage): Promise<PageRow> {
    const statement = barPage(page, 'json');
    const known = await this.known.find(statement, page);
    if (known !== null) return known;
    const row = await this.read(page, 'json');
    if (page.point.isNow || headNumber(row.head) >= page.point.revision) this.known.keep(statement, row);
    return row;
  }

  /** A page, read in parts where much has to be looked at in vain. */
  private async read(page: BarPage, as: BarFormat): Promise<PageRow> {
    const { head, ...first } = await this.part(page, as);
    if (!first.isCut) return { head, text: first.text, nextStart: first.nextStart };
    const rest = await knownPart(this.points, page, beginningAt(page, first.nextStart));
    if (rest === null) return { head, text: first.text, nextStart: null };
    // The parts of a page are of one revision.
    const point = pointAt(page.point, headNumber(head));
    const { limit } = page;
    const whole = await wholePage(
      { ...first, nextStart: beginningOf(rest) },
      {
        limit,
        as,
        read: ({ start, ...part }) => this.part({ ...beginningAt(rest, start), ...part, point }, as),
      },
    );
    return { head, ...whole };
  }

  private async part(page: BarPage, as: BarFormat): Promise<PagePart & { readonly head: string }> {
    const row = await this.points.readOne(page.point, barPage(page, as));
    const [head, text, count, last = null, cut = null] = row ?? [];
    const read = {
      text: (text as string | null) ?? '',
      count: Number(count),
      last: last as string | null,
      cut: cut as string | null,
    };
    return { head: String(head), ...partOf(read, page.limit, as) };
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

/** The time of a bar as its interval shows it. */
export function shownTime(scope: { readonly interval: BarScope['interval'] }, ts: string): string {
  return timeName(scope.interval) === 'date' ? ts.slice(0, 10) : ts;
}
