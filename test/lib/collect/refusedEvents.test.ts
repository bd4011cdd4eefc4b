import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sum } from '../../../lib/base/sum.ts';
import { HOUR_MS } from '../../../lib/base/time.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import type { Sender } from '../../../lib/collect/rows/sender.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { collect as collectAny, collectDocuments, input, now, sender } from './collectOne.ts';

const collect = (body: unknown, from: Partial<Sender> = {}, config: Partial<ConfigInput> = {}) =>
  collectAny(body, { clientTimes: [], ...from, config });

describe('a bad event', () => {
  it('never affects the others, and is kept as received', () => {
    const bad: unknown[] = [null, 7, 'text', [], {}, { eventName: 5 }, { eventName: '' }];
    for (const user of ['u', ['u']]) bad.push({ eventName: 'e', user });
    const { documents, refused } = collect({
      events: bad.flatMap((event) => [event, { eventName: 'good', n: 1 }]),
    });
    expect(documents.events).toHaveLength(bad.length);
    expect(refused.map(({ code }) => code)).toEqual([
      ...Array(4).fill('SLUICE_EVENT_NOT_AN_OBJECT'),
      ...Array(3).fill('SLUICE_EVENT_NO_NAME'),
      ...Array(2).fill('SLUICE_EVENT_BAD_USER'),
    ]);
    expect(refused.map(({ raw }) => raw)).toEqual(
      bad.map((event) => `{"events":[${JSON.stringify(event)}]}`),
    );
  });

  it('can be one byte larger than a Firehose record', () => {
    const fits = (padding: number, value: string) =>
      collect({ events: [{ eventName: 'big', time: now, value: value.repeat(padding) }] });
    // The day is not part of the row.
    const day = ',"ds":"2026-11-20"'.length;
    const bytes = (rows: ReturnType<typeof fits>) => Buffer.byteLength(rows.documents.events[0] ?? '') - day;
    const room = 1_024_000 - bytes(fits(1, 'x')) + 1;
    expect(bytes(fits(room, 'x'))).toBe(1_024_000);
    const over = fits(room + 1, 'x');
    expect(over.documents.events).toEqual([]);
    expect(over.refused).toMatchObject([{ code: 'SLUICE_EVENT_TOO_LARGE', detail: '1024001 bytes.' }]);
    expect(fits(Math.floor(room / 3), '€').refused).toEqual([]);
    expect(fits(Math.floor(room / 3) + 1, '€').refused).toHaveLength(1);
  });

  it.each(['value', 'user', 'metadata', 'statsigMetadata', 'other', 'secondaryExposures'])(
    'can be one that is nested deeper than 64 levels, in its %s',
    (member) => {
      const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
      const event = (levels: number) =>
        `{"eventName":"e","user":{"userID":9007199254740993},"${member}":{"a":${nested(levels)}}}`;
      const { refused, rows } = collect(`{"events":[${event(64)},${event(1_000)},{"eventName":"e"}]}`);
      expect(refused.map(({ code }) => code)).toEqual(Array(2).fill('SLUICE_EVENT_TOO_DEEP'));
      expect(rows).toHaveLength(1);
      expect(collect(`{"events":[${event(61)}]}`).rows).toHaveLength(1);
    },
  );

  it('is not one on which our own code overflows the stack: it is not answered as taken', () => {
    const plan = collectPlan(defineConfig(input));
    const filter = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    const body = '{"events":[{"eventName":"e"}]}';
    expect(() => collectDocuments(body, sender, { ...plan, filter })).toThrow(RangeError);
  });
});

describe('the quarantined text of a bad event', () => {
  const user = { userID: 'u', email: 'u@example.com', privateAttributes: { a: 1 } };
  const statsigMetadata = { stableID: 'device', sdkType: 'js' };

  it('has the data that it shares with its batch, and data that only the headers have', () => {
    const from = { clientTimes: [String(now - HOUR_MS)], sessionId: 'header-session' };
    const { refused } = collect({ events: [{ eventName: '' }], user, statsigMetadata }, from);
    expect(refused.map(({ raw }) => JSON.parse(raw))).toEqual([
      {
        events: [{ eventName: '' }],
        user: { userID: 'u', email: 'u@example.com' },
        statsigMetadata: { ...statsigMetadata, sessionID: 'header-session' },
        clientTime: now - HOUR_MS,
      },
    ]);
    const inBody = { ...statsigMetadata, sessionID: 'body-session' };
    const [own] = collect({ events: [0], statsigMetadata: inBody }, from).refused;
    expect(JSON.parse(own?.raw ?? '')).toMatchObject({ statsigMetadata: inBody });
  });

  it('becomes the same row as it would have, once it is accepted', () => {
    const gate = { eventName: 'statsig::gate_exposure', metadata: { gate: 'g' }, time: now - 3_600_001 };
    const item = { gateName: 'g', passes: true, time: now - 3_600_001 };
    for (const lists of [{ events: [gate] }, { exposures: [item] }]) {
      const from = { clientTimes: [String(now - HOUR_MS)], sessionId: 'header-session' };
      const body = { ...lists, user, statsigMetadata };
      const [kept] = collect(body, { ...from, kinds: ['events'] }).refused;
      expect(kept?.code).toBe('SLUICE_EVENT_KIND_NOT_ALLOWED');
      const rowOf = ({ documents }: ReturnType<typeof collect>) => {
        const { statsig_metadata: _, ...row } = JSON.parse(documents.exposures[0] ?? '{}');
        return row;
      };
      const row = rowOf(collect(kept?.raw ?? ''));
      expect(row).toEqual(rowOf(collect(body, from)));
      expect(row).toMatchObject({
        user_id: 'u',
        stable_id: 'device',
        timestamp: new Date(now - 1).toISOString(),
      });
    }
  });

  it('is redacted completely, including the shared data', () => {
    const privacy = {
      redact: { 'user.email': 'drop', 'statsigMetadata.stableID': 'drop' } as const,
      salt: 'salt, 16 or more of it',
    };
    const { refused } = collect({ events: [{ user }], user, statsigMetadata }, {}, { privacy });
    expect(refused.map(({ raw, identity }) => [JSON.parse(raw), identity])).toEqual([
      [
        { events: [{ user: { userID: 'u' } }], user: { userID: 'u' }, statsigMetadata: { sdkType: 'js' } },
        '{"user":{"userID":"u"}}{"userID":"u"}',
      ],
    ]);
  });

  it('keeps every digit of its numbers', () => {
    const body = '{"events":[{"user":{"userID":9007199254740993}}],"user":{"userID":12345678901234567890}}';
    expect(collect(body).refused.map(({ raw }) => raw)).toEqual([body]);
    const shared = body.replace('9007199254740993', '1');
    expect(collect(shared).refused.map(({ raw }) => raw)).toEqual([shared]);
  });
});

