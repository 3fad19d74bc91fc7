import canonicalize from 'canonicalize';
import { sha256 } from '../../encryption/secrets.js';
import type { RevisionView } from '../../versioning/versioning.types.js';

/** What tells an export from other JSON, and this form of it from later ones. */
export const EXPORT_FORMAT = 'stockroom-conversation/1';

/** How an export proves to be what it was. **Shape**: `value` in hex. */
export interface ExportDigest {
  readonly algorithm: 'SHA-256';
  /** RFC 8785: what is hashed is the document without its member `digest`, in this form. */
  readonly canonicalization: 'JCS';
  readonly value: string;
}

/** A price as it was when it was quoted. */
export interface ExportedBar {
  readonly symbol: string;
  readonly interval: string;
  /** Where the version stands, and which revision brought it. */
  readonly branch: string;
  readonly revision: number;
  readonly bar: Readonly<Record<string, string | null>>;
}

/**
 * A conversation with everything that its quotations rest on. **Units**: prices and volumes are decimal strings.
 *
 * **Why**: the canonical form prints numbers as binary floats hold them, so that a change in the eighteenth digit of a number
 * would not show. What is left as a number is a small integer.
 */
export interface ExportContent {
  readonly format: typeof EXPORT_FORMAT;
  readonly exportedAt: string;
  /** The newest revision of that moment: the status of each citation is of then. */
  readonly revision: number;
  readonly conversation: Readonly<Record<string, unknown>>;
  readonly messages: readonly Readonly<Record<string, unknown>>[];
  /** Every version that is quoted, once, in the order of the first quotation. */
  readonly bars: readonly ExportedBar[];
  /** Every revision that brought a quoted version, ended it, or brought what stands there now, or that the conversation is fixed at, oldest first. */
  readonly revisions: readonly RevisionView[];
}

/** An export with its digest. */
export type ExportDocument = ExportContent & { readonly digest: ExportDigest };

/** What an export's digest must be. **Shape**: SHA-256 in hex, over everything but `digest`. */
export function digestOf(document: object): string {
  const { digest: _, ...content } = document as { digest?: unknown };
  return sha256(canonicalize(content) ?? '').toString('hex');
}
