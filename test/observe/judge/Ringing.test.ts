import { describe, expect, it } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import {
  datasetFacts,
  deadLetters,
  hourOldLook,
  hoursAgo,
  landingWaits,
  lateDay,
  loadedDay,
  looked,
  msAgo,
  refusedRequests,
  ringing,
  ringingAlarm,
  unreachedHour,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

/** These alarms are on. */
const ring = (...names: readonly string[]) => ({ alarms: ringing(...names) });

interface Headline {
  readonly code: string;
  readonly severity: string;
  /** The alarms that stand with it, without the stack's name. */
  readonly alarms: readonly string[];
}
const headlinesOf = (facts: Partial<StatusFacts>) =>
  judge(facts).map(
    ({ code, severity, detail }): Headline => ({
      code: code.replace('SLUICE_FINDING_', ''),
      severity,
      alarms: Array.from(detail.matchAll(/Alarm sluice-prod-(\S+)(?=,)/g), ([, name = '']) => name),
    }),
  );
const datasetOf = (dataset: string, facts: Parameters<typeof datasetFacts>[0]) =>
  datasetFacts({ dataset, ...facts }).datasets;

describe('a finding for which an alarm is on', () => {
  const refused = refusedRequests({ SLUICE_KEY_UNKNOWN: 1 }, 100);

  it('is as serious as without the alarm, which is no finding of its own', () => {
    expect(headlinesOf(refused)).toEqual([{ code: 'REFUSED', severity: 'warning', alarms: [] }]);
    expect(headlinesOf({ ...refused, ...ring('key-unknown') })).toEqual([
      { code: 'REFUSED', severity: 'warning', alarms: ['key-unknown'] },
    ]);
  });

  it('leaves an alarm of something else a finding of its own', () => {
    expect(headlinesOf({ ...refused, ...ring('key-unknown', 'groups') })).toEqual([
      { code: 'ALARM', severity: 'problem', alarms: [] },
      { code: 'REFUSED', severity: 'warning', alarms: ['key-unknown'] },
    ]);
  });

  it('is that of answers of the gateway itself, if no request was refused, also once it is over', () => {
    const unreached = { unreached: [unreachedHour('4xx', 3, 40, 100)] };
    expect(headlinesOf({ ...unreached, ...ring('api-4xx') })).toEqual([
      { code: 'UNREACHED', severity: 'warning', alarms: ['api-4xx'] },
    ]);
    expect(headlinesOf({ ...unreached, ...refused, ...ring('api-4xx') })).toEqual([
      { code: 'UNREACHED', severity: 'warning', alarms: [] },
      { code: 'REFUSED', severity: 'warning', alarms: ['api-4xx'] },
    ]);
  });

  it('is the first of several that the alarm counts', () => {
    const days = [{ ...loadedDay, leftOut: { count: 1, words: 'left out 1 object: a.csv' } }];
    const datasets = ['orders', 'refunds'].flatMap((dataset) => datasetOf(dataset, { days }));
    expect(headlinesOf({ datasets, ...ring('ingest-left-out-daily') })).toEqual([
      { code: 'FILES_LEFT_OUT', severity: 'warning', alarms: ['ingest-left-out-daily'] },
      { code: 'FILES_LEFT_OUT', severity: 'warning', alarms: [] },
    ]);
  });

  it.each([
    { folder: 'exports/out', name: 'export-failed-daily', section: 'An export failed' },
    { folder: 'acme/orders', name: 'ingest-failed-hourly', section: 'A drop is missing or failed' },
    { folder: 'curated/events', name: 'curations-failed', section: 'Days are not curated' },
  ])('is that of the damaged object of ledger/$folder, which $name counts', ({ folder, name, section }) => {
    const key = `ledger/${folder}/2026-11-18.json`;
    const damagedEntries = [{ key, writtenAt: hoursAgo(3), versionBefore: null }];
    expect(headlinesOf({ damagedEntries, ...ring(name) })).toEqual([
      { code: 'LEDGER_DAMAGED', severity: 'problem', alarms: [name] },
    ]);
    expect(judge({ damagedEntries }).map((found) => found.section)).toEqual([section]);
  });

  it('is that of its own queue', () => {
    const letters = (['export', 'register'] as const).map((part) => ({
      ...deadLetters,
      part,
      queue: `sluice-prod-${part}-dead-letters`,
    }));
    expect(headlinesOf({ deadLetters: letters, ...ring('register-dead-letters') })).toEqual([
      { code: 'DEAD_LETTERS', severity: 'problem', alarms: [] },
      { code: 'DEAD_LETTERS', severity: 'problem', alarms: ['register-dead-letters'] },
    ]);
  });
});

describe('the alarms of datasets', () => {
  const stopped = { lastLook: { ...hourOldLook, stopped: true } };
  const BOTH = ring('ingest-late', 'ingest-stopped-daily');
  const fine = { newer: ['2026-01-01'] };

  it('stand with the dataset that has what they count, and with no other', () => {
    const datasets = [
      ...datasetOf('fine', fine),
      ...datasetOf('old', { lastLook: { ...hourOldLook, at: msAgo(27) } }),
      ...datasetOf('longago', { late: [lateDay('2026-11-01', 400)] }),
      ...datasetOf('stopped', stopped),
      ...datasetOf('late', { late: [lateDay('2026-11-20', 2)] }),
    ];
    const alarms = judge({ datasets, ...BOTH }).flatMap(({ detail }) => {
      const [, dataset] = /^acme\/(\w+):/.exec(detail) ?? [];
      const [, name] = /Alarm sluice-prod-(\S+)(?=,)/.exec(detail) ?? [];
      return name === undefined ? [] : [{ dataset, name }];
    });
    expect(alarms).toEqual([
      { dataset: 'stopped', name: 'ingest-stopped-daily' },
      { dataset: 'late', name: 'ingest-late' },
    ]);
  });

  it('stand with the folders of a source that are denied together only if these have what they count', () => {
    const failure = { code: 'SLUICE_SOURCE_ACCESS_DENIED', message: 'Denied.', since: msAgo(2) };
    const datasets = [
      ...['orders', 'refunds'].flatMap((dataset) => looked({ failure }, { dataset }).datasets),
      ...datasetOf('late', { source: 'beta', late: [lateDay('2026-11-20', 2)] }),
      ...datasetOf('stopped', { source: 'beta', ...stopped }),
    ];
    const on = ring('ingest-unreadable-daily', 'ingest-late', 'ingest-stopped-daily');
    const told = judge({ datasets, ...on }).map(({ detail }) => ({
      of: /^\w+\/\w+/.exec(detail)?.[0],
      alarms: Array.from(detail.matchAll(/Alarm sluice-prod-(\S+)(?=,)/g), ([, name]) => name),
    }));
    expect(told).toEqual([
      { of: 'acme/orders', alarms: ['ingest-unreadable-daily'] },
      { of: 'beta/late', alarms: ['ingest-late'] },
      { of: 'beta/stopped', alarms: ['ingest-stopped-daily'] },
    ]);
  });

  it('stand with a late day of three days ago', () => {
    const datasets = datasetOf('first', { late: [lateDay('2026-11-17', 2)] });
    expect(headlinesOf({ datasets, ...ring('ingest-late') })).toEqual([
      { code: 'INGEST_LATE', severity: 'problem', alarms: ['ingest-late'] },
    ]);
  });

  it('stand with the finding of a dataset that they count, and with no other of it', () => {
    const datasets = datasetOf('both', { ...fine, late: [lateDay('2026-11-20', 2)] });
    expect(headlinesOf({ datasets, ...BOTH })).toEqual([
      { code: 'INGEST_LATE', severity: 'problem', alarms: ['ingest-late'] },
      { code: 'INGEST_WAITING', severity: 'warning', alarms: [] },
      // That on a folder that has stopped.
      { code: 'ALARM', severity: 'warning', alarms: [] },
    ]);
  });

  it('are warnings of their own once no dataset has what they count: the next run ends them', () => {
    expect(headlinesOf({ datasets: datasetOf('fine', fine), ...BOTH })).toEqual([
      { code: 'INGEST_WAITING', severity: 'warning', alarms: [] },
      { code: 'ALARM', severity: 'warning', alarms: [] },
      { code: 'ALARM', severity: 'warning', alarms: [] },
    ]);
    const ofNone = { datasets: [], exports: [], ...ring('ingest-unreadable-daily') };
    expect(judge(ofNone)).toMatchObject([
      { code: 'SLUICE_FINDING_ALARM', case: 'over', severity: 'warning', since: hoursAgo(2) },
    ]);
  });

  it.each<{ readonly what: string; readonly facts: Partial<StatusFacts> }>([
    { what: 'while nobody knows what datasets have', facts: { datasets: null } },
    {
      what: 'while other sources are deployed',
      facts: {
        datasets: datasetOf('late', { late: [lateDay('2026-11-20', 2)] }),
        undeployed: { settings: ['sources.acme: differs'], deployedAt: null },
      },
    },
    {
      what: 'while a folder was not listed in time',
      facts: { datasets: datasetOf('old', { isLookOld: true, lastLook: { ...hourOldLook, at: msAgo(27) } }) },
    },
  ])('are problems of their own $what', ({ facts }) => {
    expect(judge({ ...facts, ...ring('ingest-unreadable-daily') })).toContainEqual(
      expect.objectContaining({ code: 'SLUICE_FINDING_ALARM', case: 'alone', severity: 'problem' }),
    );
  });

  it.each(['OK', 'INSUFFICIENT_DATA'] as const)('are not told while they are %s', (state) => {
    const [alarm] = ringing('ingest-unreadable-daily');
    expect(judge({ alarms: alarm === undefined ? null : [{ ...alarm, state }] })).toEqual([]);
  });

  it('stand with a dataset of their schedule', () => {
    const datasets = [
      ...datasetOf('daily', stopped),
      ...datasetOf('hourly', { ...stopped, schedule: 'hourly' }),
    ];
    const details = judge({ datasets, ...ring('ingest-stopped-hourly') }).map(({ detail }) => detail);
    expect(details).toEqual([
      expect.not.stringContaining('Alarm'),
      expect.stringMatching(/^acme\/hourly: .* Alarm sluice-prod-ingest-stopped-hourly, since/),
    ]);
  });
});

describe('an alarm for which no finding stands', () => {
  it('says what it watches, and leads to its own section', () => {
    const alarms = [{ ...ringingAlarm, state: 'ALARM', notifies: true }] as const;
    expect(judge({ alarms })).toMatchObject([
      {
        code: 'SLUICE_FINDING_ALARM',
        title: `The alarm sluice-prod-overflow is on: Events overflow, since ${hoursAgo(2)}.`,
        section: 'Requests do not get into the stream',
        detail: expect.stringMatching(/ CloudWatch: Threshold Crossed\.$/),
      },
    ]);
  });

  it.each([
    { what: 'is over of nights once the last that was due has judged', day: '2026-11-19', told: ['over'] },
    {
      what: 'is told of a missed night, while it is not deployed that none is',
      day: '2026-11-18',
      told: ['alone'],
    },
    { what: 'is told of nights, while the last cannot be read', day: null, told: ['alone'] },
  ])('$what', ({ day, told }) => {
    const lastNight = day === null ? null : { day, at: hoursAgo(1) };
    const undeployed = { settings: ['reconcile: deployed true, configured false'], deployedAt: null };
    const found = judge({ lastNight, undeployed, ...ring('night-missing') });
    expect(found.flatMap((one) => (one.code === 'SLUICE_FINDING_ALARM' ? [one.case] : []))).toEqual(told);
  });

  it('is over of dead letters once the queue has none, and not while late objects are told with them', () => {
    const late = { ...landingWaits(1, 2), deadLetters: [{ ...deadLetters, part: 'write' as const }] };
    expect(headlinesOf({ ...late, ...ring('write-dead-letters') })).toEqual([
      { code: 'LANDING_LATE', severity: 'problem', alarms: ['write-dead-letters'] },
    ]);

    expect(judge(ring('write-dead-letters'))).toMatchObject([
      { code: 'SLUICE_FINDING_ALARM', case: 'over', severity: 'warning' },
    ]);
  });

  it('is a warning if it also counts what no ledger has', () => {
    expect(headlinesOf(ring('export-failed-daily'))).toEqual([
      { code: 'ALARM', severity: 'warning', alarms: [] },
    ]);
  });
});
