import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { ID_PREFIX } from './events.ts';
import type { Ledger } from './Ledger.ts';

/** What became of events. `accepted` is the sum of `landed`, `quarantined`, `lost` and `expired`. */
export interface Conservation {
  /** Answered 202. */
  readonly accepted: number;
  /** In a table, once or more often. */
  readonly landed: number;
  /** In quarantine and in no table. */
  readonly quarantined: number;
  /** Nowhere, although they were answered 202. */
  readonly lost: number;
  /** Nowhere, because Firehose dropped them after 24 hours. */
  readonly expired: number;
  /** Rows of the tables beyond the first of an event. */
  readonly duplicates: number;
}

/** The same for the events that were sent while faults of one kind were set. */
export interface ConservationOfKind extends Conservation {
  readonly kind: string;
  /** How often the faults struck. */
  readonly struck: number;
  readonly sent: number;
  /** Dropped by the SDK, because of the status of the answer. */
  readonly dropped: number;
  /** In a table or quarantine, although they were never answered 202. */
  readonly unacknowledged: number;
}

/**
 * Counts the events of a run: by their own numbers, in the files on disk, which DuckDB reads. No code of Sluice is used.
 *
 * @param directory Of the run, with `data/`.
 */
export async function countEvents(
  directory: string,
  ledger: Ledger,
): Promise<{ readonly total: Conservation; readonly kinds: readonly ConservationOfKind[] }> {
  const data = join(directory, 'data');
  const tables = files(data, 's3/**/statsig_forwarded_*/**/*.parquet');
  const quarantine = files(data, 's3/**/quarantine/**/*.parquet');
  const expired = files(data, 'firehose/streams/*/expired.ndjson');
  const instance = await DuckDBInstance.create(':memory:', { temp_directory: join(directory, 'scratch') });
  const connection = await instance.connect();
  const create = (name: string, sql: string) => connection.run(`CREATE TABLE ${name} AS ${sql}`);
  // The number of an event in any text about it.
  const numberIn = (text: string) => `CAST(regexp_extract(${text}, '${ID_PREFIX}(\\d+)', 1) AS BIGINT)`;
  try {
    await create(
      'windows',
      `WITH lines AS (SELECT * FROM read_json(${quote(ledger.windowsFile)}, format = 'newline_delimited', columns = {"window": 'INT', kind: 'VARCHAR', first: 'BIGINT', count: 'BIGINT', ended: 'INT', struck: 'BIGINT'}))
       SELECT w.kind, w.first, w.count, coalesce(e.struck, 0) AS struck
       FROM lines w LEFT JOIN lines e ON e.ended = w."window" WHERE w.kind IS NOT NULL`,
    );
    await create('requests', `SELECT * FROM read_csv(${quote(ledger.requestsFile)}, header = true)`);
    const sent = (outcome: string) =>
      `SELECT unnest(range(first, first + count)) AS n FROM requests WHERE outcome = '${outcome}'`;
    await create('accepted', sent('accepted'));
    await create('dropped', sent('dropped'));
    await create(
      'landed',
      `SELECT n, count(*) AS times FROM (${tables.length === 0 ? none : `SELECT ${numberIn('user_id')} AS n FROM read_parquet([${tables.map(quote)}], union_by_name = true)`}) GROUP BY n`,
    );
    await create(
      'quarantined',
      quarantine.length === 0
        ? none
        : `SELECT DISTINCT ${numberIn('raw')} AS n FROM read_parquet([${quarantine.map(quote)}], union_by_name = true)`,
    );
    await create(
      'expired',
      expired.length === 0
        ? none
        : `SELECT DISTINCT ${numberIn('line')} AS n FROM read_csv([${expired.map(quote)}], columns = {line: 'VARCHAR'}, header = false, delim = '\\x01', quote = '', escape = '', max_line_size = 20000000)`,
    );
    await create(
      'fates',
      `SELECT n, accepted.n IS NOT NULL AS accepted, dropped.n IS NOT NULL AS dropped, coalesce(times, 0) AS times,
         quarantined.n IS NOT NULL AS quarantined, expired.n IS NOT NULL AS expired
       FROM accepted FULL JOIN dropped USING (n) FULL JOIN landed USING (n) FULL JOIN quarantined USING (n)
       FULL JOIN expired USING (n)`,
    );
    const reader = await connection.runAndReadAll(
      `SELECT w.kind, any_value(w.sent)::DOUBLE AS sent, any_value(w.strikes)::DOUBLE AS struck,
         count(*) FILTER (f.accepted)::DOUBLE AS accepted,
         count(*) FILTER (f.accepted AND times > 0)::DOUBLE AS landed,
         count(*) FILTER (f.accepted AND times = 0 AND f.quarantined)::DOUBLE AS quarantined,
         count(*) FILTER (f.accepted AND times = 0 AND NOT f.quarantined AND NOT f.expired)::DOUBLE AS lost,
         count(*) FILTER (f.accepted AND times = 0 AND NOT f.quarantined AND f.expired)::DOUBLE AS expired,
         coalesce(sum(greatest(times - 1, 0)), 0)::DOUBLE AS duplicates,
         count(*) FILTER (f.dropped)::DOUBLE AS dropped,
         count(*) FILTER (NOT f.accepted AND (times > 0 OR f.quarantined))::DOUBLE AS unacknowledged
       FROM (SELECT *, sum(count) OVER (PARTITION BY kind) AS sent, sum(struck) OVER (PARTITION BY kind) AS strikes FROM windows) w
       LEFT JOIN fates f ON f.n >= w.first AND f.n < w.first + w.count
       GROUP BY w.kind ORDER BY w.kind`,
    );
    const kinds = reader.getRowObjectsJS().map((row) => {
      const count = (name: keyof ConservationOfKind) => Number(row[name]);
      return {
        kind: String(row['kind']),
        struck: count('struck'),
        sent: count('sent'),
        accepted: count('accepted'),
        landed: count('landed'),
        quarantined: count('quarantined'),
        lost: count('lost'),
        expired: count('expired'),
        duplicates: count('duplicates'),
        dropped: count('dropped'),
        unacknowledged: count('unacknowledged'),
      };
    });
    const sum = (name: keyof Conservation) => kinds.reduce((total, kind) => total + kind[name], 0);
    return {
      total: {
        accepted: sum('accepted'),
        landed: sum('landed'),
        quarantined: sum('quarantined'),
        lost: sum('lost'),
        expired: sum('expired'),
        duplicates: sum('duplicates'),
      },
      kinds,
    };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** No numbers. */
const none = 'SELECT NULL::BIGINT AS n WHERE false';

function files(directory: string, pattern: string): string[] {
  if (!existsSync(directory)) return [];
  return globSync(pattern, { cwd: directory }).map((path) => join(directory, path));
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
