import { describe, expect, it } from '@jest/globals';
import type { StatusFacts } from '../../observe/facts/statusFacts.ts';
import { judge as judgeFacts } from '../../observe/findings/judge/judge.ts';
import { readSights, sightsOf, toldSights } from '../../observe/findings/lastSight.ts';
import {
  curatedTable,
  datasetFacts,
  deniedCalls,
  HOUR_MS,
  hoursAgo,
  judgedDeployment,
  keysFailure,
  NOW,
  quarantineCount,
  threeCopies,
  wellFacts,
} from './statusFacts.ts';

const judge = (facts: Partial<StatusFacts>) =>
  judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');

describe('a finding of sluice status', () => {
  it('of a part that cannot be read now stays, with when it was seen last, until it can be read', () => {
    const lost = {
      quarantine: [quarantineCount],
      partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
    } as const;
    const throttled = { kind: 'throttled', why: 'Rate exceeded', log: null, isByKey: false } as const;
    const facts: readonly (Partial<StatusFacts> & Pick<StatusFacts, 'at'>)[] = [
      { ...lost, at: hoursAgo(19) },
      { ...lost, at: hoursAgo(18), quarantine: null, unknown: [{ ...throttled, part: 'quarantine' }] },
      {
        ...lost,
        at: hoursAgo(17),
        quarantine: null,
        partitions: { days: 3, gaps: [] },
        unknown: [{ ...throttled, part: 'quarantine' }],
      },
      { at: hoursAgo(16) },
    ];
    let note: unknown;
    const told = facts.map((looked) => {
      const all = { ...wellFacts, ...looked };
      const sights = sightsOf(judge(looked), all, readSights(note));
      note = JSON.parse(JSON.stringify(sights));
      return toldSights(sights, looked.at).map(
        ({ code, title }) => `${code.slice(15)} ${/seen last at \S+/.exec(title)?.[0] ?? ''}`,
      );
    });
    const last = `QUARANTINED seen last at ${hoursAgo(19)}.`;
    expect(told).toEqual([
      ['PARTITION_WRONG ', 'QUARANTINED '],
      ['PARTITION_WRONG ', 'UNREADABLE ', last],
      ['UNREADABLE ', last],
      [],
    ]);
    expect(readSights([{ at: 1 }])).toEqual([]);
  });

  it('of a part stays for that part alone, for two weeks', () => {
    const denied = (part: string, isByKey = false) =>
      ({ part, why: 'It is denied.', kind: 'denied', log: null, isByKey }) as const;
    const since = NOW - HOUR_MS;
    const lacking = [{ day: '2026-11-17', since, isOnly: false }];
    const fault = { differs: ['its SQL differs'], isDeployed: true, deployedAt: null, changedAt: null };
    const whole = { isOtherRelease: false, repair: [] };
    const seen = judge({
      ...datasetFacts({ lacking, unread: [{ day: '2026-11-18', location: 's3://acme/x/', rows: 40 }] }),
      curated: [{ ...curatedTable, lacking }],
      partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
      stackFaults: [
        { ...fault, ...whole, what: 'table', name: 'events', part: 'the tables of the catalog' },
        { ...fault, ...whole, what: 'workgroup', name: 'own', part: 'the workgroup own' },
      ],
      keysFailure: keysFailure('denied', 'AccessDeniedException'),
      deniedCalls: [deniedCalls],
      quarantine: [quarantineCount],
      relay: { waiting: { ...threeCopies, oldest: hoursAgo(2) }, refused: [], hasMore: false },
    }).map((finding) => ({ at: hoursAgo(24), finding }));
    const keptOf = (unknown: StatusFacts['unknown'], facts: Partial<StatusFacts> = {}) => {
      const all = { ...wellFacts, ...facts, unknown };
      return sightsOf(judge(all), all, seen)
        .filter((sight) => sight.at !== all.at)
        .map(({ finding }) => `${finding.code.slice(15)} ${finding.part}`);
    };
    expect(keptOf([denied('the identity of the reader bi')])).toEqual([]);
    expect(keptOf([denied('the tables of the catalog')])).toEqual(['TABLE_DIFFERS partitions']);
    expect(keptOf([denied('the workgroup own')])).toEqual(['DRIFT deployment']);
    expect(keptOf([denied('the stack')], { stackFaults: null })).toHaveLength(3);
    expect(keptOf([denied('the partitions')], { partitions: null })).toEqual(['PARTITION_WRONG partitions']);
    expect(keptOf([denied('the partitions of drops')])).toEqual(['PARTITION_WRONG drops']);
    const lostOfDrops = datasetFacts({ lacking }).datasets;
    expect(keptOf([denied('the curated days')], { curated: null, datasets: lostOfDrops })).toEqual([
      'FILES_LOST drops',
    ]);
    expect(keptOf([denied('the log of collect')])).toEqual(['KEYS_UNREADABLE collector']);
    expect(keptOf([denied('denied calls')], { deniedCalls: null })).toEqual(['ROLE_DENIED deployment']);
    expect(keptOf([denied('the keys')], { keys: null })).toEqual([]);
    expect(keptOf([denied('the stream')], { relay: null })).toEqual([]);
    for (const unread of [['relay'], ['relay', 'the stream'], ['the stream', 'relay']])
      expect(
        keptOf(
          unread.map((part) => denied(part)),
          { relay: null },
        ),
      ).toEqual(['RELAY_LATE collector']);
    expect(keptOf([denied('the workgroup own'), denied('the stream')])).toEqual(['DRIFT deployment']);
    // Of a key that is denied, too, nobody can say that it is well again.
    const byKey = [denied('quarantine', true)];
    expect(keptOf(byKey, { quarantine: null })).toEqual(['QUARANTINED collector']);
    expect(keptOf(byKey, { quarantine: null, at: hoursAgo(-313) })).toHaveLength(0);
    expect(keptOf(byKey, { quarantine: null, at: hoursAgo(-312) })).toHaveLength(1);
    const key = { KeyState: 'Disabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' } as const;
    const unusable = { ...wellFacts, quarantine: null, unknown: byKey, key };
    const sights = sightsOf(judge(unusable), unusable, seen);
    expect(sights).toHaveLength(2);
    // It was seen before the key was off.
    expect(toldSights(sights, unusable.at).map(({ code }) => code)).toEqual([
      'SLUICE_FINDING_KEY_UNUSABLE',
      'SLUICE_FINDING_QUARANTINED',
    ]);
  });
});
