import { afterAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lib/base/time.ts';
import { callMain } from '../harness/callMain.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';

/** All that a terminal acts on, hides or reorders. */
const RAW = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** Clears the screen, paints, sets the title, goes back, turns the order round and hides the rest. */
const HOSTILE =
  '\u001b[2J\u001b[31mred\u001b]0;owned\u0007\b\u009b1A\u202egpj\u2066\u200b\ufeff\u2028\u{e0041}\u3164';
/** A line of its own, which reads like one of ours. */
const FORGED = `${HOSTILE}\nSLUICE_FORGED: all is well\r\n`;
/** XML has no way to write most control characters, so S3's lists can't hold them: what is left of them, in keys. */
const KEY = '\u202egpj\u200b\u2066\u3164\u{e0041}';
const day = '2026-11-19';
const place = ['--source', 'acme', '--dataset', 'events'];

const mapping = { eventName: 'action', metadata: ['plan'] };
const ingest = await ingestCloud(
  {
    sources: [
      {
        name: 'acme',
        bucket: DROPS,
        owner: CUSTOMER,
        datasets: [
          { name: 'events', kind: 'events', refusedShare: 0.9, mapping },
          { name: 'bad', kind: 'events' },
        ],
      },
    ],
    exports: [{ name: 'out', table: 'acme_events', target: { bucket: 'acme-out', owner: CUSTOMER } }],
    readers: [{ kind: 'metabase', name: 'metabase' }],
  },
  { startsAt: '2026-11-20T08:00:00Z' },
);
const name = sqlText(FORGED);
await ingest.drop(
  `events/${day}/${KEY}.parquet`,
  `SELECT TIMESTAMP '${day} 10:00:00' AS timestamp, ${name} AS action, ${name} AS unit_id, ${name} AS plan, 1 AS "${FORGED.replaceAll('"', '""')}"
     UNION ALL SELECT NULL, ${name}, 'u', 'p', 2`,
);
await ingest.drop(`bad/${day}/${KEY}.parquet`, `SELECT 1 AS "${FORGED.replaceAll('"', '""')}"`);
const posted = await fetch(`${ingest.cloud.collector}/v1/log_event`, {
  method: 'POST',
  headers: { 'statsig-api-key': 'client-test', 'content-type': 'application/json' },
  body: JSON.stringify({
    events: [
      { eventName: FORGED, value: FORGED, user: { userID: FORGED }, metadata: { [FORGED]: FORGED } },
      { eventName: '', user: { userID: FORGED }, metadata: { [FORGED]: FORGED } },
    ],
  }),
});
expect(posted.status).toBe(202);
await ingest.jump(HOUR_MS);
await ingest.cloud.flush();
expect((await callMain(['ingest', 'run', '--local'], { env: ingest.env })).code).toBe(0);
await ingest.cloud.flush();
afterAll(() => ingest.close());

describe('a name with control characters', () => {
  const query = (sql: string) => ['query', sql, '--data', ingest.data];
  const walks: readonly (readonly [string, () => readonly string[]])[] = [
    ['rows of SDKs', () => query('SELECT * FROM statsig_forwarded_events')],
    [
      'values in lists and structs',
      () => query(`SELECT [${sqlText(FORGED)}] AS l, {'${KEY}': ${sqlText(FORGED)}} AS s`),
    ],
    ['a mistake in SQL', () => query(`SELECT "${FORGED.replaceAll('"', '""')}" FROM acme_events`)],
    ['a day that is loaded', () => ['ingest', 'explain', ...place, '--day', day, '--local']],
    [
      'a day that failed',
      () => ['ingest', 'explain', '--source', 'acme', '--dataset', 'bad', '--day', day, '--local'],
    ],
    [
      'a file that is not there',
      () => ['ingest', 'drop', ...place, '--day', day, `/nowhere/${FORGED}.parquet`],
    ],
    ['a deployment', () => ['doctor', '--local']],
    ['a sheet', () => ['connect', 'metabase', '--local']],
    ['a label', () => ['keys', 'remove', FORGED, '--local']],
    ['a reason', () => ['redrive', '--reason', FORGED]],
    ['an address', () => ['start', '--allow-hosts', FORGED]],
    ['a command', () => [FORGED]],
  ];

  it.each(walks)('is escaped in %s, as text and as JSON', async (_, args) => {
    const text = await callMain(args(), { env: ingest.env });
    expect(`${text.stdout}${text.stderr}`).not.toBe('');
    for (const output of [text.stdout, text.stderr]) {
      expect(RAW.exec(output)).toBeNull();
      expect(output).not.toMatch(/^SLUICE_FORGED/m);
    }
    const takesJson = args()[1] !== 'remove';
    const json = takesJson
      ? await callMain([...args(), '--json'], { env: ingest.env })
      : { stdout: '', stderr: '' };
    for (const output of [json.stdout, json.stderr]) expect(RAW.exec(output)).toBeNull();
    const data = args()[0] === 'start' ? json.stderr : json.stdout;
    if (takesJson) expect(() => JSON.parse(data)).not.toThrow();
  });

  it('is the same text after parsing the JSON', async () => {
    const sql = `SELECT DISTINCT event_name, user_id, json_extract_string(event_metadata, 'plan') AS plan FROM acme_events WHERE event_name IS NOT NULL`;
    const { stdout } = await callMain([...query(sql), '--json']);
    expect(JSON.parse(stdout)).toEqual([{ event_name: FORGED, user_id: FORGED, plan: FORGED }]);
  });

  it('is visible in tables', async () => {
    const { stdout } = await callMain(query('SELECT event_name FROM acme_events'));
    expect(stdout).toContain('\\u001b[2J\\u001b[31mred');
    expect(stdout).toContain('\\nSLUICE_FORGED: all is well\\r\\n');
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });
});

function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
