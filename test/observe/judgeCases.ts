import { NOT_LOOKED } from '../../lib/reconcile/judgeHour.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import type { Finding } from '../../observe/findings/catalogue.ts';
import {
  alarm,
  at,
  changed,
  changedText,
  copies,
  curated,
  damaged,
  datasets,
  deadLetters,
  dropDay,
  exported,
  failedDay,
  failing,
  failingText,
  functionErrors,
  HOUR,
  hour,
  keptDay,
  lastDay,
  look,
  NOW,
  nothing,
  refusedBy,
  sent,
  shortHour,
  stream,
  waiting,
} from './statusFacts.ts';

/** A state, its finding and severity, the figures and names of the detail, and the command without its target. */
export type Case = readonly [
  what: string,
  facts: Partial<StatusFacts>,
  code: string,
  severity: Finding['severity'],
  figures: string,
  ...commands: string[],
];

const archivingRule = { id: 'r', prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false };
const days = ['2026-11-19', '2026-11-18']
  .map((day) => `${day} since ${at(2)}, with 1 file and no commit`)
  .join('; ');
const unprovedHour = { ...shortHour, finished: 300, missing: 0, unproved: 6, state: 'whole' } as const;
const versionsOf = (folder: string) =>
  `aws s3api list-object-versions --bucket acme --prefix ${folder} --query '[Versions,DeleteMarkers][].[Key,LastModified,VersionId,Size]' --output text`;
