import { Command, CommanderError } from 'commander';
import { SETTINGS, type Settings } from '../config/settings.js';
import { generateSecret } from '../encryption/secrets.js';
import { UsersService } from '../users/users.service.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface CreateAdminOptions extends OutputOptions {
  readonly email?: string;
  readonly username: string;
}

const PASSWORD_BYTES = 18;

/** `stockroom users …` */
export function usersCommand(): Command {
  return new Command('users').description('people who may sign in').addCommand(createAdmin());
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
      // Never an option: arguments are seen by everybody on the machine and kept in the shell's history.
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
          ...(given === undefined ? [`Password: ${password}  (shown once)`] : []),
        ]);
      });
    });
}