it.each([
  { title: 'the batch has a user with an ID', userID: 'u', events: [{}], isOf: true },
  { title: 'its own user has one', userID: '', events: [{ user: { userID: 'v' } }], isOf: true },
  {
    title: 'its own user has none, whatever the user of the batch has',
    userID: 'u',
    events: [{ user: {} }],
    isOf: false,
  },
  { title: 'no user has one', userID: '', events: [{}], isOf: false },
  {
    title: 'it shares its row with events of users with IDs',
    userID: 'u'.repeat(3_000_000),
    events: [{}, { n: 1 }],
    isOf: true,
  },
  {
    title: 'it shares its row with one without',
    userID: 'u'.repeat(3_000_000),
    events: [{}, { user: {} }],
    isOf: false,
  },
])(
  'a bad event is of its user, not of a device, only if that user has an ID: $title',
  ({ userID, events, isOf }) => {
    const { refused } = collect({ events, user: { userID }, statsigMetadata: { stableID: 'device' } });
    expect(refused.map(({ senderId }) => senderId)).toEqual([isOf ? '' : undefined]);
  },
);

describe('many bad events of one batch', () => {
  it('share one row, which has their common data once', () => {
    const userID = 'x'.repeat(1_000_000);
    const bad = [{ n: 1 }, 7, { eventName: 'e', time: 'soon' }, { n: 2 }, { n: 3 }];
    const item = { neither: 1 };
    const body = {
      events: [...bad, { eventName: 'good', user: { userID: 'g' } }],
      exposures: [item],
      user: { userID },
    };
    const { refused, refusedCounts, documents, events } = collect(body);
    const counts = { SLUICE_EVENT_NO_NAME: 4, SLUICE_EVENT_NOT_AN_OBJECT: 1, SLUICE_EVENT_BAD_TIME: 1 };
    expect(events).toBe(7);
    expect(documents.events).toHaveLength(1);
    expect(refusedCounts).toEqual(counts);
    expect(
      refused.map(({ code, detail, raw }) => [code, detail, JSON.parse(raw.replaceAll(userID, 'x'))]),
    ).toEqual([
      [
        'SLUICE_EVENT_MANY_REFUSED',
        'SLUICE_EVENT_NO_NAME: 4, SLUICE_EVENT_NOT_AN_OBJECT: 1, SLUICE_EVENT_BAD_TIME: 1.',
        { events: bad, exposures: [item], user: { userID: 'x' } },
      ],
    ]);
    const again = collect(refused[0]?.raw ?? '');
    expect(again.refused).toHaveLength(1);
    expect(again.refusedCounts).toEqual(counts);
    expect(again.refused[0]?.identity).toBe(refused[0]?.identity);
  });

  it('are kept completely, in rows of at most 4 MiB or in one row', () => {
    const event = fc.oneof(
      fc.constantFrom<unknown>(0, null, {}, { eventName: '' }),
      fc.nat(600_000).map((length) => ({ text: 'x'.repeat(length) })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), fc.nat(600_000), (events, length) => {
        const user = { userID: 'u'.repeat(length) };
        const { refused } = collect({ events, user });
        const kept = refused.flatMap(({ raw }): unknown[] => JSON.parse(raw).events);
        expect(kept).toEqual(events);
        const total = sum(refused.map(({ raw }) => raw.length));
        if (refused.length > 1) expect(total).toBeLessThanOrEqual(4 * 1024 * 1024);
        else if (events.length > 0) expect(JSON.parse(refused[0]?.raw ?? '')).toMatchObject({ user });
      }),
      { numRuns: 30 },
    );
  });
});
