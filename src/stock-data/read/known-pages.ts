import { Batcher } from '../../common/batcher.js';
import { KeptPages } from '../../common/kept-pages.js';
import type { Statement } from '../../database/statement.js';
import type { PointReads } from '../../versioning/points/point-reads.service.js';
import type { ReadPoint } from '../../versioning/versioning.types.js';
import type { BarPageText } from '../stock-data.types.js';
import { areStillTrue, type ReadPage } from './bars.queries.js';
import type { WholePage } from './page-in-parts.js';

/** A page as it was read. */
export interface PageRow extends WholePage {
  /** The newest revision of the snapshot, and when it was made: two histories with one number differ in it. */
  readonly head: string;
  /** The answer that was last made of a page that is kept. */
  readonly answers?: PageAnswers;
}

/** What an answer made of a page depends on beside the page. **Shape**: `signedWith` are the keys of its cursor (`SignerService.keysInForce`). */
interface AnswerOf {
  readonly revision: number;
  readonly query: string;
  readonly signedWith: object;
}

/**
 * What was last made of a kept page: its body and its signed cursor name a revision, so they serve until the next commit, of whatever
 * series, or until other keys are in force. **Why** kept: signing took 3 % of a short request, joining and flattening the text about as much.
 */
export class PageAnswers {
  private made: (AnswerOf & { readonly answer: BarPageText }) | null = null;

  /** The answer to a query at a revision, by `make` unless it was the last one made. */
  at(of: AnswerOf, make: () => BarPageText): BarPageText {
    const { made } = this;
    if (made?.revision === of.revision && made.query === of.query && made.signedWith === of.signedWith)
      return made.answer;
    this.made = { ...of, answer: make() };
    return this.made.answer;
  }
}

/** Some one and a half thousand pages of a hundred bars, and the answers made of them. **Units**: bytes of text. */
const MAX_BYTES = 32 * 1024 * 1024;
/** A page of ten thousand bars would push out a hundred that are asked for more often. */
const MAX_PAGE_BYTES = 256 * 1024;
/** Pages that are looked after with one statement. */
const MAX_BATCH = 64;

/** A page that was read before, and the point that it is asked for now. */
interface Question {
  readonly page: ReadPage;
  readonly point: ReadPoint;
}

/** What came of a look. **Shape**: `state` is a letter of {@link areStillTrue}. */
interface Look {
  readonly head: string;
  readonly state: string;
}

/**
 * Pages that were read before, shown again only when the database says that they are still what it would answer.
 *
 * A revision never changes, so a page of one stays what it is; and a page of "now" is the same until a revision touches its
 * series, which one look at an index tells. That look takes less than half of what reading and writing a hundred bars takes, and pages
 * that are asked for at the same time share one.
 * **Why** the look also for a fixed revision: after a restore or a failover that lost commits, the same number may stand for
 * another history.
 */
export class KnownPages {
  private readonly pages = new KeptPages<PageRow>({
    maxSize: MAX_BYTES,
    maxPageSize: MAX_PAGE_BYTES,
    // The text and the answer that holds it.
    sizeOf: (page, key) => 2 * page.text.length + key.length,
  });

  private readonly now = new Batcher<Question, Look>((questions) => this.ask(questions), MAX_BATCH);
  private readonly fixed = new Batcher<Question, Look>((questions) => this.ask(questions), MAX_BATCH);

  constructor(private readonly points: PointReads) {}

  /** The page of a statement, with the head of the snapshot that confirmed it; null when it has to be read. */
  async find(
    statement: Statement,
    { seriesId, point }: { readonly seriesId: number; readonly point: ReadPoint },
  ): Promise<PageRow | null> {
    const known = this.pages.get(keyOf(statement));
    if (known === undefined) return null;
    const { head, state } = await this.look({ page: { seriesId, head: known.head }, point });
    return state === 's' || (state === 't' && !point.isNow) ? { ...known, head } : null;
  }

  private async look(question: Question): Promise<Look> {
    const { isNow, atLeast } = question.point;
    if (!isNow) return this.fixed.load(question);
    if (atLeast === undefined) return this.now.load(question);
    // May be refused for what it wants, which is nobody else's business.
    const [look] = await this.ask([question]);
    return look ?? { head: '0', state: 'o' };
  }

  /** All at the newest of their points: what has arrived there, has arrived for the others. */
  private async ask(questions: readonly Question[]): Promise<readonly Look[]> {
    const { point } = questions.reduce((newest, question) =>
      question.point.revision > newest.point.revision ? question : newest,
    );
    const row = await this.points.readOne(point, areStillTrue(questions.map(({ page }) => page)));
    const [head, states] = row ?? [];
    return [...String(states)].map((state) => ({ head: String(head), state }));
  }

  /** Forgets all. */
  clear(): void {
    this.pages.clear();
  }

  /** Keeps a page, from the second time on. Call only for one that shows its point, not the past of a server that lags behind. */
  keep(statement: Statement, page: PageRow): void {
    const key = keyOf(statement);
    if (this.pages.isAskedAgain(key)) this.pages.keep(key, { ...page, answers: new PageAnswers() });
  }
}

/** Name and values say all that a statement asks. */
function keyOf({ name, values }: Statement): string {
  return `${name} ${values.join(' ')}`;
}
