import { isStorable } from '../../common/text.js';

/** **Units**: characters as a person counts them: code points, after NFC. */
export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 128;

/** What 128 composed characters can take at most before they are composed: four code points each, two code units per point. */
const MAX_RAW_LENGTH = MAX_PASSWORD_LENGTH * 8;

/**
 * A password as it is hashed: in NFC; null for what no password can be, by length or by U+0000 and halves of surrogate pairs.
 *
 * **Why** NFC: one keyboard sends é as one code point and another as two; for the person it is the same key. NFKC goes further
 * and makes one password of several that look different (ﬁ and fi), which nobody asked for.
 */
export function readablePassword(password: string): string | null {
  if (password.length > MAX_RAW_LENGTH || !isStorable(password)) return null;
  const normal = password.normalize('NFC');
  return lengthOf(normal) <= MAX_PASSWORD_LENGTH ? normal : null;
}

/** What is wrong with the form of a new password, as the end of a sentence; null when nothing is. */
export function passwordFormProblem(password: string): string | null {
  if (!isStorable(password)) return 'must be well-formed text without U+0000';
  const readable = readablePassword(password);
  if (readable === null) return `must have at most ${MAX_PASSWORD_LENGTH} characters`;
  if (lengthOf(readable) < MIN_PASSWORD_LENGTH) return `must have at least ${MIN_PASSWORD_LENGTH} characters`;
  return null;
}

function lengthOf(text: string): number {
  return [...text].length;
}
