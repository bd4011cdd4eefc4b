import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  archivedFiles,
  curatedTable,
  curatedWith,
  damagedFile,
  datasetFacts,
  exportOf,
  failureOf,
  hoursAgo,
  keptDay,
  lackingDay,
  loadedDay,
  lostDay,
  msAgo,
  noVersionsOf,
  ongoingFailure,
  pointsElsewhere,
  quarantineCount,
  resendsOf,
  shortHour,
  unreadDay,
  unreadPart,
  versionsOf,
} from '../statusFacts.ts';
import { each } from './Case.ts';

const rule = { id: 'a', prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false };
const FOUR_DAYS = ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'] as const;
const keptCopies = exportOf({ ...loadedDay, day: keptDay.day, kept: 2 });
const keptCurated = curatedWith({ kept: [keptDay] });
const filesCount = { ...quarantineCount, reason: 'SLUICE_INGEST_ROW_TIME_MISSING' };
/** A day of whose rows so many were refused. */
const refusedOfFiles = (refused: number, all: number) =>
  datasetFacts({ days: [{ ...loadedDay, rows: { in: all, out: all - refused, refused } }] });

/** States of raw and curated days, tables, hours and quarantine with several of what usually is one, and those at a bound. Their findings are in findings.json. */
export const severalDays: Readonly<Record<string, Partial<StatusFacts>>> = {
  ...each(
    [
      { state: 'of a table that has others', listed: 30, deployedAt: '2026-11-20T10:00:00.000Z' },
      { state: 'of a table without others', listed: 0, deployedAt: '2026-11-17T00:20:00.000Z' },
      {
        state: 'of a table without others, before whose last deployment a night was',
        listed: 0,
        deployedAt: '2026-11-17T00:20:01.000Z',
      },
      { state: 'of a table without others, whose deployment nobody knows', listed: 0, deployedAt: null },
    ],
    ({ state, listed, deployedAt }) => [
      `a day was never queued ${state}`,
      { ...curatedWith({ unplanned: ['2026-11-14'], listed }), deployedAt },
    ],
  ),
  'the folder of a day has four versions of strange objects, of which three are deleted at once': {
    damagedFiles: [
      damagedFile('2026-11-18', 'e/b.csv', 2, ['v3', 'v4']),
      damagedFile('2026-11-18', 'e/a.csv', 3, ['v1', 'v2']),
    ],
  },
  'files of curated days are archived, and lack': {
    archivedDays: {
      days: [
        archivedFiles('curated_events', '2026-11-15', 4, 'e'),
        archivedFiles('curated_events', '2026-11-16', 3, 'd'),
      ],
      unlookedUntil: null,
    },
    ...curatedWith({
      // The last is of a day of which another table has archived files.
      lacking: [lackingDay('2026-11-15', 2), lackingDay('2026-11-16', 2), lackingDay('2026-11-17', 2)],
    }),
  },
  'days of a raw table have lost their files with their versions, as many as have commands': {
    lostDays: (['2026-11-17', '2026-11-18', '2026-11-19'] as const).map((day) => lostDay(day, 2)),
    restorable: (['2026-11-17', '2026-11-18', '2026-11-19'] as const).map(noVersionsOf),
  },
  'all events of one hour alone are missing': { receivedHours: [{ ...shortHour, missing: 300 }] },
  'events of a day alone are unproved': {
    receivedHours: [{ ...shortHour, state: 'whole', missing: 0, unproved: 100 }],
  },
  'two rules archive what is read again': {
    archivingRules: [
      { ...rule, id: 'new', prefix: 'ledger/', since: msAgo(5) },
      { ...rule, id: 'old', isOfVersions: true, days: null, since: msAgo(9) },
      { ...rule, id: 'photos', prefix: 'photos/ledger/', since: msAgo(90) },
    ],
  },
  'days could not be curated for two reasons, and wait': curatedWith({
    failed: [
      {
        day: '2026-11-18',
        code: 'SLUICE_CURATE_KILLED',
        message: 'It was killed by 7.',
        ...ongoingFailure,
      },
      { day: '2026-11-17', code: 'SLUICE_CURATE_FAILED', message: 'X_1.', ...ongoingFailure },
      { day: '2026-11-16', code: 'SLUICE_CURATE_KILLED', message: 'Killed by 8.', ...ongoingFailure },
    ],
    late: ['2026-11-19', '2026-11-15'],
    lateSince: msAgo(30),
    unplanned: ['2026-11-14', '2026-11-13', '2026-11-12'],
  }),
  'two curated days have rows that no raw file has, and exports their copies': {
    ...curatedWith({
      kept: [
        { ...keptDay, day: '2026-11-16', rows: 5, gone: [], replaced: [{ name: 'b.parquet', eTag: 'e' }] },
        keptDay,
      ],
    }),
    lostDays: [
      { ...lostDay('2026-11-14', 90), table: 'exposures' },
      lostDay('2026-11-13', 100),
      lostDay('2026-11-14', 150),
    ],
  },
  'partitions of days of two tables are missing, and some point elsewhere': {
    partitions: {
      days: 3,
      gaps: [
        { table: 'exposures', day: '2026-11-20' },
        { table: 'events', day: '2026-11-20' },
        { table: 'events', day: '2026-11-19' },
        { table: 'events', day: '2026-11-18', ...pointsElsewhere('x', 5) },
        { table: 'events', day: '2026-11-17', ...pointsElsewhere('y', 9) },
      ],
    },
  },
  'a day without files has a partition that points to another day, and one with files has one, too': {
    partitions: {
      days: 3,
      gaps: [
        { table: 'events', day: '2026-11-18', ...pointsElsewhere('x', 5), isWithoutFiles: true },
        { table: 'events', day: '2026-11-17', ...pointsElsewhere('y', 9) },
      ],
    },
  },
  ...each(['s3://old/: NoSuchBucket', 's3://other/: NoSuchBucket', 's3://acme/: NoSuchBucket'], (failed) => [
    `days have no partition, or one in another bucket, and the registrar failed with ${failed}`,
    {
      partitions: {
        days: 3,
        gaps: [
          { table: 'events', day: '2026-11-21', ...pointsElsewhere('x', 5), isWithoutFiles: true },
          { table: 'events', day: '2026-11-20', ...pointsElsewhere('y', 5) },
          {
            table: 'events',
            day: '2026-11-19',
            elsewhere: { location: 's3://acme/others/', madeAt: hoursAgo(9) },
          },
          { table: 'events', day: '2026-11-18' },
        ],
      },
      failures: { register: failureOf('missing', `SLUICE_REGISTER_FAILED: ${failed}.`) },
    },
  ]),
  'two curated days have no partition, and two another': curatedWith({
    unread: [
      unreadDay('2026-11-15', 7, pointsElsewhere('x', 5)),
      unreadDay('2026-11-16', 40),
      unreadDay('2026-11-17', 1),
      unreadDay('2026-11-18', 9, pointsElsewhere('y', 9)),
    ],
  }),
  'two days of a raw table have lost their files': {
    lostDays: [lostDay('2026-11-19', 3), { ...lostDay('2026-11-20', 2), files: 8, left: 3 }],
    restorable: [
      { table: 'statsig_forwarded_exposures', day: '2026-11-19', files: 2, rows: 11 },
      versionsOf('2026-11-18', 2, 12),
      versionsOf('2026-11-19', 1, 700),
      versionsOf('2026-11-20', 5, 800),
    ],
  },
  'two objects of a folder are no Parquet, of which queries fail with one': {
    damagedFiles: [
      damagedFile('2026-11-20', 'e/b.txt', 2, ['v3']),
      damagedFile('2026-11-19', 'e/a.txt', 5, ['v2', 'v1']),
    ],
    unknown: [
      unreadPart('the content of events', 'query', 'Not valid: s3://acme/e/c.txt'),
      unreadPart('the tables', 'query', 'Not valid: s3://acme/e/b.txt'),
      unreadPart('the raw days', 'denied', 'Denied: s3://acme/e/b.txt'),
    ],
  },
  'as many resends as bounds ask for, and one too few or too old': {
    curated: [
      {
        ...curatedTable,
        resends: [
          { day: '2026-11-19', rows: 900, resends: 100 },
          { day: '2026-11-18', rows: 1, resends: 99 },
          { day: '2026-11-17', rows: 98, resends: 2 },
          { day: '2026-11-16', rows: 98, resends: 2 },
          { day: '2026-11-09', rows: 100, resends: 900 },
        ],
      },
      {
        ...curatedTable,
        kind: 'exposures',
        table: 'curated_exposures',
        resends: [
          { day: '2026-11-19', rows: 2_400, resends: 100 },
          { day: '2026-11-18', rows: 1_000, resends: 0 },
          { day: '2026-11-17', rows: 1_000, resends: 0 },
        ],
      },
    ],
  },
  'events of hours of both tables are missing, and of a day that is over': {
    receivedHours: [
      { ...shortHour, hour: 12, table_name: 'exposures', missing: 1 },
      { ...shortHour, unproved: 12 },
      { ...shortHour, hour: 12, missing: 4 },
      {
        ...shortHour,
        ds: '2026-11-19',
        hour: 23,
        missing: 2,
        unproved: 12,
        checked_at: '2026-11-19 23:59:00.000',
      },
      { ...shortHour, ds: '2026-11-18', state: 'open', unproved: 90, checked_at: '2026-11-19 23:59:59.000' },
    ],
    lastNight: { day: '2026-11-19', at: hoursAgo(11) },
  },
  'an hour was looked at in the midnight of the night that was due': {
    receivedHours: [{ ...shortHour, state: 'open', checked_at: '2026-11-20 00:00:00.000' }],
    lastNight: { day: '2026-11-19', at: hoursAgo(11) },
  },
  'six entries of two ledgers are damaged': {
    damagedEntries: [
      'orders/2026-11-18',
      'orders/2026-11-16',
      'refunds/2026-11-17',
      'orders/2026-11-15',
      'orders/2026-11-14',
      'orders/2026-11-13',
    ].map((entry, i) => ({
      key: `ledger/acme/${entry}.json`,
      writtenAt: hoursAgo(3 + i),
      versionBefore: i % 2 === 0 ? `v${i}` : null,
    })),
  },
  'two days of a raw table have lost their files with their versions, and the landing has some of both': {
    lostDays: [lostDay('2026-11-19', 2), lostDay('2026-11-20', 3)],
    restorable: [noVersionsOf('2026-11-19'), noVersionsOf('2026-11-20')],
  },
  'rows are in quarantine of which few are of a sender that is known': {
    quarantine: [
      {
        ...quarantineCount,
        rows: 9,
        senders: [
          { sdk: 'js-client 3', key: 'web', path: null, rows: 2, firstAt: hoursAgo(3), lastAt: hoursAgo(1) },
        ],
      },
    ],
  },
  'rows are in quarantine of which few are of a sender that nobody knows': {
    quarantine: [
      {
        ...quarantineCount,
        rows: 9,
        senders: [{ sdk: null, key: null, path: null, rows: 2, firstAt: hoursAgo(3), lastAt: hoursAgo(1) }],
      },
    ],
  },
  'four raw days have lost their files with their versions, and the landing has all': {
    lostDays: FOUR_DAYS.map((day) => lostDay(day, 2)),
    restorable: FOUR_DAYS.map((day) => noVersionsOf(day)),
  },
  'resends are as many as usual': resendsOf(400, 400, 400),
  'each event of five of seven days came five times': curatedWith({
    resends: [
      { day: '2026-11-18', rows: 1_000, resends: 4_000 },
      { day: '2026-11-17', rows: 1_000, resends: 4_000 },
      { day: '2026-11-16', rows: 1_000, resends: 4_000 },
      { day: '2026-11-15', rows: 1_000, resends: 4_000 },
      { day: '2026-11-14', rows: 1_000, resends: 2_100 },
      { day: '2026-11-13', rows: 1_000, resends: 12 },
      { day: '2026-11-12', rows: 1_000, resends: 8 },
    ],
  }),
  'nearly each event came twice, but for one of a hundred': curatedWith({
    resends: [{ day: '2026-11-18', rows: 1_000, resends: 990 }],
  }),
  'each event came twice, but for eleven of a thousand': curatedWith({
    resends: [{ day: '2026-11-18', rows: 1_000, resends: 989 }],
  }),
  'each row of both tables came twice': {
    curated: (['exposures', 'events'] as const).map((kind) => ({
      ...curatedTable,
      kind,
      table: `curated_${kind}`,
      resends: [{ day: '2026-11-18', rows: 1_000, resends: 1_000 }],
    })),
  },
  'resends were more than usual until the day before the newest': curatedWith({
    resends: [
      { day: '2026-11-18', rows: 1_000, resends: 10 },
      { day: '2026-11-17', rows: 1_000, resends: 300 },
      { day: '2026-11-16', rows: 1_000, resends: 10 },
    ],
  }),
  'resends were more than usual two days before the newest': curatedWith({
    resends: [
      { day: '2026-11-18', rows: 1_000, resends: 10 },
      { day: '2026-11-17', rows: 1_000, resends: 10 },
      { day: '2026-11-16', rows: 1_000, resends: 4_000 },
    ],
  }),
  'two hours lack all of their events, and one a part': {
    receivedHours: [7, 8, 9].map((hour) => ({ ...shortHour, hour, missing: hour === 9 ? 30 : 300 })),
  },
  'two hours lack all of their events, of which S3 has no version': {
    receivedHours: [7, 8].map((hour) => ({ ...shortHour, hour, missing: 300 })),
    restorable: ['2026/11/20/06', '2026/11/20/07', '2026/11/20/08', 'direct/2026-11-20'].map((folder) => ({
      table: `landing/${folder}/`,
      day: '2026-11-20',
      files: 0,
    })),
  },
  'hours of four days are short': {
    receivedHours: ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'].map((ds) => ({
      ...shortHour,
      ds,
    })),
  },
  'a curated day has rows that no raw file has, beside replaced files, and an export its copies': {
    ...curatedWith({ kept: [{ ...keptDay, replaced: [{ name: 'b.parquet', eTag: '"0a"' }] }] }),
    ...keptCopies,
  },
  'a raw day has lost files, and an export has their copies': {
    lostDays: [lostDay(keptDay.day, 0)],
    ...keptCopies,
  },
  'raw files of a day that a curated day keeps were deleted before the loss was noticed': {
    ...keptCurated,
    restorable: [{ ...versionsOf(keptDay.day, 1, 7), deletedAt: '2026-11-15T20:07:00.000Z' }],
  },
  'files of a raw day were deleted before it was seen whole': {
    lostDays: [lostDay('2026-11-20', 2)],
    restorable: [{ ...versionsOf('2026-11-20', 2, 700), deletedAt: hoursAgo(4) }],
  },
  'a curated day keeps rows of files of which S3 has no version': {
    ...keptCurated,
    restorable: [noVersionsOf(keptDay.day)],
  },
  'a curated day keeps rows of files whose versions are gone by now': curatedWith({
    kept: [{ ...keptDay, since: '2026-11-13T00:20:00Z' }],
  }),
  'a raw day of exposures has lost files, and an export has copies of events': {
    lostDays: [{ ...lostDay(keptDay.day, 0), table: 'exposures' }],
    ...keptCopies,
  },
  'a curated day of exposures keeps rows, and an export has copies of events': {
    ...curatedWith({ kept: [keptDay], kind: 'exposures' }),
    ...keptCopies,
  },
  'rows of files are in quarantine': { ...refusedOfFiles(10, 40), quarantine: [filesCount] },
  'rows of files and of a sender are in quarantine': {
    ...refusedOfFiles(10, 40),
    quarantine: [filesCount, quarantineCount],
  },
  ...each([39, 40], (refused) => [
    `${refused} of 400 rows of files are in quarantine`,
    {
      ...refusedOfFiles(refused, 400),
      quarantine: [{ ...filesCount, reason: 'SLUICE_INGEST_ROW_UNIT_MISSING' }],
    },
  ]),
  ...each(
    [
      { when: 'after the last row that did not fit', hours: 0.5 },
      { when: 'as the last row came that did not fit', hours: 1 },
    ],
    ({ when, hours }) => [
      `quarantine was redriven ${when}`,
      { redrivenAt: hoursAgo(hours), quarantine: [{ ...quarantineCount, reason: 'SLUICE_ROW_UNFIT' }] },
    ],
  ),
  ...each(
    [
      ['SLUICE_BODY_CORRUPT', 'SLUICE_ROW_UNFIT', 'SLUICE_VALUE_UNFIT'],
      ['SLUICE_BODY_TRUNCATED'],
      ['SLUICE_BODY_NOT_JSON'],
      ['SLUICE_EVENT_BAD_TIME'],
      ['SLUICE_BODY_TOO_COSTLY'],
      ['SLUICE_EVENT_KIND_NOT_ALLOWED'],
    ],
    (reasons) => [
      `rows are in quarantine with ${reasons.join(', ')}`,
      { quarantine: reasons.map((reason) => ({ ...quarantineCount, reason })) },
    ],
  ),
};
