import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS } from '../../../lib/base/time.ts';
import type { Sender } from '../../../lib/collect/rows/sender.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { collect, now } from './collectOne.ts';

function ids(body: object | string, from: Partial<Sender> & { config?: Partial<ConfigInput> } = {}) {
  const { exposures, rows } = collect(body, { clientTimes: [String(now)], ...from });
  return [...exposures, ...rows].map((row) => String(row['event_id']));
}

/** The same JSON with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

const events = [
  {
    eventName: 'a',
    time: now,
    value: 1,
    user: { userID: 'u', custom: { b: 1, a: 2 } },
    metadata: { y: 1, x: 2 },
  },
  { eventName: 'a', time: now + 1, value: 1, user: { userID: 'u' } },
  {
    eventName: 'statsig::gate_exposure',
    time: now,
    user: { userID: 'u' },
    metadata: { gate: 'g', gateValue: 'true', ruleID: 'r' },
    secondaryExposures: [{ gate: 's', gateValue: 'false', ruleID: 'x' }],
  },
];
const statsigMetadata = { stableID: 'device', sessionID: 'one', sdkType: 'js' };

describe('event_id', () => {
  it('is the same for every resend, whatever changes outside the events', () => {
    const first = ids({ events, statsigMetadata });
    expect(new Set(first).size).toBe(3);
    const later = { receivedAt: now + HOUR_MS, clientTimes: [String(now + HOUR_MS)] };
    expect(ids({ events, statsigMetadata }, later)).toEqual(first);
    // server-core counts its flushes in the batch's metadata, js-client may have begun another session.
    const changed = { ...statsigMetadata, sessionID: 'two', flushingIntervalMs: 4000 };
    expect(ids({ statsigMetadata: changed, events }, { sessionId: 'x' })).toEqual(first);
    expect(ids(JSON.stringify({ events, statsigMetadata }, null, 2))).toEqual(first);
  });

  it("does not depend on whether the event's own metadata overrides the one of its batch", () => {
    const own = [{ eventName: 'a', time: now, statsigMetadata: { sdkType: 'own' } }];
    expect(ids({ events: own, statsigMetadata })).toEqual(
      ids({ events: own, statsigMetadata: { stableID: 'device', sessionID: 'one' } }),
    );
  });

  it('does not depend on the order of keys, nor on null or absent members', () => {
    expect(ids({ events: events.map(reversed), statsigMetadata })).toEqual(ids({ events, statsigMetadata }));
    const bare = { eventName: 'a', time: now };
    const spelled = {
      ...bare,
      user: null,
      value: null,
      metadata: null,
      secondaryExposures: [],
      statsigMetadata: {},
    };
    expect(ids({ events: [spelled] })).toEqual(ids({ events: [bare] }));
  });

  it('does not depend on whether the user is in the event or in the batch', () => {
    const user = { userID: 'u' };
    expect(ids({ events: [{ eventName: 'a', user }] })).toEqual(ids({ events: [{ eventName: 'a' }], user }));
  });

  it('does not depend on the configuration or on a corrected clock', () => {
    const config = { bucket: 'other', unitIds: { x: 'x_id' }, experiments: ['g'] };
    const body = { events, statsigMetadata };
    expect(ids(body, { config })).toEqual(ids(body));
    expect(ids({ events, statsigMetadata }, { clientTimes: ['0'] })).toEqual(
      ids({ events, statsigMetadata }),
    );
  });

  it('differs for repeats within one batch, and is the same for them when sent again', () => {
    const repeats = { events: [events[0], events[0], events[1], events[0]] };
    const first = ids(repeats);
    expect(new Set(first).size).toBe(4);
    expect(ids(repeats)).toEqual(first);
  });

  // js-client stamps a batch with the stable ID and session that it has when it sends it again.
  it.each([
    { what: 'user ID', user: { userID: 'u' } },
    { what: 'numeric user ID', user: { userID: 7 } },
    { what: 'user ID and a company', user: { userID: 'u', customIDs: { companyID: 'acme' } } },
  ])('is the same from another device and session if the user has a $what', ({ user }) => {
    const timed = events.map((event) => ({ ...event, user: { ...event.user, ...user } }));
    const first = ids({ events: timed, statsigMetadata });
    expect(new Set(first).size).toBe(3);
    expect(ids({ events: timed, statsigMetadata: { stableID: 'other' } })).toEqual(first);
    expect(ids({ events: timed, statsigMetadata: { sessionID: 'one' } }, { sessionId: 'two' })).toEqual(
      first,
    );
    const bare = { ...timed[0], user: undefined };
    expect(ids({ events: [bare], user: timed[0]?.user, statsigMetadata: {} })).toEqual(first.slice(1, 2));
    expect(ids({ events: timed, statsigMetadata }, { keyHash: 'b'.repeat(64) })).not.toEqual(first);
  });

  it.each([
    { what: 'none', user: undefined },
    { what: 'no ID', user: { email: 'u@example.com', userID: '', customIDs: { companyID: null } } },
    { what: 'that of a company alone', user: { customIDs: { companyID: 'acme' } } },
  ])('differs by key, device and session if the user has $what', ({ user }) => {
    const anonymous = events.map((event) => ({ ...event, user }));
    const all = [
      ids({ events: anonymous, statsigMetadata }),
      ids({ events: anonymous, statsigMetadata }, { keyHash: 'b'.repeat(64) }),
      ids({ events: anonymous, statsigMetadata: { stableID: 'other' } }),
      ids({ events: anonymous, statsigMetadata: { sessionID: 'one' } }),
      ids({ events: anonymous }, { sessionId: 'query' }),
      ids({ events: anonymous }),
    ].flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('differs by server, also for one user: two servers can log the same in one millisecond', () => {
    const from = (serverSession: string) => ({ serverSession, sessionId: serverSession });
    const all = [ids({ events }, from('one')), ids({ events }, from('two')), ids({ events })].flat();
    expect(new Set(all).size).toBe(9);
    expect(ids({ events, statsigMetadata: { sessionID: 'one' } }, from('one'))).toEqual(all.slice(0, 3));
    // A device's session ends; its stable ID stays.
    expect(ids({ events, statsigMetadata }, from('one'))).toEqual(ids({ events, statsigMetadata }));
  });

  it('differs when anything in the event does', () => {
    const base = events[2] ?? {};
    const variants = [
      base,
      { ...base, time: now + 1 },
      { ...base, time: String(now) },
      { ...base, user: { userID: 'v' } },
      { ...base, metadata: { gate: 'g', gateValue: 'false', ruleID: 'r' } },
      { ...base, secondaryExposures: [] },
      { ...base, statsigMetadata: { samplingRate: 10 } },
      { ...base, value: 1 },
      { ...base, unknown: 1 },
      { ...base, eventName: 'statsig::config_exposure', metadata: { config: 'g' } },
    ];
    const all = variants.flatMap((variant) => ids({ events: [variant] }));
    expect(new Set(all).size).toBe(variants.length);
  });

  it('is equal exactly when the canonical events are', () => {
    const event = fc.record(
      {
        eventName: fc.constantFrom('a', 'a"', 'b'),
        value: fc.constantFrom(1, '1', null, 'a"'),
        metadata: fc.constantFrom(null, { a: '1' }, { a: 1 }, { 'a":"1': '' }),
        user: fc.constantFrom(null, { userID: 'u' }, { userID: 'u', custom: { a: 'b' } }),
      },
      { requiredKeys: ['eventName'] },
    );
    const identity = ({ eventName, value = null, metadata = null, user = null }: Record<string, unknown>) =>
      JSON.stringify([eventName, value, metadata, user]);
    fc.assert(
      fc.property(event, event, (a, b) => {
        expect(ids({ events: [a] })[0] === ids({ events: [b] })[0]).toBe(identity(a) === identity(b));
      }),
      { numRuns: 1_000 },
    );
  });
});
