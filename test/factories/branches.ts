import type { ApiAnswer, ApiClient } from '../support/api-client.js';

let made = 0;

/** A name that no other call of this test file gave. */
export function freshBranchName(): string {
  made++;
  return `what-if.${made}`;
}

/** Forks a branch over HTTP. **Shape**: its name. **Errors**: when the service refuses. */
export async function forkBranch(
  api: ApiClient,
  fork: { readonly name?: string; readonly parent?: string; readonly asOf?: number | string } = {},
): Promise<string> {
  const name = fork.name ?? freshBranchName();
  const answer = await api.post('/v1/branches', { json: { ...fork, name } });
  if (answer.status !== 201) throw new Error(`could not fork ${name}: ${answer.text}`);
  return name;
}

/** Merges a branch over HTTP. */
export async function mergeBranch(
  api: ApiClient,
  name: string,
  body: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, boolean>> = {},
): Promise<ApiAnswer> {
  return api.post(`/v1/branches/${name}/merge`, { json: body, query });
}
