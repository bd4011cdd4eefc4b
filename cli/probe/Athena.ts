import { randomUUID } from 'node:crypto';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { backoffMs } from '../../lib/time/backoff.ts';
import type { Clock } from '../../lib/time/Clock.ts';
import { MAX_PAGES, QUERY_BACKOFF, QUERY_TIMEOUT_MS } from './limits.ts';
import { QueryError } from './QueryError.ts';

/** What queries are run with. */
export interface AthenaOptions {
  readonly client: AthenaClient;
  readonly workgroup: string;
  readonly database: string;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** Runs queries in the workgroup, and remembers where their results lie. */
export class Athena {
  readonly #options: AthenaOptions;
  readonly #results: string[] = [];

  constructor(options: AthenaOptions) {
    this.#options = options;
  }

  /** `s3://` locations of the results of every query so far. */
  get results(): readonly string[] {
    return this.#results;
  }

  /**
   * @returns Rows without the header, each value as Athena's text; 10,000 at most.
   * @throws QueryError when it failed, was cancelled or took longer than two minutes; else what the client threw.
   */
  async query(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const { client, workgroup, database } = this.#options;
    const { QueryExecutionId: id } = await client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: workgroup,
        QueryExecutionContext: { Database: database },
        ClientRequestToken: randomUUID(),
      }),
    );
    const execution = await this.#end(id);
    const location = execution.ResultConfiguration?.OutputLocation;
    if (location !== undefined) this.#results.push(location);
    const { State, StateChangeReason, AthenaError } = execution.Status ?? {};
    if (State !== 'SUCCEEDED')
      throw new QueryError(StateChangeReason ?? AthenaError?.ErrorMessage ?? `It is ${State}.`);
    return this.#rows(id);
  }

  async #end(id: string | undefined): Promise<QueryExecution> {
    const { client, clock, wait, random } = this.#options;
    const deadline = clock.now() + QUERY_TIMEOUT_MS;
    for (let tries = 1; clock.now() < deadline; tries += 1) {
      const { QueryExecution: execution = {} } = await client.send(
        new GetQueryExecutionCommand({ QueryExecutionId: id }),
      );
      const state = execution.Status?.State;
      if (state === 'SUCCEEDED' || state === 'FAILED' || state === 'CANCELLED') return execution;
      await wait(backoffMs(tries, random, QUERY_BACKOFF));
    }
    await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
    throw new QueryError(`It took longer than ${QUERY_TIMEOUT_MS / 1_000} s and was stopped.`);
  }

  async #rows(id: string | undefined): Promise<(string | null)[][]> {
    const { client } = this.#options;
    const rows: (string | null)[][] = [];
    let token: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const answer = await client.send(
        new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1_000, NextToken: token }),
      );
      for (const { Data = [] } of answer.ResultSet?.Rows ?? [])
        rows.push(Data.map(({ VarCharValue }) => VarCharValue ?? null));
      token = answer.NextToken;
      if (token === undefined) break;
    }
    // The first row of a SELECT holds the names of the columns.
    return rows.slice(1);
  }
}
