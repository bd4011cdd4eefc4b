import { describe, expect, it } from '@jest/globals';
import { collect, collectOne, now } from './collectOne.ts';

const rowOf = (event: object, options: Parameters<typeof collectOne>[2] = {}) => {
  const { rows, exposures, refused } = collectOne({ eventName: 'e', ...event }, {}, options);
  expect(refused).toEqual([]);
  return rows[0] ?? exposures[0] ?? {};
};

/** A user of the Go SDK, whose struct writes every member. */
const goUser = {
  userID: 'u',
  email: '',
  ip: '',
  userAgent: '',
  country: '',
  locale: '',
  appVersion: '',
  custom: null,
  privateAttributes: null,
  statsigEnvironment: { tier: '' },
  customIDs: { companyID: '', stableID: '' },
};

describe('an empty value of an SDK', () => {
  it('is null in the columns of an event, as Go writes "" and null for unset fields', () => {
    const row = rowOf({ user: goUser, value: '', metadata: null, statsigMetadata: {} });
    for (const column of ['event_value', 'company_metadata', 'company_id', 'stable_id', 'statsig_metadata']) {
      expect([column, row[column] ?? null]).toEqual([column, null]);
    }
    expect(row).toMatchObject({ user_id: 'u', environment: 'production' });
  });

  it.each([[{}], [[]], [null], [undefined]])('is null: a user and metadata of %j', (none) => {
    const row = rowOf({ user: none, metadata: none });
    expect(row).not.toHaveProperty('company_metadata');
    expect(row).not.toHaveProperty('user_id');
    expect(row['user_object'] ?? null).toBeNull();
  });

  it('is null in the columns of an exposure', () => {
    const metadata = { gate: 'g', gateValue: 'true', ruleID: 'r', configVersion: '', reason: '' };
    const row = rowOf({
      eventName: 'statsig::gate_exposure',
      user: [],
      metadata,
      secondaryExposures: [],
    });
    for (const column of ['config_version', 'reason', 'user_dimensions', 'secondary_exposures']) {
      expect([column, row[column] ?? null]).toEqual([column, null]);
    }
  });

  it('is omitted from the metadata of an exposure, where Go also writes ""', () => {
    const exposed = {
      eventName: 'statsig::gate_exposure',
      metadata: { gate: 'g', gateValue: 'true', ruleID: 'r' },
      value: '',
    };
    const plain = rowOf(exposed);
    expect(plain['statsig_metadata'] ?? null).toBeNull();
    const [sent] = collect({
      events: [{ ...exposed, time: now }],
      statsigMetadata: { sdkType: 'go-sdk' },
    }).exposures;
    expect(sent).toMatchObject({ statsig_metadata: '{"sdkType":"go-sdk"}' });
    expect(rowOf({ ...exposed, value: 0, extra: 1 })).toMatchObject({
      statsig_metadata: '{"event":{"extra":1,"value":0}}',
    });
    expect(rowOf({ ...exposed, extra: 1 })).toMatchObject({ statsig_metadata: '{"event":{"extra":1}}' });
    const none = rowOf({ ...exposed, value: null });
    expect(none).not.toHaveProperty('statsig_metadata');
    expect(plain['event_id']).not.toBe(none['event_id']);
  });

  it("is replaced by the batch's user where an event has an empty list as user, as PHP writes it", () => {
    const events = [{ eventName: 'e', time: now, user: [] }];
    expect(collect({ events, user: { userID: 'u' } }).rows).toMatchObject([{ user_id: 'u' }]);
  });

  it('is null where redaction removes everything', () => {
    const row = rowOf(
      { user: { email: 'a@example.com' }, metadata: { a: 1 }, value: '' },
      {
        config: {
          privacy: {
            redact: { 'user.email': 'drop', 'metadata.a': 'drop', value: 'hash' },
            salt: 'sixteen characters at least',
          },
        },
      },
    );
    for (const column of ['user_object', 'company_metadata', 'event_value']) {
      expect([column, row[column] ?? null]).toEqual([column, null]);
    }
  });
});
