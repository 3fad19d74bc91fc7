import { Global, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, registerAs } from '@nestjs/config';
import { loadSettings, SETTINGS } from './settings.js';

/** The settings as a namespace of Nest's `ConfigService` too: `config.get('settings.http.port')`. */
export const settingsNamespace = registerAs('settings', () => loadSettings(process.env));

/**
 * Parses the environment once and gives it to everybody under `SETTINGS`.
 *
 * **Why** `load` and not `validate`: what `validate` returns is written back to `process.env`, defaults and the contents
 * of secret files included, where child processes inherit them and a second reading takes a default for something that was
 * set. And the promise of `forRoot` is made while modules are imported, before anyone could catch what it throws.
 * **Why** no `.env` file: commands read the environment without Nest, and both must see the same one; Node's own
 * `--env-file` serves both.
 */
@Global()
@Module({
  imports: [
    NestConfigModule.forRoot({ isGlobal: true, cache: true, ignoreEnvFile: true, load: [settingsNamespace] }),
  ],
  providers: [{ provide: SETTINGS, useExisting: settingsNamespace.KEY }],
  exports: [SETTINGS],
})
export class ConfigModule {}
