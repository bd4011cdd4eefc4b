import { afterAll, describe, expect, it } from '@jest/globals';
import { quoteText } from '../../lib/base/sql.ts';
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
const name = quoteText(FORGED);
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

/** A command that prints the name. */
interface Walk {
  /** Where the name stands. */
  readonly what: string;
  readonly words: readonly string[];
  /** Whether it takes `--json`. Default true. */
  readonly hasJson?: boolean;
}

describe('a name with control characters', () => {
  const query = (sql: string) => ['query', sql, '--data', ingest.data];
  const walks: readonly Walk[] = [
    { what: 'rows of SDKs', words: query('SELECT * FROM statsig_forwarded_events') },
    {
      what: 'values in lists and structs',
      words: query(`SELECT [${quoteText(FORGED)}] AS l, {'${KEY}': ${quoteText(FORGED)}} AS s`),
    },
    { what: 'a mistake in SQL', words: query(`SELECT "${FORGED.replaceAll('"', '""')}" FROM acme_events`) },
    { what: 'a day that is loaded', words: ['ingest', 'explain', ...place, '--day', day, '--local'] },
    {
      what: 'a day that failed',
      words: ['ingest', 'explain', '--source', 'acme', '--dataset', 'bad', '--day', day, '--local'],
    },
    {
      what: 'a file that is not there',
      words: ['ingest', 'drop', ...place, '--day', day, `/nowhere/${FORGED}.parquet`],
    },
    { what: 'a deployment', words: ['doctor', '--local'] },
    { what: 'a sheet', words: ['connect', 'metabase', '--local'] },
    { what: 'a label', words: ['keys', 'remove', FORGED, '--local'], hasJson: false },
    { what: 'a reason', words: ['redrive', '--reason', FORGED] },
    { what: 'an address', words: ['start', '--allow-hosts', FORGED] },
    { what: 'a command', words: [FORGED] },
  ];

  it.each(walks)('is escaped in $what, as text and as JSON', async ({ words, hasJson = true }) => {
    const text = await callMain(words, { env: ingest.env });
    expect(`${text.stdout}${text.stderr}`).not.toBe('');
    for (const output of [text.stdout, text.stderr]) {
      expect(RAW.exec(output)).toBeNull();
      expect(output).not.toMatch(/^SLUICE_FORGED/m);
    }
    if (!hasJson) return;
    const json = await callMain([...words, '--json'], { env: ingest.env });
    for (const output of [json.stdout, json.stderr]) expect(RAW.exec(output)).toBeNull();
    // `sluice start` has its line of JSON on stdout once it runs.
    const data = words[0] === 'start' ? json.stderr : json.stdout;
    expect(() => JSON.parse(data)).not.toThrow();
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
