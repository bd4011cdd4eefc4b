import { describe, expect, it } from '@jest/globals';
import { storedText } from '../../../lib/base/ObjectStore.ts';
import { addDays, DAY_MS, HOUR_MS } from '../../../lib/base/time.ts';
import {
  daysToLookAt,
  type KnownDay,
  type Looks,
  noteLooks,
  readLooks,
  turnMs,
} from '../../../lib/ledger/turns.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';

const WITHIN = 3.5 * DAY_MS;
const NOW = Date.UTC(2026, 10, 20);
const days = (count: number) => Array.from({ length: count }, (_, i) => addDays('2020-01-01', i));
const known = (day: string, more: Partial<KnownDay> = {}): KnownDay => ({
  day,
  isAlways: false,
  isNamed: false,
  ...more,
});
const at = (ms: number) => ({ at: ms, mark: 'm' });

describe('the days that a run looks at', () => {
  it('are those of every run, then the named ones that were looked at longest ago, the newest first among equals', () => {
    const [a = '', b = '', c = '', d = '', e = ''] = days(5);
    const looks = { [a]: at(NOW - 3), [b]: at(NOW - 9), [e]: at(NOW - 1) };
    const all = [
      known(a, { isNamed: true }),
      known(b, { isNamed: true }),
      known(c, { isNamed: true }),
      known(d, { isNamed: true }),
      known(e, { isAlways: true }),
    ];
    for (const inAnyOrder of [all, all.toReversed()])
      expect(daysToLookAt(inAnyOrder, looks, { now: NOW, within: WITHIN })).toEqual([e, d, c, b, a]);
  });

  it.each([
    { what: 'each hour', gap: HOUR_MS, count: 1_000 },
    { what: 'each night', gap: DAY_MS, count: 1_000 },
    { what: 'each hour, few days', gap: HOUR_MS, count: 10 },
    { what: 'at times', gap: 10 * HOUR_MS, count: 100 },
  ])('are all within a turn if runs come $what, and no more than their share', ({ gap, count }) => {
    const all = days(count).map((day) => known(day));
    const looks: Record<string, { at: number; mark: string }> = {};
    for (const [i, { day }] of all.entries()) looks[day] = at(NOW - (WITHIN * i) / count);
    let most = 0;
    let oldest = 0;
    for (let now = NOW + gap; now < NOW + 4 * WITHIN; now += gap) {
      const chosen = daysToLookAt(all, looks, { now, within: WITHIN });
      most = Math.max(most, chosen.length);
      for (const day of chosen) looks[day] = at(now);
      oldest = Math.max(oldest, ...all.map(({ day }) => now - (looks[day]?.at ?? 0)));
    }
    expect(oldest).toBeLessThanOrEqual(WITHIN);
    expect(most).toBeLessThanOrEqual(2 * Math.ceil((count * gap) / WITHIN) + 1);
  });

  it('are looked at again after they were all looked at once, and spread over the turn', () => {
    const all = days(840).map((day) => known(day));
    const looks: Record<string, { at: number; mark: string }> = {};
    for (const { day } of all) looks[day] = at(NOW);
    const counts: number[] = [];
    for (let now = NOW + HOUR_MS; now <= NOW + 2 * WITHIN; now += HOUR_MS) {
      const chosen = daysToLookAt(all, looks, { now, within: WITHIN });
      counts.push(chosen.length);
      for (const day of chosen) looks[day] = at(now);
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
  });

  it.each([
    { what: 'once', ago: () => 0 },
    { what: 'an hour after another', ago: (i: number) => (i % 84) * HOUR_MS },
  ])(
    'are taken together, a quarter of them at a time, if that is asked: looked at $what before',
    ({ ago }) => {
      const all = days(400).map((day) => known(day));
      const [changing = '', ...others] = days(400);
      const looks: Record<string, { at: number; mark: string }> = {};
      for (const [i, { day }] of all.entries()) looks[day] = at(NOW - ago(i));
      const turns = { within: WITHIN, every: WITHIN / 4 };
      let runs = 0;
      let oldest = 0;
      for (let now = NOW + HOUR_MS; now <= NOW + 10 * WITHIN; now += HOUR_MS) {
        const named = known(changing, { isNamed: now % (5 * HOUR_MS) === 0 });
        const chosen = daysToLookAt([named, ...all.slice(1)], looks, { now, ...turns }).filter(
          (day) => day !== changing || named.isNamed,
        );
        for (const day of chosen) looks[day] = at(now);
        if (chosen.some((day) => day !== changing)) runs += 1;
        oldest = Math.max(oldest, ...others.map((day) => now - (looks[day]?.at ?? 0)));
      }
      expect(oldest).toBeLessThanOrEqual(WITHIN);
      // Four a turn, and some until the days come together.
      expect(runs).toBeLessThanOrEqual(10 * 4 + 12);
    },
  );

  it.each([
    { what: 'the share of a turn that is over', lookedAt: [960, 970, 980, 990], chosen: [960] },
    { what: 'a day of each quarter of a turn', lookedAt: [960, 965, 970, 975], chosen: [960] },
    { what: 'a part of a day is a day', lookedAt: [960, 965, 970, 974], chosen: [960, 965] },
    { what: 'those whose turn is over by the next run', lookedAt: [905, 910, 911, 990], chosen: [905, 910] },
    { what: 'none in the moment of the last look', lookedAt: [950, 1_000], chosen: [] },
    { what: 'none before it is time', every: 25, lookedAt: [930, 940, 950, 976], chosen: [] },
    { what: 'the share once it is time', every: 25, lookedAt: [930, 940, 950, 975], chosen: [930] },
    { what: 'more if it is later', every: 25, lookedAt: [930, 940, 950, 974], chosen: [930, 940] },
    {
      what: 'none before it is time, as the first is not due',
      every: 25,
      lookedAt: [925, 925, 950, 976],
      chosen: [],
    },
    {
      what: 'those that are due by the next run, as the first is due by now',
      every: 25,
      lookedAt: [924, 925, 926, 976],
      chosen: [924, 925],
    },
  ])('are as many as the time since the last look has of the turn: $what', ({ every, lookedAt, chosen }) => {
    const all = days(lookedAt.length);
    const looks = Object.fromEntries(lookedAt.map((ms, i) => [all[i] ?? '', at(ms)]));
    const turns = { now: 1_000, within: 100, ...(every === undefined ? {} : { every }) };
    const rest = all.map((day) => known(day));
    const inTurn = daysToLookAt(rest.toReversed(), looks, turns);
    expect(inTurn.map((day) => looks[day]?.at).sort()).toEqual(chosen);
    // What every run looks at takes no turn of them.
    const always = known('2026-11-01', { isAlways: true });
    const named = known('2026-11-02', { isNamed: true });
    const noted = { ...looks, '2026-11-01': at(1_000), '2026-11-02': at(999) };
    expect(daysToLookAt([named, ...rest, always], noted, turns)).toEqual([
      '2026-11-01',
      ...inTurn,
      '2026-11-02',
    ]);
  });

  it('are not lost to a clock that was wrong: a look of the future is none', () => {
    const [a = '', b = ''] = days(2);
    const looks = { [a]: at(NOW + 400 * DAY_MS), [b]: at(NOW - HOUR_MS) };
    const chosen = daysToLookAt([known(a), known(b)], looks, { now: NOW, within: WITHIN });
    expect(chosen).toContain(a);
    // Far forward: nobody has looked for a turn and longer.
    const later = { now: NOW + 30 * DAY_MS, within: WITHIN };
    expect(daysToLookAt([known(b)], { [b]: at(NOW) }, later)).toEqual([b]);
  });

  it('have half of the time for which S3 keeps versions', () => {
    expect(turnMs({ retention: { dataVersionDays: 7 } })).toBe(WITHIN);
  });
});

describe('the note of looks', () => {
  const KEY = 'ledger/a/b/looks.json';
  const [A = '', B = '', C = ''] = days(3);
  const timing = { wait: async () => {}, random: () => 0 };
  const start = () => {
    const store = new MemoryObjects();
    const landing = { text: (key: string) => storedText(store, key) };
    const note = (looked: Looks, isKnown?: (day: string) => boolean) =>
      noteLooks({ landing, ...timing }, KEY, looked, NOW, isKnown);
    return { store, note, read: () => readLooks(landing, KEY) };
  };

  it('keeps what another run has noted meanwhile, and of two looks at a day the later', async () => {
    const { store, note, read } = start();
    await note({ [A]: at(NOW - 2), [B]: at(NOW) });
    store.faults = ['conflict', 'conflict'];
    await note({ [A]: at(NOW - 1), [B]: at(NOW - 1), [C]: at(NOW - 1) });
    expect(await read()).toEqual({ [A]: at(NOW - 1), [B]: at(NOW), [C]: at(NOW - 1) });
  });

  it('is not read or written for no look', async () => {
    const { store, note } = start();
    await note({});
    expect(store.asked).toMatchObject({ reads: 0, writes: 0 });
  });

  it('has the later look of a run, also of the same moment', async () => {
    const { note, read } = start();
    await note({ [A]: { at: NOW, mark: 'first' } });
    await note({ [A]: { at: NOW, mark: 'second' } });
    expect(await read()).toEqual({ [A]: { at: NOW, mark: 'second' } });
  });

  it('forgets days that are not there any more, and looks of the future', async () => {
    const { note, read, store } = start();
    await store.write(KEY, JSON.stringify({ [A]: at(NOW), [B]: at(NOW + 1) }));
    await note({ [C]: at(NOW) }, (day) => day !== A);
    expect(await read()).toEqual({ [C]: at(NOW) });
  });

  it.each(['', 'no JSON', '{"2020-01-01":1}', '{"x":{"at":1,"mark":""}}', '[]', 'null'])(
    'says nothing if it is %j, and is written anew',
    async (text) => {
      const { store, note, read } = start();
      await store.write(KEY, text);
      expect(await read()).toEqual({});
      await note({ [A]: at(NOW) });
      expect(await read()).toEqual({ [A]: at(NOW) });
    },
  );

  it('is given up quietly if others always come first: the same days are looked at again', async () => {
    const { store, note, read } = start();
    store.faults = Array(20).fill('conflict');
    await note({ [A]: at(NOW) });
    expect(store.asked.writes).toBe(8);
    store.faults = [];
    expect(await read()).toEqual({});
  });
});
