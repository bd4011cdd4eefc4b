import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { DatasetDays, DropDay } from '../../observe/facts/days/ledgerDays.ts';
import type { Change } from '../../observe/facts/flow/changes.ts';
import type { LastHour } from '../../observe/facts/flow/requestCounts.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../observe/findings/judge/judge.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const HOUR = 3_600_000;
const at = (hoursAgo: number) => new Date(NOW - hoursAgo * HOUR).toISOString();

const none = { landed: 0, overflowed: 0 };
const hour: LastHour = {
  requests: 100,
  received: 0,
  landed: 0,
  quarantined: 0,
  overflowed: 0,
  ignored: 0,
  failedBy: {},
  refusedBy: {},
  tables: { exposures: none, events: none, quarantine: none },
  lastRequestAt: at(0.1),
  lastStoredAt: null,
  failedAt: {},
};
const nothing = { count: 0, bytes: 0, hasMore: false, oldest: null };
const undeleted = { ...nothing, why: null };
const damaged = { ...nothing, rows: 0, first: null };
const well: StatusFacts = {
  stack: 'sluice-prod',
  isLocal: false,
  at: at(0),
  collector: null,
  lastHour: null,
  lastDay: null,
  spikeFrom: null,
  noted: null,
  lastRequestAt: null,
  refusals: null,
  senders: 1,
  lastEventAt: null,
  tables: [],
  waiting: { buffered: { count: null, oldest: null }, landing: nothing, undeleted, damaged },
  stream: null,
  partitions: { days: 3, gaps: [] },
  deadLetters: [],
  failures: {},
  lostDays: [],
  receivedHours: [],
  quarantine: [],
  datasets: [],
  exports: [],
  curated: [],
  relay: null,
  alarms: [],
  key: null,
  faults: 0,
  unknown: [],
  notes: [],
  scannedBytes: 0,
};
const stream = {
  stream: 'sluice-prod-landing',
  oldest: null,
  quotaShare: null,
  quota: null,
  throttledRecords: null,
};
const waiting = (more: Partial<StatusFacts['waiting']>) => ({ waiting: { ...well.waiting, ...more } });
const shortHour = {
  ds: '2026-11-20',
  hour: 7,
  table_name: 'events',
  accepted: 300,
  finished: 270,
  refused: 0,
  not_delivered: 0,
  waiting_objects: 0,
  missing: 30,
  unproved: 0,
  state: 'short',
  why: null,
  checked_at: '2026-11-21 01:10:00.000',
} as const;
const dropDay: DropDay = {
  day: '2026-11-19',
  state: 'succeeded',
  lateSince: null,
  lackingSince: null,
  unusual: null,
  usual: null,
  missingSince: null,
  waiting: null,
  uncommitted: 0,
  rows: { in: 0, out: 0, refused: 0 },
  files: 1,
  kept: 0,
  leftOut: { count: 0, words: '' },
  version: null,
  failure: null,
  receipt: null,
  failing: null,
};
const failing = { since: NOW - 30 * HOUR, last: NOW - 2 * HOUR };
const failedDay: DropDay = {
  ...dropDay,
  day: '2026-11-18',
  state: 'failed',
  failure: 'SLUICE_INGEST_X',
  failing,
};
const failingText = `2026-11-18 SLUICE_INGEST_X, since ${at(30)}, last tried ${at(2)}.`;
const look = { at: NOW - HOUR, newestDay: null, openDays: [], stopped: false };
const dataset: DatasetDays = {
  source: 'acme',
  dataset: 'orders',
  kind: 'events',
  table: 'acme_orders',
  folder: 's3://acme/orders/',
  schedule: 'daily',
  lookbackDays: 3,
  firstDay: '2026-11-17',
  lastLook: look,
  days: [dropDay],
  late: [],
  waiting: [],
  unusual: [],
  unlooked: [],
  lacking: [],
};
const exported = {
  export: 'out',
  table: 'statsig_forwarded_events',
  target: 's3://acme/out/',
  firstDay: '2026-11-17',
};
const datasets = (more: Partial<DatasetDays>) => ({ datasets: [{ ...dataset, ...more }] });
const refusedBy = (counts: Readonly<Record<string, number>>, requests = 100): Partial<StatusFacts> => ({
  lastHour: { ...hour, requests, refusedBy: counts },
  lastRequestAt: at(0.1),
});
const failedBy = (counts: Readonly<Record<string, number>>): Partial<StatusFacts> => ({
  lastHour: { ...hour, failedBy: counts },
  lastRequestAt: at(0.1),
});
const change = { first: at(9), last: at(8), hour: 500, usual: 2, day: 700 };
const lastDay = {
  requests: 900,
  refused: 0,
  failed: 0,
  failedBy: {},
  received: 0,
  overflowed: 0,
  usual: null,
  changes: [],
};
const sent = { code: null, key: null, sdk: null, first: at(9), last: at(8) };
const changed = (...changes: readonly (Partial<Change> & Pick<Change, 'what'>)[]): Partial<StatusFacts> => ({
  lastDay: { ...lastDay, changes: changes.map((one) => ({ ...change, ...one })) },
});
const changedText = (noun: string) =>
  `500 ${noun} in the busiest hour, where 2 are usual, first in the 5 minutes from ${at(9)}, last in those from ${at(8)}; 700 in 24 hours.`;
