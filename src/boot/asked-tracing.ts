import { packageVersion } from '../common/package-version.js';
import { tracingWishes } from '../config/tracing.js';
import type { Tracing } from '../tracing/start-tracing.js';

/** Starts tracing where the environment asks for it. **Shape**: null where it does not; **Why** loaded only then: it is hundreds of files. **Errors**: `ConfigurationError`. */
export async function askedTracing(): Promise<Tracing | null> {
  const { isWanted, ...named } = tracingWishes();
  if (!isWanted) return null;
  const { startTracing } = await import('../tracing/start-tracing.js');
  return startTracing({ version: packageVersion(), ...named });
}
