import { flag, integer, oneOf } from './variable.js';

const YEAR_IN_SECONDS = 31_622_400;

/** How long a session lasts, and who may have one. */
export const sessionVariables = {
  STOCKROOM_SESSION_IDLE_SECONDS: integer({
    description:
      'A session ends when it was not used for this long. A week: it outlasts a long weekend, and a token that was left somewhere dies soon.',
    min: 300,
    max: YEAR_IN_SECONDS,
    default: 604_800,
  }),
  STOCKROOM_SESSION_LIFETIME_SECONDS: integer({
    description:
      'A session ends this long after sign-in, however much it is used, so that a stolen token has an end that its thief cannot move. Thirty days.',
    min: 300,
    max: YEAR_IN_SECONDS,
    default: 2_592_000,
  }),
  STOCKROOM_SESSION_COOKIE: oneOf({
    description:
      'Whether the session cookie is marked `Secure` and named `__Host-stockroom_session`. `auto`: where the request came over TLS, also by the word of a trusted proxy. `always` suits a proxy that does not say so; `never` is for tests over plain HTTP.',
    words: ['auto', 'always', 'never'],
    default: 'auto',
  }),
  STOCKROOM_VISITORS_ENABLED: flag({
    description:
      'Lets people who have not signed in read with an id that they make themselves (`X-Session-Id`). Without it every read needs an account.',
    default: true,
  }),
  STOCKROOM_VISITOR_IDLE_SECONDS: integer({
    description:
      'A visitor is forgotten when they were not seen for this long, with everything that was theirs. Thirty days.',
    min: 300,
    max: YEAR_IN_SECONDS,
    default: 2_592_000,
  }),
};
