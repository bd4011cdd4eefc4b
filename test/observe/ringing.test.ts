import { describe, expect, it } from '@jest/globals';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import { judge as judgeFacts } from '../../observe/findings/judge/judge.ts';
import {
  datasetFacts,
  deadLetters,
  hourOldLook,
  hoursAgo,
  judgedDeployment,
  lateDay,
  loadedDay,
  msAgo,
  refusedRequests,
  ringing,
  ringingAlarm,
  wellFacts,
} from './statusFacts.ts';

const judge = (facts: Partial<StatusFacts>) =>
  judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');

describe('a finding for which an alarm rings', () => {
  const ring = (...names: readonly string[]) => ({ alarms: ringing(...names) });
  const headlinesOf = (facts: Partial<StatusFacts>) =>
    judge(facts).map(({ code, severity, detail }) => [
      code.replace('SLUICE_FINDING_', ''),
      severity,
      ...(detail.match(/Alarm \S+(?=,)/g) ?? []),
    ]);

  it('is as serious as without, also where the alarm stands with another one, and the alarm is no finding of its own', () => {
    const refused = refusedRequests({ SLUICE_KEY_UNKNOWN: 1 }, 100);
    expect(headlinesOf(refused)).toEqual([['REFUSED', 'warning']]);
    expect(headlinesOf({ ...refused, ...ring('key-unknown', 'groups') })).toEqual([
      ['ALARM', 'problem'],
      ['REFUSED', 'warning', 'Alarm sluice-prod-key-unknown'],
    ]);
    const days = [{ ...loadedDay, leftOut: { count: 1, words: 'left out 1 object: a.csv' } }];
    const two = ['orders', 'refunds'].flatMap((dataset) => datasetFacts({ dataset, days }).datasets);
    const leftOut = ['FILES_LEFT_OUT', 'warning'];
    expect(headlinesOf({ datasets: two })).toEqual([leftOut, leftOut]);
    expect(headlinesOf({ datasets: two, ...ring('ingest-left-out-daily') })).toEqual([
      [...leftOut, 'Alarm sluice-prod-ingest-left-out-daily'],
      leftOut,
    ]);
  });

  it('is none once the days of drops are well: the next run ends it', () => {
    const facts = { datasets: [], exports: [], ...ring('ingest-stopped-daily') };
    expect(headlinesOf(facts)).toEqual([]);
  });

  it('stands with the dataset that has what it counts, and with no other', () => {
    const named = (dataset: string, facts: object) => datasetFacts({ dataset, ...facts }).datasets;
    const fine = { newer: ['2026-01-01'] };
    const old = named('old', { lastLook: { ...hourOldLook, at: msAgo(27) } });
    const stopped = named('stopped', { lastLook: { ...hourOldLook, stopped: true } });
    const late = named('late', { late: [lateDay('2026-11-20', 2)] });
    const first = named('first', { late: [lateDay('2026-11-17', 2)] });
    const longAgo = named('longago', { late: [lateDay('2026-11-01', 400)] });
    const all = [named('fine', fine), old, longAgo, stopped, late].flat();
    const ofBoth = ring('ingest-late', 'ingest-stopped-daily');
    const found = judge({ datasets: all, ...ofBoth }).map(({ detail }) => detail);
    const alarmsOf = (dataset: string) =>
      found
        .filter((detail) => detail.startsWith(`acme/${dataset}:`))
        .flatMap((detail) => detail.match(/Alarm \S+(?=,)/g) ?? []);
    expect(['fine', 'old', 'longago'].flatMap(alarmsOf)).toEqual([]);
    expect(alarmsOf('stopped')).toEqual(['Alarm sluice-prod-ingest-stopped-daily']);
    expect(alarmsOf('late')).toEqual(['Alarm sluice-prod-ingest-late']);
    expect(headlinesOf({ datasets: first, ...ring('ingest-late') })).toEqual([
      ['INGEST_LATE', 'problem', 'Alarm sluice-prod-ingest-late'],
    ]);
    const both = named('both', { ...fine, late: [lateDay('2026-11-20', 2)] });
    expect(headlinesOf({ datasets: both, ...ofBoth })).toEqual([
      ['INGEST_LATE', 'problem', 'Alarm sluice-prod-ingest-late'],
      ['INGEST_WAITING', 'warning'],
    ]);
    expect(headlinesOf({ datasets: named('fine', fine), ...ofBoth })).toEqual([
      ['INGEST_WAITING', 'warning'],
    ]);
  });

  it('is a warning if it also counts what no ledger has', () => {
    expect(headlinesOf(ring('export-failed-daily'))).toEqual([['ALARM', 'warning']]);
  });

  it.each([
    ['exports/out', 'export-failed-daily', 'An export failed'],
    ['acme/orders', 'ingest-failed-hourly', 'A drop is missing or failed'],
    ['curated/events', 'curations-failed', 'Days are not curated'],
  ])('stands with the damaged object of ledger/%s that it counts', (folder, name, section) => {
    const key = `ledger/${folder}/2026-11-18.json`;
    const damagedEntries = [{ key, writtenAt: hoursAgo(3), versionBefore: null }];
    expect(headlinesOf({ damagedEntries, ...ring(name) })).toEqual([
      ['LEDGER_DAMAGED', 'problem', `Alarm sluice-prod-${name}`],
    ]);
    expect(judge({ damagedEntries }).map((found) => found.section)).toEqual([section]);
  });

  it('alone says what it watches, and leads to its own section', () => {
    const alarms = [{ ...ringingAlarm, state: 'ALARM', notifies: true }] as const;
    expect(judge({ alarms })).toMatchObject([
      {
        title: `The alarm sluice-prod-overflow is on: Events overflow, since ${hoursAgo(2)}.`,
        section: 'Requests do not get into the stream',
        detail: expect.stringMatching(/ CloudWatch: Threshold Crossed\.$/),
      },
    ]);
  });

  it('is that of a dataset of its schedule, and of its own queue', () => {
    const stopped = { ...hourOldLook, stopped: true };
    const [daily] = datasetFacts({ lastLook: stopped, dataset: 'daily' }).datasets;
    const [hourly] = datasetFacts({ lastLook: stopped, dataset: 'hourly', schedule: 'hourly' }).datasets;
    const facts = { datasets: [daily, hourly].flatMap((dataset) => dataset ?? []) };
    expect(judge({ ...facts, ...ring('ingest-stopped-hourly') }).map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^acme\/daily: [^A]*$/),
      expect.stringMatching(/^acme\/hourly: .* Alarm sluice-prod-ingest-stopped-hourly, since/),
    ]);
    const queue = (part: 'export' | 'register') => ({
      ...deadLetters,
      part,
      queue: `sluice-prod-${part}-dead-letters`,
    });
    const dead = { deadLetters: [queue('export'), queue('register')], ...ring('register-dead-letters') };
    expect(headlinesOf(dead)).toEqual([
      ['DEAD_LETTERS', 'problem'],
      ['DEAD_LETTERS', 'problem', 'Alarm sluice-prod-register-dead-letters'],
    ]);
  });
});
