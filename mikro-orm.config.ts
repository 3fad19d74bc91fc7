import type { EntitySchema, Options } from '@mikro-orm/postgresql';
import { BranchMergeSchema } from './src/versioning/merge/branch-merge.entity.js';
import { BranchSchema } from './src/versioning/branches/branch.entity.js';
import { RevisionSchema } from './src/versioning/revisions/revision.entity.js';
import { BarSchema } from './src/stock-data/bar.entity.js';
import { RevisionSeriesSchema } from './src/stock-data/revisions/revision-series.entity.js';
import { StockSchema } from './src/stocks/stock.entity.js';
import { StockSeriesSchema } from './src/stocks/stock-series.entity.js';
import { AuditEventSchema } from './src/audit/audit-event.entity.js';
import { EncryptionKeySchema } from './src/keys/encryption-key.entity.js';
import { EncryptionProcessSchema } from './src/keys/encryption-process.entity.js';
import { ConversationSchema } from './src/chat-history/conversation.entity.js';
import { LateCitationSchema } from './src/chat-history/late-citation.entity.js';
import { MessageCitationSchema } from './src/chat-history/message-citation.entity.js';
import { MessageSchema } from './src/chat-history/message.entity.js';
import { ExternalCredentialSchema } from './src/credentials/external-credential.entity.js';
import { GuessLimitSchema } from './src/rate-limits/guess-limit.entity.js';
import { RateLimitWindowSchema } from './src/rate-limits/rate-limit-window.entity.js';
import { SessionSchema } from './src/sessions/session.entity.js';
import { UserSchema } from './src/users/user.entity.js';
import { UserSettingsSchema } from './src/users/user-settings.entity.js';
import { cliOrmOptions } from './src/boot/cli-orm-options.js';

/** Every entity of the project: the one list, used by the service and by the ORM's own command line. */
export const entities: readonly EntitySchema[] = [
  UserSchema,
  UserSettingsSchema,
  SessionSchema,
  ExternalCredentialSchema,
  EncryptionKeySchema,
  EncryptionProcessSchema,
  AuditEventSchema,
  RateLimitWindowSchema,
  GuessLimitSchema,
  ConversationSchema,
  MessageSchema,
  MessageCitationSchema,
  LateCitationSchema,
  StockSchema,
  StockSeriesSchema,
  BranchSchema,
  BranchMergeSchema,
  RevisionSchema,
  BarSchema,
  RevisionSeriesSchema,
];

/** For `mikro-orm migration:create|up|check`: the owner's connection, the embedded database started if needed. */
export default (): Promise<Options> => cliOrmOptions(entities);
