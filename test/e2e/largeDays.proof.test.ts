import { setTimeout as pause } from 'node:timers/promises';
import { AthenaClient } from '@aws-sdk/client-athena';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../lib/ledger/LedgerEntry.ts';
import { athenaRows } from '../harness/athenaRows.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

const LARGE = '2026-11-19';
const events = { kind: 'events', lookbackDays: 3, refusedShare: 0.5 } as const;

let ingest: Awaited<ReturnType<typeof ingestCloud>>;
let athena: AthenaClient;
beforeAll(async () => {
  ingest = await ingestCloud({
    sources: [
      {
        ...{ name: 'acme', bucket: DROPS, owner: CUSTOMER, settleMinutes: 0 },
        datasets: [{ name: 'events', ...events, engine: 'athena' }],
      },
    ],
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  athena = new AthenaClient({ endpoint: ingest.cloud.edge, region: 'us-east-1', credentials });
}, 120_000);
afterAll(async () => {
  athena.destroy();
  await ingest.close();
});

const sluice = (...args: string[]) => callMain([...args, '--local'], { env: ingest.env });

const day = (from: number, to: number, on: string, type = 'BIGINT') =>
  `SELECT TIMESTAMP '${on} 10:00:00' + INTERVAL (range) SECOND AS "timestamp", CASE WHEN range % 50 = 49 THEN NULL ELSE 'purchase' END AS event_name,
     'u' || range AS unit_id, CAST(range AS ${type}) AS value FROM range(${from}, ${to})`;

async function explained(on: string): Promise<LedgerEntry & { explanation: { meaning: string[] } }> {
  const asked = ['--source', 'acme', '--dataset', 'events', '--day', on];
  const { stdout, stderr } = await sluice('ingest', 'explain', ...asked, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Looks again until a day has settled: functions and queries run beside us. */
async function settled(on: string) {
  const until = Date.now() + 90_000;
  for (;;) {
    await ingest.cloud.flush();
    const entry = await explained(on).catch(() => null);
    if (entry?.failure !== undefined) throw new Error(JSON.stringify(entry.failure));
    if (entry !== null && !['waiting', 'loading'].includes(entry.state)) return entry;
    if (Date.now() > until) throw new Error(JSON.stringify(entry));
    await pause(100);
  }
}

describe('a drop that Athena loads', () => {
  it('is loaded, and explained', async () => {
    await ingest.jumpTo('2026-11-20T08:00:00Z');
    await ingest.drop(`events/${LARGE}/a.parquet`, day(0, 100, LARGE));
    await ingest.drop(`events/${LARGE}/b.parquet`, day(100, 200, LARGE, 'DOUBLE'));
    await ingest.jumpTo('2026-11-20T09:00:30Z');

    const large = await settled(LARGE);
    expect(large).toMatchObject({
      state: 'succeeded',
      rows: { in: 200, out: 196, refused: 4 },
      files: [
        { fate: 'loaded', rows: { in: 100, out: 98, refused: 2 } },
        { fate: 'loaded', rows: { in: 100, out: 98, refused: 2 } },
      ],
      athena: { why: "the dataset's `engine` is athena" },
    });
    expect(large.athena?.executions).toHaveLength(4);
    expect(large.athena?.scannedBytes).toBeGreaterThan(0);
    expect(large.athena?.version).toBe(large.version);
    const asked = ['--source', 'acme', '--dataset', 'events', '--day', LARGE];
    const { stdout } = await sluice('ingest', 'explain', ...asked);
    expect(stdout).toMatch(/because the dataset's `engine` is athena/);
    expect(stdout).toMatch(/4 statements scanned [\d,]+ bytes, at a list price of 0\.0002 USD/);

    const how = { WorkGroup: 'sluice', QueryExecutionContext: { Database: 'sluice' } };
    expect(
      await athenaRows(
        athena,
        `SELECT CAST(ds AS varchar) AS ds, count(*) AS n, count(DISTINCT user_id) AS u, count(DISTINCT source_file) AS f FROM acme_events GROUP BY 1 ORDER BY 1`,
        how,
      ),
    ).toEqual([{ ds: LARGE, n: '196', u: '196', f: '2' }]);
    expect(await athenaRows(athena, `SELECT reason, count(*) AS n FROM quarantine GROUP BY 1`, how)).toEqual([
      { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', n: '4' },
    ]);
  }, 180_000);
});
