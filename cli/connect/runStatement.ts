import { setTimeout } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { backoffMs } from '../../lib/time/backoff.ts';
import type { Clock } from '../../lib/time/Clock.ts';

/** Between two looks at a query: a short one is soon told, a long one is not asked after all the time. */
const POLL = { baseMs: 200, capMs: 3_000 };
/** Rows of a page: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const MOST_ROWS = 1_000;

/** What a statement came to: its rows by column name, and what Athena read for them; or why there are none. */
export type StatementOutcome =
  | {
      readonly rows: readonly Readonly<Record<string, string | undefined>>[];
      readonly scannedBytes: number;
    }
  | { readonly failed: string };

/** How a statement is run. */
export interface StatementOptions {
  readonly workGroup: string;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Runs one statement with a small answer, at most 999 rows, and waits for it. What runs beyond the deadline is stopped:
 * it would only cost.
 *
 * @throws what the client throws.
 */
export async function runStatement(
  client: AthenaClient,
  sql: string,
  { workGroup, deadlineMs, clock, random }: StatementOptions,
): Promise<StatementOutcome> {
  const deadline = clock.now() + deadlineMs;
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({ QueryString: sql, WorkGroup: workGroup }),
  );
  for (let looks = 1; ; looks += 1) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') {
      const scannedBytes = QueryExecution?.Statistics?.DataScannedInBytes ?? 0;
      return { rows: await readRows(client, QueryExecutionId), scannedBytes };
    }
    if (State === 'FAILED' || State === 'CANCELLED') return { failed: StateChangeReason ?? State };
    if (clock.now() >= deadline) {
      await client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
      return { failed: `It took longer than ${deadlineMs / 1000} s and was stopped.` };
    }
    await setTimeout(POLL.baseMs / 2 + backoffMs(looks, random, POLL));
  }
}

async function readRows(client: AthenaClient, QueryExecutionId: string | undefined) {
  const { ResultSet } = await client.send(
    new GetQueryResultsCommand({ QueryExecutionId, MaxResults: MOST_ROWS }),
  );
  const names = (ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name = '' }) => Name);
  // The first row is the header.
  return (ResultSet?.Rows ?? [])
    .slice(1)
    .map(({ Data = [] }) => Object.fromEntries(names.map((name, i) => [name, Data[i]?.VarCharValue])));
}
