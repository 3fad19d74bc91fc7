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

/** True when `If-None-Match` names the current version, so that 304 answers. */
export function isUnchanged(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch !== undefined && names(ifNoneMatch, etag, true);
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
