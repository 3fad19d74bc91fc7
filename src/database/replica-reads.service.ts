import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { driverErrorFacts, isReplicaAway } from './driver-errors.js';
import { Replica } from './replica.js';
import { SlowQueryLog } from './slow-query-log.service.js';
import type { Row, Statement } from './statement.js';

/** What a replica must have replayed before it may answer. */
export interface ReplicaNeed {
  /** The position that it must have reached. */
  readonly atLeast: number;
  /** Asks a replica for its position. **Shape**: one row, one column. Cheap: it is asked of replicas that are behind. */
  readonly look: Statement;
}

/** How one replica stands. **Shape**: `revision` is the newest that it was seen at; 0 when nothing is known. */
export interface ReplicaStanding {
  readonly address: string;
  readonly isAway: boolean;
  readonly revision: number;
}

/**
 * Reads on replicas that have got far enough, and on no other.
 *
 * A position is a number that grows with each commit and that the statement itself returns from its own snapshot. So an answer is never
 * older than asked for, whatever was believed of the replica before: it is looked at, and thrown away if it is.
 */
@Injectable()
export class ReplicaReads implements OnApplicationShutdown {
  private readonly logger = new Logger('Replicas');
  private readonly replicas: readonly Replica[];
  private turn = 0;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    private readonly slowQueries: SlowQueryLog,
  ) {
    this.replicas = settings.database.replicas.map((connection) => new Replica(connection, settings));
  }

  /**
   * The only row of a statement whose first column begins with the position it saw, from a replica that has reached the one asked for; null
   * when no replica has, or none answers: ask the primary. Never throws, because what fails on a replica may succeed there.
   */
  async readOne(statement: Statement, need: ReplicaNeed): Promise<Row | null> {
    this.turn = (this.turn + 1) % Math.max(1, this.replicas.length);
    for (let n = 0; n < this.replicas.length; n++) {
      const replica = this.replicas[(this.turn + n) % this.replicas.length];
      if (replica?.state.claim(need.atLeast, performance.now()) !== true) continue;
      const row = await this.ask(replica, statement, need);
      if (row !== null) return row;
    }
    return null;
  }

  /** How each replica stood when it was last asked; none is asked for this. */
  get standing(): readonly ReplicaStanding[] {
    return this.replicas.map(({ address, state }) => ({
      address,
      isAway: state.isAway,
      revision: state.lastSeen,
    }));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
  }

  private async ask(replica: Replica, statement: Statement, need: ReplicaNeed): Promise<Row | null> {
    const { state } = replica;
    const startedAt = performance.now();
    try {
      if (!state.has(need.atLeast)) {
        this.note(replica, positionOf(await replica.readOne(need.look)));
        if (!state.has(need.atLeast)) return null;
      }
      const row = await replica.readOne(statement);
      this.note(replica, positionOf(row));
      return state.has(need.atLeast) ? row : null;
    } catch (error) {
      if (isReplicaAway(error)) this.leaveAlone(replica, error);
      return null;
    } finally {
      this.slowQueries.note(statement.name, performance.now() - startedAt);
    }
  }

  private note(replica: Replica, position: number): void {
    if (replica.state.isAway) this.logger.log(`replica ${replica.address} answers again`);
    replica.state.answered(position);
  }

  private leaveAlone(replica: Replica, error: unknown): void {
    const wasThere = !replica.state.isAway;
    replica.state.failed(performance.now());
    const { code, message } = driverErrorFacts(error);
    // Once per absence: a replica that is down for a day is no news every half minute.
    if (wasThere) this.logger.warn(`replica ${replica.address} does not answer (${code ?? message})`);
  }
}

/** The number that the first column begins with. */
export function positionOf(row: Row | null): number {
  return Number.parseInt(String(row?.[0]), 10);
}
