import { exportResponse } from './dto/export.dto.js';
import { digestOf, EXPORT_FORMAT, type ExportDocument } from './export-document.types.js';

/** What was found of a file that may be an export. **Shape**: `problem` goes on behind the file's name: `is not JSON`. */
export type ExportVerification =
  | { readonly problem: string }
  | { readonly problem: null; readonly document: ExportDocument; readonly found: string };

/** `JSON` as the engine has it; the compiler's library does not know the third argument yet. */
const withSource = JSON as unknown as {
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
};

const STRINGS = /"(?:[^"\\]|\\.)*"/g;

/**
 * Reads an export strictly and makes its digest anew. **Shape**: whether the digest is the one it should be is left to the caller.
 *
 * **Why** strictly: a digest is of what a reader understands, and readers differ in what they pass over. Of two members with one name some
 * take the first and some the last; `1.0` is `1` to some, and bytes that are no UTF-8 or half of a pair are the same sign for all. So there
 * is one text for one content, but for blanks, the order of members, and escapes in strings.
 */
export function verifyExport(bytes: Uint8Array): ExportVerification {
  let read: unknown;
  const problems: string[] = [];
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    read = withSource.parse(text, (name, value, { source }) => {
      problems.push(...problemsOf(name, value, source));
      return value;
    });
    if (hasTwice(text, read)) problems.push('has two members with the same name in one object');
  } catch {
    return { problem: 'is not JSON in UTF-8' };
  }
  const [problem] = problems;
  if (problem !== undefined) return { problem };
  if ((read as { format?: unknown } | null)?.format !== EXPORT_FORMAT)
    return { problem: `is no export in the format ${EXPORT_FORMAT}` };
  const checked = exportResponse.safeParse(read);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    return {
      problem: `lacks a part of an export, or has another: ${issue?.path.join('.')}: ${issue?.message}`,
    };
  }
  return { problem: null, document: read as ExportDocument, found: digestOf(read as ExportDocument) };
}

/** What must not be in an export wherever it stands. **Shape**: `source` is the text of a number, string, or the like. */
function problemsOf(name: string, value: unknown, source: string | undefined): readonly string[] {
  if (name === '__proto__') return ['has a member __proto__'];
  if (!name.isWellFormed()) return ['has half of a surrogate pair in a name'];
  if (typeof value === 'string' && !value.isWellFormed()) return [`has half of a surrogate pair in ${name}`];
  if (typeof value === 'number' && source !== String(value))
    return [`has the number ${source} in ${name}, which is written ${value}`];
  return [];
}

/** Whether more members were written than were read: each has a colon, and outside strings there is no other. */
function hasTwice(text: string, read: unknown): boolean {
  return text.replaceAll(STRINGS, '').split(':').length - 1 !== membersOf(read);
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const members: readonly unknown[] = Object.values(value);
  return members.reduce<number>(
    (sum, member) => sum + membersOf(member),
    Array.isArray(value) ? 0 : members.length,
  );
}
