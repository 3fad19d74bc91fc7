import { expect } from '@jest/globals';
import type { ApiAnswer } from './api-client.js';

/** What no stranger should read: SQL, names of tables, constraints and columns, stacks, paths, the driver's words. */
export const LEAKS =
  /\bselect\b.*\bfrom\b|\binsert into\b|\bupdate .* set\b|stock_data|tracked_stocks|import_rows|pending_changes|_check\b|_key\b|_pkey\b|constraint|violates|relation "|syntax error|SQLSTATE|\bpg_|node_modules|\.[jt]s:\d|^\s+at /im;

/** A clear refusal: the status, the code, and a body that tells nothing of the inside. */
export function expectRefused(answer: ApiAnswer, status: number, code: string): void {
  expect({ status: answer.status, body: answer.json }).toEqual({
    status,
    body: expect.objectContaining({ code, status }),
  });
  const { detail } = answer.json as { detail: string };
  expect(detail.length).toBeGreaterThan(10);
  expect(answer.text).not.toMatch(LEAKS);
}
