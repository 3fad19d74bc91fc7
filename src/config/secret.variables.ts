import { z } from 'zod';
import { KEY_COMMAND, readEncryptionKeys } from './encryption-keys.js';
import { isSampleValue } from './sample-values.js';
import { optionalText } from './variable.js';

const MIN_SECRET_LENGTH = 16;

/** The first administrator, created when there is no user yet. */
export const adminVariables = {
  STOCKROOM_ADMIN_EMAIL: optionalText({
    description: 'E-mail address of the first SUPER_ADMIN; together with `STOCKROOM_ADMIN_PASSWORD`.',
    values: 'e-mail address',
    default: 'generated with the embedded database',
    check: (value) => (z.email().safeParse(value).success ? null : 'must be an e-mail address'),
  }),
  STOCKROOM_ADMIN_PASSWORD: optionalText({
    description: 'Password of the first SUPER_ADMIN. Generated ones stand in `<data dir>/admin.json`.',
    values: 'text of 12 to 128 characters',
    default: 'generated with the embedded database',
    secret: true,
    check: passwordProblem,
  }),
};

/** The keys that stored secrets are encrypted with. One of the two ways is required with an external database. */
export const encryptionVariables = {
  ENCRYPTION_KEYS: optionalText({
    description:
      'Keys for stored secrets, separated by commas: the first encrypts, the others only decrypt. Required with an external database, unless `APP_SECRET` and `ENCRYPTION_SALT` are set, but not by the `stockroom db` commands except `verify`; beside these it comes first, and they still decrypt.',
    values: '`id:key`, the id of `a-z 0-9 - _`, the key 32 bytes in base64',
    default: 'generated with the embedded database',
    secret: true,
    check: (value) => {
      const keys = readEncryptionKeys(value);
      return typeof keys === 'string' ? keys : null;
    },
  }),
  APP_SECRET: optionalText({
    description:
      'A secret from which keys are derived (PBKDF2-HMAC-SHA256, 600,000 rounds), together with `ENCRYPTION_SALT`. Key ids: `pbkdf2-600k` writes and reads, `pbkdf2-480k` (480,000 rounds) only reads.',
    values: `random text of at least ${MIN_SECRET_LENGTH} characters`,
    default: 'unset',
    secret: true,
    check: secretProblem,
  }),
  ENCRYPTION_SALT: optionalText({
    description: 'The salt of that derivation, kept apart from the secret.',
    values: `random text of at least ${MIN_SECRET_LENGTH} characters`,
    default: 'unset',
    secret: true,
    check: secretProblem,
  }),
};

function passwordProblem(password: string): string | null {
  const characters = [...password].length;
  if (characters < 12 || characters > 128) return 'must have 12 to 128 characters';
  return isSampleValue(password) ? 'must not be a sample value; choose one of your own' : null;
}

// 128 bits are 22 characters of base64 and 16 bytes of anything: shorter text cannot hold that much chance.
function secretProblem(secret: string): string | null {
  if (isSampleValue(secret)) return `must not be a sample value; make one with: ${KEY_COMMAND}`;
  return Buffer.byteLength(secret) < MIN_SECRET_LENGTH
    ? `must have at least ${MIN_SECRET_LENGTH} characters; make one with: ${KEY_COMMAND}`
    : null;
}
