import { Command } from 'commander';
import { SETTINGS, type Settings } from '../config/settings.js';
import { generateSecret } from '../encryption/secrets.js';
import { UsersService } from '../users/users.service.js';
import { withApplication } from './command-context.js';
import { print, type OutputOptions } from './output.js';

interface CreateAdminOptions extends OutputOptions {
  readonly email: string;
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
      'create a SUPER_ADMIN; the password is taken from STOCKROOM_ADMIN_PASSWORD, or generated and printed once',
    )
    .requiredOption('--email <email>', 'its email')
    .option('--username <name>', 'its username', 'admin')
    .option('--json', 'print JSON for scripts')
    .action(async (options: CreateAdminOptions) => {
      // Never an option: arguments are seen by everybody on the machine and kept in the shell's history.
      const { email, username } = options;
      await withApplication(async (app) => {
        const given = app.get<Settings>(SETTINGS).admin.password;
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
