import { MIN_PASSWORD_LENGTH } from './password-form.js';

/** Shorter words cannot be half of a password. */
const MIN_WORD_LENGTH = MIN_PASSWORD_LENGTH / 2;

/** Rows that fingers walk along; their end is joined to their beginning. */
const ROWS = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  '1234567890qwertyuiopasdfghjklzxcvbnm',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
].map((row) => row + row);

let loading: Promise<ReadonlySet<string>> | undefined;

/**
 * Why a password of the right form is among the first that anybody would try, as the end of a sentence; null when it is not.
 * `own` is what everybody knows of the account: its email and username.
 *
 * **Why** more than a list: of the 49,233 most common passwords, which people chose where six characters were enough, 308 have
 * twelve. What people do when they are asked for more is to write theirs twice, or to put a year behind it. So a listed word,
 * and any text twice, is refused too when digits and signs around it are all that was added, and make up no more than half. Case never helps.
 */
export async function commonPasswordProblem(
  password: string,
  own: readonly string[],
): Promise<string | null> {
  const text = password.normalize('NFC').toLowerCase();
  if (isWalkAlongRow(text)) return 'must not be a row of letters, digits or keys';
  const core = text.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const candidates = core.length * 2 >= text.length ? [text, core] : [text];
  if (candidates.some(isShorterOneRepeated)) return 'must not be a shorter text over and over';
  const names = own.flatMap((name) => [name.toLowerCase(), name.toLowerCase().split('@', 1)[0] ?? '']);
  if (candidates.some((word) => names.includes(word) || word === 'stockroom'))
    return 'must not be the email, the username or the name of the service';
  const words = await commonWords();
  return candidates.some((word) => words.has(word)) ? 'must not be one of the most common passwords' : null;
}

/** The list, lower-cased. **Why** at first use: unpacking takes 45 ms and 8 MB, which commands and most processes never need. */
async function commonWords(): Promise<ReadonlySet<string>> {
  loading ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) =>
      new Set(
        dictionary['passwords-common']
          .filter((word) => word.length >= MIN_WORD_LENGTH)
          .map((word) => word.toLowerCase()),
      ),
  );
  return loading;
}

/** Whether a text is one that would be too short for a password, two times or more; the last time may be cut, the second by a sign. */
function isShorterOneRepeated(text: string): boolean {
  for (let period = 1; period < MIN_PASSWORD_LENGTH && period * 2 <= text.length + 1; period++) {
    if (text.startsWith(text.slice(period))) return true;
  }
  return false;
}

function isWalkAlongRow(text: string): boolean {
  const backwards = [...text].reverse().join('');
  return ROWS.some((row) => row.includes(text) || row.includes(backwards));
}
