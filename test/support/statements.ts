import { Client } from 'pg';

const prototype = Client.prototype as { query: (...args: unknown[]) => unknown };
const { query } = prototype;

function nameOf(args: readonly unknown[]): string | undefined {
  return (args as [{ label?: string }])[0].label;
}

/** Names of the statements that this process sends from now on, in their order, but for those that look up who is asking. */
export function watchStatements(): string[] {
  const names: string[] = [];
  prototype.query = function (this: Client, ...args: unknown[]) {
    const name = nameOf(args);
    if (name !== undefined && !name.startsWith('sessions_')) names.push(name);
    return query.apply(this, args);
  };
  return names;
}

/** Does something once, just before a statement is sent. */
export function beforeStatement(name: string, meanwhile: () => Promise<unknown>): void {
  let isDone = false;
  prototype.query = function (this: Client, ...args: unknown[]) {
    if (isDone || nameOf(args) !== name) return query.apply(this, args);
    isDone = true;
    return meanwhile().then(() => query.apply(this, args));
  };
}

/** Ends both. */
export function leaveStatements(): void {
  prototype.query = query;
}
