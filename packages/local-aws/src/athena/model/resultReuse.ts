import { isDeepStrictEqual } from 'node:util';
import type { Execution } from './Execution.ts';
import type { WorkGroupConfiguration } from './WorkGroups.ts';

/**
 * Whether a query may be answered by an earlier result at all: it asks for that, it is a SELECT or an EXECUTE, and it
 * does not override its workgroup's location.
 * https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html
 */
export function asksForReuse(execution: Execution, { ResultConfiguration }: WorkGroupConfiguration): boolean {
  const { reuse, results, substatementType } = execution;
  if (reuse?.enabled !== true || !/^(?:SELECT|EXECUTE)$/.test(substatementType)) return false;
  const own = ResultConfiguration?.OutputLocation;
  return own === undefined || own.replace(/\/?$/, '/') === results.OutputLocation;
}

/**
 * The latest execution whose result answers a query: the same text, parameters, catalog, database, workgroup and result
 * configuration, and not older than the query allows.
 *
 * @param executed The text of the prepared statement that the query executes; undefined for a SELECT.
 * @param now Epoch milliseconds.
 */
export function findReusable(
  execution: Execution,
  executions: Iterable<Execution>,
  { executed, now }: { readonly executed: string | undefined; readonly now: number },
): Execution | undefined {
  const oldest = now - (execution.reuse?.maxAgeMinutes ?? 0) * 60_000;
  let latest: Execution | undefined;
  for (const one of executions) {
    const fits =
      one.state === 'SUCCEEDED' &&
      one.outcome?.format === 'csv' &&
      // A result that was itself reused is as old as the first.
      one.reusedFrom === undefined &&
      (one.completedAt ?? 0) >= oldest &&
      one.executed === executed &&
      one.query === execution.query &&
      one.workGroup === execution.workGroup &&
      one.catalog.toLowerCase() === execution.catalog.toLowerCase() &&
      one.database?.toLowerCase() === execution.database?.toLowerCase() &&
      isDeepStrictEqual(one.parameters, execution.parameters) &&
      isDeepStrictEqual(one.results, execution.results);
    if (fits && (one.completedAt ?? 0) >= (latest?.completedAt ?? 0)) latest = one;
  }
  return latest;
}
