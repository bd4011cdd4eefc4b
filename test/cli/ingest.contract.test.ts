import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../lib/base/time.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { callMain } from '../harness/callMain.ts';
import { createCustomerBucket } from '../harness/ingestCloud.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const owner = '111122223333';
const TODAY = utcDay(Date.now());
const YESTERDAY = addDays(TODAY, -1);
const TOMORROW = addDays(TODAY, 1);
const OLD = '2026-01-05';
const ACME = ['--source', 'acme', '--dataset', 'events'];
const OLDER = '2026-01-04';
/** Every third row has no name. The filler hardly compresses: it is two row groups, the first of 25 MB. */
const LARGE = `SELECT epoch(TIMESTAMP '${OLD} 12:00:00')::BIGINT + i AS occurred, CASE WHEN i % 3 < 2 THEN 'bought' END AS action,
  'u' || i AS uid, i * 0.5 AS price, 'pro' AS plan,
  md5(i::VARCHAR) || md5('m' || i) || md5('o' || i) || md5('r' || i) || md5('e' || i) || md5('!' || i) AS filler FROM range(200000) t(i)`;
const MIXED = `SELECT 'late' AS action, 'u1' AS uid, 2 AS price, 'pro' AS plan, unnest([TIMESTAMP '${OLD} 10:00:00', NULL]) AS occurred`;
const SMALL = `SELECT TIMESTAMP '${YESTERDAY} 10:00:00' AS occurred, 'seen' AS action, 'u1' AS uid, 1.5 AS price, 'free' AS plan`;

