import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { explainCode } from '../../observe/explainCode.ts';
import type { DatasetDays } from '../../observe/facts/days/ledgerDays.ts';
import type { LastDay } from '../../observe/facts/flow/changes.ts';
import type { LastFailure } from '../../observe/facts/flow/failures.ts';
import { FAILED_REQUESTS } from '../../observe/facts/flow/loggedRequests.ts';
import type { RefusedCopies } from '../../observe/facts/flow/relayCopies.ts';
import type { LastHour } from '../../observe/facts/flow/requestCounts.ts';
import { GONE } from '../../observe/facts/flow/senders.ts';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import { type Finding, findingCatalogue } from '../../observe/findings/catalogue.ts';
import { judge as judgeFacts } from '../../observe/findings/judge/judge.ts';
import type { Case } from './judgeCases/Case.ts';
import { cases } from './judgeCases/cases.ts';
import {
  changedRequests,
  codedFailure,
  curatedTable,
  datasetFacts,
  deadLetters,
  deniedCalls,
  emptyListing,
  failedDay,
  failedRequests,
  failureOf,
  functionErrors,
  HOUR_MS,
  hourOldLook,
  hoursAgo,
  idleStream,
  judgedDeployment,
  keptDay,
  loadedDay,
  NOW,
  namedExport,
  ongoingFailure,
  quarantineCount,
  refusedRequests,
  requestGroup,
  ringingAlarm,
  shortHour,
  threeCopies,
  waitingFacts,
  wellDay,
  wellFacts,
  wellHour,
} from './statusFacts.ts';

const anyKey = defineConfig({ bucket: 'acme', allowAnyKey: true });
const judge = (facts: Partial<StatusFacts>) =>
  judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');

/** What a sentence names and counts, in its order. */
const figuresOf = (text: string) =>
  [...text.matchAll(/\S+/g)]
    .map(([word]) => word.replace(/^[.,;:%]+|[.,;:%]+$/g, ''))
    .filter((word) => /[\d_/]|[A-Z]{3}|\w[-.]\w/.test(word));

