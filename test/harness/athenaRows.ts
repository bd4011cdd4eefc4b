import { setTimeout } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';

/** A row of an answer: Athena's texts by column name, undefined for NULL. */
export type AthenaRow = Readonly<Record<string, string | undefined>>;

/**
 * Runs one statement as clients do, start, look until it has ended, read, and answers its rows; a text result's are
 * without names.
 *
 * @throws with Athena's own words when it failed, or hasn't ended within half a minute.
 */
export async function athenaRows(
  client: AthenaClient,
  QueryString: string,
  how: Omit<StartQueryExecutionCommandInput, 'QueryString'> = {},
): Promise<readonly AthenaRow[]> {
  const { QueryExecutionId } = await client.send(new StartQueryExecutionCommand({ QueryString, ...how }));
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') break;
    if (State === 'FAILED' || State === 'CANCELLED' || Date.now() > deadline)
      throw new Error(`${State}: ${StateChangeReason} of ${QueryString}`);
    await setTimeout(50);
  }
  const rows: AthenaRow[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(new GetQueryResultsCommand({ QueryExecutionId, NextToken }));
    const names = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(({ Name = '' }) => Name);
    for (const { Data = [] } of page.ResultSet?.Rows ?? [])
      rows.push(Object.fromEntries(names.map((name, i) => [name, Data[i]?.VarCharValue])));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  // The answers of queries and of EXPLAIN begin with a header; the answer of SHOW does not.
  const [first] = rows;
  const isHeader = first !== undefined && Object.entries(first).every(([name, text]) => name === text);
  return isHeader ? rows.slice(1) : rows;
}
