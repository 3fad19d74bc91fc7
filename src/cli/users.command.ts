import { Command, CommanderError, Option } from 'commander';
import { AccountsService } from '../accounts/accounts.service.js';
import { SETTINGS, type Settings } from '../config/settings.js';
import { generateSecret } from '../encryption/secrets.js';
import { UsersService } from '../users/users.service.js';
import { USER_ROLES, type UserRole } from '../users/users.types.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface CreateAdminOptions extends OutputOptions {
  readonly email?: string;
  readonly username: string;
}

interface CreateOptions extends OutputOptions {
  readonly email: string;
  readonly username: string;
  readonly role: UserRole;
}

const PASSWORD_BYTES = 18;

/**
 * `stockroom users …`
 *
 * **Why** no password is ever an option: arguments are seen by everybody on the machine and kept in the shell's history.
 */
export function usersCommand(): Command {
  return new Command('users')
    .description('people who may sign in')
    .addCommand(createAdmin())
    .addCommand(create())
    .addCommand(resetPassword());
}

function createAdmin(): Command {
  return new Command('create-admin')
    .description(
      'create a SUPER_ADMIN, named by --email or by STOCKROOM_ADMIN_EMAIL; then STOCKROOM_ADMIN_PASSWORD is the password, else one is generated and printed once',
    )
    .option('--email <email>', 'its email')
    .option('--username <name>', 'its username', 'admin')
    .option('--json', 'print JSON for scripts')
    .action(async (options: CreateAdminOptions) => {
      const { username } = options;
      await withApplication(async (app) => {
        const { email: configured, password: given } = app.get<Settings>(SETTINGS).admin;
        const email = options.email ?? configured;
        if (email === undefined)
          throw new CommanderError(1, 'email', 'Say --email, or set STOCKROOM_ADMIN_EMAIL.');
        const password = given ?? generateSecret(PASSWORD_BYTES);
        const { id } = await app.get(UsersService).createSuperAdmin({ email, username, password });
        const shown = given === undefined ? { password } : {};
        print(options, { id, email, username, ...shown }, [
          `Created ${username} <${email}>.`,
          ...(given === undefined ? [passwordLine(password)] : []),
        ]);
      });
    });
}

function create(): Command {
  return new Command('create')
    .description(
      'create an account, whether registration is on or not; its password is generated and printed once',
    )
    .requiredOption('--email <email>', 'its email')
    .requiredOption('--username <name>', 'its username')
    .addOption(new Option('--role <role>', 'its role').choices(USER_ROLES).default('USER'))
    .option('--json', 'print JSON for scripts')
    .action(async (options: CreateOptions) => {
      const { email, username, role } = options;
      await withApplication(async (app) => {
        const password = generateSecret(PASSWORD_BYTES);
        const { id } = await app.get(UsersService).create({ email, username, password }, role);
        print(options, { id, email, username, role, password }, [
          `Created ${username} <${email}>, ${role}.`,
          passwordLine(password),
        ]);
      });
    });
}

function resetPassword(): Command {
  return new Command('reset-password')
    .description(
      'give somebody a generated password, printed once, and end all their sessions; for who lost theirs',
    )
    .argument('<login>', 'email or username')
    .option('--json', 'print JSON for scripts')
    .action(async (login: string, options: OutputOptions) => {
      await withApplication(async (app) => {
        const id = await app.get(UsersService).idOf(login);
        const password = generateSecret(PASSWORD_BYTES);
        await app.get(AccountsService).resetPassword(id, password);
        print(options, { id, password }, [
          `${login} has a new password, and is signed out everywhere.`,
          passwordLine(password),
        ]);
      });
    });
}

function passwordLine(password: string): string {
  return `Password: ${password}  (shown once)`;
}