describe('a finding of sluice status', () => {
  it('is none when all is well', () => {
    expect(judge({})).toEqual([]);
    expect(judge(datasetFacts({}))).toEqual([]);
    const running = { status: 'UPDATE_IN_PROGRESS', reason: null, since: null };
    expect(judge({ stackState: running })).toEqual([]);
    expect(
      judge({
        curated: [curatedTable],
        lastHour: wellHour,
        lastRequestAt: hoursAgo(0.1),
        lastEventAt: hoursAgo(30),
      }),
    ).toEqual([]);
  });

  it.each(cases)('says that %s', (...[, facts, code, severity, figures, ...commands]: Case) => {
    const found = judge(facts);
    const part: unknown = expect.any(String);
    expect(found).toMatchObject([{ code: `SLUICE_FINDING_${code}`, severity, part }]);
    expect(figuresOf(found[0]?.detail ?? '')).toEqual(figuresOf(figures));
    expect(found[0]?.commands.slice(0, commands.length)).toEqual(
      commands.map((command) => {
        if (command.startsWith('npx sluice explain ')) return command;
        return `${command}${command.startsWith('aws ') ? '' : ' --stage prod'} --region eu-central-1`;
      }),
    );
  });

  it.each([
    [3, 5, 'problem'],
    [1, 2, 'warning'],
    [20, 400, 'problem'],
    [19, 400, 'warning'],
    [20, 401, 'warning'],
  ])('of %i of %i refused requests is a %s', (refused, requests, severity) => {
    expect(judge(refusedRequests({ SLUICE_KEY_UNKNOWN: refused }, requests))).toMatchObject([
      {
        severity,
        detail: expect.stringContaining(`: ${refused} SLUICE_KEY_UNKNOWN.`),
        commands: [
          expect.stringMatching(/^npx sluice keys list /),
          expect.stringMatching(/^printf %s "\$SDK_KEY" \| npx sluice keys add LABEL /),
          expect.any(String),
        ],
      },
    ]);
  });

  it.each([
    [[9], 'warning'],
    [[2], 'warning'],
    [[1.9], 'problem'],
    [[9, 1], 'problem'],
    [[1, 9], 'problem'],
  ] as const)('of requests that AWS refused %j hours ago is a %s', (hours, severity) => {
    const unreached = hours.map((age) => ({ kind: '4xx', hour: hoursAgo(age), count: 50, of: 100 }) as const);
    expect(judge({ unreached })).toMatchObject([{ code: 'SLUICE_FINDING_UNREACHED', severity }]);
  });

  const waitingDay = { words: 'has 2 files and no commit', isLacking: true, cure: 'explain' } as const;
  const noFiles = { ...loadedDay, missingSince: NOW - 2 * HOUR_MS };
  it.each<
    [what: string, by: 'cause' | 'severity', facts: (items: never) => Partial<StatusFacts>, ...object[]]
  >([
    [
      'days whose raw files are gone',
      'cause',
      (kept: readonly (typeof keptDay)[]) => ({ curated: [{ ...curatedTable, kept }] }),
      { ...keptDay, isErased: true },
      { ...keptDay, day: '2026-11-13', gone: [] },
    ],
    [
      'loaded days without files',
      'cause',
      (days: readonly (typeof loadedDay)[]) => datasetFacts({ days }),
      noFiles,
      { ...noFiles, day: '2026-11-18', uncommitted: 1 },
    ],
    [
      'days that wait, before the lookback and on its first day',
      'severity',
      (days: DatasetDays['waiting']) => datasetFacts({ waiting: days }),
      { ...waitingDay, day: '2026-11-16' },
      { ...waitingDay, day: '2026-11-17' },
    ],
    [
      'refused copies',
      'cause',
      (refused: readonly RefusedCopies[]) => ({
        relay: { waiting: { ...threeCopies, oldest: null }, refused, hasMore: false },
      }),
      { reason: '401', count: 2, since: hoursAgo(2), oldest: hoursAgo(3) },
      { reason: 'expired', count: 1, since: hoursAgo(2), oldest: hoursAgo(3) },
    ],
    [
      'rows in quarantine',
      'severity',
      (quarantine: readonly (typeof quarantineCount)[]) => ({ quarantine }),
      { ...quarantineCount, reason: 'SLUICE_ROW_UNFIT' },
      quarantineCount,
    ],
  ])('of %s is as that of the worse of two, in any order', (_, by, facts, worse, better) => {
    const judged = (...items: readonly (object | undefined)[]) => judge(facts(items as never))[0]?.[by];
    const expected = judged(worse);
    expect(expected).toEqual(expect.any(String));
    expect(judged(better)).not.toBe(expected);
    expect(judged(worse, better)).toEqual(expected);
    expect(judged(better, worse)).toEqual(expected);
  });

  it('of a day that failed on the first day of the lookback is cured by the next run', () => {
    const days = [{ ...failedDay, day: '2026-11-17', failure: 'SLUICE_INGEST_FILE_TRUNCATED' }];
    const found = judge({ ...datasetFacts({ days }), exports: [{ ...namedExport, days }] });
    expect(found.map(({ commands }) => commands.map((command) => command.split(' --stage')[0]))).toEqual([
      [
        'npx sluice ingest explain --source acme --dataset orders --day 2026-11-17',
        'npx sluice ingest run --source acme --dataset orders',
      ],
      ['npx sluice export status --export out', 'npx sluice export run --export out'],
    ]);
  });

  it.each([
    ['SLUICE_INGEST_FILE_TRUNCATED', 'run'],
    ['SLUICE_SOURCE_NOTHING_LOADABLE', 'run'],
    // The files stay, and a run tries them again after 12 hours only.
    ['SLUICE_INGEST_COLUMN_MISSING', 'backfill'],
    ['SLUICE_LOAD_ROWS_REFUSED', 'backfill'],
    ['SLUICE_SOURCE_KEY_DENIED', 'backfill'],
  ])(
    'of a day that failed with %s says why, and has the command that loads it: ingest %s',
    (failure, action) => {
      const failureMessage = 'A file is wrong. orders/2026-11-18/a.parquet.';
      const [found, ...others] = judge(datasetFacts({ days: [{ ...failedDay, failure, failureMessage }] }));
      const { cure } = explainCode(failure);
      expect(others).toEqual([]);
      expect(found?.commands.at(-1)).toContain(`npx sluice ingest ${action} `);
      if (action === 'run') expect(found?.commands.join()).not.toContain('backfill');
      if (failure.endsWith('_DENIED')) expect(found?.commands.join()).toContain('policy print');
      else
        expect(found).toMatchObject({
          cause: expect.stringContaining(failureMessage),
          cure: expect.stringContaining(cure.slice(0, 20)),
        });
    },
  );

  it('of a denial that is over says so, and that of a policy that is there still', () => {
    const denied = (action: string) =>
      failureOf(
        'denied',
        `AccessDenied: assumed-role/W/x is not authorized to perform: ${action} on resource: y`,
      );
    const { waiting: late } = waitingFacts({ landing: { ...emptyListing, count: 1, oldest: hoursAgo(2) } });
    const { cases: causes } = findingCatalogue.SLUICE_FINDING_LANDING_LATE;
    const causeOf = (action: string, more: Partial<StatusFacts>) =>
      judge({ waiting: late, failures: { write: denied(action) }, ...more }).find(
        ({ code }) => code === 'SLUICE_FINDING_LANDING_LATE',
      )?.cause;
    expect(causeOf('s3:PutObject', {})).toBe(causes.allowed.cause);
    // Nobody has asked, or not everybody may read the policy.
    expect(causeOf('s3:PutObject', { deniedCalls: null })).toBe(causes.denied.cause);
    expect(causeOf('kms:Decrypt', {})).toBe(causes.denied.cause);
  });

  it('of what is gone tells what cannot be read without it, and no other finding does', () => {
    const gone = {
      what: 'table',
      name: 'sluice.statsig_forwarded_events',
      part: 'the tables of the catalog',
      differs: null,
      repair: [['glue', 'create-table']],
      isDeployed: true,
      deployedAt: null,
      changedAt: null,
      isOtherRelease: false,
    } as const;
    const unread = (part: string, name: string) => {
      return { part, why: `Table ${name} not found.`, kind: 'missing', log: null, isByKey: false } as const;
    };
    const unknown = [
      unread('the partitions', 'statsig_forwarded_events'),
      unread('the exports', 'statsig_forwarded_exposures'),
    ];
    expect(judge({ stackFaults: [gone], unknown })).toMatchObject([
      {
        code: 'SLUICE_FINDING_RESOURCE_MISSING',
        detail: expect.stringContaining('the partitions: Table statsig_forwarded_events not found'),
      },
      { code: 'SLUICE_FINDING_UNREADABLE', title: expect.stringMatching(/^The exports/) },
    ]);
  });

  it('of refused rows of files has the commands that load their days again, and names no sender', () => {
    const ofFiles = { ...quarantineCount, reason: 'SLUICE_INGEST_ROW_TIME_MISSING' };
    const days = [{ ...loadedDay, rows: { in: 40, out: 30, refused: 10 } }];
    const { cases: causes } = findingCatalogue.SLUICE_FINDING_QUARANTINED;
    const found = judge({ ...datasetFacts({ days }), quarantine: [ofFiles] });
    expect(found).toMatchObject([
      {
        cause: causes.files.cause,
        commands: [
          expect.any(String),
          expect.stringContaining(
            'backfill --source acme --dataset orders --from 2026-11-19 --to 2026-11-19',
          ),
        ],
      },
    ]);
    const [mixed] = judge({ ...datasetFacts({ days }), quarantine: [ofFiles, quarantineCount] });
    expect(mixed?.cause).toBe(causes.mixed.cause);
  });

  it('of a late day names what its folder has beside days', () => {
    const late = [{ day: '2026-11-20', due: NOW - 2 * HOUR_MS }];
    const lastLook = { ...hourOldLook, elsewhere: { days: [], others: ['v2/'] } };
    expect(judge(datasetFacts({ late, lastLook }))).toMatchObject([
      {
        title: expect.stringContaining('the folder has v2/'),
        commands: [expect.stringContaining('s3 ls'), expect.any(String)],
      },
    ]);
  });

  it.each([
    ['values', ['explain', 'backfill', 'accept keep']],
    ['rows', ['explain', 'accept keep']],
    ['equalFiles', ['explain', 'accept keep']],
  ] as const)('of a day that is unusual by its %s has the commands of that', (kind, actions) => {
    const unusual = `has ${'long names, '.repeat(40)}`;
    const unusualParts = [
      { kind, short: 'has what is short' },
      { kind: 'days', short: 'has more' },
    ] as const;
    const [found] = judge(datasetFacts({ days: [{ ...loadedDay, unusual, unusualParts }] }));
    expect(found?.title).toContain('2026-11-19 has what is short, and differs in 1 other point');
    expect(found?.detail).toContain(unusual);
    expect(found?.commands.map((command) => /ingest (\w+( keep)?)/.exec(command)?.[1])).toEqual(actions);
  });

  it('of days that failed is one for each reason', () => {
    const codes = [
      'SLUICE_INGEST_FILE_TRUNCATED',
      'SLUICE_INGEST_COLUMN_MISSING',
      'SLUICE_INGEST_FILE_TRUNCATED',
    ];
    const days = codes.map((failure, i) => ({ ...failedDay, day: `2026-11-${17 + i}`, failure }));
    expect(judge(datasetFacts({ days })).map(({ title }) => title.split(', since')[0])).toEqual([
      '2 days of acme/orders could not be loaded, the newest 2026-11-19 with SLUICE_INGEST_FILE_TRUNCATED',
      '1 day of acme/orders could not be loaded, the newest 2026-11-18 with SLUICE_INGEST_COLUMN_MISSING',
    ]);
  });

  it('of a late day is another before the lookback than on its first day', () => {
    const causeOf = (day: string) =>
      judge(datasetFacts({ late: [{ day, due: NOW - 2 * HOUR_MS }] })).map(({ cause }) => cause);
    expect(causeOf('2026-11-17')).toEqual(causeOf('2026-11-20'));
    expect(causeOf('2026-11-16')).not.toEqual(causeOf('2026-11-17'));
  });

  it('of requests that the collector did not answer names its errors, beside requests that were refused', () => {
    const unreached = (['4xx', '5xx'] as const).map((kind) => ({
      kind,
      hour: hoursAgo(1),
      count: 50,
      of: 100,
    }));
    const errors = { ...functionErrors, part: 'collect', first: hoursAgo(0.9), last: hoursAgo(0.1) };
    const found = judge({ unreached, functionErrors: [errors] });
    expect(found.map(({ code }) => code)).toEqual(Array(2).fill('SLUICE_FINDING_UNREACHED'));
  });

  it.each([
    {
      part: 'write',
      facts: waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } }),
      first: hoursAgo(1.9),
      last: hoursAgo(1),
      count: 1,
    },
    {
      part: 'write',
      facts: waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2) } }),
      first: hoursAgo(9),
      last: hoursAgo(1),
      count: 2,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(4.9),
      last: hoursAgo(4.1),
      count: 1,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(4.9),
      last: hoursAgo(3),
      count: 2,
    },
    {
      part: 'collect',
      facts: { unreached: [{ kind: '5xx', hour: hoursAgo(5), count: 50, of: 100 }] },
      first: hoursAgo(7),
      last: hoursAgo(4.1),
      count: 2,
    },
  ] as const)(
    'of errors of $part $facts is told by its own unless all of them, from $first to $last, are within the time of that',
    ({ part, facts, first, last, count }) => {
      const found = judge({ ...facts, functionErrors: [{ ...functionErrors, part, first, last }] });
      expect(found).toHaveLength(count);
      expect(found[0]?.cause).not.toMatch(/^No run of/);
      expect(found.some(({ code }) => code === 'SLUICE_FINDING_FUNCTION_FAILED')).toBe(count === 2);
    },
  );

  it('of errors is told beside dead letters of which nobody knows with what they failed', () => {
    const errors = [{ ...functionErrors, part: 'export' }];
    const dead = [{ ...deadLetters, part: 'export' as const }];
    const codes = judge({ functionErrors: errors, deadLetters: dead }).map(({ code }) => code.slice(15));
    expect(codes).toEqual(['DEAD_LETTERS', 'FUNCTION_FAILED']);
  });

  it('of a call that a customer denies names the role and the call that it needs', () => {
    const days = [{ ...failedDay, failure: 'SLUICE_SOURCE_KEY_DENIED' }];
    const code = 'SLUICE_EXPORT_ACCESS_DENIED';
    const found = judge({
      ...datasetFacts({ days }),
      exports: [{ ...namedExport, days: [{ ...failedDay, failure: code }] }],
    });
    expect(found).toMatchObject([
      { detail: expect.stringMatching(/ The role sluice-prod-IngestLoadRole-\* needs kms:Decrypt there\.$/) },
      { detail: expect.stringMatching(/ The role sluice-prod-ExportRole-\* needs s3:PutObject there\.$/) },
    ]);
  });

  it('of denied calls says at least how many, and no first time, if the log has more than was read', () => {
    expect(judge({ deniedCalls: [deniedCalls] })).toMatchObject([
      {
        title: expect.stringMatching(/^AWS denied at least 9 calls of .*, seen now\.$/),
        since: null,
        detail: expect.stringContaining(', at least 9 times, for 14 days or more, last '),
      },
    ]);
  });

  const silent = { lastHour: { ...wellHour, requests: 0 } };
  const silentSince = (hours: number, day: Partial<LastDay>) => ({
    ...silent,
    lastRequestAt: hoursAgo(hours),
    lastDay: { ...wellDay, usual: 0, ...day },
  });
  /** Hours of the days before, of which the busiest had so many requests. */
  const usualHours = (most: number) => [{ least: 0, median: 0, most }];
  const resendsOf = (...counts: readonly number[]) => ({
    curated: [
      {
        ...curatedTable,
        resends: counts.map((resends, i) => ({ day: `2026-11-1${i + 3}` as const, rows: 1_000, resends })),
      },
    ],
  });
  const copiesSince = (hours: number) => ({
    relay: { waiting: { ...threeCopies, oldest: hoursAgo(hours) }, refused: [], hasMore: false },
  });
  const quotaOf = (quotaShare: number) => ({
    stream: { ...idleStream, quotaShare, quota: 'calls' } as const,
  });
  const listedAgo = (hours: number) =>
    datasetFacts({ schedule: 'hourly', lastLook: { ...hourOldLook, at: NOW - hours * HOUR_MS } });
  it.each<{ what: string; below: Partial<StatusFacts>; atBound: Partial<StatusFacts> }>([
    { what: 'resends', below: resendsOf(50, 10, 10), atBound: resendsOf(400) },
    {
      what: 'no request where many are usual at this time',
      below: silentSince(2, { usual: 14 }),
      atBound: silentSince(2, { usual: 15 }),
    },
    {
      what: 'no request for a day where many are usual in an hour of it',
      below: silentSince(24, { usualHours: usualHours(29) }),
      atBound: silentSince(24, { usualHours: usualHours(30) }),
    },
    {
      what: 'no request for long',
      below: silentSince(23, { usualHours: usualHours(30) }),
      atBound: silentSince(24, { usualHours: usualHours(30) }),
    },
    {
      what: 'no event for an hour',
      below: { ...silent, lastEventAt: hoursAgo(0.9) },
      atBound: { ...silent, lastEventAt: hoursAgo(1) },
    },
    { what: 'a quota', below: quotaOf(0.79), atBound: quotaOf(0.8) },
    { what: 'copies that wait', below: copiesSince(0.99), atBound: copiesSince(1) },
    { what: 'a folder that was not listed', below: listedAgo(3), atBound: listedAgo(3.1) },
  ])('of $what is none below its bound', ({ below, atBound }) => {
    expect(judge(below)).toEqual([]);
    expect(judge(atBound)).toHaveLength(1);
  });

  it('of resends is none where as many are usual, and of a day that was over long ago', () => {
    expect(judge(resendsOf(400, 400, 400))).toEqual([]);
    const old = [{ day: '2026-11-10', rows: 1, resends: 9 }];
    expect(judge({ curated: [{ ...curatedTable, resends: old }] })).toEqual([]);
  });

  it('of a silence is none where nothing ever came, or little', () => {
    expect(judge({ ...silent, lastEventAt: null })).toEqual([]);
    expect(judge(silentSince(2, { usual: 1 }))).toEqual([]);
  });

  it('of a silence says since when, and what came before', () => {
    expect(judge({ ...silent, lastEventAt: hoursAgo(72) })[0]?.detail).toMatch(/, 3 days ago\.$/);
    const [week] = judge(silentSince(100, { usualHours: usualHours(40) }));
    expect(week?.detail).toMatch(/ago; at most 40 came/);
  });

  it('of no key is none where any key may post, and has no command in the local cloud', () => {
    const keys = { senders: [], fault: null, faultKind: null, unreadable: [], changedAt: null };
    expect(judge({ keys, isLocal: true })).toEqual([]);
    const takesAnyKey = { ...judgedDeployment, config: anyKey };
    expect(judgeFacts({ ...wellFacts, keys }, takesAnyKey, 'eu-central-1')).toEqual([]);
    const [gone] = judge({ keys: { ...keys, fault: GONE, faultKind: 'gone' }, isLocal: true });
    expect(gone?.commands).toEqual([]);
  });

  it('of objects that wait is none for twenty minutes', () => {
    const waiting = waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(0.33) } });
    expect(judge(waiting)).toEqual([]);
  });

  it('of throttled records counts them', () => {
    const throttling = (throttledRecords: number) => judge({ stream: { ...idleStream, throttledRecords } });
    expect(throttling(1)[0]?.detail).toMatch(/: 1 record was /);
    expect(throttling(1_234)[0]?.detail).toMatch(/: 1,234 records were /);
  });

  it('of alarms that notify nobody is none in the local cloud', () => {
    const alarms = [{ ...ringingAlarm, state: 'OK', notifies: false }] as const;
    expect(judge({ isLocal: true, alarms })).toEqual([]);
  });

  const skewed = (key: string, count: number, hours: number) => {
    return { ...requestGroup, key, sdk: null, count, skewMs: hours * HOUR_MS };
  };
  const noted = { counts: {}, hasMore: false, before2000: [], uncorrected: [], ahead: [], late: [] };
  const rule = { prefix: '', storageClass: 'GLACIER', days: 30, isOfVersions: false } as const;
  it.each([
    [
      'a wrong clock by its own sender',
      { noted: { ...noted, corrected: [skewed('shop', 40, 2), skewed('app', 3, 30)] } },
      '3 events are by a clock that is up to 30.0 hours behind with the key app, and 1 other sender by another clock',
    ],
    [
      'another clock of the same sender as its own',
      { noted: { ...noted, corrected: [skewed('app', 4, -5)], ahead: [skewed('app', 3, -30)] } },
      '3 events are by a clock that is up to 30.0 hours ahead with the key app, and 4 of it up to 5.0 hours ahead',
    ],
    [
      'the code of most refused requests without their log',
      { ...refusedRequests({ SLUICE_KEY_MISSING: 1, SLUICE_COLLECT_BODY_MANGLED: 8 }, 400), refusals: null },
      'most with SLUICE_COLLECT_BODY_MANGLED',
    ],
    [
      'several rules that archive',
      { archivingRules: ['a', 'b', 'c'].map((id) => ({ ...rule, id, since: NOW })) },
      ', and 2 other rules archive more',
    ],
    [
      'old days with files without rows',
      datasetFacts({ late: [{ day: '2026-11-01', due: NOW - 400 * HOUR_MS, empty: '1 file, 0 rows' }] }),
      'have no rows (1 file, 0 rows)',
      'Files of the day came while runs looked for it, and have no row; none looks at it any more.',
    ],
  ])('tells %s', (_what, facts, title, cause = '') => {
    const found: unknown = expect.objectContaining({
      title: expect.stringContaining(title),
      cause: expect.stringContaining(cause),
    });
    expect(judge(facts)).toEqual([found]);
  });

  it.each([
    [
      'a day without a partition in three tables',
      {
        partitions: {
          days: 3,
          gaps: (['exposures', 'events', 'quarantine'] as const).map((table) => {
            return { table, day: '2026-11-20' } as const;
          }),
        },
      },
      /^1 day has /,
    ],
    [
      'an hour that is short in two tables',
      { receivedHours: [shortHour, { ...shortHour, table_name: 'exposures' as const }] },
      /^60 of 600 .*, of 1 hour, since /,
    ],
  ])('counts %s once', (_what, facts, title) => {
    expect(judge(facts).map((finding) => finding.title)).toEqual([expect.stringMatching(title)]);
  });

  it('of short hours has three commands of a kind at most', () => {
    const days = ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'];
    const [found] = judge({ receivedHours: days.map((ds) => ({ ...shortHour, ds })) });
    const commands = found?.commands.map((command) => /landing\/direct|landing|--deep/.exec(command)?.[0]);
    const kinds = ['--deep', 'landing', 'landing/direct'];
    expect(commands).toEqual(kinds.flatMap((kind) => Array(3).fill(kind)));
  });

  it('of a silence that is over is since its begin, whatever came last', () => {
    const over = { ...changedRequests({ what: 'silence', usual: 60 }), lastRequestAt: hoursAgo(0.1) };
    expect(judge(over)).toMatchObject([{ code: 'SLUICE_FINDING_SILENT', since: hoursAgo(9) }]);
  });

  it('of what another release has deployed offers no repair: the deployment is one', () => {
    const fault = { name: 'x', differs: ['a'], repair: [['glue', 'update-table']], isDeployed: true };
    const part = 'the tables of the catalog' as const;
    const faults = (['table', 'workgroup'] as const).map((what) => {
      return { ...fault, what, part, deployedAt: null, changedAt: null, isOtherRelease: true };
    });
    expect(judge({ stackFaults: faults }).map(({ commands }) => commands)).toEqual([[], []]);
  });

  it('begins with faults of the local cloud, then has what delivers', () => {
    const localControl = 'http://127.0.0.1:4566';
    const late = waitingFacts({ buffered: { count: 1, oldest: hoursAgo(12.5) } });
    const facts = { ...wellFacts, ...late, isLocal: true, stream: null, faults: 1 };
    const found = judgeFacts(facts, { ...judgedDeployment, localControl }, 'us-east-1');
    expect(found.map(({ code }) => code.slice(15))).toEqual(['FAULTS', 'STREAM_LATE']);
    expect(found.flatMap(({ commands }) => commands)).toEqual([
      expect.stringMatching(/^curl -X DELETE .*faults$/),
      expect.stringMatching(/^curl -X POST .*flush$/),
    ]);
    expect(found[1]?.cure).not.toMatch(/shows|log/);
  });

  it('has the cure of each code of an answer 503 that is no failure to store', () => {
    const counts = { SLUICE_COLLECT_BODY_MANGLED: 4, SLUICE_KEYS_INVALID: 1 };
    expect(judge(failedRequests(counts))).toMatchObject([
      {
        detail: expect.stringMatching(
          /^4 requests with SLUICE_COLLECT_BODY_MANGLED\. .*1 request with SLUICE_KEYS_INVALID\. .+/,
        ),
        commands: [expect.stringContaining('"keys"')],
      },
    ]);
  });

  it('of keys is over once they were read, as the log says, and requests stored', () => {
    const times = { first: hoursAgo(0.3), last: hoursAgo(0.2) };
    const lastHour = {
      ...wellHour,
      failedBy: { SLUICE_KEYS_UNAVAILABLE: 1 },
      failedAt: { SLUICE_KEYS_UNAVAILABLE: times },
    };
    const stored = { lastHour: { ...lastHour, lastStoredAt: hoursAgo(0.1) } };
    const unread = {
      ...stored,
      unknown: [{ part: 'a log', why: '', kind: 'other', log: 'collect', isByKey: false }],
    };
    const found = [stored, { lastHour }, unread].map((facts) =>
      judge(facts).find(({ code }) => code === 'SLUICE_FINDING_NOT_STORED'),
    );
    expect(found.map((finding) => finding?.severity)).toEqual(['warning', 'problem', 'problem']);
  });

  it.each<[string, Partial<StatusFacts>, RegExp]>([
    ['has no line', {}, /has no line of them\.$/],
    [
      'could not be read',
      { unknown: [{ part: FAILED_REQUESTS, why: '', kind: 'denied', log: null, isByKey: false }] },
      /could not be read\.$/,
    ],
    [
      'has more lines than were read',
      {
        unstored: {
          groups: [
            {
              ...requestGroup,
              code: 'SLUICE_COLLECT_NOT_DELIVERED',
              sdk: 'js-client 3.1',
              key: 'web',
              count: 5,
            },
          ],
          hasMore: true,
        },
      },
      /5 SLUICE_COLLECT_NOT_DELIVERED.* more lines of the log than were read\.$/,
    ],
  ])('of requests answered 503 says that the log of the collector %s', (_, facts, text) => {
    const found = judge({
      lastHour: { ...wellHour, failedBy: { SLUICE_COLLECT_NOT_DELIVERED: 7 } },
      ...facts,
    }).find(({ code }) => code === 'SLUICE_FINDING_NOT_STORED');
    expect(found?.detail).toMatch(text);
    expect(found?.title).not.toContain('js-client');
  });

  it('brings files of a version back whose rows nothing else has', () => {
    const since = NOW - HOUR_MS;
    const lacking = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day) => {
      return { day, since, isOnly: day > '2026-11-17' };
    });
    const found = judge({ ...datasetFacts({ lacking }), curated: [{ ...curatedTable, lacking }] });
    expect(found.map(({ commands }) => commands.map((command) => command.split(' --stage')[0]))).toEqual([
      ['npx sluice ingest backfill --source acme --dataset orders --from 2026-11-17 --to 2026-11-17'],
      ['npx sluice restore --table acme_orders --from 2026-11-18 --to 2026-11-19'],
      ['npx sluice curate rebuild --table events --from 2026-11-17 --to 2026-11-17'],
      ['npx sluice restore --table curated_events --from 2026-11-18 --to 2026-11-19'],
    ]);
  });

  it('of lost files says of each day whether its files are archived, deleted or gone', () => {
    const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'] as const;
    const lacking = days.map((day) => ({ day, since: NOW - HOUR_MS, isOnly: day > '2026-11-16' }));
    const looked = days.slice(0, 2).map((day) => ({
      table: 'acme_orders',
      day,
      since: NOW - HOUR_MS,
      keys: ['x'],
    }));
    const archivedDays = { days: looked, unlookedUntil: days[2] };
    const table = 'acme_orders';
    const restorable = days.slice(1, 3).map((day) => ({ table, day, files: 0 }));
    const lost = judge({ ...datasetFacts({ lacking }), archivedDays, restorable }).filter(
      ({ code }) => code === 'SLUICE_FINDING_FILES_LOST',
    );
    const { archived, archivedOnly, gone, versions } = findingCatalogue.SLUICE_FINDING_FILES_LOST.cases;
    expect(lost).toMatchObject([
      { cause: archived.cause, detail: expect.stringContaining(days[0]) },
      { cause: archivedOnly.cause, detail: expect.stringContaining(days[1]), commands: [] },
      {
        cause: gone.cause,
        detail: expect.stringMatching(`${days[2]} .* Of days until ${days[2]} nobody has looked`),
        commands: [expect.stringContaining(' ingest backfill ')],
      },
      { cause: versions.cause, detail: expect.stringMatching(`${days[3]} since [^ ]+\\.$`) },
    ]);
  });

  it.each([
    {
      name: 'both of them',
      storedAt: [hoursAgo(0.2), hoursAgo(0.1)],
      severity: 'warning',
      over: '; it is over',
    },
    { name: 'one of them alone', storedAt: [hoursAgo(0.2), undefined], severity: 'problem', over: '' },
    {
      name: 'one of them before it failed last',
      storedAt: [hoursAgo(0.2), hoursAgo(0.25)],
      severity: 'problem',
      over: '',
    },
  ] as const)(
    'of requests that were not stored of two senders, where $name were stored since, is over only if both were',
    ({ storedAt, severity, over }) => {
      const code = 'SLUICE_COLLECT_NOT_DELIVERED';
      const groups = storedAt.map((time, i) => {
        const times = { first: hoursAgo(0.5), last: hoursAgo(0.25) };
        return {
          ...requestGroup,
          ...times,
          code,
          key: `app${i}`,
          count: 3,
          ...(time === undefined ? {} : { storedAt: time }),
        };
      });
      const failedAt = { [code]: { first: hoursAgo(0.5), last: hoursAgo(0.25) } };
      const facts = {
        lastHour: { ...wellHour, failedBy: { [code]: 6 }, failedAt, lastStoredAt: hoursAgo(0.1) },
        lastRequestAt: hoursAgo(0.1),
        unstored: { groups, hasMore: false },
      };
      const detail = `6 requests with ${code}, first 2026-11-20T11:30Z, last 2026-11-20T11:45Z${over}. By sender`;
      expect(judge(facts)).toMatchObject([{ severity, detail: expect.stringContaining(detail) }]);
    },
  );

  it('of keys is not over, however quiet the last hour was, while an entry of the secret cannot be read', () => {
    const failed = { SLUICE_KEYS_INVALID: { count: 16, first: hoursAgo(9), last: hoursAgo(3) } };
    const keys = {
      ...wellFacts.keys,
      senders: ['9f'],
      fault: 'x',
      faultKind: 'entries',
      unreadable: ['mobile'],
      changedAt: hoursAgo(9),
    } as const;
    const facts = {
      lastHour: { ...wellHour, lastStoredAt: hoursAgo(0.1) },
      lastDay: { ...wellDay, failedBy: failed },
    };
    const found = judge({ ...facts, keys }).map(({ code, severity, title }) => [code, severity, title]);
    expect(found).toEqual([
      [
        'SLUICE_FINDING_KEYS_UNREADABLE',
        'problem',
        expect.stringContaining('1 entry that no collector can read, mobile,'),
      ],
      ['SLUICE_FINDING_NOT_STORED', 'problem', expect.any(String)],
    ]);
    const { quiet, keysOver } = findingCatalogue.SLUICE_FINDING_NOT_STORED.cases;
    expect(judge(facts)).toMatchObject([{ severity: 'warning', cause: keysOver.cause }]);
    const silent = { ...facts, lastHour: { ...wellHour, lastStoredAt: null } };
    expect(judge(silent)).toMatchObject([{ severity: 'warning', cause: quiet.cause }]);
  });

  it.each([
    ['an unknown key, for an hour', {}, 'problem'],
    ['an unknown key, for less', { first: hoursAgo(0.9) }, 'warning'],
    ['an unknown key, which sends no more', { last: hoursAgo(1.1) }, 'warning'],
    ['an unknown key, and states no SDK', { sdk: null }, 'warning'],
    ['a key that may send, by a part of the log', { code: 'SLUICE_BODY_NOT_JSON' }, 'warning'],
  ] as const)('of a sender with %s is a %s if all of its requests are lost', (_, more, severity) => {
    const group = {
      ...requestGroup,
      code: 'SLUICE_KEY_UNKNOWN',
      key: 'abcd1234',
      sdk: 'js-client 3',
      count: 12,
    };
    const refusals = {
      groups: [{ ...group, first: hoursAgo(1.2), last: hoursAgo(0.1), ...more }],
      hasMore: false,
    };
    expect(judge({ ...refusedRequests({ [group.code]: 9 }, 4_000), refusals })).toMatchObject([{ severity }]);
  });

  it.each(['SLUICE_COLLECT_NOT_DELIVERED', 'SLUICE_COLLECT_BODY_MANGLED'])('of %s stays a day', (code) => {
    const failed = (inHour: Partial<LastHour>) => {
      const day = { [code]: { count: 16, first: hoursAgo(9), last: hoursAgo(0.75) } };
      return judge({ lastHour: { ...wellHour, ...inHour }, lastDay: { ...wellDay, failedBy: day } })[0];
    };
    const first = 'first in the 5 minutes from 2026-11-20T03:00Z, last';
    const quiet = `^16 requests with ${code}, ${first} in the 5 minutes from 2026-11-20T11:15Z; none within the last hour\\.`;
    expect(failed({})).toMatchObject({ severity: 'warning', detail: expect.stringMatching(quiet) });
    const failedAt = { [code]: { first: hoursAgo(0.8), last: hoursAgo(0.7) } };
    const detail = expect.stringMatching(`^16 requests with ${code}, ${first} 2026-11-20T11:18Z\\.`);
    expect(failed({ failedBy: { [code]: 2 }, failedAt })).toMatchObject({ severity: 'problem', detail });
  });

  it('of quarantine offers a redrive for what can be corrected, and the cure of everything else', () => {
    const found = (...reasons: readonly string[]) =>
      judge({ quarantine: reasons.map((reason) => ({ ...quarantineCount, reason })) });
    const [mixed] = found('SLUICE_BODY_CORRUPT', 'SLUICE_ROW_UNFIT', 'SLUICE_VALUE_UNFIT');
    expect(mixed?.commands.map((command) => /--reason (\S+)/.exec(command)?.[1])).toEqual([
      undefined,
      'SLUICE_ROW_UNFIT',
      'SLUICE_ROW_UNFIT',
    ]);
    expect(mixed?.detail).toContain(' SLUICE_BODY_CORRUPT: Send the body as the SDK wrote it.');
    for (const reason of ['SLUICE_BODY_TRUNCATED', 'SLUICE_BODY_NOT_JSON', 'SLUICE_EVENT_BAD_TIME'])
      expect(found(reason)[0]?.commands).toHaveLength(1);
    for (const reason of ['SLUICE_BODY_TOO_COSTLY', 'SLUICE_EVENT_KIND_NOT_ALLOWED'])
      expect(found(reason)[0]?.commands).toHaveLength(3);
  });

  it.each([
    ['UNREACHED', 'collect', { unreached: [{ kind: '5xx', hour: hoursAgo(1), count: 50, of: 100 }] }],
    ['FUNCTION_FAILED', functionErrors.part, { functionErrors: [functionErrors] }],
    ['DEAD_LETTERS', deadLetters.part, { deadLetters: [deadLetters] }],
    ['STREAM_LATE', 'landing', waitingFacts({ buffered: { count: null, oldest: hoursAgo(12.5) } })],
  ] as const)(
    '%s does not say that the log of %s has no error if it could not be read',
    (name, log, facts) => {
      const { cases: causes } = findingCatalogue[`SLUICE_FINDING_${name}`];
      const causeOf = (unknown: StatusFacts['unknown']) =>
        judge({ ...facts, unknown }).find(({ code }) => code === `SLUICE_FINDING_${name}`)?.cause;
      const unreadLog = {
        part: `the log of ${log}`,
        why: 'Denied.',
        kind: 'denied',
        log,
        isByKey: false,
      } as const;
      expect(causeOf([])).toBe(causes.unknown.cause);
      expect(causeOf([unreadLog])).toBe(causes.unread.cause);
    },
  );

  it('of objects that wait explains a failure only', () => {
    const { waiting: late } = waitingFacts({ landing: { ...emptyListing, oldest: hoursAgo(2) } });
    const failures = [{}, { write: codedFailure('SLUICE_WRITE_X', 'it is denied.') }];
    const shown = failures.map((failure) => judge({ waiting: late, failures: failure })[0]?.commands[0]);
    expect(shown).toEqual([expect.stringContaining('doctor'), expect.stringContaining('redrive --landing')]);
  });

  it('of a key that is disabled has what began after that and has its error, and the command of the doctor', () => {
    const Arn = 'arn:aws:kms:eu-central-1:1:key/a';
    const ofKey = { ...failureOf('error', 'KMSDisabledException.', 2), isByKey: true };
    const off = (collect: LastFailure, firstOf503: number) =>
      judge({
        ...failedRequests({ SLUICE_COLLECT_NOT_DELIVERED: 2 }),
        lastDay: {
          ...wellDay,
          failedBy: {
            SLUICE_COLLECT_NOT_DELIVERED: { count: 2, first: hoursAgo(firstOf503), last: hoursAgo(1) },
          },
        },
        ...waitingFacts({ landing: { ...emptyListing, count: 3, oldest: hoursAgo(2.2) } }),
        lastEventAt: hoursAgo(2.3),
        alarms: [{ ...ringingAlarm, state: 'ALARM', notifies: true }],
        unknown: [{ part: 'the last event', why: 'It is denied.', kind: 'denied', log: null, isByKey: true }],
        deadLetters: [{ part: 'relay', queue: 'q', arn: 'a', messages: 1, since: hoursAgo(1) }],
        failures: { q: ofKey, write: ofKey, collect },
        keyFailedSince: hoursAgo(2),
        key: { Arn, KeyState: 'Disabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' },
      });
    const [found, ...others] = off(ofKey, 2);
    expect(found).toMatchObject({
      code: 'SLUICE_FINDING_KEY_UNUSABLE',
      severity: 'problem',
      since: hoursAgo(2),
      detail: expect.stringMatching(/^arn\S+ is disabled\..*landing\/: 3 objects.* 2 requests.*1 message/),
      cure: expect.stringContaining('run the last commands'),
      commands: [
        expect.stringMatching(/^aws kms enable-key --key-id arn:/),
        expect.stringMatching(/ redrive --landing /),
        expect.stringMatching(/ start-message-move-task /),
      ],
    });
    const codes = (findings: readonly Finding[]) => findings.map(({ code }) => code.slice(15));
    expect(codes(others)).toEqual(['ALARM']);
    // It began hours before, or has another error.
    expect(codes(off(ofKey, 9))).toEqual(['KEY_UNUSABLE', 'NOT_STORED', 'ALARM']);
    expect(codes(off(failureOf('error', 'SlowDown.', 1), 2))).toEqual([
      'KEY_UNUSABLE',
      'NOT_STORED',
      'ALARM',
    ]);
  });

  it('of raw files says how they are brought back, and is the only one of copies that an export keeps of them', () => {
    const replaced = [{ name: 'b.parquet', eTag: '"0a"' }];
    const days = [{ ...loadedDay, day: keptDay.day, kept: 2 }];
    const found = judge({
      curated: [{ ...curatedTable, kept: [{ ...keptDay, replaced }] }],
      exports: [{ ...namedExport, days }],
    });
    expect(found.map(({ code }) => code)).toEqual(['SLUICE_FINDING_CURATE_KEPT']);
    expect(found[0]?.detail).toContain('the export out keeps 2 copies');
    const commands = found.flatMap((finding) => finding.commands);
    expect(commands.map((command) => command.split(' --stage')[0])).toEqual([
      'npx sluice restore --table statsig_forwarded_events --from 2026-11-14',
      'npx sluice curate accept 2026-11-14 --table events',
    ]);
    const lostDays = [{ table: 'events', day: keptDay.day, seenAt: NOW, files: 3, left: 1 }] as const;
    const lost = judge({ lostDays, exports: [{ ...namedExport, days }] });
    expect(lost.map(({ code }) => code)).toEqual(['SLUICE_FINDING_DAYS_LOST']);
    expect(lost[0]?.detail).toMatch(/until 2026-11-27; the export out keeps 2 copies/);
    const both = judge({ lostDays, curated: [{ ...curatedTable, kept: [keptDay] }] });
    expect(both.map(({ code }) => code)).toEqual(['SLUICE_FINDING_CURATE_KEPT']);
    // It is the same deletion.
    expect(both[0]?.detail).toContain('; S3 has what was deleted until 2026-11-27 ');
    const old = judge({
      curated: [{ ...curatedTable, kept: [{ ...keptDay, since: '2026-11-13T00:20:00Z' }] }],
    });
    expect(old[0]?.detail).toContain('; S3 had what was deleted until 2026-11-19 ');
    // Whoever accepts that files are gone means their copies, too.
    const accepted = [{ ...curatedTable, accepted: [keptDay.day] }];
    expect(judge({ curated: accepted, exports: [{ ...namedExport, days }] })).toEqual([]);
    // What another table has lost is no reason.
    const others = { lostDays: [{ ...lostDays[0], table: 'exposures' as const }] };
    expect(judge({ ...others, exports: [{ ...namedExport, days }] })).toHaveLength(2);
    const ofExposures = [{ ...curatedTable, kind: 'exposures' as const, kept: [keptDay] }];
    expect(judge({ curated: ofExposures, exports: [{ ...namedExport, days }] })).toHaveLength(2);
  });

  it('of days that failed before the lookback has the commands that show them and try them again', () => {
    const old = [{ ...failedDay, day: '2026-11-01' }, failedDay];
    const replaced = { ...failedDay, failing: { ...ongoingFailure, replaced: NOW } };
    const found = judge({
      ...datasetFacts({ days: [old[0] ?? failedDay, replaced] }),
      exports: [{ ...namedExport, days: old }],
      curated: [
        {
          ...curatedTable,
          failed: [{ day: '2026-11-01', code: 'SLUICE_CURATE_KILLED', message: null, ...ongoingFailure }],
        },
      ],
    });
    const words = found.flatMap(({ commands }) => commands.map((command) => command.split(' --stage')[0]));
    expect(found[0]?.detail).toContain(`until other files came at ${hoursAgo(0)}`);
    expect(words).toEqual([
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-18',
      'npx sluice ingest run --source acme --dataset orders',
      'npx sluice ingest explain --source acme --dataset orders --day 2026-11-01',
      'npx sluice ingest backfill --source acme --dataset orders --from 2026-11-01 --to 2026-11-01',
      'npx sluice export status --export out --days 21',
      'npx sluice export run --export out',
      'npx sluice export run --export out --from 2026-11-01 --to 2026-11-01',
      'npx sluice curate status --table events --days 21',
      'npx sluice curate run --table events',
    ]);
  });

  it('of alarms whose actions are off has the command that turns them on', () => {
    const silent = ['sluice-prod-overflow', 'sluice-prod-api-5xx'].map((name) => {
      return { ...ringingAlarm, name, state: 'OK', notifies: false } as const;
    });
    const alarms = [
      ...silent,
      { ...ringingAlarm, name: 'sluice-prod-late', state: 'OK', notifies: true } as const,
    ];
    const topicArn = 'arn:aws:sns:eu-central-1:111122223333:a';
    const withTopic = { ...judgedDeployment, config: defineConfig({ bucket: 'acme', alarms: { topicArn } }) };
    expect(judgeFacts({ ...wellFacts, alarms }, withTopic, 'eu-central-1')).toMatchObject([
      {
        code: 'SLUICE_FINDING_NO_TOPIC',
        commands: [
          'aws cloudwatch enable-alarm-actions --alarm-names sluice-prod-overflow sluice-prod-api-5xx --region eu-central-1',
        ],
      },
    ]);
    expect(judge({ alarms })).toMatchObject([{ code: 'SLUICE_FINDING_NO_TOPIC', commands: [] }]);
  });

  it('that is a problem comes before warnings', () => {
    const found = judge({
      alarms: [{ ...ringingAlarm, state: 'ALARM', notifies: false }],
      quarantine: [quarantineCount],
    });
    expect(found.map(({ severity }) => severity)).toEqual(['problem', 'warning', 'warning']);
  });
});
