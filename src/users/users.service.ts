import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable, Logger } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditService } from '../audit/audit.service.js';
import { makeCursor, readCursor, type Page } from '../common/pagination.js';
import { isStorable } from '../common/text.js';
import { SqlService } from '../database/sql.service.js';
import { NOBODY, UnitOfWork } from '../database/unit-of-work.service.js';
import { SignerService } from '../encryption/signer.service.js';
import { newAccount, type NewAccount } from './account-fields.types.js';
import { PasswordService } from './password.service.js';
import { tagged } from './user-view.format.js';
import { UserRepository, type NewUser } from './user.repository.js';
import { UserNotFound, UserRefused } from './users.errors.js';
import { replaceHash, userByLogin, userPage } from './users.queries.js';
import type {
  AccountActor,
  Authenticated,
  KnownLogin,
  ListUsers,
  TaggedUser,
  UserRole,
  UserView,
} from './users.types.js';

/** No email is longer, and no username. */
const MAX_LOGIN_LENGTH = 254;

/** People: signing in, registering, reading, listing. What may be changed of them, and by whom: `ChangeUserService`. */
@Injectable()
export class UsersService {
  private readonly logger = new Logger('Users');

  constructor(
    private readonly users: UserRepository,
    private readonly passwords: PasswordService,
    private readonly audit: AuditService,
    private readonly sql: SqlService,
    private readonly signer: SignerService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Whether anybody was ever registered. */
  async hasAny(): Promise<boolean> {
    return this.users.hasAny();
  }

  /**
   * Creates an account of any role. For the first start and the command line; no route leads here.
   *
   * **Errors**: `UserRefused`, `PasswordTooCommon`, `EmailTaken`, `UsernameTaken`.
   */
  async create(account: NewAccount, role: UserRole): Promise<{ readonly id: string }> {
    const checked = newAccount.safeParse(account);
    if (!checked.success) {
      throw new UserRefused(
        checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
      );
    }
    const user = { ...(await this.prepare(checked.data)), role };
    await this.unitOfWork.run(NOBODY, async (em) => this.register(em, user, null));
    return { id: user.id };
  }

  /** Creates a SUPER_ADMIN. **Errors**: as {@link create}. */
  async createSuperAdmin(account: NewAccount): Promise<{ readonly id: string }> {
    return this.create(account, 'SUPER_ADMIN');
  }

  /**
   * What a new account will be stored as: a USER with an id and the hash of the password.
   *
   * **Why** apart from {@link register}: hashing takes long, and a transaction that waits for it holds a connection.
   * **Errors**: `PasswordTooCommon`, `PasswordsBusy`.
   */
  async prepare({ email, username, password }: NewAccount): Promise<NewUser> {
    const passwordHash = await this.passwords.accept(password, [email, username]);
    return { id: uuidv7(), email, username, passwordHash, role: 'USER' };
  }

  /** Stores a new account inside a unit of work. `by` is null for the command line. **Errors**: `EmailTaken`, `UsernameTaken`. */
  async register(em: EntityManager, user: NewUser, by: AccountActor | null): Promise<TaggedUser> {
    const created = await this.users.add(em, user);
    this.audit.record(em, {
      action: 'user.registered',
      outcome: 'success',
      userId: by?.userId ?? null,
      sessionId: by?.sessionId ?? null,
      target: { type: 'user', id: user.id },
      origin: by?.origin ?? null,
      details: { role: user.role },
    });
    return tagged(created);
  }

  /** One person, active or not. **Errors**: `UserNotFound`. */
  async get(id: string): Promise<TaggedUser> {
    const user = await this.users.find(id);
    if (user === null) throw new UserNotFound();
    return tagged(user);
  }

  /** Whose email or username this is, in any case. **Errors**: `UserNotFound`. */
  async idOf(login: string): Promise<string> {
    const row = isStorable(login) ? await this.sql.readOne(userByLogin(login)) : null;
    if (row === null) throw new UserNotFound();
    return row[0] as string;
  }

  /** A page of people in the order in which they came. **Errors**: `InvalidCursor`. */
  async list(query: ListUsers): Promise<Page<UserView>> {
    const { active, role, q, limit } = query;
    const scope = ['users', active, role, q];
    const [after] = readCursor(this.signer, scope, query.cursor) ?? [null];
    const rows = await this.sql.read(userPage({ active, role, q, limit, after: after as string | null }));
    const data = rows.slice(0, limit).map(([json]) => JSON.parse(json as string) as UserView);
    const last = rows.length > limit ? data.at(-1)?.id : undefined;
    return { data, nextCursor: last === undefined ? null : makeCursor(this.signer, scope, [last]) };
  }

  /**
   * Whose login and password these are. **Shape**: `login` is an email or a username in any case; null for an unknown login, a wrong
   * password and a person who is not active any more, all after the same work. A hash of old parameters is replaced on the way.
   *
   * A password may change between this and the session that it opens: {@link confirm} closes that gap.
   *
   * **Errors**: `PasswordsBusy`, and as `SqlService.read`.
   */
  async authenticate(login: string | KnownLogin, password: string): Promise<Authenticated | null> {
    const { userId: id, role, hash } = typeof login === 'string' ? await this.lookUp(login) : login;
    const right = await this.passwords.matches(hash, password);
    if (!right || id === null || role === null || hash === null) return null;
    return { id, role, proof: await this.refreshed(id, hash, password) };
  }

  /**
   * Whose login this is, for {@link authenticate}, and for limits that hold for the account whatever it is called.
   *
   * **Why** blanks around it and wide letters make no difference: to the limits they make none, so that otherwise whoever is refused
   * with one spelling and not with another had learnt that the account exists. Emails and usernames are ASCII, which this leaves alone.
   *
   * **Errors**: as `SqlService.read`.
   */
  async lookUp(login: string): Promise<KnownLogin> {
    const text = login.normalize('NFKC').trim().toLowerCase();
    const known = text.length <= MAX_LOGIN_LENGTH && isStorable(text);
    const row = known ? await this.sql.readOne(userByLogin(text)) : null;
    if (row === null) return { userId: null, role: null, hash: null };
    const [userId, role, isActive, stored] = row as [string, UserRole, boolean, string];
    return { userId, role, hash: isActive ? stored : null };
  }

  /**
   * Whether a person may still sign in with what they showed, to be asked in the transaction that opens the session. If so, their row
   * stays as it is until that transaction ends: a change of password waits, and then ends the new session too.
   */
  async confirm(em: EntityManager, { id, proof }: Authenticated): Promise<boolean> {
    return this.users.holds(em, { id, hash: proof });
  }

  /** The hash that is stored after a sign-in. **Why** no error: who knows the password gets in, with an old hash if need be. */
  private async refreshed(id: string, known: string, password: string): Promise<string> {
    if (!this.passwords.isOutdated(known)) return known;
    try {
      const fresh = await this.passwords.hash(password);
      const count = await this.sql.transaction((tx) => tx.count(replaceHash({ id, known, fresh })));
      return count === 1 ? fresh : known;
    } catch (error) {
      this.logger.warn({ msg: 'password not hashed anew', userId: id, err: error });
      return known;
    }
  }
}
