import { hostProblem, originProblem, proxyProblem } from './network.js';
import { integer, list, optionalInteger, text } from './variable.js';

/** Where the service listens and whom it answers. */
export const httpVariables = {
  PORT: integer({
    description: 'Port to listen on; 0 takes any free one.',
    min: 0,
    max: 65_535,
    default: 3000,
  }),
  HOST: text({
    description:
      'Address to listen on. Beyond loopback, put a proxy with TLS in front: tokens and passwords travel in clear otherwise.',
    values: 'IP address or host name',
    default: '127.0.0.1',
    check: hostProblem,
  }),
  CORS_ORIGINS: list({
    description:
      'Browser origins that may read answers, separated by commas. None by default: browsers on other sites get nothing.',
    values: 'origins such as `https://app.example.com`',
    check: originProblem,
  }),
  TRUSTED_PROXIES: list({
    description:
      'Proxies whose `X-Forwarded-*` headers count, separated by commas. None by default: otherwise every client could choose the address it is seen under.',
    values: 'IP addresses or ranges such as `10.0.0.0/8`',
    check: proxyProblem,
  }),
  STOCKROOM_BODY_LIMIT_BYTES: integer({
    description:
      'Longest request body that is read into memory. The largest legitimate one is a message of 64 KiB with its citations; imports stream and have limits of their own.',
    min: 1024,
    max: 16_777_216,
    default: 1_048_576,
  }),
  STOCKROOM_SHUTDOWN_DELAY_MS: optionalInteger({
    description:
      'How long readiness answers 503 before requests are drained at shutdown, so that a load balancer stops sending first: one period of its probe. No wait with the embedded database, where nobody probes and Ctrl-C should be quick.',
    min: 0,
    max: 120_000,
    default: '5000; 0 with the embedded database',
  }),
  STOCKROOM_SHUTDOWN_GRACE_MS: integer({
    description:
      'How long requests under way may still take once they are drained; what runs then is cancelled, rolled back and answered 503. Together with the wait before, it stays under the 15 seconds that a process should need to stop.',
    min: 0,
    max: 600_000,
    default: 7_000,
  }),
};