/** What somebody on call meets. */
export const cases: readonly Case[] = [
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
    `20 400 900 24 900 SLUICE_KEY_UNKNOWN js-client 3 9f86d081 ${at(9)} ${at(8)}`,
    'npx sluice keys list',
    'npx sluice keys add web',
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
    `0 0 9 24 8 SLUICE_KEY_MISSING ${at(9)} ${at(8)}`,
  ],
  [
    'a key was unknown, and is in the list now',
    {
      ...refusedBy({ SLUICE_KEY_UNKNOWN: 40 }),
      keys: { senders: ['9f86d081ff'], fault: null },
      refusals: {
        groups: [{ ...sent, code: 'SLUICE_KEY_UNKNOWN', key: '9f86d081', count: 40 }],
        hasMore: false,
      },
    },
    'REFUSED',
    'warning',
    `40 100 40 24 40 SLUICE_KEY_UNKNOWN 9f86d081 ${at(9)} ${at(8)}`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'no key may send',
    { keys: { senders: [], fault: null } },
    'NO_KEY',
    'problem',
    '',
    'npx sluice keys add web',
  ],
  [
    'the secret of the keys is no list',
    { keys: { senders: [], fault: 'It is not JSON.' } },
    'KEYS_UNREADABLE',
    'problem',
    'sluice-prod-keys JSON',
    'npx sluice keys restore --dry-run',
    'npx sluice keys restore',
  ],
  [
    'collectors are denied the keys',
    { keysFailure: `${at(0.1)}: SLUICE_KEYS_UNAVAILABLE: AccessDeniedException.` },
    'KEYS_UNREADABLE',
    'problem',
    `sluice-prod-keys ${at(0.1)} SLUICE_KEYS_UNAVAILABLE AccessDeniedException`,
    'npx sluice doctor --drift',
  ],
  [
    'no events come in any more',
    { lastHour: { ...hour, requests: 0 }, lastRequestAt: at(50), lastEventAt: at(2.5) },
    'SILENT',
    'warning',
    `${at(50)} 2`,
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
    `${at(9.1)} 9.1 60`,
  ],
  [
    'no events came in at night',
    changed({ what: 'silence', usual: 60 }),
    'SILENT',
    'warning',
    `${at(9)} ${at(8)} 60 900 24`,
  ],
  [
    'there was a spike',
    { ...changed({ what: 'requests' }), spikeFrom: { key: 'web', sdk: 'js-client 3', share: 0.953 } },
    'SPIKE',
    'warning',
    `${changedText('requests')} 95 js-client 3`,
    'npx sluice tail',
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
    `${at(0.2)} statsig_forwarded_events 2026-11-20`,
  ],
  [
    'exported files are gone from their table',
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
    's3://acme/out/ 2026-11-02 1 2026-11-03 1 2026-11-05 1 2026-11-17 1',
    'npx sluice export status --export out --days 20',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-17',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-05',
    'npx sluice restore --table statsig_forwarded_events --from 2026-11-02 --to 2026-11-03',
    'npx sluice export run --export out --from 2026-11-17 --to 2026-11-17',
    'npx sluice export run --export out --from 2026-11-05 --to 2026-11-05',
    'npx sluice export run --export out --from 2026-11-02 --to 2026-11-03',
  ],
  [
    'files of a day are archived',
    {
      archivedDays: [
        {
          table: 'acme_orders',
          day: '2026-11-19',
          since: NOW - 2 * HOUR,
          keys: ['1', '2', '3', '4'].map(
            (name) => `statsig/ingested/acme_orders/2026-11-19/v/${name}.parquet`,
          ),
        },
      ],
    },
    'ARCHIVED',
    'problem',
    `acme_orders 2026-11-19 4 ${at(2)}`,
    `aws s3api list-objects-v2 --bucket acme --prefix statsig/ingested/acme_orders/2026-11-19/v/ --query 'Contents[?StorageClass=='\\''GLACIER'\\''||StorageClass=='\\''DEEP_ARCHIVE'\\''].Key' --output text`,
    ...['restore-object', 'copy-object'].flatMap((verb) =>
      ['1', '2', '3'].map((name) => {
        const key = `statsig/ingested/acme_orders/2026-11-19/v/${name}.parquet`;
        const rest =
          verb === 'restore-object'
            ? '--restore-request Days=7'
            : `--copy-source acme/${key} --storage-class STANDARD`;
        return `aws s3api ${verb} --bucket acme --key ${key} ${rest}`;
      }),
    ),
  ],
  [
    'a rule of the bucket archives objects, and another those of others',
    {
      archivingRules: [
        { ...archivingRule, id: 'save', prefix: 'damaged/', since: NOW - 5 * HOUR },
        { ...archivingRule, id: 'others', prefix: 'photos/', since: NOW - 9 * HOUR },
      ],
    },
    'ARCHIVING',
    'problem',
    `acme save GLACIER 30 damaged/ ${at(5)}`,
    'aws s3api get-bucket-lifecycle-configuration --bucket acme',
  ],
  [
    'a rule archives all earlier versions of the bucket',
    { archivingRules: [{ ...archivingRule, id: 'old', days: null, isOfVersions: true, since: NOW - HOUR }] },
    'ARCHIVING',
    'problem',
    `acme old GLACIER statsig/ quarantine/ quarantine-large/ landing/ damaged/ 2 ${at(1)}`,
    'aws s3api get-bucket-lifecycle-configuration --bucket acme',
  ],
  [
    'a day of a raw table has lost its files',
    { lostDays: [{ table: 'events', day: '2026-11-20', seenAt: NOW - 2 * HOUR, files: 3, left: 1 }] },
    'DAYS_LOST',
    'problem',
    `statsig_forwarded_events 2026-11-20 1 3 ${at(2)} 2026-11-27`,
  ],
  [
    'a day of a raw table has lost its files, and an erasure the versions of them',
    {
      lostDays: [{ table: 'events', day: '2026-11-20', seenAt: NOW - 2 * HOUR, files: 3, left: 1 }],
      restorable: [{ table: 'statsig_forwarded_events', day: '2026-11-20', files: 0 }],
    },
    'DAYS_LOST',
    'problem',
    `statsig_forwarded_events 2026-11-20 1 3 ${at(2)}`,
    'npx sluice curate accept 2026-11-20 --table events',
  ],
  [
    'events of an hour are missing',
    { receivedHours: [shortHour, { ...shortHour, hour: 12, missing: 1 }] },
    'HOUR_SHORT',
    'problem',
    '2026-11-20T07 30 300 2026-11-20T12 1 300',
    'npx sluice reconcile --deep --day 2026-11-20',
    versionsOf('landing/2026/11/20/07/'),
    versionsOf('landing/2026/11/20/12/'),
    versionsOf('landing/direct/2026-11-20/'),
  ],
  [
    'events of an hour are missing, and an erasure or their age took all versions but those of one folder',
    {
      receivedHours: [shortHour, { ...shortHour, hour: 12, missing: 1 }, { ...shortHour, ds: '2026-11-19' }],
      restorable: [
        { table: 'landing/2026/11/20/07/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/20/12/', day: '2026-11-20', files: 1 },
        { table: 'landing/direct/2026-11-20/', day: '2026-11-20', files: 0 },
        { table: 'landing/2026/11/19/07/', day: '2026-11-19', files: 0 },
        { table: 'landing/direct/2026-11-19/', day: '2026-11-19', files: 0 },
      ],
    },
    'HOUR_SHORT',
    'problem',
    '2026-11-20T07 30 300 2026-11-20T12 1 300 2026-11-19T07 30 300',
    'npx sluice reconcile --deep --day 2026-11-20',
    'npx sluice reconcile --deep --day 2026-11-19',
    versionsOf('landing/2026/11/20/12/'),
  ],
  [
    'events of an hour are missing, and others may be',
    { receivedHours: [{ ...shortHour, unproved: 12 }] },
    'HOUR_SHORT',
    'problem',
    '2026-11-20T07 30 42 300',
  ],
  [
    'two nights have failed',
    {
      lastNight: { day: '2026-11-17', at: at(58) },
      receivedHours: [
        { ...shortHour, ds: '2026-11-17', state: 'open', checked_at: '2026-11-18 01:10:00.000' },
      ],
      functionErrors: [{ ...functionErrors, part: 'reconcile', waits: null }],
      failures: { reconcile: `${at(10)}: AccessDenied.` },
    },
    'NIGHT_MISSING',
    'problem',
    `2026-11-19 2026-11-17 ${at(58)} 2026-11-17 ${at(10)} 2 61 24 ${at(11.6)} ${at(11)}`,
    'npx sluice doctor --drift',
    'npx sluice reconcile --day 2026-11-19',
  ],
  [
    'Athena gave a night no rows of an hour whose counts differ',
    {
      lastNight: { day: '2026-11-19', at: at(11) },
      receivedHours: [
        {
          ...shortHour,
          ds: '2026-11-19',
          missing: 0,
          state: 'open',
          why: NOT_LOOKED,
          checked_at: '2026-11-20 01:10:00.000',
        },
        { ...shortHour, ds: '2026-11-17', missing: 0, state: 'unknown', why: NOT_LOOKED },
      ],
      failures: { reconcile: `${at(10)}: AccessDeniedException.` },
    },
    'NIGHT_MISSING',
    'problem',
    `2026-11-19 2026-11-19 ${at(11)} 2026-11-19 2026-11-17 ${at(10)}`,
    'npx sluice doctor --drift',
    'npx sluice reconcile --deep --day 2026-11-19',
    'npx sluice reconcile --deep --day 2026-11-17',
  ],
  [
    'events are unproved on two days',
    { receivedHours: [unprovedHour, { ...unprovedHour, hour: 8 }, { ...unprovedHour, ds: '2026-11-19' }] },
    'HOURS_UNPROVED',
    'warning',
    '2026-11-20 2 12 600 2026-11-19 1 6 300',
    'npx sluice reconcile --deep --day 2026-11-20',
    'npx sluice reconcile --deep --day 2026-11-19',
  ],
  [
    'a drop is late',
    datasets({ late: [{ day: '2026-11-20', due: NOW - 2 * HOUR }] }),
    'INGEST_LATE',
    'problem',
    `acme/orders 2026-11-20 ${at(2)} 2026-12-23`,
    'npx sluice ingest status --source acme --dataset orders',
  ],
  [
    'a day that is expected came without rows',
    datasets({ late: [{ day: '2026-11-20', due: NOW - 2 * HOUR, empty: '1 file, 0 rows' }] }),
    'INGEST_LATE',
    'problem',
    `acme/orders no rows have come of 2026-11-20 (1 file, 0 rows) ${at(2)} 2026-12-23`,
    'npx sluice ingest status --source acme --dataset orders',
    'npx sluice ingest accept empty --source acme --dataset orders --from 2026-11-20',
  ],
  [
    'a day came without rows where they are usual',
    datasets({
      days: [
        { ...dropDay, state: 'succeeded_no_data', empty: '1 file, 0 rows', unusual: 'has 1 file, 0 rows' },
      ],
    }),
    'ROWS_UNUSUAL',
    'warning',
    'acme/orders 2026-11-19 has 1 file, 0 rows',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-19',
    'npx sluice ingest accept empty --source acme --dataset orders --from 2026-11-19',
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
    'acme/orders 2026-11-19 2',
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
    `acme/orders 2026-11-20 2 ${at(2)}`,
    'npx sluice ingest run --source acme --dataset orders',
  ],
  [
    'a drop could not be loaded',
    datasets({ days: [failedDay, dropDay] }),
    'INGEST_FAILED',
    'problem',
    `acme/orders ${failingText}`,
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
    `acme/orders ${days}`,
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
    `acme/orders 2026-11-19 ${at(2)} 2026-11-16 ${at(2)}`,
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
    `acme/orders 2026-11-19 ${at(2)} 2026-11-18 ${at(2)} 2026-11-16 ${at(2)}`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-18 --to 2026-11-19',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-16 --to 2026-11-16',
  ],
  [
    'days have half of their usual rows',
    datasets({
      days: [dropDay, { ...dropDay, day: '2026-11-20' }].map((one) => ({ ...one, unusual: 'has 5' })),
    }),
    'ROWS_UNUSUAL',
    'warning',
    'acme/orders 2026-11-20 5 1',
    'npx sluice ingest explain --source acme --dataset orders --day 2026-11-20',
  ],
  [
    'a folder cannot be listed',
    datasets({
      lastLook: { ...look, failure: { code: 'SLUICE_SOURCE_X', message: 'Denied.' } },
    }),
    'SOURCE_UNREADABLE',
    'problem',
    `acme/orders s3://acme/orders/ ${at(1)} SLUICE_SOURCE_X`,
  ],
  ['a folder was never listed', datasets({ lastLook: null }), 'INGEST_LATE', 'warning', 'acme/orders'],
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
    `acme/orders s3://acme/orders/ 3 2026-01-02 year=2026/ ${at(1)}`,
  ],
  [
    'a new place has no file, told once for all days that were loaded from others',
    datasets({
      days: ['s3://acme/a/YYYY-MM-DD', 's3://acme/b/YYYY-MM-DD'].map((loadedFrom) => ({
        ...dropDay,
        loadedFrom,
      })),
      lastLook: {
        ...look,
        stopped: true,
        place: { name: 's3://acme/orders/YYYY-MM-DD', since: NOW - 5 * HOUR },
      },
    }),
    'INGEST_LATE',
    'warning',
    `acme/orders s3://acme/orders/ 3 ${at(1)} ${at(5)} s3://acme/b/YYYY-MM-DD`,
  ],
  [
    'days before the lookback have newer files than were loaded',
    datasets({ newer: ['2026-01-01', '2026-01-02', '2026-02-01'] }),
    'INGEST_WAITING',
    'warning',
    'acme/orders 3 2026-01-01 newer files',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-02-01 --to 2026-02-01',
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-01-01 --to 2026-01-02',
  ],
  [
    'a listing is old',
    datasets({ lastLook: { ...look, at: NOW - 27 * HOUR } }),
    'INGEST_LATE',
    'warning',
    `acme/orders ${at(27)}`,
  ],
  [
    'files are left out',
    datasets({ days: [{ ...dropDay, leftOut: { count: 1, words: 'left out 1 object: a.csv' } }] }),
    'FILES_LEFT_OUT',
    'warning',
    'acme/orders 2026-11-19 1 a.csv',
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
    `acme/orders 2026-11-19 ${at(5)} 1`,
    'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-19 --to 2026-11-19',
  ],
  [
    'an export failed',
    { exports: [{ ...exported, days: [failedDay] }] },
    'EXPORT_FAILED',
    'problem',
    `s3://acme/out/ ${failingText}`,
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
    `landing/ 10,000 ${at(4)} sluice-prod-write-dead-letters 2 ${at(1)} ${at(1)}`,
    'npx sluice redrive --landing',
  ],
  [
    'objects wait, and no run has failed',
    waiting({ landing: { ...nothing, count: 1, oldest: at(0.34) } }),
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${at(0.34)}`,
    'npx sluice doctor --drift',
    'npx sluice redrive --landing',
  ],
  [
    'messages of the writer are dead letters, and nothing waits',
    { deadLetters: [{ ...deadLetters, messages: 1, since: null }] },
    'DEAD_LETTERS',
    'problem',
    'sluice-prod-write-dead-letters 1',
    'npx sluice redrive --landing',
  ],
  [
    'messages of another function are dead letters',
    {
      deadLetters: [
        {
          ...deadLetters,
          part: 'export',
          queue: 'sluice-prod-export-dead-letters',
          arn: 'arn:aws:sqs:x:1:e-dead-letters',
        },
      ],
    },
    'DEAD_LETTERS',
    'problem',
    `sluice-prod-export-dead-letters 2 ${at(1)}`,
    'aws sqs start-message-move-task --source-arn arn:aws:sqs:x:1:e-dead-letters --destination-arn arn:aws:sqs:x:1:e',
  ],
  [
    'a function is killed at each of its runs',
    {
      functionErrors: [functionErrors],
      failures: { 'curate-plan': `${at(11)}: Task timed out after 300 s.` },
    },
    'FUNCTION_FAILED',
    'warning',
    `2 61 curate-plan 24 ${at(11.6)} ${at(11)} ${at(11)} 300 3 ${at(11.7)}`,
  ],
  [
    'a function was killed once, and its next run was not, with its alarm',
    {
      functionErrors: [{ ...functionErrors, errors: 1, first: at(11), isOver: true, waits: null }],
      alarms: [{ ...alarm, name: 'sluice-prod-curate-plan-errors', state: 'ALARM', notifies: true }],
    },
    'FUNCTION_FAILED',
    'problem',
    `1 61 curate-plan 24 ${at(11)} sluice-prod-curate-plan-errors ${at(2)}`,
  ],
  [
    'the writer was killed, by the finding of what waits',
    {
      ...waiting({ landing: { ...nothing, count: 1, oldest: at(4) } }),
      functionErrors: [{ ...functionErrors, part: 'write' }],
    },
    'LANDING_LATE',
    'problem',
    `landing/ 1 ${at(4)} 2 61 24 ${at(11.6)} ${at(11)}`,
  ],
  [
    'an object is damaged',
    waiting({ damaged: { ...damaged, count: 1, bytes: 9, oldest: at(0), first: 'damaged/a' } }),
    'DAMAGED',
    'problem',
    `damaged/ 1 ${at(0)} 9 0`,
    'npx sluice redrive --discard damaged/a --dry-run',
    'npx sluice redrive --discard damaged/a',
    'npx sluice redrive --damaged',
  ],
  [
    'the bucket deletes nothing',
    waiting({ undeleted: { ...nothing, count: 2, oldest: at(0), why: 'AccessDenied' } }),
    'UNDELETED',
    'problem',
    `landing/ 2 ${at(0)} S3 s3:DeleteObject`,
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
    `sluice-prod-landing ${at(0.1)} S3.AccessDenied ${at(12.5)} 12.5 11.5`,
  ],
  [
    'the stream is near its quota',
    { stream: { ...stream, quotaShare: 0.9, quota: 'bytes' } },
    'QUOTA_NEAR',
    'warning',
    'sluice-prod-landing 90',
  ],
  [
    'Firehose throttles',
    { stream: { ...stream, throttledRecords: 7 } },
    'QUOTA_NEAR',
    'problem',
    'sluice-prod-landing 7 15',
  ],
  [
    'rows are in quarantine',
    { quarantine: [{ reason: 'SLUICE_EVENT_NO_NAME', rows: 2, newestAt: at(1) }] },
    'QUARANTINED',
    'warning',
    `2 SLUICE_EVENT_NO_NAME ${at(1)} SLUICE_EVENT_NO_NAME`,
    'npx sluice quarantine',
  ],
  [
    'a table did not take rows',
    { quarantine: [{ reason: 'SLUICE_ROW_UNFIT', rows: 1, newestAt: at(1) }] },
    'QUARANTINED',
    'problem',
    `1 SLUICE_ROW_UNFIT ${at(1)}`,
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
      },
    },
    'RELAY_REFUSED',
    'problem',
    `401 2 ${at(3)} 1 ${at(3)}`,
    'npx sluice relay status',
  ],
  [
    'relay is late',
    { relay: { waiting: { ...copies, oldest: at(2) }, refused: [] } },
    'RELAY_LATE',
    'warning',
    `3 ${at(2)}`,
  ],
  [
    'a client counts seconds',
    {
      noted: {
        counts: { before_2000: 7, clock_corrected: 3 },
        hasMore: false,
        corrected: [],
        uncorrected: [],
        ahead: [],
        before2000: [
          { ...sent, key: 'shop', sdk: 'python 1.0', count: 6 },
          { ...sent, last: at(9), count: 1 },
        ],
      },
    },
    'TIME_SECONDS',
    'warning',
    `6 1.0 ${at(9)} ${at(8)} 1 ${at(9)} ${at(9)}`,
    'npx sluice tail --errors --last 20',
  ],
  [
    'the clock of an SDK is off by hours, and that of few phones is',
    {
      lastDay: { ...lastDay, received: 10_000 },
      noted: {
        counts: { clock_corrected: 49, clock_ignored: 10 },
        hasMore: false,
        before2000: [],
        corrected: [
          { ...sent, key: 'shop', sdk: 'py-server 0.40.0', count: 40, skewMs: 3 * HOUR },
          { ...sent, key: 'app', sdk: 'android-client 4', count: 9, skewMs: 24 * HOUR },
        ],
        uncorrected: [{ ...sent, key: 'batch', count: 10, skewMs: -1.5 * HOUR }],
        ahead: [{ ...sent, key: 'http', count: 11 }],
      },
    },
    'CLOCK_OFF',
    'warning',
    `40 events, 0.4 % of all, from py-server 0.40.0 with the key shop, first ${at(9)}, last ${at(8)}: up to 3.0 hours behind, corrected: the days are right; 10 events, 0.1 % of all, with the key batch, first ${at(9)}, last ${at(8)}: up to 1.5 hours ahead, not corrected: the days are as sent; 11 events, 0.1 % of all, with the key http, first ${at(9)}, last ${at(8)}: an hour or more ahead, without a stated clock: some may be in a later day.`,
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
    'curated_events 5.7 2026-11-19 (60 1060) 80 2026-11-16 (4000 5000) 1',
  ],
  [
    'days could not be curated',
    { curated: [{ ...curated, failed: [{ day: '2026-11-17', code: 'SLUICE_CURATE_KILLED', ...failing }] }] },
    'CURATE_FAILED',
    'problem',
    `curated_events 2026-11-17 SLUICE_CURATE_KILLED ${at(30)} ${at(2)}`,
    'npx sluice curate status --table events',
  ],
  [
    'days wait to be curated',
    { curated: [{ ...curated, late: ['2026-11-16', '2026-11-15'] }] },
    'CURATE_LATE',
    'problem',
    'curated_events 2026-11-16 2026-11-15',
    'npx sluice curate run --table events',
  ],
  [
    'days were never queued',
    { curated: [{ ...curated, unplanned: ['2026-11-14'] }] },
    'CURATE_LATE',
    'warning',
    'curated_events 2026-11-14',
    'npx sluice curate run --table events',
  ],
  [
    'a curated day has rows that no raw file has',
    { curated: [{ ...curated, kept: [keptDay] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z a.parquet S3 2026-11-22',
  ],
  [
    'such a day was erased, too: nothing is said to bring its files back',
    { curated: [{ ...curated, kept: [{ ...keptDay, isErased: true }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z a.parquet',
    'npx sluice curate accept 2026-11-14 --table events',
  ],
  [
    'the files of such a day are copied back: no command copies them again',
    { curated: [{ ...curated, kept: [{ ...keptDay, gone: [] }] }] },
    'CURATE_KEPT',
    'problem',
    'curated_events 2026-11-14 7 2026-11-16T00:20:00Z S3 2026-11-22',
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
    `sluice-prod-overflow ${at(2)}`,
  ],
  [
    'alarms notify nobody',
    { alarms: [{ ...alarm, state: 'OK', notifies: false }] },
    'NO_TOPIC',
    'warning',
    '1 1',
  ],
  [
    'a part cannot be read',
    { unknown: [{ part: 'the partitions', why: 'Denied.', log: null, isByKey: false }] },
    'UNREADABLE',
    'problem',
    '',
  ],
];
