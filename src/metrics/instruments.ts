import type { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** The client of Prometheus, which is loaded only where metrics are served. */
export interface PrometheusClient {
  readonly Counter: typeof Counter;
  readonly Gauge: typeof Gauge;
  readonly Histogram: typeof Histogram;
}

/** Where instruments are made. */
export interface Workbench {
  readonly client: PrometheusClient;
  readonly registry: Registry;
}

/** What is counted as it happens. **Units**: seconds, as Prometheus has it. */
export interface Instruments {
  readonly requests: ReturnType<typeof requestDurations>;
  readonly statements: (statement: string, durationMs: number) => void;
  readonly waits: (durationMs: number) => void;
}

/** From a page that is answered from memory to a statement that runs into its limit. **Units**: seconds. */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Few, because there is a set for each of some 150 statements. **Units**: seconds. */
const STATEMENT_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5];

/** The last is the wait after which a request is answered 503. **Units**: seconds. */
const WAIT_BUCKETS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 3];

/** Methods that routes have; whatever else somebody sends is one label. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * Makes what is counted as it happens.
 *
 * **Why** each series is looked up once and kept: with the labels as an object, each observation costs twice as much.
 */
export function makeInstruments(workbench: Workbench): Instruments {
  return {
    requests: requestDurations(workbench),
    statements: statementDurations(workbench),
    waits: poolWaits(workbench),
  };
}

/** **Shape**: of a route, the function that takes method, status and seconds. */
function requestDurations({ client, registry }: Workbench) {
  const durations = new client.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time to the end of an answer, by route as it is written in the code; probes and event streams left out.',
    labelNames: ['method', 'route', 'status_code'],
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
  return (route: string): ((method: string, status: number, seconds: number) => void) => {
    const series = new Map<string, (seconds: number) => void>();
    return (method, status, seconds) => {
      const key = `${method}${status}`;
      let observe = series.get(key);
      if (observe === undefined) {
        const child = durations.labels(METHODS.has(method) ? method : 'other', route, String(status));
        observe = (value) => child.observe(value);
        series.set(key, observe);
      }
      observe(seconds);
    };
  };
}

function statementDurations({ client, registry }: Workbench): Instruments['statements'] {
  const durations = new client.Histogram({
    name: 'stockroom_statement_duration_seconds',
    help: 'Time of a statement on its connection, by its name in the code. Those of the ORM have none.',
    labelNames: ['statement'],
    buckets: STATEMENT_BUCKETS,
    registers: [registry],
  });
  const series = new Map<string, { observe(value: number): void }>();
  return (statement, durationMs) => {
    let child = series.get(statement);
    if (child === undefined) series.set(statement, (child = durations.labels(statement)));
    child.observe(durationMs / 1_000);
  };
}

function poolWaits({ client, registry }: Workbench): Instruments['waits'] {
  const waits = new client.Histogram({
    name: 'stockroom_pool_wait_seconds',
    help: 'Time that a caller waited for a connection to the database.',
    buckets: WAIT_BUCKETS,
    registers: [registry],
  });
  return (durationMs) => waits.observe(durationMs / 1_000);
}
