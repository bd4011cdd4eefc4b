import { describe, expect, it } from '@jest/globals';
import { statusText } from '../../../cli/observe/statusText.ts';
import type { Status } from '../../../observe/findings/status.ts';
import {
  curatedTable,
  datasetFacts,
  failedDay,
  hoursAgo,
  idleStream,
  loadedDay,
  namedExport,
  noDrops,
  ringingAlarm,
  unreachedHour,
  waitingFacts,
  wellDay,
  wellHour,
  wellStatus,
} from '../../observe/statusFacts.ts';

const LISTED = { count: 3, bytes: 9, hasMore: true, oldest: hoursAgo(3) };
const [dataset] = datasetFacts({
  days: [
    { ...loadedDay, day: '2026-11-17' },
    { ...loadedDay, day: '2026-11-18', state: 'succeeded_no_data', empty: '1 file, 0 rows' },
    { ...loadedDay, day: '2026-11-19', state: null },
    { ...failedDay, day: '2026-11-20' },
  ],
  late: [{ day: '2026-11-19', due: 0 }],
}).datasets;
const alarm = { ...ringingAlarm, notifies: true };

/** Facts, and what the text shows of them. */
interface Told {
  /** What it tells. */
  readonly what: string;
  /** How the status differs from {@link wellStatus}. */
  readonly more: Partial<Status>;
  /** Figures and names, in their order. */
  readonly shows: RegExp;
}
const TOLD: readonly Told[] = [
  { what: 'an hour that is not known', more: { lastHour: null }, shows: /hour: not known/ },
  {
    what: 'an hour without requests',
    more: { lastHour: { ...wellHour, requests: 0 }, lastRequestAt: '2026-11-19T07:00Z' },
    shows: /hour: no request.*2026-11-19T07:00Z/,
  },
  {
    what: 'an hour by its counts',
    more: {
      lastHour: {
        ...wellHour,
        requests: 8,
        refusedBy: { SLUICE_A: 1, SLUICE_B: 2 },
        failedBy: { SLUICE_C: 4 },
        received: 16,
        landed: 9,
        overflowed: 3,
        quarantined: 2,
        ignored: 5,
      },
    },
    shows:
      /8 requests \(3 refused, 4 answered 503\), 16 events \(9 accepted, 3 overflowed, 2 quarantined, 5 ignored\)/,
  },
  {
    what: 'an hour whose requests the gateway itself answered, by the newest figure of the last hour',
    more: {
      lastHour: wellHour,
      unreached: [unreachedHour('4xx', 1.25, 90, 100), unreachedHour('4xx', 1, 17, 60)],
    },
    shows: /0 events\. The [^.]*17 of 60 in the hour from 2026-11-20T11:00:00\.000Z 4xx [^.]*\.$/m,
  },
  {
    what: 'an hour before which the gateway itself answered requests, without requests or events of others',
    more: { lastHour: wellHour, unreached: [unreachedHour('4xx', 1.5, 90, 100)] },
    shows: /^Last hour: 100 requests \(0 refused\), 0 events\.$/m,
  },
  {
    what: 'an hour all of whose events were accepted',
    more: { lastHour: { ...wellHour, received: 8, landed: 8 } },
    shows: /100 requests \(0 refused\), 8 events \(8 accepted\)\.$/m,
  },
  {
    what: 'an hour whose requests the gateway itself answered both ways',
    more: {
      lastHour: wellHour,
      unreached: [unreachedHour('4xx', 1, 900, 960), unreachedHour('5xx', 1, 3, 960)],
    },
    shows: /hour: .*900 of 960 in .* 4xx .*3 of 960 in .* 5xx /,
  },
  {
    what: 'a day by its counts',
    more: { lastDay: { ...wellDay, requests: 90, refused: 3, failed: 4, received: 80, overflowed: 5 } },
    shows: /24 hours: 90 requests \(3 refused, 4 answered 503\), 80 events \(5 overflowed\)/,
  },
  {
    what: 'a day without failures',
    more: { lastDay: { ...wellDay, requests: 90, refused: 3 } },
    shows: /90 requests \(3 refused\), 0 events\.$/m,
  },
  {
    what: 'how new tables are',
    more: {
      tables: [
        { table: 'events', name: 'e', newestRowAt: '2026-11-20', rowsLastHour: 7 },
        { table: 'exposures', name: 'x', newestRowAt: null, rowsLastHour: 0 },
      ],
    },
    shows: /^e +2026-11-20 +7\nx +none within 24 hours +0$/m,
  },
  {
    what: 'what waits, since when, and what is not known',
    more: waitingFacts({
      buffered: { count: 2, oldest: hoursAgo(1) },
      landing: LISTED,
      undeleted: { ...LISTED, count: 1, hasMore: false, oldest: null, why: null },
      damaged: null,
    }),
    shows:
      /^buffered +2 requests +1 h\nlanding +at least 3 objects +3 h\nwritten, not deleted +1 object\ndamaged +not known$/m,
  },
  { what: 'a buffer that is not told', more: {}, shows: /^buffered +not reported by Firehose$/m },
  {
    what: 'how far partitions are',
    more: { partitions: { days: 9, gaps: [] } },
    shows: /9 days .*, 0 missing\./,
  },
  {
    what: 'how many partitions are missing, and how many have another folder',
    more: {
      partitions: {
        days: 9,
        gaps: [
          { table: 'events', day: '2026-11-20' },
          { table: 'exposures', day: '2026-11-20' },
          { table: 'events', day: '2026-11-19', elsewhere: { location: 's3://acme/x/', madeAt: null } },
        ],
      },
    },
    shows: /9 days .*, 2 missing\. .* another folder: 1\./,
  },
  { what: 'no quarantine', more: {}, shows: /Quarantine .*: no row/ },
  {
    what: 'what was odd of requests that are logged, if more than was read',
    more: {
      noted: {
        counts: { time_missing: 6 },
        before2000: [],
        corrected: [],
        uncorrected: [],
        ahead: [],
        late: [],
        hasMore: true,
      },
    },
    shows: /logged requests: at least 6 time_missing/,
  },
  {
    what: 'days of a dataset, and those that are late',
    more: { datasets: { ...noDrops, total: 1, shown: [dataset].flatMap((shown) => shown ?? []) } },
    shows:
      /acme\/orders: 1 loaded, 1 with files and 0 rows, 1 without files seen, 1 failed \(2026-11-17 to 2026-11-20\), late: 2026-11-19\.$/m,
  },
  {
    what: 'days of a dataset of which none is late',
    more: {
      datasets: {
        ...noDrops,
        total: 1,
        shown: [dataset].flatMap((shown) => (shown ? { ...shown, late: [] } : [])),
      },
    },
    shows: /1 failed \(2026-11-17 to 2026-11-20\)\.$/m,
  },
  {
    what: 'datasets that it has no room for, and how many of these need somebody',
    more: {
      datasets: {
        ...noDrops,
        total: 9,
        needing: 3,
        shown: [dataset].flatMap((shown) => shown ?? []),
        others: { failed: 4 },
      },
    },
    shows: /8 more datasets, of which 2 need somebody: days 4 failed. `npx sluice ingest status`/,
  },
  {
    what: 'days of the lookback of an export',
    more: {
      exports: {
        ...noDrops,
        total: 1,
        shown: [
          { ...namedExport, days: [failedDay, { ...loadedDay, day: '2026-11-19' }], firstDay: '2026-11-19' },
        ],
      },
    },
    shows: /Export out: 1 exported \(2026-11-19 to 2026-11-19\)/,
  },
  {
    what: 'what views read of a curated table, and resends that it leaves out',
    more: {
      curated: [
        { ...curatedTable, late: ['2026-11-12'], resends: [{ day: '2026-11-13', rows: 9, resends: 4 }] },
      ],
    },
    shows:
      /30 days from curated_events; .* 3 raw \(0 failed, 1 late\)\.\n.*curated_events leaves out: 11-13 4/,
  },
  {
    what: 'what relay waits for, and what was refused',
    more: {
      relay: {
        waiting: { count: 3, oldest: '2026-11-20T07:00Z' },
        stranded: null,
        refused: [
          { reason: '401', count: 2, oldest: '', since: '' },
          { reason: '404', count: 5, oldest: '', since: '' },
        ],
        hasMore: false,
      },
    },
    shows: /Relay: 3 requests waiting, the oldest since about 2026-11-20T07:00Z, 7 refused/,
  },
  {
    what: 'that nothing waits for relay',
    more: {
      relay: { waiting: { count: 0, oldest: null }, stranded: null, refused: [], hasMore: false },
    },
    shows: /Relay: 0 requests waiting, 0 refused\.$/m,
  },
  {
    what: 'when a backlog of the writer is gone',
    more: { writer: { messages: 6_000, perMinute: 60, goneAt: '2026-11-20T13:40Z' } },
    shows: /Writer: 6,000 messages waiting, .* 2026-11-20T13:40Z/,
  },
  {
    what: 'that a backlog of the writer has no end by the last half hour',
    more: { writer: { messages: 1, perMinute: 0, goneAt: null } },
    shows: /Writer: 1 message waiting, (?!.*not known).*half an hour/,
  },
  {
    what: 'that the end of a backlog of which nothing was finished is not known',
    more: { writer: { messages: 1, perMinute: null, goneAt: null } },
    shows: /Writer: 1 message waiting, .*half an hour.* not known/,
  },
  {
    what: 'the share of a quota',
    more: { stream: { ...idleStream, quotaShare: 0.876, quota: 'records' } },
    shows: /sluice-prod-landing: 88 % of its records/,
  },
  {
    what: 'alarms that are on, without data, and that notify nobody',
    more: {
      alarms: [
        { ...alarm, state: 'ALARM' },
        { ...alarm, state: 'OK', notifies: false },
        { ...alarm, state: 'INSUFFICIENT_DATA', notifies: false },
      ],
    },
    shows: /Alarms: 1 of 3 on, 1 without data, 2 notify nobody/,
  },
  {
    what: 'problems and warnings, and those that it has no room for',
    more: {
      found: { problem: 2, warning: 1, unchecked: 3 },
      more: { SLUICE_FINDING_INGEST_LATE: 4 },
    },
    shows: /: 2 problems and 4 warnings\.\n\n4 more SLUICE_FINDING_INGEST_LATE\./,
  },
  {
    what: 'a problem alone',
    more: { found: { problem: 1, warning: 0, unchecked: 0 } },
    shows: /^Something needs attention: 1 problem\.$/m,
  },
  {
    what: 'warnings alone',
    more: { found: { problem: 0, warning: 1, unchecked: 0 } },
    shows: /^No problem, 1 warning\.$/m,
  },
  { what: 'that nothing was found', more: {}, shows: /^Nothing needs attention\.\n\nLast hour/m },
];

