import type { AthenaClient } from '@aws-sdk/client-athena';
import { runStatement, type StatementOptions } from '../aws/runStatement.ts';
import { QUERY_TIMEOUT_MS } from './limits.ts';
import { QueryError } from './QueryError.ts';

/** What queries are run with. */
export interface AthenaOptions extends Omit<StatementOptions, 'deadlineMs'> {
  readonly client: AthenaClient;
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
    const { client, ...options } = this.#options;
    const outcome = await runStatement(client, sql, { ...options, deadlineMs: QUERY_TIMEOUT_MS });
    if (outcome.location !== undefined) this.#results.push(outcome.location);
    if ('failed' in outcome) throw new QueryError(outcome.failed);
    return outcome.rows;
  }
}
