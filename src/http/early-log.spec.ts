import { afterEach, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Logger, type LoggerService } from '@nestjs/common';
import { EarlyLog } from './early-log.js';

describe('what is logged before the log of the service is there', () => {
  afterEach(() => {
    Logger.overrideLogger(new ConsoleLogger());
  });

  it('waits, and is handed on once, in its order; what is below a warning is not', () => {
    const early = new EarlyLog();
    Logger.overrideLogger(early);
    const logger = new Logger('SlowQuery');
    logger.warn({ msg: 'slow query' });
    logger.log('a module was made');
    logger.error('broken');
    const said: unknown[][] = [];
    const taker: LoggerService = {
      log: (...line: unknown[]) => void said.push(['log', ...line]),
      warn: (...line: unknown[]) => void said.push(['warn', ...line]),
      error: (...line: unknown[]) => void said.push(['error', ...line]),
    };
    early.handOn(taker);
    early.handOn(taker);
    expect(said.map(([level, message]) => [level, message])).toEqual([
      ['warn', { msg: 'slow query' }],
      ['error', 'broken'],
    ]);
    expect(said.every((line) => line.includes('SlowQuery'))).toBe(true);
  });
});
