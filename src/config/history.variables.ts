import { optionalInteger, text } from './variable.js';

/** A name that PostgreSQL gives a text-search configuration of its own; whether there is one is seen at the start. */
const CONFIGURATION = /^[a-z][a-z_]{0,62}$/;

/** How chat history is searched, and for how long it is kept. */
export const historyVariables = {
  STOCKROOM_SEARCH_LANGUAGE: text({
    description:
      'Language whose word forms the search in messages knows: `prices` then finds `price`. `simple` takes words as they are. Messages keep the language they were stored under, and are found by it after a change.',
    values: "one of PostgreSQL's text-search configurations, such as `english`, `german`, `simple`",
    default: 'english',
    check: (name) =>
      CONFIGURATION.test(name) ? null : 'must be the name of a text-search configuration, such as english',
  }),
  STOCKROOM_MESSAGE_RETENTION_DAYS: optionalInteger({
    description:
      'Messages are removed so many days after they were written, unless their owner set another number, or the conversation is pinned or has a date of its own.',
    min: 1,
    max: 36_500,
    default: 'kept for ever',
  }),
};
