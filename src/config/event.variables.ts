import { integer } from './variable.js';

/** How events are found and sent. */
export const eventVariables = {
  STOCKROOM_EVENT_POLL_MS: integer({
    description:
      'How often a process with open event streams looks for new revisions, once for all its streams. An event arrives at most this late, and a stream ends this soon after its session.',
    min: 50,
    max: 60_000,
    default: 1_000,
  }),
  STOCKROOM_EVENT_HEARTBEAT_SECONDS: integer({
    description:
      'A stream without events says so this often, so that neither proxies nor clients take it for dead. Shorter than the idle limit of whatever stands in front.',
    min: 1,
    max: 300,
    default: 15,
  }),
  STOCKROOM_EVENT_STREAMS_PER_CALLER: integer({
    description: 'Event streams that one person, or one visitor, may have open at one process.',
    min: 1,
    max: 1_000,
    default: 5,
  }),
  STOCKROOM_EVENT_STREAMS: integer({
    description: 'Event streams that one process keeps open, of everybody together.',
    min: 1,
    max: 100_000,
    default: 1_000,
  }),
};
