import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { CreateTableCommand, DeleteTableCommand, type GlueClient } from '@aws-sdk/client-glue';
import { errorText } from '../base/errors.ts';
import { loadWorkgroup, scratchDatabase } from '../drops/athena/AthenaPlan.ts';
import { AthenaError, type AthenaPort } from '../drops/athena/AthenaPort.ts';
import type { Config } from '../schema/config.ts';
import type { OwnSession } from './ownSession.ts';
import { partialAnswers } from './partialAnswers.ts';

/** Rows of one page, the header of a query's first page included: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html */
const PAGE_ROWS = 1_000;
/** Pages of a result: far more than the counts of the most files of a drop have. */
const MOST_PAGES = 1_000;

let shared: AthenaClient | undefined;

/**
 * Athena for loads, with the scratch database in Glue's Data Catalog. Queries run with the rights of the client's credentials.
 *
 * @param by The clients, of a session of one dataset or of the function.
 */
export function athenaLoads(
  config: Pick<Config, 'database'> & Parameters<typeof loadWorkgroup>[0],
  by: { readonly glue: GlueClient; readonly athena: AthenaClient },
): AthenaPort {
  const { glue, athena: client } = by;
  const DatabaseName = scratchDatabase(config);
  return {
    start: (QueryString, ClientRequestToken, OutputLocation) =>
      called(async () => {
        const { QueryExecutionId = '' } = await client.send(
          new StartQueryExecutionCommand({
            QueryString,
            ClientRequestToken,
            WorkGroup: loadWorkgroup(config),
            QueryExecutionContext: { Database: DatabaseName },
            ResultConfiguration: { OutputLocation },
          }),
        );
        return QueryExecutionId;
      }),
    find: (QueryExecutionId) =>
      called(async () => {
        const found = await client
          .send(new GetQueryExecutionCommand({ QueryExecutionId }))
          .catch((error: unknown) => {
            if (isUnknownExecution(error)) return null;
            throw error;
          });
        if (found === null) return null;
        const { state, failed } = partialAnswers.GetQueryExecution(found);
        if (state === undefined) return null;
        return {
          state: state === 'queued' ? 'running' : state,
          reason: failed ?? '',
          scannedBytes: found.QueryExecution?.Statistics?.DataScannedInBytes ?? 0,
        };
      }),
    stop: (QueryExecutionId) =>
      called(async () => {
        await client.send(new StopQueryExecutionCommand({ QueryExecutionId }));
      }),
    rows: (QueryExecutionId) => called(() => readRows(client, QueryExecutionId)),
    createTable: ({ name, columns, location, holds }) =>
      called(async () => {
        const isParquet = holds === 'files';
        await ignoring('AlreadyExistsException', () =>
          glue.send(
            new CreateTableCommand({
              DatabaseName,
              TableInput: {
                Name: name,
                TableType: 'EXTERNAL_TABLE',
                Parameters: { EXTERNAL: 'TRUE' },
                StorageDescriptor: {
                  Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
                  Location: location,
                  InputFormat: isParquet
                    ? 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat'
                    : 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
                  OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
                  SerdeInfo: {
                    SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
                    Parameters: { 'serialization.format': '1' },
                  },
                },
              },
            }),
          ),
        );
      }),
    deleteTables: (names) =>
      called(async () => {
        for (const Name of names)
          await ignoring('EntityNotFoundException', () =>
            glue.send(new DeleteTableCommand({ DatabaseName, Name })),
          );
      }),
  };
}

/**
 * A client of Athena, which retries: the shared one of the function, created on first use, or one that is closed with a
 * session.
 */
export function athenaClient(session?: OwnSession): AthenaClient {
  if (session === undefined) {
    shared ??= newClient();
    return shared;
  }
  const client = newClient(session);
  session.closes(client);
  return client;
}

function newClient(session?: OwnSession): AthenaClient {
  return new AthenaClient({
    ...(session === undefined ? {} : { credentials: session.credentials }),
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}

async function readRows(client: AthenaClient, QueryExecutionId: string): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  let NextToken: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await client.send(
      new GetQueryResultsCommand({ QueryExecutionId, NextToken, MaxResults: PAGE_ROWS }),
    );
    for (const { Data = [] } of page.ResultSet?.Rows ?? [])
      rows.push(Data.map(({ VarCharValue }) => VarCharValue ?? null));
    NextToken = page.NextToken;
    if (NextToken === undefined) return rows.slice(1);
  }
  throw new AthenaError('SLUICE_ATHENA_UNAVAILABLE', `${QueryExecutionId}: more than ${MOST_PAGES} pages.`);
}

/**
 * Athena answers `QueryExecution … was not found` to an ID that it does not know or that is older than 45 days, as an
 * invalid request: https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryExecution.html#API_GetQueryExecution_Errors
 */
function isUnknownExecution(error: unknown): boolean {
  return error instanceof InvalidRequestException && error.message.includes('was not found');
}

async function ignoring(name: string, call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof Error && error.name === name)) throw error;
  }
}

async function called<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof AthenaError) throw error;
    throw new AthenaError('SLUICE_ATHENA_UNAVAILABLE', `${errorText(error)}.`, { cause: error });
  }
}
