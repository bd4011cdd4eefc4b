import { NOT_LOOKED } from '../../../lib/reconcile/judgeHour.ts';
import {
  bucketFault,
  curatedWith,
  damagedFile,
  failing,
  failureOf,
  hoursAgo,
  lostDay,
  msAgo,
  noVersionsOf,
  quarantineCount,
  shortHour,
  unreadPart,
  versionsOf,
} from '../statusFacts.ts';
import type { Case } from './Case.ts';

const archivingRule = { id: 'r', prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false };
const unprovedHour = { ...shortHour, finished: 300, missing: 0, unproved: 6, state: 'whole' } as const;
/** Tables, the objects of the bucket, and hours of receipt. */
export const tableCases: readonly Case[] = [
  [
    'a day has no partition',
    {
      partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
      failures: { register: failureOf('denied', 'AccessDeniedException: not authorized.', 0.2) },
    },
  ],
  [
    'the partition of a day points to another folder',
    {
      partitions: {
        days: 3,
        gaps: [
          { table: 'events', day: '2026-11-20', elsewhere: { location: 's3://old/x/', madeAt: hoursAgo(5) } },
        ],
      },
    },
  ],
  [
    'somebody suspended the versions of the bucket',
    {
      bucketFaults: [
        bucketFault({
          name: 'versioning',
          why: 'State that is overwritten is gone.',
          points: ['Status is "Suspended" instead of "Enabled"'],
          repair: ['s3api', 'put-bucket-versioning', '--bucket', 'acme'],
        }),
      ],
    },
  ],
  [
    'somebody emptied the notifications of the bucket',
    {
      bucketFaults: [
        bucketFault({
          name: 'events',
          points: ['EventBridgeConfiguration is not set'],
          why: 'Files are registered hourly.',
          repair: ['s3api', 'put-bucket-notification-configuration', '--bucket', 'acme'],
        }),
      ],
    },
  ],
  [
    'somebody let another account into the bucket',
    {
      bucketFaults: [
        bucketFault({
          name: 'policy',
          points: ['the statement Team allows the account 999988887777 s3:GetObject'],
          repair: ['s3api', 'put-bucket-policy', '--bucket', 'acme'],
          isShared: true,
        }),
      ],
    },
  ],
  [
    'an object of the ledger is damaged',
    {
      damagedEntries: [
        { key: 'ledger/acme/orders/2026-11-18.json', writtenAt: hoursAgo(3), versionBefore: null },
        { key: 'ledger/acme/orders/2026-11-19.json', writtenAt: hoursAgo(2), versionBefore: 'v1' },
      ],
    },
  ],
  [
    'an erasure has not gone on',
    {
      erasures: [
        {
          why: 'stopped',
          count: 2,
          since: hoursAgo(900),
          last: [
            { key: 'ledger/_erasures/b.json', since: hoursAgo(800) },
            { key: 'ledger/_erasures/a.json', since: hoursAgo(900) },
          ],
          left: [],
          leftCount: 0,
        },
      ],
    },
  ],
  [
    'the record of an erasure cannot be read',
    {
      erasures: [
        {
          why: 'invalid',
          count: 1,
          since: hoursAgo(90),
          last: [{ key: 'ledger/_erasures/d.json', since: hoursAgo(90) }],
          left: [],
          leftCount: 0,
        },
      ],
    },
  ],
  [
    'erasures cannot search a version',
    {
      erasures: [
        {
          why: 'unsearched',
          count: 7,
          since: hoursAgo(90),
          last: [{ key: 'ledger/_erasures/c.json', since: hoursAgo(80) }],
          left: [{ key: 'events/a.parquet', versionId: 'v1', why: 'archived' }],
          leftCount: 12,
        },
      ],
    },
  ],
  [
    'a file was replaced by what is no Parquet',
    {
      damagedFiles: [damagedFile('2026-11-20', 'statsig/e/a.parquet', 2)],
    },
  ],
  [
    'two files were replaced by what is no Parquet, of which the one named second was the first',
    {
      damagedFiles: [
        damagedFile('2026-11-20', 'statsig/e/a.parquet', 2),
        damagedFile('2026-11-19', 'statsig/e/b.parquet', 5),
      ],
    },
  ],
  [
    'somebody put a text into the folder of a day',
    {
      damagedFiles: [damagedFile('2026-11-20', 'e/a.txt', 2, ['v2', 'v1'])],
      unknown: [
        unreadPart(
          'the content of events',
          'query',
          'HIVE_BAD_DATA: Not valid Parquet file: s3://acme/e/a.txt',
        ),
      ],
    },
  ],
  [
    'a curated day has no partition',
    curatedWith({ unread: [{ day: '2026-11-18', location: 's3://acme/v/', rows: 40 }] }),
  ],
  [
    'files of a day are archived',
    {
      archivedDays: {
        days: [
          {
            table: 'acme_orders',
            day: '2026-11-19',
            since: msAgo(2),
            keys: ['1', '2', '3', '4'].map(
              (name) => `statsig/ingested/acme_orders/2026-11-19/v/${name}.parquet`,
            ),
          },
        ],
        unlookedUntil: null,
      },
    },
  ],
  [
    'a rule of the bucket archives objects, and another those of others',
    {
      archivingRules: [
        { ...archivingRule, id: 'save', prefix: 'damaged/', since: msAgo(5) },
        { ...archivingRule, id: 'others', prefix: 'photos/', since: msAgo(9) },
      ],
    },
  ],
  [
    'a rule archives all earlier versions of the bucket',
    {
      archivingRules: [{ ...archivingRule, id: 'old', days: null, isOfVersions: true, since: msAgo(1) }],
    },
  ],
  ['a day of a raw table has lost its files', { lostDays: [lostDay('2026-11-20', 2)] }],
  [
    'a day of a raw table has lost files of which S3 has versions, and so their rows',
    {
      lostDays: [lostDay('2026-11-20', 2)],
      restorable: [versionsOf('2026-11-20', 2, 700)],
    },
  ],
  [
    'a day of a raw table has lost its files, and an erasure the versions of them',
    {
      lostDays: [lostDay('2026-11-20', 2)],
      restorable: ['statsig_forwarded_events', 'landing/2026/11/20/', 'landing/direct/2026-11-20/'].map(
        (table) => ({ table, day: '2026-11-20', files: 0 }),
      ),
    },
  ],
  [
    'a day of a raw table has lost its files with their versions, and its landing has versions',
    {
      lostDays: [lostDay('2026-11-20', 2)],
      restorable: [
        noVersionsOf('2026-11-20'),
        { table: 'landing/2026/11/20/', day: '2026-11-20', files: 6 },
        { table: 'landing/direct/2026-11-20/', day: '2026-11-20', files: 0 },
      ],
    },
  ],
  ['events of an hour are missing', { receivedHours: [shortHour, { ...shortHour, hour: 12, missing: 1 }] }],
  [
    'events of an hour are missing, and an erasure or their age took all versions but those of one folder',
    {
      receivedHours: [shortHour, { ...shortHour, hour: 12, missing: 1 }, { ...shortHour, ds: '2026-11-19' }],
      restorable: [
        { table: 'landing/2026/11/20/06/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/20/07/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/20/11/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/20/12/', day: '2026-11-20', files: 1 },
        { table: 'landing/direct/2026-11-20/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/19/06/', day: '2026-11-19', files: 0 },
        { table: 'landing/2026/11/19/07/', day: '2026-11-19', files: 0 },
        { table: 'landing/direct/2026-11-19/', day: '2026-11-19', files: 0 },
      ],
    },
  ],
  [
    'the stream dropped the events of an hour',
    {
      receivedHours: [shortHour],
      undeliveredHours: [{ hour: Date.parse('2026-11-20T07:00:00Z'), why: 'dropped' }],
    },
  ],
  [
    'events are missing of an hour before the stream was made, and of one after it',
    {
      receivedHours: [shortHour, { ...shortHour, hour: 9, missing: 1 }],
      undeliveredHours: [{ hour: Date.parse('2026-11-20T07:00:00Z'), why: 'notGiven' }],
    },
  ],
  ['events of an hour are missing, and others may be', { receivedHours: [{ ...shortHour, unproved: 12 }] }],
  [
    'two nights have failed',
    {
      lastNight: { day: '2026-11-17', at: hoursAgo(58) },
      receivedHours: [
        { ...shortHour, ds: '2026-11-17', state: 'open', checked_at: '2026-11-18 01:10:00.000' },
      ],
      ...failing('reconcile', { waits: null }),
      failures: { reconcile: failureOf('error', 'AccessDenied.', 10) },
    },
  ],
  [
    'Athena gave a night no rows of an hour whose counts differ',
    {
      lastNight: { day: '2026-11-19', at: hoursAgo(11) },
      receivedHours: [
        {
          ...shortHour,
          ds: '2026-11-19',
          missing: 0,
          state: 'open',
          why: NOT_LOOKED,
          checked_at: '2026-11-20 01:10:00.000',
        },
        {
          ...shortHour,
          ds: '2026-11-17',
          missing: 0,
          state: 'unknown',
          why: NOT_LOOKED,
          checked_at: undefined,
        },
      ],
      failures: { reconcile: failureOf('error', 'AccessDeniedException.', 10) },
    },
  ],
  [
    'events are unproved on two days',
    { receivedHours: [unprovedHour, { ...unprovedHour, hour: 8 }, { ...unprovedHour, ds: '2026-11-19' }] },
  ],
  ['rows are in quarantine', { quarantine: [quarantineCount] }],
  [
    'a table did not take rows',
    { quarantine: [{ ...quarantineCount, reason: 'SLUICE_ROW_UNFIT', rows: 1, senders: [] }] },
  ],
];
