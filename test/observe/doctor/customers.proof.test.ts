import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AthenaClient, DeleteWorkGroupCommand, UpdateWorkGroupCommand } from '@aws-sdk/client-athena';
import { DeleteDatabaseCommand, GlueClient } from '@aws-sdk/client-glue';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { addDays, utcDay } from '../../../lib/base/time.ts';
import { lateNotes } from '../../../lib/drops/plan/lateDrops.ts';
import { lastListings } from '../../../lib/drops/plan/planSources.ts';
import type { LedgerEntry } from '../../../lib/ledger/LedgerEntry.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { ledgerKey, receiptNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { type StartedDeployment, startDeployment } from './startDeployment.ts';

const BUCKET = 'sluice-doctor-customers';
const HOUR_MS = 3_600_000;
const TODAY = utcDay(Date.now());
const customers = { owner: '111122223333' };

describe('sluice doctor on sources and exports', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-doctor-customers-'));
  let deployed: StartedDeployment;
  let s3: S3Client;
  let sqs: SQSClient;

  beforeAll(async () => {
    const file = join(directory, 'sluice.config.ts');
    const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
    const config = {
      bucket: BUCKET,
      holdouts: [],
      sources: [
        {
          ...{ ...customers, name: 'acme', bucket: 'acme-drops', receipt: { bucket: true } },
          datasets: [
            { name: 'events', kind: 'events', lookbackDays: 5, expectedBy: { hour: 9 } },
            { name: 'clicks', kind: 'events', schedule: 'hourly' },
          ],
        },
      ],
      exports: [{ name: 'out', table: 'acme_events', target: { ...customers, bucket: 'acme-warehouse' } }],
    };
    writeFileSync(
      file,
      `import { defineConfig } from ${from};\nexport default defineConfig(${JSON.stringify(config)});\n`,
    );
    process.env['SLUICE_CONFIG'] = file;
    deployed = await startDeployment();
    s3 = new S3Client({ ...deployed.options, forcePathStyle: true });
    sqs = new SQSClient(deployed.options);
  }, 120_000);
  afterAll(async () => {
    delete process.env['SLUICE_CONFIG'];
    s3.destroy();
    sqs.destroy();
    await deployed.close();
    rmSync(directory, { recursive: true });
  });

  /** Findings, without the checks that the local cloud does not support. */
  async function found() {
    const { code, report } = await deployed.diagnose();
    const findings = report.checks.flatMap(({ check, findings: all }) =>
      all
        .filter(({ severity }) => severity !== 'unchecked')
        .map(({ code: of, detail }) => [check, of.replace(/^SLUICE_(DOCTOR|STATUS)_/, ''), detail]),
    );
    return { code, findings };
  }
  const look = (dataset: string, hoursAgo: number, more: object = {}) =>
    lastListings(s3ObjectStore(s3, BUCKET)).write('acme', dataset, {
      ...{ at: Date.now() - hoursAgo * HOUR_MS, newestDay: TODAY, stopped: false },
      ...more,
    });
  async function settle(source: string, dataset: string, day: string, code: string): Promise<void> {
    const entry: LedgerEntry = {
      ...{ source, dataset, day, table: 'acme_events', state: 'failed', fingerprint: null, attempts: 1 },
      ...{ files: [], rows: { in: 0, out: 0, refused: 0 }, rowsByDaysLate: {}, bytes: 0, durations: {} },
      ...{ superseded: [], failure: { code, message: 'Why.' }, updatedAt: Date.now(), token: 't' },
    };
    await ledgerStore(s3ObjectStore(s3, BUCKET)).write(entry, null);
  }

  it('reports datasets that were never listed', async () => {
    expect(await found()).toEqual({
      code: 0,
      findings: [
        ['sources', 'SOURCE_UNSEEN', 'acme/events: never, daily.'],
        ['sources', 'SOURCE_UNSEEN', 'acme/clicks: never, hourly.'],
      ],
    });
  });

  it('finds nothing when every dataset is listed on schedule', async () => {
    await look('events', 25);
    await look('clicks', 2);
    expect(await found()).toEqual({ code: 0, findings: [] });
  });

  it('finds datasets that are no longer listed, and those without files', async () => {
    await look('events', 27);
    await look('clicks', 4, { stopped: true, newestDay: null });
    expect(await found()).toEqual({
      code: 0,
      findings: [
        ['sources', 'SOURCE_UNSEEN', expect.stringMatching(/^acme\/events: 20.*Z, daily\.$/)],
        ['sources', 'SOURCE_UNSEEN', expect.stringMatching(/^acme\/clicks: 20.*Z, hourly\.$/)],
        [
          'sources',
          'SOURCE_STOPPED',
          expect.stringMatching(
            /^acme\/clicks: s3:\/\/acme-drops\/clicks\/ had no files for today and 3 days before/,
          ),
        ],
      ],
    });
  });

  it('warns about objects that loads left out', async () => {
    await look('events', 1);
    await look('clicks', 1);
    const ledger = ledgerStore(s3ObjectStore(s3, BUCKET));
    for (const ago of [3, 2]) {
      const day = addDays(TODAY, -ago);
      const file = { key: `clicks/${day}/notes.csv`, size: 1, eTag: '"1"' };
      const entry: LedgerEntry = {
        ...{ source: 'acme', dataset: 'clicks', day, table: 'acme_clicks', state: 'succeeded', attempts: 1 },
        ...{
          fingerprint: 'f',
          rows: { in: 1, out: 1, refused: 0 },
          rowsByDaysLate: {},
          bytes: 1,
          durations: {},
        },
        ...{ files: [{ ...file, fate: 'left_out', reason: 'not_parquet' }], superseded: [] },
        ...{ updatedAt: Date.now(), token: 't' },
      };
      await ledger.write(entry, null);
    }
    const day = addDays(TODAY, -2);
    const detail = `acme/clicks: ${day} left out 1 object: clicks/${day}/notes.csv (not_parquet); and 1 other day.`;
    expect(await found()).toEqual({ code: 0, findings: [['sources', 'FILES_LEFT_OUT', detail]] });
    for (const ago of [3, 2])
      await s3.send(
        new DeleteObjectCommand({ Bucket: BUCKET, Key: ledgerKey('acme', 'clicks', addDays(TODAY, -ago)) }),
      );
  });

  it('warns about receipts that could not be sent, but not about those that are about to be', async () => {
    await look('events', 1);
    await look('clicks', 1);
    const [older, day] = [addDays(TODAY, -2), addDays(TODAY, -1)];
    const note = { table: 'acme_events', id: 'x' };
    const keys = [
      receiptNoteKey({ ...note, day: older, why: 'SLUICE_RECEIPT_BUCKET_FAILED' }),
      receiptNoteKey({ ...note, day, why: 'SLUICE_RECEIPT_ACCESS_DENIED' }),
      receiptNoteKey({ ...note, day: TODAY, why: 'new' }),
    ];
    for (const Key of keys)
      await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: new Uint8Array() }));
    const detail = `acme/events: ${day} to the bucket: SLUICE_RECEIPT_ACCESS_DENIED; and 1 other day.`;
    expect(await found()).toEqual({ code: 0, findings: [['sources', 'RECEIPTS_WAITING', detail]] });
    for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
    expect(await found()).toEqual({ code: 0, findings: [] });
  });

  it('finds late drops, but not those that have arrived since', async () => {
    await look('events', 1);
    await look('clicks', 1);
    const due = Date.now() - HOUR_MS;
    const late = [2, 1].map((days) => ({ day: addDays(TODAY, -days), due }));
    const notes = lateNotes(s3ObjectStore(s3, BUCKET));
    await notes.write('acme', 'events', { at: Date.now(), late });
    // Without expectedBy nothing is late, whatever was noted before.
    await notes.write('acme', 'clicks', { at: Date.now(), late });
    const overdue = (days: number) => [
      'sources',
      'INGEST_LATE',
      `acme/events ${addDays(TODAY, -days)}: expected by ${new Date(due).toISOString()}.`,
    ];
    expect(await found()).toEqual({ code: 3, findings: [overdue(2), overdue(1)] });
    await notes.write('acme', 'events', { at: Date.now(), late: [] });
    expect(await found()).toEqual({ code: 0, findings: [] });
  });

  it('finds folders that could not be listed, failed days of the lookback, and dead letters', async () => {
    const failure = { code: 'SLUICE_SOURCE_ACCESS_DENIED', message: 'The bucket lets nobody in.' };
    await look('events', 1, { failure });
    await look('clicks', 1);
    for (const ago of [0, 1, 2, 5, 6])
      await settle('acme', 'events', addDays(TODAY, -ago), 'SLUICE_INGEST_COLUMN_MISSING');
    await settle('exports', 'out', addDays(TODAY, -1), 'SLUICE_EXPORT_ACCESS_DENIED');
    await settle('exports', 'out', addDays(TODAY, -9), 'SLUICE_EXPORT_ACCESS_DENIED');
    for (const logicalId of ['IngestLoadDeadLetterQueue', 'ExportDeadLetterQueue']) {
      const { physicalId: QueueUrl } =
        deployed.stack.resources.find((one) => one.logicalId === logicalId) ?? {};
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    }
    const column = (ago: number) => `${addDays(TODAY, -ago)} SLUICE_INGEST_COLUMN_MISSING`;
    expect(await found()).toEqual({
      code: 3,
      findings: [
        ['queues', 'DEAD_LETTERS', 'sluice-local-ingest-load-dead-letters: about 1.'],
        ['queues', 'DEAD_LETTERS', 'sluice-local-export-dead-letters: about 1.'],
        [
          'sources',
          'SOURCE_UNREADABLE',
          expect.stringMatching(
            /^acme\/events, s3:\/\/acme-drops\/events\/, .*Z: SLUICE_SOURCE_ACCESS_DENIED: The/,
          ),
        ],
        ['sources', 'INGEST_FAILED', `acme/events: ${[0, 1, 2, 5, 6].map(column).join(', ')}.`],
        [
          'exports',
          'EXPORT_FAILED',
          `out, s3://acme-warehouse/: ${addDays(TODAY, -1)} SLUICE_EXPORT_ACCESS_DENIED.`,
        ],
      ],
    });
  });

  it('finds days that Athena does not end', async () => {
    await look('clicks', 1);
    const day = addDays(TODAY, -1);
    const startedAt = Date.now() - 4 * HOUR_MS;
    const load = {
      why: 'w',
      fingerprint: 'f',
      version: 'v',
      executions: ['e1', 'e2'],
      scannedBytes: 0,
      usd: 0,
    };
    const entry: LedgerEntry = {
      ...{ source: 'acme', dataset: 'clicks', day, table: 'acme_clicks', state: 'waiting', attempts: 1 },
      ...{ fingerprint: null, files: [], rows: { in: 0, out: 0, refused: 0 }, rowsByDaysLate: {}, bytes: 0 },
      ...{ durations: {}, superseded: [], updatedAt: Date.now(), token: 't' },
      athena: { ...load, startedAt, step: 'counts', execution: 'e2' },
    };
    const ledger = ledgerStore(s3ObjectStore(s3, BUCKET));
    const eTag = await ledger.write(entry, null);
    const since = new Date(startedAt).toISOString();
    const stuck = async () => (await found()).findings.filter(([, code]) => code === 'LOAD_STUCK');
    expect(await stuck()).toEqual([
      ['sources', 'LOAD_STUCK', `acme/clicks ${day}: since ${since}, step counts, execution e2.`],
    ]);
    // Ended: the ledger keeps the load without a step.
    await ledger.write({ ...entry, state: 'succeeded', athena: { ...load, startedAt } }, eTag);
    expect(await stuck()).toEqual([]);
  });

  it('reports a ledger that it may not read, and entries that are not valid', async () => {
    deployed.faults.set({
      s3: [{ fault: 'failCalls', calls: 'all', operations: ['GetObject'], code: 'AccessDenied' }],
    });
    const refused = await found();
    deployed.faults.clear();
    expect(refused.findings.filter(([check]) => check !== 'queues')).toEqual([
      ['sources', 'UNREADABLE', 'the drops: AccessDenied: Access Denied'],
      ['exports', 'UNREADABLE', 'the exports: AccessDenied: Access Denied'],
    ]);
    const Key = ledgerKey('exports', 'out', addDays(TODAY, -2));
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{}' }));
    const { findings } = await found();
    expect(findings).toContainEqual([
      'exports',
      'UNREADABLE',
      expect.stringMatching(/^the exports: .*ledger\/exports\/out\//),
    ]);
  });

  it('finds a workgroup and a database of loads by Athena that are not as deployed', async () => {
    const athena = new AthenaClient(deployed.options);
    const glue = new GlueClient(deployed.options);
    const WorkGroup = 'sluice-loads';
    const loads = async () => {
      const { report } = await deployed.diagnose();
      const { findings = [] } = report.checks.find(({ check }) => check === 'athena-loads') ?? {};
      return findings.map(({ code, detail, commands }) => [code, detail, commands.join('\n')]);
    };
    const unchecked = ['SLUICE_DOCTOR_NOT_EMULATED', 'iam:SimulatePrincipalPolicy.', ''];
    expect(await loads()).toEqual([unchecked]);
    await athena.send(
      new UpdateWorkGroupCommand({
        ...{ WorkGroup, State: 'DISABLED' },
        ConfigurationUpdates: { EnforceWorkGroupConfiguration: true, BytesScannedCutoffPerQuery: 20_000_000 },
      }),
    );
    await glue.send(new DeleteDatabaseCommand({ Name: 'sluice_scratch' }));
    const differs = (what: string, command: RegExp) => [
      ...['SLUICE_DOCTOR_LOADS_WORKGROUP_DIFFERS', `sluice-loads: ${what}.`],
      expect.stringMatching(command),
    ];
    const missing = [
      ...['SLUICE_DOCTOR_LOADS_DATABASE_MISSING', 'sluice_scratch.'],
      expect.stringMatching(/^aws glue create-database --database-input '\{"Name":"sluice_scratch"/),
    ];
    expect(await loads()).toEqual([
      differs('it is DISABLED', /^aws athena update-work-group --work-group sluice-loads --state ENABLED /),
      differs('it enforces its own location of results', /EnforceWorkGroupConfiguration=false/),
      differs(
        'a statement may scan 20000000 bytes, expected 2000000000000',
        /BytesScannedCutoffPerQuery=2000000000000/,
      ),
      missing,
      unchecked,
    ]);
    await athena.send(new DeleteWorkGroupCommand({ WorkGroup, RecursiveDeleteOption: true }));
    expect(await loads()).toEqual([
      ['SLUICE_DOCTOR_LOADS_WORKGROUP_MISSING', 'sluice-loads.', ''],
      missing,
      unchecked,
    ]);
    athena.destroy();
    glue.destroy();
  });
});
