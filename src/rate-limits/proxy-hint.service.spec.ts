import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProxyHint } from './proxy-hint.service.js';

const forwarded = { 'x-forwarded-for': '192.0.2.1' };

describe('the hint at a proxy that is not trusted', () => {
  let warn: jest.SpiedFunction<Logger['warn']>;
  beforeEach(() => {
    warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is given once, and names the peer', () => {
    const hint = new ProxyHint();
    for (let time = 0; time < 3; time++) hint.look({ headers: forwarded, ip: '10.0.0.7' });
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ peer: '10.0.0.7' }));
  });

  it('is given where other proxies are trusted', () => {
    new ProxyHint().look({ headers: forwarded, ip: '10.0.0.7', ips: ['10.0.0.7'] });
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('is not given for a trusted one, nor without the header', () => {
    const hint = new ProxyHint();
    hint.look({ headers: forwarded, ip: '192.0.2.1', ips: ['10.0.0.7', '192.0.2.1'] });
    hint.look({ headers: {}, ip: '10.0.0.7' });
    expect(warn).not.toHaveBeenCalled();
  });
});
