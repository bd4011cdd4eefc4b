import { describe, expect, it } from '@jest/globals';
import { collect, collectOne, now } from './collectOne.ts';

/** The row of an event, which is accepted. */
const rowOf = (event: object, options: Parameters<typeof collectOne>[2] = {}) => {
  const { rows, exposures, refused } = collectOne({ eventName: 'e', ...event }, {}, options);
  expect(refused).toEqual([]);
  return rows[0] ?? exposures[0] ?? {};
};

/** Those of some columns that have a value. */
const filled = (row: Readonly<Record<string, unknown>>, columns: readonly string[]) =>
  columns.filter((column) => (row[column] ?? null) !== null);

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
    expect(
      filled(row, ['event_value', 'company_metadata', 'company_id', 'stable_id', 'statsig_metadata']),
    ).toEqual([]);
    expect(row).toMatchObject({ user_id: 'u', environment: 'production' });
  });

  it.each([
    { what: 'an empty object', none: {} },
    { what: 'an empty list', none: [] },
    { what: 'null', none: null },
    { what: 'nothing', none: undefined },
  ])('is null: a user and metadata that are $what', ({ none }) => {
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
    expect(filled(row, ['config_version', 'reason', 'user_dimensions', 'secondary_exposures'])).toEqual([]);
  });

  describe('of an exposure, where Go writes "",', () => {
    const exposed = {
      eventName: 'statsig::gate_exposure',
      metadata: { gate: 'g', gateValue: 'true', ruleID: 'r' },
      value: '',
    };

    it("is omitted from its row's metadata", () => {
      expect(filled(rowOf(exposed), ['statsig_metadata'])).toEqual([]);
      const statsigMetadata = { sdkType: 'go-sdk' };
      const { exposures } = collect({ events: [{ ...exposed, time: now }], statsigMetadata });
      expect(exposures).toMatchObject([{ statsig_metadata: '{"sdkType":"go-sdk"}' }]);
      const others = rowOf({ ...exposed, extra: 1 });
      expect(others).toMatchObject({ statsig_metadata: '{"event":{"extra":1}}' });
    });

    it('is no 0, which is kept', () => {
      const row = rowOf({ ...exposed, value: 0, extra: 1 });
      expect(row).toMatchObject({ statsig_metadata: '{"event":{"extra":1,"value":0}}' });
    });

    it('is part of the identity of the event', () => {
      const none = rowOf({ ...exposed, value: null });
      expect(none).not.toHaveProperty('statsig_metadata');
      expect(rowOf(exposed)['event_id']).not.toBe(none['event_id']);
    });
  });

  it("is replaced by the batch's user where an event has an empty list as user, as PHP writes it", () => {
    const events = [{ eventName: 'e', time: now, user: [] }];
    expect(collect({ events, user: { userID: 'u' } }).rows).toMatchObject([{ user_id: 'u' }]);
  });
});
