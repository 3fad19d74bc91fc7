import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule as NestConfigModule, registerAs } from '@nestjs/config';
import { loadSettings, SETTINGS, type Settings } from './settings.js';

/**
 * Gives the settings to everybody under `SETTINGS`; Nest's `ConfigService` knows them as `settings.…`.
 *
 * **Why** `load` and not `validate`: what `validate` returns is written back to `process.env`, defaults and the contents
 * of secret files included, where child processes inherit them and a second reading takes a default for something that was
 * set. And the promise of `forRoot` is made while modules are imported, before anyone could catch what it throws.
 * **Why** no `.env` file: commands read the environment without Nest, and both must see the same one; Node's own
 * `--env-file` serves both.
 */
@Global()
@Module({})
export class ConfigModule {
  /** `read` is called once, when the application is created. Give it settings that are already read, or completed. */
  static forRoot(read: () => Settings = () => loadSettings()): DynamicModule {
    const settings = registerAs('settings', read);
    return {
      module: ConfigModule,
      imports: [
        NestConfigModule.forRoot({ isGlobal: true, cache: true, ignoreEnvFile: true, load: [settings] }),
      ],
      providers: [{ provide: SETTINGS, useExisting: settings.KEY }],
      exports: [SETTINGS],
    };
  }
}