const copies = { count: 3, objects: 0, hasMore: false };
const curated = {
  kind: 'events' as const,
  table: 'curated_events',
  listed: 30,
  leftOut: 0,
  raw: 3,
  failed: [],
  late: [],
  unplanned: [],
  resends: [],
  kept: [],
  accepted: [],
  lacking: [],
};
const keptDay = {
  day: '2026-11-14',
  rows: 7,
  since: '2026-11-16T00:20:00Z',
  gone: ['a.parquet'],
  replaced: [],
  isErased: false,
};
const deadLetters = {
  part: 'write',
  queue: 'sluice-prod-write-dead-letters',
  messages: 2,
  since: at(1),
  arn: 'arn:aws:sqs:x:1:sluice-prod-write-dead-letters',
};
const alarm = { name: 'sluice-prod-overflow', description: 'Look there', since: at(2) };

const place = {
  config: defineConfig({ bucket: 'acme' }),
  stack: { service: 'sluice', stage: 'prod' },
  localControl: undefined,
  now: NOW,
};
const judge = (facts: Partial<StatusFacts>) => judgeFacts({ ...well, ...facts }, place, 'eu-central-1');

/** A state, its finding and severity, the detail, and the command without its target. */
type Case = readonly [
  what: string,
  facts: Partial<StatusFacts>,
  code: string,
  severity: Finding['severity'],
  detail: string,
  ...commands: string[],
];

const days = ['2026-11-19', '2026-11-18']
  .map((day) => `${day} since ${at(2)}, with 1 file and no commit`)
  .join('; ');
