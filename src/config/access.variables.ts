import { flag, integer } from './variable.js';

/** How often a client may ask, and how often anyone may guess. */
export const limitVariables = {
  STOCKROOM_REQUEST_QUOTAS_ENABLED: flag({
    description:
      'Limits requests per client, over all replicas. Switch it off only for measurements, or where something in front does it. The limits on guesses at passwords stay.',
    default: true,
  }),
  STOCKROOM_REQUEST_QUOTA_SECONDS: integer({
    description: 'Length of the window that requests are counted in; it begins with the first of them.',
    min: 1,
    max: 3_600,
    default: 60,
  }),
  STOCKROOM_REQUEST_QUOTA_PER_USER: integer({
    description:
      'Requests of one signed-in person per window, over all sessions. The default is 20 a second: more than an application with a person in front of it asks for.',
    min: 1,
    max: 10_000_000,
    default: 1_200,
  }),
  STOCKROOM_REQUEST_QUOTA_PER_ADDRESS: integer({
    description:
      'Requests per window and address without a signed-in person, visitors included, whose ids cost nothing to make. An IPv6 network of 64 bits counts as one address. The default lets a small office share one.',
    min: 1,
    max: 10_000_000,
    default: 300,
  }),
  STOCKROOM_REGISTRATIONS_PER_ADDRESS: integer({
    description:
      'Accounts that one address may try to register in an hour. Enough for a household, too few to fill a database or to try which names are taken.',
    min: 1,
    max: 1_000_000,
    default: 10,
  }),
  STOCKROOM_SIGN_IN_FREE_ATTEMPTS: integer({
    description:
      'Wrong passwords that one address may send for one account before it has to wait: 1 second after the last of these, then 2, 4 and so on.',
    min: 1,
    max: 100,
    default: 5,
  }),
  STOCKROOM_SIGN_IN_MAX_DELAY_SECONDS: integer({
    description: 'Longest wait between two such attempts. With the default an address gets about 100 a day.',
    min: 1,
    max: 86_400,
    default: 900,
  }),
  STOCKROOM_SIGN_IN_MEMORY_SECONDS: integer({
    description:
      'How long wrong attempts count when no more follow. Keep it longer than the longest wait, or waiting would earn free attempts again.',
    min: 60,
    max: 604_800,
    default: 3_600,
  }),
  STOCKROOM_SIGN_IN_ACCOUNT_FAILURES: integer({
    description:
      'After each so many wrong passwords for one account from anywhere, an address that its owner has not signed in from has one free attempt less, down to one. Nobody is locked out: every address keeps its first attempt.',
    min: 1,
    max: 1_000_000,
    default: 20,
  }),
  STOCKROOM_SIGN_IN_FAILURES_PER_ADDRESS: integer({
    description:
      'Wrong passwords that one address may send for all accounts together, within the time that they count; then it waits a second, two, four, at most a minute, before each further one. Leaves room for the typing errors of an office behind one address.',
    min: 1,
    max: 1_000_000,
    default: 100,
  }),
};