it.each(TOLD)('the text of a status tells $what', ({ more, shows }) => {
  expect(statusText({ ...wellStatus, ...more })).toMatch(shows);
});

it.each<{ readonly what: string; readonly more: Partial<Status>; readonly hides: RegExp }>([
  {
    what: 'datasets and exports if there are none',
    more: {},
    hides: /^Drops|^Export|more (?:datasets|exports)/m,
  },
  { what: 'resends of a curated table that has none', more: { curated: [curatedTable] }, hides: /Resends/ },
  { what: 'alarms that could not be read', more: { alarms: null }, hides: /Alarms/ },
  { what: 'hours and oddities that nobody counted', more: {}, hides: /Received hours|Noted/ },
])('the text of a status leaves out $what', ({ more, hides }) => {
  expect(statusText({ ...wellStatus, ...more })).not.toMatch(hides);
});

describe('the text of the status of the local cloud', () => {
  const text = statusText({
    ...wellStatus,
    isLocal: true,
    alarms: [{ ...alarm, state: 'ALARM', notifies: false }],
  });
  it('tells neither costs nor whom alarms notify', () => {
    expect(text).not.toMatch(/Athena|notify/);
    expect(statusText({ ...wellStatus, scannedBytes: 7 })).toContain('7 bytes');
  });
});
