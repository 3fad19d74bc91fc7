import type { LoggerService } from '@nestjs/common';

type Level = 'warn' | 'error';
type Line = readonly [level: Level, message: unknown, ...rest: readonly unknown[]];

/**
 * Keeps what is logged before the log of the service is there, which the application itself makes. Below a warning nothing is kept: what
 * Nest says of each module and route while it wires them interests nobody who runs the service.
 *
 * **Why** not Nest's own buffer: it keeps every level, and a log that takes `info` would be told of each module.
 */
export class EarlyLog implements LoggerService {
  private readonly lines: Line[] = [];

  log(): void {
    // Not kept.
  }

  warn(message: unknown, ...rest: readonly unknown[]): void {
    this.lines.push(['warn', message, ...rest]);
  }

  error(message: unknown, ...rest: readonly unknown[]): void {
    this.lines.push(['error', message, ...rest]);
  }

  /** Says there what was kept. */
  handOn(logger: LoggerService): void {
    for (const [level, message, ...rest] of this.lines.splice(0)) logger[level](message, ...rest);
  }
}
