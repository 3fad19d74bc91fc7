import { flag } from './variable.js';

/** Who gets an account. */
export const accountVariables = {
  STOCKROOM_REGISTRATION_ENABLED: flag({
    description:
      'Whether anybody who reaches the service may register. Without, `POST /v1/users` is refused and accounts are made on the command line: `users create`, `users create-admin`.',
    default: true,
  }),
};