/** What somebody on call meets. */
const cases: readonly Case[] = [
  [
    'all requests are refused',
    refusedBy({ SLUICE_BODY_NOT_JSON: 60 }, 60),
    'REFUSED',
    'problem',
    '60 of 60 requests of the last hour, 60 within 24 hours: 60 SLUICE_BODY_NOT_JSON.',
    'npx sluice tail --errors --last 20',
  ],
  [
    'a key is unknown',
    {
      ...refusedBy({ SLUICE_KEY_UNKNOWN: 20 }, 400),
      lastDay: { ...lastDay, refused: 900 },
      refusals: {
        groups: [{ ...sent, code: 'SLUICE_KEY_UNKNOWN', key: '9f86d081', sdk: 'js-client 3', count: 900 }],
        hasMore: false,
      },
    },
    'REFUSED',
    'problem',
    `20 of 400 requests of the last hour, 900 within 24 hours: 900 SLUICE_KEY_UNKNOWN from js-client 3 with the key 9f86d081, first ${at(9)}, last ${at(8)}.`,
    'npx sluice keys list',
    'npx sluice tail --errors --last 20',
  ],
  [
    'requests were refused earlier in the day',
    {
      lastDay: { ...lastDay, refused: 9 },
      refusals: { groups: [{ ...sent, code: 'SLUICE_KEY_MISSING', count: 8 }], hasMore: true },
    },
    'REFUSED',
    'warning',
    `0 of 0 requests of the last hour, 9 within 24 hours: 8 SLUICE_KEY_MISSING, first ${at(9)}, last ${at(8)}, and more lines of the log than were read.`,
  ],
  ['no key may send', { senders: 0 }, 'NO_KEY', 'problem', '', 'npx sluice keys add web'],
  [
    'no events come in any more',
    { lastHour: { ...hour, requests: 0 }, lastRequestAt: at(50), lastEventAt: at(2.5) },
    'SILENT',
    'warning',
    `No request since ${at(50)}, 2 days ago; how many are usual is not known at this time of day.`,
  ],
  [
    'no events come in, and no metric says since when',
    { lastHour: { ...hour, requests: 0 }, lastEventAt: at(2.5) },
    'SILENT',
    'warning',
    `No request in the last hour. The last event was stored at ${at(2.5)}, 2.5 hours ago.`,
  ],
  [
    'no events come in where they usually do',
    {
      ...changed({ what: 'silence', last: null, usual: 60 }),
      lastHour: { ...hour, requests: 0 },
      lastRequestAt: at(9.1),
      lastEventAt: at(0.9),
    },
    'SILENT',
    'problem',
    `No request since ${at(9.1)}, 9.1 hours ago; 60 requests an hour are usual.`,
  ],
  [
    'no events came in at night',
    changed({ what: 'silence', usual: 60 }),
    'SILENT',
    'warning',
    `No request from ${at(9)} to ${at(8)}, where 60 requests an hour are usual; 900 requests in 24 hours.`,
  ],
  [
    'there was a spike',
    { ...changed({ what: 'requests' }), spikeFrom: { key: 'web', sdk: 'js-client 3', share: 0.953 } },
    'SPIKE',
    'warning',
    `${changedText('requests')} About 95 % came from js-client 3 with the key web, by the log.`,
    'npx sluice tail',
  ],
  [
    'more keys are refused than usual',
    changed({ what: 'unknown_keys' }),
    'KEYS_REFUSED',
    'warning',
    changedText('requests'),
    'npx sluice keys list',
    'npx sluice tail --errors --last 20',
  ],
  [
    'more goes past the stream than usual',
    changed({ what: 'overflowed' }),
    'OVERFLOW',
    'warning',
    changedText('events'),
    'npx sluice tail --errors --last 20',
  ],
  [
    'a day has no partition',
    {
      partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
      failures: { register: `${at(0.2)}: AccessDeniedException: not authorized.` },
    },
    'PARTITION_WRONG',
    'problem',
    `The function register failed last at ${at(0.2)}: AccessDeniedException: not authorized. Missing: statsig_forwarded_events: 2026-11-20.`,
  ],
  [
    'exported files are gone from their table',
    { exports: [{ ...exported, days: [{ ...dropDay, kept: 2 }] }] },
    'EXPORT_KEPT',
    'problem',
    'out, s3://acme/out/: 2026-11-19 2 files.',
    'npx sluice export status --export out',
  ],
  [
    'exported files of days before the lookback are gone from their table',
    {
      exports: [
        {
          ...exported,
          days: ['2026-11-02', '2026-11-03', '2026-11-05', '2026-11-17'].map((day) => ({
            ...dropDay,
            day,
            kept: 1,
          })),
        },
      ],
    },
    'EXPORT_KEPT',
    'problem',
    'out, s3://acme/out/: 2026-11-02 1 file, 2026-11-03 1 file, 2026-11-05 1 file, 2026-11-17 1 file.',
    'npx sluice export status --export out --days 20',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-17',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-05',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-02 --to 2026-11-03',
    'npx sluice export run --export out --from 2026-11-05 --to 2026-11-05',
    'npx sluice export run --export out --from 2026-11-02 --to 2026-11-03',
  ],
  [
    'a day of a raw table has lost its files',
    { lostDays: [{ table: 'events', day: '2026-11-20', seenAt: NOW - 2 * HOUR }] },
    'DAYS_LOST',
    'problem',
    `statsig_forwarded_events: 2026-11-20, files last seen at ${at(2)}, versions until 2026-11-27.`,
  ],
  [
    'events of an hour are missing',
    { receivedHours: [shortHour, { ...shortHour, hour: 12, missing: 1 }] },
    'HOUR_SHORT',
    'problem',
    '2026-11-20T07, events: 30 of 300 accepted events are missing; 2026-11-20T12, events: 1 of 300 accepted events are missing.',
    'npx sluice reconcile --deep --day 2026-11-20',
  ],
  [
    'a drop is late',
    datasets({ late: [{ day: '2026-11-20', due: NOW - 2 * HOUR }] }),
    'INGEST_LATE',
    'problem',
    `acme/orders: no file has come of 2026-11-20, expected by ${at(2)}.`,
    'npx sluice ingest status --source acme --dataset orders',
  ],
  [
    'a day has files that are not committed',
    datasets({
      days: [{ ...dropDay, state: 'waiting' }],
      waiting: [
        { day: '2026-11-19', words: 'has 2 files and no commit since X', isLacking: true, cure: 'explain' },
        {
          day: '2026-11-20',
          words: 'has 1 file and no _SUCCESS since Y',
          isLacking: false,
          cure: 'backfill',
        },
      ],
    }),
    'INGEST_WAITING',
    'warning',
    'acme/orders: 2026-11-19 has 2 files and no commit since X.',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
  ],
  [
    'a late day has files that no run has looked at',
    datasets({
      late: [{ day: '2026-11-20', due: NOW - 2 * HOUR }],
      waiting: [
        { day: '2026-11-20', words: 'has 2 files and no commit since X', isLacking: false, cure: 'run' },
      ],
    }),
    'INGEST_WAITING',
    'problem',
    `acme/orders: 2026-11-20 has 2 files and no commit since X, expected by ${at(2)}.`,
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'a drop could not be loaded',
    datasets({ days: [failedDay, dropDay] }),
    'INGEST_FAILED',
    'problem',
    `acme/orders: ${failingText}`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
  ],
  [
    'the files of a loaded day are gone',
    datasets({
      days: ['2026-11-18', '2026-11-19'].map((day) => {
        return { ...dropDay, day, state: 'inputs_missing', missingSince: NOW - 2 * HOUR, uncommitted: 1 };
      }),
    }),
    'INPUTS_MISSING',
    'problem',
    `acme/orders: ${days}.`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
  ],
  [
    'days with others between them have no files',
    datasets({
      days: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        const missingSince = day === '2026-11-18' ? null : NOW - 2 * HOUR;
        return { ...dropDay, day, missingSince };
      }),
    }),
    'INPUTS_MISSING',
    'problem',
    `acme/orders: 2026-11-19 since ${at(2)}; 2026-11-16 since ${at(2)}.`,
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-19',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-16',
    'npx sluice ingest accept keep --source acme --dataset orders --from 2026-11-16',
  ],
  [
    'files of versions are gone',
    datasets({
      lacking: ['2026-11-16', '2026-11-18', '2026-11-19'].map((day) => {
        return { day, since: NOW - 2 * HOUR, isOnly: false };
      }),
    }),
    'FILES_LOST',
    'problem',
    `acme/orders: 2026-11-19 since ${at(2)}; 2026-11-18 since ${at(2)}; 2026-11-16 since ${at(2)}.`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-16 --to 2026-11-16',
  ],
  [
    'files of a curated version are gone',
    { curated: [{ ...curated, lacking: [{ day: '2026-11-19', since: NOW - 2 * HOUR, isOnly: false }] }] },
    'FILES_LOST',
    'problem',
    `curated_events: 2026-11-19 since ${at(2)}.`,
    'npx sluice curate rebuild --table events --from 2026-11-19 --to 2026-11-19',
  ],
  [
    'days have half of their usual rows',
    datasets({
      days: [dropDay, { ...dropDay, day: '2026-11-20' }].map((one) => ({ ...one, unusual: 'has 5' })),
    }),
    'ROWS_UNUSUAL',
    'warning',
    'acme/orders: 2026-11-20 has 5; and 1 other day.',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-20',
  ],
  [
    'a folder cannot be listed',
    datasets({
      lastLook: { ...look, failure: { code: 'SLUICE_SOURCE_X', message: 'Denied.' } },
    }),
    'SOURCE_UNREADABLE',
    'problem',
    `acme/orders, s3://acme/orders/, ${at(1)}: SLUICE_SOURCE_X: Denied.`,
  ],
  [
    'a folder was never listed',
    datasets({ lastLook: null }),
    'INGEST_LATE',
    'warning',
    'acme/orders: never listed, daily.',
  ],
  [
    'a folder has no files any more',
    datasets({ lastLook: { ...look, stopped: true } }),
    'INGEST_LATE',
    'warning',
    `acme/orders: s3://acme/orders/ had no files for today and 3 days before, ${at(1)}.`,
  ],
  [
    'a folder has files of other days, and names that are no days',
    datasets({
      unlooked: ['2026-01-01', '2026-01-02'],
      lastLook: {
        ...look,
        stopped: true,
        elsewhere: { days: ['2026-01-01', '2026-01-02'], others: ['year=2026/'] },
      },
    }),
    'INGEST_LATE',
    'warning',
    `acme/orders: s3://acme/orders/ had no files for today and 3 days before, but files of 2026-01-02, year=2026/, ${at(1)}.`,
  ],
  [
    'a listing is old',
    datasets({ lastLook: { ...look, at: NOW - 27 * HOUR } }),
    'INGEST_LATE',
    'warning',
    `acme/orders: listed at ${at(27)}, daily.`,
  ],
  [
    'files are left out',
    datasets({ days: [{ ...dropDay, leftOut: { count: 1, words: 'left out 1 object: a.csv' } }] }),
    'FILES_LEFT_OUT',
    'warning',
    'acme/orders: 2026-11-19 left out 1 object: a.csv.',
  ],
  [
    'receipts fail',
    datasets({
      days: [
        { ...dropDay, day: '2026-11-18', receipt: { code: 'X', since: NOW } },
        { ...dropDay, receipt: { code: 'Y', since: NOW - 5 * HOUR } },
      ],
    }),
    'RECEIPTS_FAILED',
    'warning',
    `acme/orders: 2026-11-19: Y, since ${at(5)}; and 1 other day.`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-19 --to 2026-11-19',
  ],
  [
    'an export failed',
    { exports: [{ ...exported, days: [failedDay] }] },
    'EXPORT_FAILED',
    'problem',
    `out, s3://acme/out/: ${failingText}`,
    'npx sluice export status --export out',
  ],
  [
    'the writer fails',
    {
      ...waiting({ landing: { ...nothing, count: 10_000, hasMore: true, oldest: at(4) } }),
      deadLetters: [deadLetters],
      failures: { write: `${at(1)}: Task timed out.` },
    },
    'LANDING_LATE',
    'problem',
    `landing/: at least 10,000 objects, the oldest since ${at(4)}; sluice-prod-write-dead-letters has 2 messages, the oldest since ${at(1)}. The function write failed last at ${at(1)}: Task timed out.`,
    'npx sluice redrive --landing',
  ],
  [
    'objects wait, and no log says why',
    waiting({ landing: { ...nothing, count: 1, oldest: at(0.34) } }),
    'LANDING_LATE',
    'problem',
    `landing/: 1 object, the oldest since ${at(0.34)}.`,
  ],
  [
    'messages of the writer are dead letters, and nothing waits',
    { deadLetters: [{ ...deadLetters, messages: 1, since: null }] },
    'DEAD_LETTERS',
    'problem',
    'sluice-prod-write-dead-letters has 1 message.',
  ],
  [
    'an object is damaged',
    waiting({ damaged: { ...damaged, count: 1, bytes: 9, oldest: at(0), first: 'damaged/a' } }),
    'DAMAGED',
    'problem',
    `damaged/: 1 object, the oldest since ${at(0)}, 9 bytes, 0 lines that begin as a row.`,
    'npx sluice redrive --discard damaged/a --dry-run',
    'npx sluice redrive --damaged',
  ],
  [
    'the bucket deletes nothing',
    waiting({ undeleted: { ...nothing, count: 2, oldest: at(0), why: 'AccessDenied' } }),
    'UNDELETED',
    'problem',
    `landing/: 2 objects, the oldest since ${at(0)}. S3 answers AccessDenied to s3:DeleteObject.`,
  ],
  [
    'Firehose is blocked',
    {
      stream: { ...stream, oldest: at(12.5) },
      ...waiting({ buffered: { count: null, oldest: at(12.5) } }),
      failures: { landing: `${at(0.1)}: S3.AccessDenied: Access was denied.` },
    },
    'STREAM_LATE',
    'problem',
    `The delivery of sluice-prod-landing failed last at ${at(0.1)}: S3.AccessDenied: Access was denied. Its oldest record has waited since ${at(12.5)}, 12.5 hours; Firehose drops it in 11.5 hours.`,
  ],
  [
    'the stream is near its quota',
    { stream: { ...stream, quotaShare: 0.9, quota: 'bytes' } },
    'QUOTA_NEAR',
    'warning',
    'sluice-prod-landing: 90 % of its bytes a second.',
  ],
  [
    'Firehose throttles',
    { stream: { ...stream, throttledRecords: 7 } },
    'QUOTA_NEAR',
    'problem',
    'sluice-prod-landing: 7 records were throttled within 15 minutes.',
  ],
  [
    'nothing can be stored, as without the key',
    failedBy({ SLUICE_COLLECT_NOT_DELIVERED: 2, SLUICE_COLLECT_NO_QUARANTINE: 1 }),
    'NOT_STORED',
    'problem',
    '2 requests with SLUICE_COLLECT_NOT_DELIVERED. 1 request with SLUICE_COLLECT_NO_QUARANTINE.',
  ],
  [
    'rows are in quarantine',
    { quarantine: [{ reason: 'SLUICE_EVENT_NO_NAME', rows: 2, newestAt: at(1) }] },
    'QUARANTINED',
    'warning',
    `2 rows with SLUICE_EVENT_NO_NAME, the last of ${at(1)}. SLUICE_EVENT_NO_NAME: Give it an eventName: text of at least one character.`,
    'npx sluice quarantine',
  ],
  [
    'a table did not take rows',
    { quarantine: [{ reason: 'SLUICE_ROW_UNFIT', rows: 1, newestAt: at(1) }] },
    'QUARANTINED',
    'problem',
    `1 row with SLUICE_ROW_UNFIT, the last of ${at(1)}.`,
    'npx sluice quarantine',
  ],
  [
    'the target of relay refuses',
    {
      relay: {
        waiting: { ...copies, oldest: null },
        refused: [
          { reason: '401', count: 2, oldest: at(3) },
          { reason: 'expired', count: 1, oldest: at(3) },
        ],
        deadLetters: 0,
      },
    },
    'RELAY_REFUSED',
    'problem',
    `401: 2 copies, the oldest of ${at(3)}, expired: 1 copy, the oldest of ${at(3)}.`,
    'npx sluice relay status',
  ],
  [
    'relay is late',
    { relay: { waiting: { ...copies, oldest: at(2) }, refused: [], deadLetters: 0 } },
    'RELAY_LATE',
    'warning',
    `3 copies, the oldest since ${at(2)}.`,
  ],
  [
    'a client counts seconds',
    {
      noted: {
        counts: { before_2000: 7, clock_corrected: 3 },
        hasMore: false,
        before2000: [
          { ...sent, key: 'shop', sdk: 'python 1.0', count: 6 },
          { ...sent, last: at(9), count: 1 },
        ],
      },
    },
    'TIME_SECONDS',
    'warning',
    `6 events from python 1.0 with the key shop, first ${at(9)}, last ${at(8)}; 1 event, first ${at(9)}, last ${at(9)}.`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'a client sends everything again',
    {
      curated: [
        {
          ...curated,
          resends: [
            { day: '2026-11-19', rows: 1_000, resends: 60 },
            { day: '2026-11-18', rows: 1_000, resends: 10 },
            { day: '2026-11-17', rows: 1_000, resends: 10 },
            { day: '2026-11-16', rows: 1_000, resends: 4_000 },
          ],
        },
      ],
    },
    'RESENDS',
    'warning',
    'curated_events: 2026-11-19 60 beside 1,000 rows, 2026-11-16 4000 beside 1,000 rows, first 2026-11-16, last 2026-11-19; 1 % are usual.',
  ],
  [
    'days could not be curated',
    { curated: [{ ...curated, failed: [{ day: '2026-11-17', code: 'SLUICE_CURATE_KILLED', ...failing }] }] },
    'CURATE_FAILED',
    'problem',
    `curated_events: 2026-11-17 SLUICE_CURATE_KILLED, since ${at(30)}, last tried ${at(2)}.`,
    'npx sluice curate status --table events',
  ],
  [
    'days wait to be curated',
    { curated: [{ ...curated, late: ['2026-11-16', '2026-11-15'] }] },
    'CURATE_LATE',
    'problem',
    'curated_events, queued for a day: 2026-11-16, 2026-11-15.',
    'npx sluice curate run --table events',
  ],
  [
    'days were never queued',
    { curated: [{ ...curated, unplanned: ['2026-11-14'] }] },
    'CURATE_LATE',
    'warning',
    'curated_events, never queued: 2026-11-14.',
    'npx sluice curate run --table events',
  ],
  [
    'views have no room for days',
    { curated: [{ ...curated, leftOut: 1 }] },
    'CURATE_LATE',
    'warning',
    'curated_events, left out of views: 1 day.',
    'npx sluice curate status --table events',
  ],
  [
    'a curated day has rows that no raw file has',
    { curated: [{ ...curated, kept: [keptDay] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events: 2026-11-14, 7 rows that no raw file has, noticed at 2026-11-16T00:20:00Z, gone: a.parquet; S3 has what was deleted until 2026-11-22 at least.',
  ],
  [
    'such a day was erased, too: nothing is said to bring its files back',
    { curated: [{ ...curated, kept: [{ ...keptDay, isErased: true }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events: 2026-11-14, 7 rows that no raw file has, noticed at 2026-11-16T00:20:00Z, gone: a.parquet, and an erasure has deleted versions of them.',
    'npx sluice curate accept 2026-11-14 --table events',
  ],
  [
    'the files of such a day are copied back: no command copies them again',
    { curated: [{ ...curated, kept: [{ ...keptDay, gone: [] }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events: 2026-11-14, 7 rows that no raw file has, noticed at 2026-11-16T00:20:00Z, copied back, for the next night; S3 has what was deleted until 2026-11-22 at least.',
    'npx sluice curate accept 2026-11-14 --table events',
  ],
  [
    'an alarm is on',
    {
      alarms: (['INSUFFICIENT_DATA', 'OK', 'ALARM'] as const).map((state) => ({
        ...alarm,
        name: state === 'ALARM' ? alarm.name : state,
        state,
        notifies: true,
      })),
    },
    'ALARM',
    'problem',
    `sluice-prod-overflow, since ${at(2)}: Look there.`,
  ],
  [
    'alarms notify nobody',
    { alarms: [{ ...alarm, state: 'OK', notifies: false }] },
    'NO_TOPIC',
    'warning',
    '1 of 1 alarms.',
  ],
  [
    'a part cannot be read',
    { unknown: [{ part: 'the partitions', why: 'Denied.' }] },
    'UNREADABLE',
    'problem',
    'the partitions: Denied.',
  ],
];

describe('a finding of sluice status', () => {
  it('is none when all is well', () => {
    expect(judge({})).toEqual([]);
    expect(judge(datasets({}))).toEqual([]);
    expect(
      judge({ curated: [curated], lastHour: hour, lastRequestAt: at(0.1), lastEventAt: at(30) }),
    ).toEqual([]);
  });

  it.each(cases)('says that %s', (...[, facts, code, severity, detail, ...commands]: Case) => {
    const found = judge(facts);
    expect(found).toMatchObject([{ code: `SLUICE_FINDING_${code}`, severity, detail }]);
    expect(found[0]?.commands.slice(0, commands.length)).toEqual(
      commands.map((command) => `${command} --stage prod --region eu-central-1`),
    );
  });

  it.each([
    [3, 5, 'problem'],
    [1, 2, 'warning'],
    [20, 400, 'problem'],
    [19, 400, 'warning'],
    [20, 401, 'warning'],
  ])('of %i of %i refused requests is a %s', (refused, requests, severity) => {
    expect(judge(refusedBy({ SLUICE_KEY_UNKNOWN: refused }, requests))).toMatchObject([
      { severity, commands: [expect.stringMatching(/^npx sluice keys list /), expect.any(String)] },
    ]);
  });

  it('is none below its bound', () => {
    const resends = [50, 10, 10, 400, 400, 400].map((n, i) => ({
      day: `2026-11-1${i}` as const,
      rows: 1_000,
      resends: n,
    }));
    expect(judge({ curated: [{ ...curated, resends: resends.slice(0, 3) }] })).toEqual([]);
    expect(judge({ curated: [{ ...curated, resends: resends.slice(3) }] })).toEqual([]);
    expect(judge({ curated: [{ ...curated, resends: resends.slice(3, 4) }] })).toHaveLength(1);
    const silent = { lastHour: { ...hour, requests: 0 } };
    expect(judge({ ...silent, lastEventAt: null })).toEqual([]);
    expect(judge({ ...silent, lastEventAt: at(0.9) })).toEqual([]);
    expect(judge({ ...silent, lastEventAt: at(72) })[0]?.detail).toMatch(/, 3 days ago\.$/);
    expect(judge({ senders: null })).toEqual([]);
    expect(judge(waiting({ landing: { ...nothing, count: 3, oldest: at(0.33) } }))).toEqual([]);
    const quotaOf = (quotaShare: number) => judge({ stream: { ...stream, quotaShare, quota: 'calls' } });
    expect([quotaOf(0.79).length, quotaOf(0.8).length]).toEqual([0, 1]);
    expect(judge({ ...silent, lastEventAt: at(1) })).toHaveLength(1);
    const copiesSince = (hours: number) =>
      judge({ relay: { waiting: { ...copies, oldest: at(hours) }, refused: [], deadLetters: 0 } });
    expect([copiesSince(0.99).length, copiesSince(1).length]).toEqual([0, 1]);
    const listedAgo = (hours: number) => {
      return judge(datasets({ schedule: 'hourly', lastLook: { ...look, at: NOW - hours * HOUR } }));
    };
    expect([listedAgo(3).length, listedAgo(3.1).length]).toEqual([0, 1]);
    expect(judge({ isLocal: true, alarms: [{ ...alarm, state: 'OK', notifies: false }] })).toEqual([]);
  });

  it('has the cure of each code of an answer 503 that is no failure to store', () => {
    const counts = { SLUICE_COLLECT_BODY_MANGLED: 4, SLUICE_COLLECT_OUT_OF_TIME: 1 };
    expect(judge(failedBy(counts))).toMatchObject([
      {
        code: 'SLUICE_FINDING_NOT_STORED',
        detail: expect.stringMatching(
          /^4 requests with SLUICE_COLLECT_BODY_MANGLED\. .*1 request with SLUICE_COLLECT_OUT_OF_TIME\. /,
        ),
      },
    ]);
  });

  it('brings files of a version back whose rows nothing else has', () => {
    const since = NOW - HOUR;
    const lacking = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day) => {
      return { day, since, isOnly: day > '2026-11-17' };
    });
    const found = judge({ ...datasets({ lacking }), curated: [{ ...curated, lacking }] });
    expect(found.map(({ commands }) => commands.map((one) => one.split(' --stage')[0]))).toEqual([
      [
        'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-17 --to 2026-11-17',
        'npx sluice restore --table acme_orders --from 2026-11-18 --to 2026-11-19',
      ],
      [
        'npx sluice curate rebuild --table events --from 2026-11-17 --to 2026-11-17',
        'npx sluice restore --table curated_events --from 2026-11-18 --to 2026-11-19',
      ],
    ]);
  });

  it('of requests that were not stored ends once others are stored', () => {
    const failed = (lastStoredAt: string | null) => {
      const failedAt = { SLUICE_COLLECT_NOT_DELIVERED: { first: at(0.5), last: at(0.25) } };
      const failedBy = { SLUICE_COLLECT_NOT_DELIVERED: 7 };
      return judge({ lastHour: { ...hour, failedBy, failedAt, lastStoredAt }, lastRequestAt: at(0.1) });
    };
    const detail =
      '7 requests with SLUICE_COLLECT_NOT_DELIVERED, first 2026-11-20T11:30Z, last 2026-11-20T11:45Z';
    for (const before of [null, at(0.6), at(0.25)])
      expect(failed(before)).toMatchObject([{ severity: 'problem', detail: `${detail}.` }]);
    expect(failed(at(0.2))).toMatchObject([{ severity: 'warning', detail: `${detail}; it is over.` }]);
  });

  it.each(['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_BODY_MANGLED'])('of %s stays a day', (code) => {
    const failed = (inHour: Partial<LastHour>) => {
      const day = { [code]: { count: 16, first: at(9), last: at(0.75) } };
      return judge({ lastHour: { ...hour, ...inHour }, lastDay: { ...lastDay, failedBy: day } })[0];
    };
    const first = 'first in the 5 minutes from 2026-11-20T03:00Z, last';
    const over = `^16 requests with ${code}, ${first} in the 5 minutes from 2026-11-20T11:15Z; it is over\\.`;
    expect(failed({})).toMatchObject({ severity: 'warning', detail: expect.stringMatching(over) });
    const failedAt = { [code]: { first: at(0.8), last: at(0.7) } };
    const detail = expect.stringMatching(`^16 requests with ${code}, ${first} 2026-11-20T11:18Z\\.`);
    expect(failed({ failedBy: { [code]: 2 }, failedAt })).toMatchObject({ severity: 'problem', detail });
  });

  it('of quarantine offers a redrive for what can be corrected, and the cure of everything else', () => {
    const found = (...reasons: readonly string[]) =>
      judge({ quarantine: reasons.map((reason) => ({ reason, rows: 2, newestAt: at(1) })) });
    const [mixed] = found('SLUICE_BODY_CORRUPT', 'SLUICE_ROW_UNFIT', 'SLUICE_VALUE_UNFIT');
    expect(mixed?.commands.map((command) => /--reason (\S+)/.exec(command)?.[1])).toEqual([
      undefined,
      'SLUICE_ROW_UNFIT',
    ]);
    expect(mixed?.detail).toContain(' SLUICE_BODY_CORRUPT: Send the body as the SDK wrote it.');
    for (const reason of ['SLUICE_BODY_TRUNCATED', 'SLUICE_BODY_NOT_JSON', 'SLUICE_EVENT_BAD_TIME'])
      expect(found(reason)[0]?.commands).toHaveLength(1);
    for (const reason of ['SLUICE_BODY_TOO_COSTLY', 'SLUICE_EVENT_KIND_NOT_ALLOWED'])
      expect(found(reason)[0]?.commands).toHaveLength(2);
  });

  it('of a key that is disabled is one, with what follows from it and the command of the doctor', () => {
    const Arn = 'arn:aws:kms:eu-central-1:1:key/a';
    const found = judge({
      ...failedBy({ SLUICE_COLLECT_NOT_DELIVERED: 2 }),
      ...waiting({ landing: { ...nothing, count: 3, oldest: at(2) } }),
      alarms: [{ ...alarm, state: 'ALARM', notifies: true }],
      unknown: [{ part: 'the last event', why: 'KMS.DisabledException: a is disabled.' }],
      key: { Arn, KeyState: 'Disabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
    });
    expect(found).toMatchObject([
      {
        code: 'SLUICE_FINDING_KEY_UNUSABLE',
        severity: 'problem',
        detail: expect.stringMatching(
          /^arn\S+ is disabled\..*landing\/: 3 objects.* 2 requests.*sluice-prod-overflow/,
        ),
        commands: [expect.stringMatching(/^aws kms enable-key --key-id arn:/)],
      },
    ]);
  });

  it('of raw files says how they are brought back, and is the only one of copies that an export keeps of them', () => {
    const replaced = [{ name: 'b.parquet', eTag: '"0a"' }];
    const days = [{ ...dropDay, day: keptDay.day, kept: 2 }];
    const found = judge({
      curated: [{ ...curated, kept: [{ ...keptDay, replaced }] }],
      exports: [{ ...exported, days }],
    });
    expect(found.map(({ code }) => code)).toEqual(['SLUICE_FINDING_CURATE_KEPT']);
    expect(found[0]?.detail).toContain('the export out keeps 2 copies');
    const commands = found.flatMap((one) => one.commands);
    expect(commands.map((command) => command.split(' --stage')[0])).toEqual([
      'npx sluice restore --table statsig_forwarded_events --from 2026-11-14',
      'npx sluice curate accept 2026-11-14 --table events',
    ]);
    const lostDays = [{ table: 'events', day: keptDay.day, seenAt: NOW }] as const;
    const lost = judge({ lostDays, exports: [{ ...exported, days }] });
    expect(lost.map(({ code }) => code)).toEqual(['SLUICE_FINDING_DAYS_LOST']);
    expect(lost[0]?.detail).toMatch(/until 2026-11-27; the export out keeps 2 copies/);
    const both = judge({ lostDays, curated: [{ ...curated, kept: [keptDay] }] });
    expect(both.map(({ code }) => code)).toEqual(['SLUICE_FINDING_CURATE_KEPT']);
    // It is the same deletion.
    expect(both[0]?.detail).toContain('; S3 has what was deleted until 2026-11-27 ');
    const old = judge({ curated: [{ ...curated, kept: [{ ...keptDay, since: '2026-11-13T00:20:00Z' }] }] });
    expect(old[0]?.detail).toContain('; S3 had what was deleted until 2026-11-19 ');
    // Whoever accepts that files are gone means their copies, too.
    const accepted = [{ ...curated, accepted: [keptDay.day] }];
    expect(judge({ curated: accepted, exports: [{ ...exported, days }] })).toEqual([]);
    // What another table has lost is no reason.
    const others = { lostDays: [{ ...lostDays[0], table: 'exposures' as const }] };
    expect(judge({ ...others, exports: [{ ...exported, days }] })).toHaveLength(2);
    const ofExposures = [{ ...curated, kind: 'exposures' as const, kept: [keptDay] }];
    expect(judge({ curated: ofExposures, exports: [{ ...exported, days }] })).toHaveLength(2);
  });

  it('of days that failed before the lookback has the commands that show them and try them again', () => {
    const old = [{ ...failedDay, day: '2026-11-01' }, failedDay];
    const found = judge({
      ...datasets({ days: old }),
      exports: [{ ...exported, days: old }],
      curated: [{ ...curated, failed: [{ day: '2026-11-01', code: 'SLUICE_CURATE_KILLED', ...failing }] }],
    });
    const words = found.flatMap(({ commands }) => commands.map((one) => one.split(' --stage')[0]));
    expect(words).toEqual([
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-01',
      'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-01 --to 2026-11-01',
      'npx sluice export status --export out --days 21',
      'npx sluice export run --export out --from 2026-11-01 --to 2026-11-01',
      'npx sluice curate status --table events --days 21',
      'npx sluice curate run --table events',
    ]);
  });

  it('that is a problem comes before warnings', () => {
    const found = judge({
      alarms: [{ ...alarm, state: 'ALARM', notifies: false }],
      quarantine: [{ reason: 'SLUICE_EVENT_NO_NAME', rows: 2, newestAt: at(1) }],
    });
    expect(found.map(({ severity }) => severity)).toEqual(['problem', 'warning', 'warning']);
  });
});