describe('sluice ingest', () => {
  const directory = temporaryDirectory();
  let store: ObjectStore;
  let close: () => Promise<void>;
  let endpoint: string;

  beforeAll(async () => {
    const file = join(directory.path, 'sluice.config.ts');
    const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
    const mapping = {
      timestamp: 'occurred',
      eventName: 'action',
      eventValue: 'price',
      unitIds: { userID: 'uid' },
      metadata: ['plan'],
    };
    const config = {
      bucket: 'sluice-cli-ingest',
      sources: [
        {
          name: 'acme',
          bucket: 'acme-drops',
          owner,
          datasets: [{ name: 'events', kind: 'events', mapping }],
        },
        { name: 'shut', bucket: 'acme-shut', owner, datasets: [{ name: 'events', kind: 'events' }] },
      ],
    };
    writeFileSync(
      file,
      `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    process.env['SLUICE_CONFIG'] = file;
    store = ObjectStore.open({ directory: join(directory.path, 's3'), clock: realClock });
    store.createBucket('sluice-cli-ingest');
    const services = await startServices([s3Service({ store, clock: realClock })]);
    close = services.close;
    endpoint = services.options.endpoint;
    await createCustomerBucket(endpoint, { account: owner, bucket: 'acme-shut' });
    await drop(OLD, 'large.parquet', LARGE);
    await drop(OLD, 'mixed.parquet', MIXED);
    await drop(YESTERDAY, 'small.parquet', SMALL);
  }, 120_000);
  afterAll(async () => {
    delete process.env['SLUICE_CONFIG'];
    await close();
    store.close();
    directory.remove();
  });

  async function drop(day: string, name: string, what: string): Promise<void> {
    const where = ['--source', 'acme', '--dataset', 'events', '--day', day, '--name', name];
    const { code, stderr } = await ingest('drop', what, ...where);
    if (code !== 0) throw new Error(stderr);
  }
  const ingest = (...args: string[]) => callMain(['ingest', ...args, '--local', '--endpoint-url', endpoint]);
  const preview = (...args: string[]) =>
    ingest('preview', '--source', 'acme', '--dataset', 'events', ...args);

  describe('preview', () => {
    it('shows the first rows that would be loaded and refused, and reads only a part of the file', async () => {
      const { code, stdout } = await preview('--day', OLD, '--rows', '2', '--json');
      expect(code).toBe(3);
      const seen = JSON.parse(stdout);
      expect(seen).toMatchObject({
        key: `events/${OLD}/large.parquet`,
        rows: 200_000,
        columns: [
          { name: 'occurred', type: 'BIGINT' },
          { name: 'action', type: 'VARCHAR' },
          { name: 'uid' },
          { name: 'price' },
          { name: 'plan' },
          { name: 'filler' },
        ],
        mapped: [
          {
            timestamp: `${OLD} 12:00:00`,
            event_name: 'bought',
            event_value: '0.0',
            user_id: 'u0',
            event_metadata: '{"plan":"pro"}',
            row_number: '0',
          },
          { user_id: 'u1', row_number: '1' },
        ],
        refused: [
          { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', detail: 'row 2, event name: column "action"' },
          { reason: 'SLUICE_INGEST_ROW_NAME_MISSING', detail: 'row 5, event name: column "action"' },
        ],
      });
      expect([seen.mapped.length, seen.refused.length]).toEqual([2, 2]);
      expect(seen.refused[0].raw).toContain('"uid":"u2"');
      // The footer and the first row group: both are more than the 32 MiB that a preview reads.
      expect(seen.bytesRead).toBeLessThan(0.7 * seen.bytes);
      expect(seen.rowsRead).toBe(122_880);
    });

    it('is text by default, of the latest day unless another is given', async () => {
      const { code, stdout, stderr } = await preview();
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(
        new RegExp(`^events/${YESTERDAY}/small.parquet: 1 rows, (\\d+) bytes; .* 1 rows, \\1 bytes`),
      );
      expect(stdout).toMatch(/Columns of the file\ncolumn +type\n-+ +-+\noccurred +TIMESTAMP\n/);
      expect(stdout).toMatch(/Rows as they would be loaded\ntimestamp +event_name +event_value +user_id/);
      expect(stdout).toContain('No row would be refused.');
      const refused = await preview('--file', `events/${OLD}/mixed.parquet`);
      expect(refused.code).toBe(3);
      expect(refused.stdout).toMatch(/Rows that would be refused\nreason +detail +raw\n/);
    });

    it('leaves no files on the disk', () => {
      expect(readdirSync(tmpdir()).filter((name) => name.startsWith('sluice-preview-'))).toEqual([]);
    });

    it('reports by code an error of a file, its key, or its bucket', async () => {
      await drop(OLDER, 'text.parquet', join(repositoryRoot, 'README.md'));
      await drop(OLDER, 'poor.parquet', 'SELECT now() AS occurred, 1 AS uid');
      const bad = (name: string) => `events/${OLDER}/${name}.parquet`;
      const failures: [args: string[], code: string, detail: string][] = [
        [['--file', bad('text')], 'SLUICE_INGEST_FILE_NOT_PARQUET', bad('text')],
        [['--file', bad('poor')], 'SLUICE_INGEST_COLUMN_MISSING', 'column "action"'],
        [['--file', bad('none')], 'SLUICE_PREVIEW_NO_FILE', `s3://acme-drops/${bad('none')}`],
        [['--day', '2020-02-02'], 'SLUICE_PREVIEW_NO_FILE', '2020-02-02'],
        [['--source', 'shut'], 'SLUICE_SOURCE_ACCESS_DENIED', 'acme-shut'],
      ];
      for (const [args, code, detail] of failures) {
        const { stderr, ...answer } = await preview(...args);
        // A file that can be read is shown, also if it can't be mapped.
        const shown = detail.includes('column ') ? expect.stringContaining('Columns of the file') : '';
        expect(answer).toEqual({ code: 1, stdout: shown });
        expect(stderr).toContain(code);
        expect(stderr).toContain(detail);
      }
      const nobody = await callMain([
        ...['ingest', 'preview', '--source', 'acme', '--dataset', 'events'],
        ...['--endpoint-url', 'http://127.0.0.1:9'],
      ]);
      expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('SLUICE_') });
    });
  });

  it.each([
    [['explain', '--source', 'acme', '--dataset', 'events', '--day', OLD], 1, 'SLUICE_INGEST_DAY_UNKNOWN'],
    [['status', '--source', 'nobody'], 1, 'SLUICE_INGEST_NO_SOURCES'],
    [['status', '--source', 'amce'], 1, 'It has acme/events, shut/events. Did you mean acme?'],
    [['status', '--source', 'acme', '--dataset', 'event'], 1, 'Did you mean events?'],
    [['status', '--days', '0'], 2, '--days: got 0, expected 1 to 366'],
    [
      ['explain', '--source', 'acme'],
      2,
      '--dataset: missing, expected the name of a dataset. --day: missing, expected YYYY-MM-DD.',
    ],
    [['explain', '--source', 'acme', '--dataset', 'events', '--day', '19'], 2, 'expected YYYY-MM-DD'],
    [['preview', '--dataset', 'events'], 2, '--source: missing, expected the name of a source.'],
    [
      ['preview', '--source', 'acme', '--dataset', 'events', '--day', OLD, '--file', 'a'],
      2,
      'expected only one of them',
    ],
    [['preview', '--source', 'acme', '--dataset', 'events', '--rows', '1001'], 2, 'expected 1 to 1000'],
    [['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-13-01'], 2, '--from: got'],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2026-02-02', '--to', '2026-02-01'],
      2,
      'after',
    ],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', '2010-01-01', '--to', '2026-02-01'],
      2,
      'at most 3660 days',
    ],
    [
      ['backfill', '--source', 'acme', '--dataset', 'events', '--from', TODAY, '--to', TOMORROW],
      2,
      `got ${TOMORROW}, expected a day up to today, ${TODAY} (UTC)`,
    ],
    [
      ['run', '--from', OLD, '--to', OLD],
      2,
      '--from: not an option of run, but of backfill, drop. --to: not an option',
    ],
    [['status', '--day', OLD], 2, '--day: not an option of status, but of explain, refused, preview, drop.'],
    [['status', '--from', OLD], 2, '--from: not an option of status, but of backfill, drop.'],
    [['explain', '--days', '3'], 2, '--days: not an option of explain, but of status.'],
    [['everything'], 2, 'Expected one of status, explain, refused, preview, run, backfill, drop.'],
    [['status', 'acme'], 2, 'Unexpected argument: acme.'],
    [['drop', ...ACME, '--day', OLD], 2, 'Expected a file, a query in quotes, or --remove.'],
    [['drop', ...ACME, '--remove'], 2, '--day, --from: expected one of them.'],
    [['drop', ...ACME, '--day', OLD, '/none.parquet'], 1, 'SLUICE_FILE_FAILED'],
    [['drop', ...ACME, '--day', OLD, 'SELECT nothing'], 1, 'SLUICE_DROP_SQL_FAILED'],
    [
      ['drop', '--source', 'shut', '--dataset', 'events', '--day', OLD, 'SELECT 1'],
      0,
      'Dropped s3://acme-shut/',
    ],
    [
      ['drop', ...ACME, '--day', OLD, '--remove', '--name', 'no'],
      0,
      `Deleted s3://acme-drops/events/${OLD}/no.`,
    ],
  ] as const)('refuses by name: %j', async (args, code, text) => {
    expect(await ingest(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });
});
