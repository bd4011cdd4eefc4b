import { describe, expect, it } from '@jest/globals';
import { UnitMatcher } from '../../../lib/erase/units/UnitMatcher.ts';
import { judgeCopy } from '../../../lib/relay/judgeCopy.ts';

describe('a copy of a request', () => {
  const judge = (body: object | string, id: string, headers = {}) =>
    judgeCopy(
      {
        id: 'x',
        keptAt: 0,
        path: '/v1/rgstr',
        query: '',
        headers,
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      },
      new UnitMatcher([{ type: 'userID', column: 'user_id', value: id }]),
    );

  it('is of a unit by a number, digits or a short text under the key of a unit alone', () => {
    const events = [
      { value: 42, user: { userID: 'somebody' } },
      { value: '42', metadata: { level: '42' } },
      { value: 1, user: { customIDs: { stableID: 42 } } },
      { value: 1, user: { userID: '42' } },
      { value: 1, unitIDs: { any: 42 } },
      { value: 1, hashValue: 42 },
    ];
    expect(judge({ events }, '42')).toEqual({ hasUnit: true, own: 4, others: 2 });
    expect(judge({ events: events.slice(0, 2) }, '42')).toEqual({ hasUnit: false, own: 0, others: 2 });
    expect(judge({ events: [{ value: 1234.5 }, { level: '1234567' }] }, '1234.5')).toMatchObject({
      hasUnit: false,
    });
    expect(judge({ events: [{ level: '1234567' }] }, '1234567')).toMatchObject({ hasUnit: false });
  });

  it.each([
    { key: 'sdkType' },
    { key: 'eventName' },
    { key: 'gate' },
    { key: 'config_name' },
    { key: 'experiment_id' },
    { key: 'allocatedExperiment' },
    { key: 'featureKey' },
    { key: 'variation_key' },
    { key: 'hashAttribute' },
    { key: 'layerName' },
    { key: 'parameterName' },
    { key: 'ruleID' },
    { key: 'group_name' },
  ])('is of no unit by what is named by $key', ({ key }) => {
    expect(judge({ events: [{ [key]: 'unit-001' }] }, 'unit-001')).toEqual({
      hasUnit: false,
      own: 0,
      others: 1,
    });
  });

  it('is read with NaN in it', () => {
    const body = '{"events":[{"value":NaN,"user":{"userID":"u-1"}},{"value":1,"user":{"userID":"u-1"}}]}';
    expect(judge(body, 'u-1')).toEqual({ hasUnit: true, own: 2, others: 0 });
    expect(judge(body, 'u-2')).toEqual({ hasUnit: false, own: 0, others: 2 });
  });

  it('is of a unit by a longer text wherever it is: its events are others’ without the key of a unit', () => {
    const events = [{ metadata: { friend: 'unit-001' } }, { value: 'unit-0010' }];
    expect(judge({ events: ['unit-001'] }, 'unit-001')).toEqual({ hasUnit: true, own: 0, others: 1 });
    const own = { user: { userID: 'unit-001' }, metadata: { friend: 'unit-001' } };
    for (const members of [Object.entries(own), Object.entries(own).reverse()])
      expect(judge({ events: [Object.fromEntries(members)] }, 'unit-001')).toMatchObject({ own: 1 });
    for (const keys of [
      ['{"userID":"unit-001"}', 'unit-001'],
      ['unit-001', '{"userID":"unit-001"}'],
    ])
      expect(judge({ events: [Object.fromEntries(keys.map((key) => [key, 1]))] }, 'unit-001')).toMatchObject({
        own: 1,
      });
    expect(judge({ events }, 'unit-001')).toEqual({ hasUnit: true, own: 0, others: 2 });
    expect(judge({ events, statsigMetadata: { stableID: 'unit-002' } }, 'unit-002')).toEqual({
      hasUnit: true,
      own: 2,
      others: 0,
    });
  });

  it.each([
    {
      what: 'a text by the key of a unit',
      text: '{"userID":"unit-001"',
      counts: { hasUnit: true, own: 1, others: 0 },
    },
    {
      what: 'a text by a value elsewhere',
      text: '{"a":"unit-001"',
      counts: { hasUnit: true, own: 0, others: 1 },
    },
    { what: 'a text of nobody', text: '{"a":"unit-002"', counts: 'unreadable' },
    {
      what: 'bytes that are not of their encoding',
      text: 'unit-001',
      encoding: 'gzip',
      counts: 'unreadable',
    },
  ])('that is no JSON is judged as a whole: $what', ({ text, encoding, counts }) => {
    expect(judge(text, 'unit-001', encoding === undefined ? {} : { 'content-encoding': encoding })).toEqual(
      counts,
    );
  });
});
