import { describe, expect, it } from '@jest/globals';
import type { StatusFacts } from '../../../observe/facts/statusFacts.ts';
import { judge as judgeFacts } from '../../../observe/findings/judge/judge.ts';
import {
  type LastLook,
  readLook,
  type Sight,
  sightsOf,
  toldSights,
} from '../../../observe/findings/lastSight.ts';
import { cases } from '../judgeCases/cases.ts';
import { seldomCases } from '../judgeCases/seldom.ts';
import {
  answered,
  curatedWith,
  datasetFacts,
  deniedCalls,
  errorsOf,
  functionErrors,
  hoursAgo,
  judgedDeployment,
  keysFailure,
  logged,
  missingChange,
  missingResource,
  msAgo,
  nothingRead,
  quarantineCount,
  refusedRequests,
  relayWaits,
  unreadPart,
  wellDay,
  wellFacts,
  wellKey,
} from '../statusFacts.ts';

const judge = (facts: Partial<StatusFacts>) =>
  judgeFacts({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1');

/** A setting of the bucket that somebody changed. */
const changed = { name: 'policy', why: '', points: [], repair: [], isEarly: false } as const;
/** A look that has seen these, a day ago. */
const lookOf = (sights: readonly Sight[]): LastLook => ({ at: hoursAgo(24), sights });

/** What is seen of these facts, so many hours ago, after a look a day before that has seen these. */
const lookAt = (age: number, facts: Partial<StatusFacts>, seen: readonly Sight[] = []) => {
  const looked = { ...facts, at: hoursAgo(age) };
  return sightsOf(judge(looked), { ...wellFacts, ...looked }, lookOf(seen));
};
/** Rows in quarantine, the first of which came so many hours ago. */
const quarantinedSince = (hours: number) => ({
  quarantine: [{ ...quarantineCount, firstAt: hoursAgo(hours) }],
});
/** A note as it is read again. */
const noted = (note: unknown) => readLook(JSON.parse(JSON.stringify(note)));

describe('a finding of sluice status', () => {
  it('of a part that cannot be read now stays, with when it was seen last, until it can be read', () => {
    const lost = {
      quarantine: [quarantineCount],
      partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
    } as const;
    const facts: readonly (Partial<StatusFacts> & Pick<StatusFacts, 'at'>)[] = [
      { ...lost, at: hoursAgo(19) },
      { ...lost, at: hoursAgo(18), quarantine: null, unknown: [unreadPart('quarantine', 'throttled')] },
      {
        ...lost,
        at: hoursAgo(17),
        quarantine: null,
        partitions: { days: 3, gaps: [] },
        unknown: [unreadPart('quarantine', 'throttled')],
      },
      { at: hoursAgo(16) },
    ];
    let last = readLook(undefined);
    const told = facts.map((looked) => {
      const sights = sightsOf(judge(looked), { ...wellFacts, ...looked }, last);
      last = noted({ at: looked.at, sights });
      return toldSights(sights, looked.at).map(
        ({ code, title }) => `${code.slice(15)} ${/seen last at \S+/.exec(title)?.[0] ?? ''}`,
      );
    });
    const seen = `QUARANTINED seen last at ${hoursAgo(19)}.`;
    expect(told).toEqual([
      ['PARTITION_WRONG ', 'QUARANTINED '],
      ['PARTITION_WRONG ', 'UNREADABLE ', seen],
      ['UNREADABLE ', seen],
      [],
    ]);
  });

  it.each([
    {
      what: 'that no look before has seen',
      looks: [{ at: hoursAgo(9) }, { at: hoursAgo(5), bucketFaults: [changed] }],
      told: `, not seen at ${hoursAgo(9)}, first seen at ${hoursAgo(5)}.`,
      firstSeen: { at: hoursAgo(5), unseenAt: hoursAgo(9) },
    },
    {
      what: 'that a later look still sees',
      looks: [
        { at: hoursAgo(9) },
        { at: hoursAgo(5), bucketFaults: [changed] },
        { at: hoursAgo(1), bucketFaults: [changed] },
      ],
      told: `, not seen at ${hoursAgo(9)}, first seen at ${hoursAgo(5)}.`,
      firstSeen: { at: hoursAgo(5), unseenAt: hoursAgo(9) },
    },
    {
      what: 'of the first look',
      looks: [{ at: hoursAgo(9), bucketFaults: [changed] }],
      told: ', seen now.',
      firstSeen: undefined,
    },
    {
      what: 'that the first look has seen, too',
      looks: [9, 5, 1].map((age) => ({ at: hoursAgo(age), bucketFaults: [changed] })),
      told: `, there at the first look from here, at ${hoursAgo(9)}.`,
      firstSeen: { at: hoursAgo(9), unseenAt: null },
    },
    {
      what: 'beside another of its code',
      looks: [
        { at: hoursAgo(9), bucketFaults: [changed] },
        { at: hoursAgo(5), bucketFaults: [{ ...changed, name: 'events' as const }] },
      ],
      told: ', seen now.',
      firstSeen: undefined,
    },
    {
      what: 'after a look that could not read a part',
      looks: [
        { at: hoursAgo(9), unknown: [unreadPart('the setting policy of the bucket', 'throttled')] },
        { at: hoursAgo(5), bucketFaults: [changed] },
      ],
      told: ', seen now.',
      firstSeen: undefined,
    },
  ])(
    'whose beginning nothing keeps says between which looks it began, $what',
    ({ looks, told, firstSeen }) => {
      let last: LastLook = { at: null, sights: [] };
      for (const looked of looks) {
        const sights = sightsOf(judge(looked), { ...wellFacts, ...looked }, last);
        last = noted({ at: looked.at, sights });
      }
      const found = toldSights(last.sights, last.at ?? '').find(({ code }) => code.endsWith('BUCKET_UNFIT'));
      expect(found?.title.slice(found.statement.length)).toBe(told);
      expect(found?.firstSeen).toEqual(firstSeen);
    },
  );

  it('about a look itself is of that look alone', () => {
    const [sight] = lookAt(0, { unknown: [unreadPart('quarantine', 'throttled')] });
    expect(sight?.finding.title).toMatch(/, seen now\.$/);
  });

  it('is none in a note that is not of this form', () => {
    expect(readLook([{ at: 1 }])).toEqual({ at: null, sights: [] });
  });

  it('of one day says that it may be older, or since when an earlier look saw it', () => {
    const titleOf = (hours: number) => lookAt(0, quarantinedSince(hours))[0]?.finding.title;
    expect(titleOf(23.5)).toContain(
      `since ${hoursAgo(23.5)}; it may have begun earlier, as only the last 24 hours are read.`,
    );
    expect(titleOf(22.5)).toContain(`since ${hoursAgo(22.5)}.`);
    // Three looks: the last does not see the beginning any more.
    const first = lookAt(10, quarantinedSince(30));
    const second = lookAt(6, quarantinedSince(29.9), first);
    const third = lookAt(0, quarantinedSince(23.9), second);
    expect(third[0]?.finding).toMatchObject({
      since: hoursAgo(30),
      title: expect.stringContaining(`since ${hoursAgo(30)}.`),
    });
  });

  it('of one day has one time since when in title and detail, that of the look that saw it begin', () => {
    const changedSince = (hours: number) => {
      const change = {
        ...missingChange,
        what: 'value',
        kind: 'more',
        value: 'text',
        since: hoursAgo(hours),
      } as const;
      return { contentChanges: ['buy', 'refund'].map((subject) => ({ ...change, subject, count: 3 })) };
    };
    const [sight] = lookAt(0, changedSince(23.9), lookAt(10, changedSince(30)));
    expect(sight?.finding.since).toBe(hoursAgo(30));
    expect(sight?.finding.detail.match(/since [^,;]+?Z/g)).toEqual(Array(2).fill(`since ${hoursAgo(30)}`));
  });

  it('of one day that may be older says so at each look, also since when the first of them saw it', () => {
    const looks = [lookAt(8, quarantinedSince(32))];
    for (const age of [4, 0]) {
      const { sights } = noted(lookOf(looks.at(-1) ?? []));
      looks.push(lookAt(age, quarantinedSince(age + 24), sights));
    }
    const older = `since ${hoursAgo(32)}; it may have begun earlier, as only the last 24 hours are read.`;
    expect(looks.map(([sight]) => sight?.finding.title.replace(/^.*(?=since)/, ''))).toEqual(
      Array(3).fill(older),
    );
  });

  it.each<{
    readonly what: string;
    readonly factsOf: (code: string, since: string) => Partial<StatusFacts>;
  }>([
    {
      what: 'requests that were refused',
      factsOf: (code, since) => ({
        ...refusedRequests({ [code]: 20 }),
        refusals: { ...logged(answered(code, 20, { first: since })), since },
      }),
    },
    {
      what: 'requests that were not stored',
      factsOf: (code, first) => ({
        lastDay: { ...wellDay, failedBy: { [code]: { count: 20, first, last: first } } },
      }),
    },
    {
      what: 'rows in quarantine',
      factsOf: (reason, firstAt) => ({ quarantine: [{ ...quarantineCount, reason, firstAt }] }),
    },
  ])('of one day of $what for another reason than at the look before is another one', ({ factsOf }) => {
    const before = lookAt(4, factsOf('SLUICE_KEY_MISSING', hoursAgo(20)));
    const same = lookAt(0, factsOf('SLUICE_KEY_MISSING', hoursAgo(5)), before);
    const other = lookAt(0, factsOf('SLUICE_KEY_NOT_FOR_EVENTS', hoursAgo(5)), before);
    expect(same[0]?.finding.since).toBe(hoursAgo(20));
    expect(other[0]?.finding.since).toBe(hoursAgo(5));
  });

  it.each([
    { what: 'an earlier look saw, too, goes on as that saw it', age: 20, since: hoursAgo(44), isOlder: true },
    { what: 'came after an earlier look is another one', age: 21.1, since: hoursAgo(21), isOlder: false },
  ])('of one day whose first in the last 24 hours $what', ({ age, since, isOlder }) => {
    const [sight] = lookAt(0, quarantinedSince(21), lookAt(age, quarantinedSince(44)));
    expect(sight?.finding.since).toBe(since);
    expect(sight?.finding.title.includes('may have begun earlier')).toBe(isOlder);
  });

  it.each([
    {
      what: 'hours before',
      hour: 40,
      age: 30,
      since: 18,
      older: `the like came since the hour of ${hoursAgo(40)}`,
    },
    { what: 'hours before, which a look saw begin', hour: 40, age: 20, since: 40, older: undefined },
    { what: 'in the same hour alone', hour: 18.5, age: 30, since: 18, older: undefined },
    { what: 'at no time known', hour: null, age: 30, since: 18, older: undefined },
    {
      what: 'with another code alone',
      hour: 40,
      age: 30,
      since: 18,
      older: undefined,
      earlierCode: 'SLUICE_KEY_MISSING',
    },
  ])('of refused requests of which the like came $what says whether it may be older', (told) => {
    const code = 'SLUICE_KEY_UNKNOWN';
    const { hour, age, since, older, earlierCode = code } = told;
    const factsOf = (first: number, refused: Readonly<Record<string, string>>): Partial<StatusFacts> => ({
      lastDay: { ...wellDay, refused: 20, earlier: { ...wellDay.earlier, refused } },
      refusals: logged(answered(code, 20, { first: hoursAgo(first) })),
    });
    const before = lookAt(age, factsOf(40, {}));
    const [sight] = lookAt(0, factsOf(18, hour === null ? {} : { [earlierCode]: hoursAgo(hour) }), before);
    expect(sight?.finding.since).toBe(hoursAgo(since));
    expect(
      /; it may have begun earlier: (.+), from this sender or others\.$/.exec(
        sight?.finding.title ?? '',
      )?.[1],
    ).toBe(older);
  });

  it('of which the like came before has what was deployed just before it began', () => {
    const code = 'SLUICE_BODY_TRUNCATED';
    const [sight] = lookAt(0, {
      deployedAt: hoursAgo(18.5),
      lastDay: {
        ...wellDay,
        refused: 20,
        earlier: { ...wellDay.earlier, refused: { [code]: hoursAgo(40) } },
      },
      refusals: logged(answered(code, 20, { first: hoursAgo(18) })),
    });
    expect(sight?.finding.title).toContain('the like came since');
    expect(sight?.finding.detail).toContain(`The stack was deployed at ${hoursAgo(18.5)}, 30 min before.`);
  });

  it('that began with the 24 hours has no deployment before it', () => {
    const [sight] = lookAt(0, { ...quarantinedSince(23.5), deployedAt: hoursAgo(23.9) });
    expect(sight?.finding.title).toContain('may have begun earlier');
    expect(sight?.finding.detail).not.toContain('The stack was deployed');
  });

  it.each([
    { what: 'a look of the 24 hours before', age: 20, since: 22 },
    { what: 'an older look', age: 25, since: 3 },
  ])('of objects that wait goes on since $what saw the oldest, which has gone', ({ age, since }) => {
    const waitingSince = (hours: number) => ({
      waiting: {
        ...wellFacts.waiting,
        landing: { count: 2, bytes: 9, hasMore: false, oldest: hoursAgo(hours) },
      },
    });
    const [sight] = lookAt(0, waitingSince(3), lookAt(age, waitingSince(age + 2)));
    expect(sight?.finding.since).toBe(hoursAgo(since));
    expect(sight?.finding.detail).toContain(`the oldest since ${hoursAgo(3)}`);
  });

  it('of errors that began at the beginning of the 24 hours may have begun earlier, and not of those from before', () => {
    const titleOf = (first: number) =>
      lookAt(0, { functionErrors: [{ ...functionErrors, first: hoursAgo(first) }] })[0]?.finding.title;
    expect(titleOf(23.9)).toContain('may have begun earlier');
    expect(titleOf(60)).not.toContain('may have begun earlier');
  });

  it.each<{ what: string; part: string; age: number; since: string }>([
    { what: 'goes on since an earlier look saw it', part: 'curate', age: 24, since: hoursAgo(60) },
    { what: 'is another one of another function', part: 'write', age: 24, since: hoursAgo(23.9) },
    {
      what: 'does not go on over hours that no look has read',
      part: 'curate',
      age: 25,
      since: hoursAgo(23.9),
    },
  ])('of one day $what', ({ part, age, since }) => {
    const before = lookAt(age, { functionErrors: [errorsOf('curate', 60, age)] });
    const [sight] = lookAt(0, { functionErrors: [errorsOf(part, 23.9, 23.9)] }, before);
    expect(sight?.finding.since).toBe(since);
  });

  it('of keys that collectors cannot read goes on since an earlier look saw it', () => {
    const unreadSince = (hours: number) => ({
      keysFailure: { ...keysFailure('denied', 'AccessDeniedException'), since: hoursAgo(hours) },
    });
    const [sight] = lookAt(0, unreadSince(24), lookAt(20, unreadSince(40)));
    expect(sight?.finding.since).toBe(hoursAgo(40));
  });

  const denied = (part: string, isByKey = false) => ({ ...unreadPart(part), isByKey });
  const lacking = [{ day: '2026-11-17', since: msAgo(1), isOnly: false }];
  const fault = { ...missingResource, differs: ['its SQL differs'], deployedAt: null, repair: [] };
  /** A finding of each part that a look may not be able to read, seen a day ago. */
  const seen = judge({
    ...datasetFacts({ lacking, unread: [{ day: '2026-11-18', location: 's3://acme/x/', rows: 40 }] }),
    ...curatedWith({ lacking }),
    partitions: { days: 3, gaps: [{ table: 'events', day: '2026-11-20' }] },
    stackFaults: [fault, { ...fault, what: 'workgroup', name: 'own', part: 'the workgroup own' }],
    keysFailure: keysFailure('denied', 'AccessDeniedException'),
    deniedCalls: [deniedCalls],
    quarantine: [quarantineCount],
    ...relayWaits(2),
    contentChanges: [missingChange, { ...missingChange, table: 'exposures', what: 'experiment' }],
  }).map((finding) => ({ at: hoursAgo(24), finding }));
  /** Which of them stay, where parts can't be read and all else is well: code and part. */
  const keptOf = (unknown: StatusFacts['unknown'], facts: Partial<StatusFacts> = {}) => {
    const all = { ...wellFacts, ...facts, unknown };
    return sightsOf(judge(all), all, lookOf(seen))
      .filter((sight) => sight.at !== all.at)
      .map(({ finding }) => `${finding.code.slice(15)} ${finding.part}`);
  };
  const lostOfDrops = datasetFacts({ lacking }).datasets;
  interface UnreadCase {
    /** Parts that this look could not read. */
    readonly unread: readonly string[];
    /** What it has not read then. */
    readonly facts?: Partial<StatusFacts>;
    /** Code and part of each sight that stays. */
    readonly kept: readonly string[];
  }

  it.each<UnreadCase>([
    { unread: ['the identity of the reader bi'], kept: [] },
    { unread: ['the tables of the catalog'], kept: ['TABLE_DIFFERS partitions'] },
    { unread: ['the workgroup own'], kept: ['DRIFT deployment'] },
    { unread: ['the workgroup own', 'the stream'], kept: ['DRIFT deployment'] },
    { unread: ['the partitions'], facts: { partitions: null }, kept: ['PARTITION_WRONG partitions'] },
    { unread: ['the partitions of drops'], kept: ['PARTITION_WRONG drops'] },
    {
      unread: ['the curated days'],
      facts: { curated: null, datasets: lostOfDrops },
      kept: ['FILES_LOST drops'],
    },
    { unread: ['the log of collect'], kept: ['KEYS_UNREADABLE collector'] },
    { unread: ['denied calls'], facts: { deniedCalls: null }, kept: ['ROLE_DENIED deployment'] },
    { unread: ['the keys'], facts: { keys: null }, kept: [] },
    { unread: ['the stream'], facts: { relay: null }, kept: [] },
    { unread: ['the content of events'], kept: ['EVENT_MISSING collector'] },
    { unread: ['the content of exposures'], kept: ['EVENTS_UNUSUAL collector'] },
    { unread: ['relay'], facts: { relay: null }, kept: ['RELAY_LATE collector'] },
    { unread: ['relay', 'the stream'], facts: { relay: null }, kept: ['RELAY_LATE collector'] },
    { unread: ['the stream', 'relay'], facts: { relay: null }, kept: ['RELAY_LATE collector'] },
  ])('of sights $kept stay while $unread cannot be read', ({ unread, facts, kept }) => {
    const unknown = unread.map((part) => denied(part));
    expect(keptOf(unknown, facts)).toEqual(kept);
  });

  it('stays for two weeks', () => {
    // Of a key that is denied, too, nobody can say that it is well again.
    const unread = [denied('quarantine', true)];
    const keptAt = (hours: number) => keptOf(unread, { quarantine: null, at: hoursAgo(-hours) });
    expect(keptAt(0)).toEqual(['QUARANTINED collector']);
    expect(keptAt(312)).toHaveLength(1);
    expect(keptAt(313)).toHaveLength(0);
  });

  it('stays beside a key that is off, if it was seen before that', () => {
    const key = { ...wellKey, KeyState: 'Disabled' } as const;
    const unusable = { ...wellFacts, quarantine: null, unknown: [denied('quarantine', true)], key };
    const sights = sightsOf(judge(unusable), unusable, lookOf(seen));
    expect(sights).toHaveLength(2);
    expect(toldSights(sights, unusable.at).map(({ code }) => code)).toEqual([
      'SLUICE_FINDING_KEY_UNUSABLE',
      'SLUICE_FINDING_QUARANTINED',
    ]);
  });
});

/** Parts whose finding stays by the part's name, as null is a value of their member. */
const PARTS = [
  'the last night',
  'relay',
  'copies for relay',
  'the queue of relay',
  'the key',
  'the stack',
  'denied calls',
];

describe('a finding of each state stays while', () => {
  /** What a look told of each state when it could read all, and what a later one cannot read. */
  const seenStates = [...cases, ...Object.entries(seldomCases)].map(([what, stated]) => {
    const facts = { ...wellFacts, ...stated };
    const before = sightsOf(judge(facts), facts, lookOf([]));
    const parts = [...PARTS, ...before.flatMap(({ finding }) => finding.judgedBy ?? [])];
    return { what, facts, before, unknown: parts.map((part) => unreadPart(part, 'throttled')) };
  });
  /** Findings that a look told when it could read all, and that neither it nor the sights have without these members. */
  function forgotten(
    unread: (facts: StatusFacts) => Partial<StatusFacts>,
    states = seenStates,
  ): readonly string[] {
    return states.flatMap(({ what, facts, before, unknown }) => {
      const later = { ...facts, ...unread(facts), unknown };
      const told = new Set(sightsOf(judge(later), later, lookOf(before)).map(({ finding }) => finding.code));
      return before.flatMap(({ finding: { code } }) => (told.has(code) ? [] : [`${code}: ${what}`]));
    });
  }

  /** The states by each member that may be unread, without those in which it is null anyway. */
  const members = Object.keys(nothingRead).flatMap((member) => {
    const states = seenStates.filter(({ facts }) => new Map(Object.entries(facts)).get(member) !== null);
    return states.length === 0 ? [] : [{ member, states }];
  });

  it.each(members)('$member cannot be read', ({ member, states }) => {
    expect(forgotten(() => ({ [member]: null }), states)).toEqual([]);
  });

  it.each(['landing', 'undeleted', 'damaged'] as const)('what waits in %s cannot be read', (member) => {
    expect(forgotten(({ waiting }) => ({ waiting: { ...waiting, [member]: null } }))).toEqual([]);
  });
});
