import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Sender } from '../../../lib/collect/rows/sender.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { collect as collectAny, now as NOW } from './collectOne.ts';

const SALT = 'pepper and salt, 16 or more';
const hashed = (text: string) =>
  createHash('sha256')
    .update(SALT + text)
    .digest('hex');

const collect = (body: unknown, config: Partial<ConfigInput>, from: Partial<Sender> = {}) =>
  collectAny(body, {
    clientTimes: [],
    ...from,
    config: { unitIds: { companyID: 'company_id' }, experiments: ['hero'], ...config },
  });
const redacting = (redact: Record<string, 'drop' | 'hash'>) => ({ privacy: { redact, salt: SALT } });

const user = {
  userID: 'u1',
  email: 'u1@example.com',
  ip: '10.0.0.1',
  custom: { plan: 'pro', phone: '555' },
  customIDs: { companyID: 'c1', stableID: 's1' },
  statsigEnvironment: { tier: 'staging' },
};
const gate = {
  eventName: 'statsig::gate_exposure',
  time: NOW,
  user,
  metadata: {
    gate: 'g',
    gateValue: 'true',
    ruleID: 'r',
    reason: 'Network',
    note: 'private',
    bootstrapMetadata: { user },
  },
  secondaryExposures: [{ gate: 'holdout', gateValue: 'false', ruleID: 'h' }],
};
const purchase = {
  eventName: 'purchase',
  time: NOW,
  user,
  value: 'card 4111',
  metadata: { sku: 'x', coupon: 'private' },
  statsigMetadata: { currentPage: '/private' },
};

describe('redaction of rows', () => {
  it('removes user paths from columns and JSON in both tables', () => {
    const { exposures, rows } = collect(
      { events: [gate, purchase] },
      redacting({
        'user.email': 'drop',
        'user.ip': 'drop',
        'user.custom.*': 'drop',
        'user.userID': 'hash',
        'user.customIDs.companyid': 'drop',
      }),
    );
    for (const { row, column } of [
      { row: exposures[0], column: 'user_dimensions' },
      { row: rows[0], column: 'user_object' },
    ]) {
      expect(row).toMatchObject({ user_id: hashed('u1'), stable_id: 's1', environment: 'staging' });
      expect(row).not.toHaveProperty('company_id');
      expect(row?.['custom_ids']).toBe('{"stableID":"s1"}');
      expect(JSON.parse(String(row?.[column]))).toEqual({
        userID: hashed('u1'),
        custom: {},
        customIDs: { stableID: 's1' },
        statsigEnvironment: { tier: 'staging' },
      });
    }
    expect(JSON.stringify([exposures, rows])).not.toMatch(/example\.com|10\.0\.0\.1|555|"u1"/);
  });

  it("applies to an event's value and metadata", () => {
    const [row] = collect(
      { events: [purchase] },
      redacting({ 'metadata.coupon': 'drop', value: 'hash' }),
    ).rows;
    expect(row).toMatchObject({ event_value: hashed('card 4111'), company_metadata: '{"sku":"x"}' });
  });

  it('leaves no column of which nothing remains', () => {
    const bare = { ...purchase, statsigMetadata: { page: 'p' }, Referer: 'r' };
    const [row = {}] = collect(
      { events: [bare], statsigMetadata: { os: 'x', sdkType: 'js' } },
      redacting({
        value: 'drop',
        metadata: 'drop',
        user: 'drop',
        statsigMetadata: 'drop',
        '\\referer': 'drop',
      }),
      { sessionId: 'header-session', sdkVersion: '1' },
    ).rows;
    expect(Object.keys(row)).toEqual([
      'event_id',
      'event_name',
      'timestamp',
      'client_timestamp',
      'received_at',
      'environment',
      'ds',
    ]);
    const paths = { 'metadata.*': 'drop', 'user.*': 'drop', 'statsigMetadata.*': 'drop' } as const;
    const [empty] = collect({ events: [bare] }, redacting(paths)).rows;
    for (const column of ['company_metadata', 'user_object', 'custom_ids'])
      expect(empty).not.toHaveProperty(column);
    expect(empty).toMatchObject({ statsig_metadata: '{"event":{"Referer":"r"}}' });
  });

  it('keeps the fields that the columns of an exposure need, although a path drops all metadata', () => {
    const [row] = collect({ events: [gate] }, redacting({ 'metadata.*': 'drop' })).exposures;
    expect(row).toMatchObject({ experiment_id: 'g', group_id: 'r:Pass', is_assignment: true });
    expect(JSON.parse(String(row?.['metadata']))).toEqual({
      gate: 'g',
      gateValue: 'true',
      reason: 'Network',
      ruleID: 'r',
    });
  });

  it('applies to the user in bootstrap metadata, to undocumented members and to the sender’s own IDs', () => {
    const { exposures, senderId } = collect(
      {
        events: [{ ...gate, user: null, Referer: 'private' }],
        statsigMetadata: { stableID: 'dev', sessionID: 'ses' },
      },
      redacting({
        user: 'drop',
        '\\referer': 'drop',
        'statsigMetadata.stableID': 'hash',
        'statsigMetadata.sessionID': 'drop',
      }),
    );
    expect(exposures[0]).toMatchObject({ stable_id: hashed('dev') });
    expect(exposures[0]).not.toHaveProperty('session_id');
    expect(JSON.stringify(exposures)).not.toMatch(/u1@|"private"|"dev|ses"/);
    expect(senderId).toBe(hashed('dev'));
  });

  it('applies to IDs in headers as to those in the body', () => {
    const from = { sessionId: 'header-session', sdkType: 'py' };
    const { rows } = collect(
      { events: [purchase] },
      redacting({ 'statsigMetadata.sessionid': 'hash' }),
      from,
    );
    expect(rows[0]).toMatchObject({ session_id: hashed('header-session'), sdk_type: 'py' });
  });

  it('hashes an ID with more digits than a double can represent as it was sent', () => {
    const { rows } = collect(
      '{"events":[{"eventName":"e","user":{"userID":9007199254740993}}]}',
      redacting({ 'user.userID': 'hash' }),
    );
    expect(rows[0]?.['user_id']).toBe(hashed('9007199254740993'));
  });
});

