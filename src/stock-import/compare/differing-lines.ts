import { fieldSpan } from '../parse/key-order.js';

/** Lines in the order of their keys, a page at a time. **Shape**: each line with its line break; null behind the last page. */
export interface Pages {
  next(): Promise<string | null>;
}

/**
 * Finds the lines that are not in a store, both in the order of their keys: what the store lacks, or has with other values.
 *
 * **Why** by whole texts first: where nothing changed, one comparison of memory is done with a thousand lines.
 */
export class DifferingLines {
  private page = '';
  private at = 0;
  private ended = false;

  constructor(
    private readonly stored: Pages,
    private readonly keyColumn: number,
  ) {}

  /** **Shape**: those of `lines` that differ. The lines of one call go on where those of the last call ended. */
  async of(lines: string): Promise<string> {
    let differing = '';
    for (let from = 0; from < lines.length;) {
      if (!(await this.hasPage())) return differing + lines.slice(from);
      const length = Math.min(lines.length - from, this.page.length - this.at);
      if (lines.length - from === length ? this.isNext(lines, from) : this.isRestOfPage(lines, from)) {
        this.at += length;
        from += length;
      } else {
        const step = this.stepOver(lines, from);
        differing += step.differing;
        from = step.from;
      }
    }
    return differing;
  }

  private async hasPage(): Promise<boolean> {
    while (!this.ended && this.at === this.page.length) {
      const page = await this.stored.next();
      this.page = page ?? '';
      this.at = 0;
      this.ended = page === null;
    }
    return !this.ended;
  }

  private isNext(lines: string, from: number): boolean {
    return this.page.startsWith(from === 0 ? lines : lines.slice(from), this.at);
  }

  private isRestOfPage(lines: string, from: number): boolean {
    return lines.startsWith(this.page.slice(this.at), from);
  }

  /** Goes over equal lines up to the first that are not, and over these. */
  private stepOver(lines: string, start: number): { readonly differing: string; readonly from: number } {
    // Ends: texts of whole lines that are not equal as far as both go have a line that is not.
    for (let from = start; ;) {
      const end = lines.indexOf('\n', from) + 1;
      const pageEnd = this.page.indexOf('\n', this.at) + 1;
      const line = lines.slice(from, end);
      if (line !== this.page.slice(this.at, pageEnd)) {
        const key = this.key(lines, from, end);
        const storedKey = this.key(this.page, this.at, pageEnd);
        if (storedKey <= key) this.at = pageEnd;
        return key <= storedKey ? { differing: line, from: end } : { differing: '', from };
      }
      this.at = pageEnd;
      from = end;
    }
  }

  private key(text: string, start: number, end: number): string {
    return text.slice(...fieldSpan(text, { start, end }, this.keyColumn));
  }
}
