import { describe, expect, it } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import { type LastLook, readLook, sightsOf } from '../../../observe/findings/lastSight.ts';
import {
  curatedTable,
  datasetFacts,
  failedDay,
  hourOldLook,
  hoursAgo,
  idleStream,
  judgedDeployment,
  msAgo,
  ongoingFailure,
  quarantineCount,
  relayWaits,
  resendsOf,
  silentFacts,
  silentSince,
  usualHours,
  waitingFacts,
  wellFacts,
  wellHour,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

/** What the first look of a machine finds. */
const firstLook = (facts: Partial<StatusFacts>) =>
  sightsOf(judge(facts), { ...wellFacts, ...facts }, readLook(undefined)).map(({ finding }) => finding);

/** What a finding says of a deployment before it: how long before; undefined if it names none. @throws Without a finding. */
function saidBefore(found: { readonly detail: string } | undefined): string | undefined {
  if (found === undefined) throw new Error('There is no finding.');
  return /The stack was deployed at \S+, (.*) before\./.exec(found.detail)?.[1];
}

describe('the deployment before a finding', () => {
  it.each([
    { ago: 2.5, said: '30 min' },
    { ago: 3, said: '60 min' },
  ])('is told of a finding since two hours ago if it was $ago hours ago', ({ ago, said }) => {
    const [found] = firstLook({ ...relayWaits(2, 3), deployedAt: hoursAgo(ago) });
    expect(found?.detail).toContain(`deployed at ${hoursAgo(ago)},`);
    expect(saidBefore(found)).toBe(said);
  });

  it.each([
    { what: 'it was at the same time', ago: 2, isLocal: false },
    { what: 'it was more than an hour before', ago: 3.1, isLocal: false },
    { what: 'the cloud is local', ago: 2.5, isLocal: true },
  ])('is not told of a finding since two hours ago if $what', ({ ago, isLocal }) => {
    const [found] = firstLook({ ...relayWaits(2, 3), deployedAt: hoursAgo(ago), isLocal });
    expect(saidBefore(found)).toBeUndefined();
  });

  it('is told of drops that fail if it was up to 24 hours before', () => {
    const facts = datasetFacts({ days: [{ ...failedDay, failing: ongoingFailure }] });
    const found = (ago: number) => firstLook({ ...facts, deployedAt: hoursAgo(ago) })[0];
    expect(found(31.5)?.since).toBe(hoursAgo(30));
    expect(saidBefore(found(31.5))).toBe('1 h 30 min');
    expect(saidBefore(found(54))).toBe('24 h 0 min');
    expect(saidBefore(found(54.1))).toBeUndefined();
  });

  it('is told of what is counted for 24 hours, unless its first was counted in the first of them', () => {
    const said = (since: number) => {
      const quarantine = [{ ...quarantineCount, firstAt: hoursAgo(since) }];
      return saidBefore(firstLook({ quarantine, deployedAt: hoursAgo(since + 0.5) })[0]);
    };
    expect(said(22.5)).toBe('30 min');
    expect(said(23.5)).toBeUndefined();
  });

  it.each([
    { told: 'not told', ago: 22.5, said: undefined },
    { told: 'told', ago: 43.5, said: '30 min' },
  ])('is $told of what an earlier look saw since 43 hours if it was $ago hours ago', ({ ago, said }) => {
    const lookAt = (age: number, firstAt: string, last: LastLook) => {
      const deployedAt = hoursAgo(ago);
      const facts = { at: hoursAgo(age), quarantine: [{ ...quarantineCount, firstAt }], deployedAt };
      return sightsOf(judge(facts), { ...wellFacts, ...facts }, last);
    };
    const sights = lookAt(21, hoursAgo(43), readLook(undefined));
    const [sight] = lookAt(0, hoursAgo(22), { at: hoursAgo(21), sights });
    expect(sight?.finding.since).toBe(hoursAgo(43));
    expect(saidBefore(sight?.finding)).toBe(said);
  });
});

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

  it('tells that the night of 01:10 has not come from an hour after it on', () => {
    const codesAt = (now: string) => {
      const facts = { ...wellFacts, at: now, lastNight: { day: '2026-11-18', at: hoursAgo(34) } } as const;
      const deployment = { ...judgedDeployment, now: Date.parse(now) };
      return judgeFacts(facts, deployment, 'eu-central-1').map(({ code }) => code);
    };
    expect(codesAt('2026-11-20T02:09:59Z')).toEqual([]);
    expect(codesAt('2026-11-20T02:10:00Z')).toEqual(['SLUICE_FINDING_NIGHT_MISSING']);
  });

  const quotaOf = (quotaShare: number) => ({
    stream: { ...idleStream, quotaShare, quota: 'calls' } as const,
  });
  const listedAgo = (hours: number) =>
    datasetFacts({ schedule: 'hourly', lastLook: { ...hourOldLook, at: msAgo(hours) } });
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
      below: { ...silentFacts, lastEventAt: hoursAgo(0.9) },
      atBound: { ...silentFacts, lastEventAt: hoursAgo(1) },
    },
    { what: 'a quota', below: quotaOf(0.79), atBound: quotaOf(0.8) },
    { what: 'copies that wait', below: relayWaits(0.99, 3), atBound: relayWaits(1, 3) },
    { what: 'a folder that was not listed', below: listedAgo(3), atBound: listedAgo(3.1) },
  ])('of $what is none below its bound', ({ below, atBound }) => {
    expect(judge(below)).toEqual([]);
    expect(judge(atBound)).toHaveLength(1);
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
});
