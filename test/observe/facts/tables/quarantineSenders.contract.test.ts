import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from '@jest/globals';
import { topSendersSql } from '../../../../observe/facts/tables/quarantineSenders.ts';

/** The SDKs that are named of senders with one row each, which the query reads in this order. */
async function namedOf(sdks: readonly string[]): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const rows = sdks.map((sdk) => `('REASON', '${sdk}', 'web', '/v1/log_event', 1, now(), now())`);
    const grouped = `SELECT * FROM (VALUES ${rows.join()}) AS "counted" ("reason", "sdk", "key", "path", "row_count", "first_at", "last_at")`;
    const answer = await connection.runAndReadAll(topSendersSql(grouped, ['reason'], []));
    return answer.getRowObjects().map(({ sdk }) => sdk);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

it('names the same five senders in whatever order equal counts are read', async () => {
  const sdks = Array.from({ length: 12 }, (_, i) => `sdk-${String.fromCharCode(97 + i)}`);
  const firstFive = ['sdk-a', 'sdk-b', 'sdk-c', 'sdk-d', 'sdk-e'];
  expect(await namedOf(sdks)).toEqual(firstFive);
  expect(await namedOf(sdks.toReversed())).toEqual(firstFive);
});
