import { escapeLiteral, type Client } from 'pg';
import type { Statement } from '../../../src/database/statement.js';

/** A step of a plan that was run. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** All steps below and with one. */
function stepsOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(stepsOf)];
}

function literal(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return escapeLiteral(`{${value.map((item) => `"${String(item)}"`).join(',')}}`);
  return escapeLiteral(typeof value === 'string' ? value : JSON.stringify(value));
}

/**
 * The steps of a statement, run as the service runs it: prepared, and planned for any values, as it is after a few runs; or planned each
 * time for its own. What it writes is undone.
 */
export async function explained(
  client: Client,
  { text, values, prepared }: Statement,
): Promise<readonly PlanNode[]> {
  await client.query('begin');
  try {
    await client.query(`set local plan_cache_mode = force_${prepared === false ? 'custom' : 'generic'}_plan`);
    await client.query(`prepare asked as ${text}`);
    const run = values.length === 0 ? 'asked' : `asked (${values.map(literal).join(', ')})`;
    const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
      `explain (analyze, format json) execute ${run}`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
    if (plan === undefined) throw new Error('no plan');
    return stepsOf(plan);
  } finally {
    await client.query('rollback');
    await client.query('deallocate all');
  }
}

/** How many rows a step gave, over all its runs. */
function rowsOf(node: PlanNode): number {
  return node['Actual Rows'] * node['Actual Loops'];
}

/** A few rows, which no index is worth it for. */
const SMALL: ReadonlySet<string> = new Set(['branches']);

/**
 * What is wrong with a plan, in words. **Shape**: empty for one that reads through indexes only, no more than `maxRows` rows in any step
 * and none in vain beyond that, and sorts no more than `maxSorted`.
 */
export function offences(
  steps: readonly PlanNode[],
  { maxRows, maxSorted }: { readonly maxRows: number; readonly maxSorted: number },
): readonly string[] {
  return steps.flatMap((step) => {
    const { 'Node Type': type, 'Relation Name': relation = '' } = step;
    const read = rowsOf(step) + (step['Rows Removed by Filter'] ?? 0) * step['Actual Loops'];
    const sorted = type.includes('Sort') ? Math.max(0, ...(step.Plans ?? []).map(rowsOf)) : 0;
    return [
      ...(type === 'Seq Scan' && !SMALL.has(relation) ? [`reads all of ${relation}`] : []),
      ...(read > maxRows ? [`${type} ${relation} reads ${read} rows`] : []),
      ...(sorted > maxSorted ? [`${type} takes in ${sorted} rows`] : []),
    ];
  });
}
