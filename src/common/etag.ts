import { DomainError } from './errors.js';

/** The client changed what it had not seen the newest state of. */
export class StaleResource extends DomainError {
  constructor() {
    super('stale', 'stale-resource', 'This has changed since you read it; read it again.');
  }
}

/** The strong ETag of a version number. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

/** The two things that an answer needs of a reply to be told as unchanged. */
interface TaggableReply {
  header(name: string, value: string): unknown;
  code(status: 304): unknown;
}

/** Puts the ETag on an answer, and makes it a 304 when `If-None-Match` names it: then there is nothing to send. */
export function isUnchanged(reply: TaggableReply, etag: string, ifNoneMatch: string | undefined): boolean {
  reply.header('etag', etag);
  if (ifNoneMatch === undefined || !names(ifNoneMatch, etag, true)) return false;
  reply.code(304);
  return true;
}

/** Lets a write through only if `If-Match` is absent or names the current version. **Errors**: `StaleResource`. */
export function requireMatch(ifMatch: string | undefined, etag: string): void {
  if (ifMatch !== undefined && !names(ifMatch, etag, false)) throw new StaleResource();
}

/** `If-Match` compares strongly, `If-None-Match` weakly (RFC 9110, 13.1). */
function names(header: string, etag: string, weak: boolean): boolean {
  return header
    .split(',')
    .map((part) => part.trim())
    .some((part) => part === '*' || part === etag || (weak && part === `W/${etag}`));
}
