import { entities } from '../../mikro-orm.config.js';
import type { ConnectionSettings } from '../../src/config/settings.js';
import { loadSettings } from '../../src/config/settings.js';
import { SchemaMigrator } from '../../src/database/schema-migrator.js';

/** A process of its own that migrates the database named in `TEST_CONNECTION`, so that it can be killed. */
const connection = JSON.parse(process.env.TEST_CONNECTION ?? '{}') as ConnectionSettings;
await new SchemaMigrator(loadSettings({}), connection, entities).up();