describe('private attributes', () => {
  it('are not kept of a batch, an event, an exposure and what it was bootstrapped with, nor of a refused event', () => {
    const user = { userID: 'u', privateAttributes: { secret: 1 } };
    const all = collect(
      {
        user,
        events: [
          { eventName: 'e', time: NOW },
          { eventName: 'f', user, time: NOW },
          {
            eventName: 'statsig::gate_exposure',
            metadata: { gate: 'g', bootstrapMetadata: { user, lcut: 1 } },
            time: NOW,
          },
          { eventName: '', user },
        ],
      },
      {},
    );
    expect(all.rows).toHaveLength(2);
    expect(all.exposures).toHaveLength(1);
    expect(all.refused).toHaveLength(1);
    expect(JSON.stringify(all)).not.toContain('secret');
    expect(all.exposures[0]?.['metadata']).toBe(
      '{"bootstrapMetadata":{"lcut":1,"user":{"userID":"u"}},"gate":"g"}',
    );
  });
});

describe('identity under redaction', () => {
  const ids = (body: unknown, config: Partial<ConfigInput>) => {
    const { exposures, rows } = collect(body, config);
    return [...exposures, ...rows].map((row) => row['event_id']);
  };

  it('is the same for a resend although the rules changed in between', () => {
    const batch = { events: [gate, purchase], statsigMetadata: { stableID: 'd' } };
    const again = { ...batch, statsigMetadata: { stableID: 'd', sdkVersion: 'other' } };
    const first = ids(batch, redacting({ 'user.email': 'drop' }));
    expect(ids(again, redacting({ 'user.email': 'drop' }))).toEqual(first);
    expect(ids(again, redacting({ 'user.email': 'hash', 'user.custom': 'drop', value: 'drop' }))).toEqual(
      first,
    );
  });

  it('differs for events that differ only in what is redacted', () => {
    const other = { ...purchase, user: { ...user, email: 'u2@example.com' } };
    const [first, two] = ids({ events: [purchase, other] }, redacting({ 'user.email': 'drop' }));
    expect(first).not.toBe(two);
  });

  it('depends on the salt, so that a guess at a redacted value cannot be confirmed', () => {
    const open = ids({ events: [purchase] }, {});
    const salted = ids({ events: [purchase] }, redacting({ 'user.email': 'drop' }));
    const other = { privacy: { redact: { 'user.email': 'drop' as const }, salt: `${SALT}!` } };
    expect(new Set([...open, ...salted, ...ids({ events: [purchase] }, other)]).size).toBe(3);
  });
});

describe('allow and deny lists', () => {
  it('count excluded events, valid or not, and land the rest', () => {
    const { rows, exposures, refused, counted } = collect(
      {
        events: [
          purchase,
          { ...purchase, eventName: 'auto_capture::click' },
          gate,
          { ...gate, metadata: { gate: 'internal' } },
          // It would be refused.
          { eventName: 'auto_capture::error', user: 7 },
        ],
        exposures: [{ user, gateName: 'internal', passes: true }],
      },
      { events: { deny: ['auto_capture::*'] }, exposures: { deny: ['internal'] } },
    );
    expect(rows).toHaveLength(1);
    expect(exposures).toHaveLength(1);
    expect(refused).toEqual([]);
    expect(counted).toEqual({ event_filtered: 2, exposure_filtered: 2 });
  });
});
