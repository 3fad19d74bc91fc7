import { Injectable, Inject, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigModule } from './config.module.js';
import { ConfigurationError } from './configuration.errors.js';
import { loadSettings, SETTINGS, type Settings } from './settings.js';

@Injectable()
class Reader {
  constructor(@Inject(SETTINGS) readonly settings: Settings) {}
}

/** A module of its own, so that the settings reach it only because they are global. */
@Module({ providers: [Reader], exports: [Reader] })
class ReaderModule {}

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

describe('the configuration module', () => {
  it('reads the environment once, for everybody', async () => {
    process.env.PORT = '4321';
    const app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(), ReaderModule] }).compile();
    expect(app.get(Reader).settings.http.port).toBe(4321);
    expect(app.get(SETTINGS)).toBe(app.get(Reader).settings);
    expect(app.get(ConfigService).get('settings.http.port')).toBe(4321);
  });

  it('writes nothing back to the environment', async () => {
    const names = Object.keys(process.env);
    await Test.createTestingModule({ imports: [ConfigModule.forRoot()] }).compile();
    expect(Object.keys(process.env)).toEqual(names);
  });

  it('takes settings that are already there', async () => {
    const settings = loadSettings({ PORT: '5' });
    const app = await Test.createTestingModule({
      imports: [ConfigModule.forRoot(() => settings), ReaderModule],
    }).compile();
    expect(app.get(Reader).settings.http.port).toBe(5);
  });

  it('stops the start when something is wrong', async () => {
    process.env.PORT = 'x';
    const start = Test.createTestingModule({ imports: [ConfigModule.forRoot()] }).compile();
    await expect(start).rejects.toThrow(ConfigurationError);
  });
});
