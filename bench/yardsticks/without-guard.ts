import { join } from 'node:path';

/**
 * The service itself, with a guard that asks nobody: the difference is what knowing who asks costs. Only the benchmark has it.
 * **Why** by replacing a method: a switch in the service could be left on.
 */
interface Guard {
  readonly SessionGuard: { readonly prototype: { canActivate: () => Promise<boolean> } };
}

const built = process.env.BENCH_SERVICE_DIRECTORY ?? '';
const { SessionGuard } = (await import(join(built, 'sessions/session.guard.js'))) as Guard;
SessionGuard.prototype.canActivate = async () => true;
await import(join(built, 'main.js'));
