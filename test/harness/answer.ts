import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';
import { eventually } from './waiting.ts';

/** A result as drivers read it. */
export interface Answer {
  /** ID of the execution. */
  readonly id: string;
  /** Names of the columns, in order. */
  readonly names: readonly string[];
  /** Athena's types. */
  readonly types: readonly string[];
  /** Without the row of headers; null is a cell without a text. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** Where Athena has put the result: `s3://…`. */
  readonly location: string;
}

/** Asks for an execution until it is over, as every client does. */
export async function ended(athena: AthenaClient, id: string) {
  const { QueryExecution } = await eventually(
    `the end of the query ${id}`,
    () => athena.send(new GetQueryExecutionCommand({ QueryExecutionId: id })),
    (seen) => !['QUEUED', 'RUNNING'].includes(seen.QueryExecution?.Status?.State ?? ''),
  );
  return QueryExecution;
}

/** Starts a statement and answers its ID. */
export async function start(athena: AthenaClient, input: StartQueryExecutionCommandInput): Promise<string> {
  const { QueryExecutionId } = await athena.send(new StartQueryExecutionCommand(input));
  if (QueryExecutionId === undefined) throw new Error('no QueryExecutionId');
  return QueryExecutionId;
}

/** Runs a statement to its end; it has to succeed. */
export async function run(athena: AthenaClient, input: StartQueryExecutionCommandInput) {
  const execution = await ended(athena, await start(athena, input));
  if (execution?.Status?.State !== 'SUCCEEDED') {
    throw new Error(`${input.QueryString}\n${execution?.Status?.StateChangeReason}`);
  }
  return execution;
}

/** A page of a result. */
export async function page(athena: AthenaClient, id: string, MaxResults = 1_000, NextToken?: string) {
  const { ResultSet, NextToken: next } = await athena.send(
    new GetQueryResultsCommand({
      QueryExecutionId: id,
      MaxResults,
      ...(NextToken === undefined ? {} : { NextToken }),
    }),
  );
  const columns = ResultSet?.ResultSetMetadata?.ColumnInfo ?? [];
  return {
    names: columns.map(({ Name = '' }) => Name),
    types: columns.map(({ Type = '' }) => Type),
    rows: (ResultSet?.Rows ?? []).map(({ Data = [] }) =>
      Data.map(({ VarCharValue }) => VarCharValue ?? null),
    ),
    next,
  };
}

/** Runs a query and reads all its pages. */
export async function answer(
  athena: AthenaClient,
  input: StartQueryExecutionCommandInput,
  pageRows = 1_000,
): Promise<Answer> {
  const execution = await run(athena, input);
  const id = execution.QueryExecutionId ?? '';
  const { names, types, rows, next: second } = await page(athena, id, pageRows);
  for (let next = second; next !== undefined; ) {
    const more = await page(athena, id, pageRows, next);
    rows.push(...more.rows);
    next = more.next;
  }
  // Athena's first row of a query and of EXPLAIN is the names; SHOW and DESCRIBE have none.
  const headed =
    execution.SubstatementType === 'EXPLAIN' ||
    execution.ResultConfiguration?.OutputLocation?.endsWith('.csv') === true;
  return {
    id,
    names,
    types,
    rows: headed ? rows.slice(1) : rows,
    location: execution.ResultConfiguration?.OutputLocation ?? '',
  };
}

/** A row of an answer: Athena's texts by column name, undefined for NULL. */
export type AthenaRow = Readonly<Record<string, string | undefined>>;

/** Runs a query as {@link answer} does, and answers its rows by the names of their columns. */
export async function athenaRows(
  athena: AthenaClient,
  QueryString: string,
  how: Omit<StartQueryExecutionCommandInput, 'QueryString'> = {},
): Promise<readonly AthenaRow[]> {
  const { names, rows } = await answer(athena, { QueryString, ...how });
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? undefined])));
}
