import { describe, expect, it } from '@jest/globals';
import { traceTrouble, type TraceTrouble } from './trace-trouble.js';

describe('trouble with traces', () => {
  it('is said once a minute, with how often it went unsaid', () => {
    const said: TraceTrouble[] = [];
    let now = 0;
    const logger = traceTrouble(
      (trouble) => said.push(trouble),
      () => now,
    );
    for (const second of [0, 5, 59, 60, 61, 121]) {
      now = second * 1_000;
      logger.error('away');
    }
    expect(said.map(({ unsaid }) => unsaid)).toEqual([0, 2, 1]);
  });

  it('has a reason without stack and answer, and whatever else is said as it is', () => {
    const said: string[] = [];
    const say = ({ reason }: TraceTrouble): void => void said.push(reason);
    traceTrouble(say).error(
      JSON.stringify({ name: 'Error', code: 'ECONNREFUSED', message: 'connect', stack: 'x', data: 'y' }),
    );
    traceTrouble(say).warn('Unsupported protocol');
    traceTrouble(say).warn('null');
    traceTrouble(say).info('nothing of interest');
    expect(said).toEqual(['Error ECONNREFUSED connect', 'Unsupported protocol', 'null']);
  });
});
