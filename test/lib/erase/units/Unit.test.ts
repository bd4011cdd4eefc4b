import { describe, expect, it } from '@jest/globals';
import { distinctUnits, erasureId, parseUnit } from '../../../../lib/erase/units/Unit.ts';

const config = { unitIds: { companyID: 'company_id' } };

describe('a unit', () => {
  it.each([
    { text: 'user_id=user-1', unit: { type: 'userID', column: 'user_id', value: 'user-1' } },
    { text: 'userID=a=b', unit: { type: 'userID', column: 'user_id', value: 'a=b' } },
    { text: 'stable_id=a s', unit: { type: 'stableID', column: 'stable_id', value: 'a s' } },
    { text: 'company_id=7', unit: { type: 'companyID', column: 'company_id', value: '7' } },
    { text: 'companyID=7', unit: { type: 'companyID', column: 'company_id', value: '7' } },
    { text: 'custom_ids.teamID=t', unit: { type: 'teamID', column: null, value: 't' } },
    {
      text: `user_id=${'x'.repeat(1_000)}`,
      unit: { type: 'userID', column: 'user_id', value: 'x'.repeat(1_000) },
    },
  ])('is read from $text', ({ text, unit }) => {
    expect(parseUnit(text, config)).toEqual(unit);
  });

  it.each([
    { text: 'user-1', detail: 'Expected <column>=<value>.' },
    { text: '=user-1', detail: 'Expected <column>=<value>.' },
    { text: 'user_id=', detail: 'user_id: it has no value.' },
    { text: 'u=x', detail: '"u" is not a unit' },
    { text: 'user=user-1', detail: 'expected user_id, stable_id, company_id or custom_ids.<type>.' },
    { text: 'teamID=t', detail: '"teamID" is not a unit' },
    { text: 'custom_ids.=t', detail: '"custom_ids." is not a unit' },
    { text: 'stable_id= u-1', detail: 'white space at its beginning or end' },
    { text: 'user_id=u-1\u00a0', detail: 'white space at its beginning or end' },
    { text: 'user_id=a\nb', detail: 'a control character' },
    { text: 'user_id=\ud800', detail: 'half a character' },
    { text: `user_id=${'x'.repeat(1_001)}`, detail: 'got 1001 characters, expected at most 1000.' },
  ])('is refused for $text, without its value', ({ text, detail }) => {
    const refused = () => parseUnit(text, config);
    expect(refused).toThrow(expect.objectContaining({ code: 'SLUICE_ERASE_UNIT_INVALID' }));
    expect(refused).toThrow(detail);
    expect(refused).not.toThrow(/user-1|x{9}/);
  });

  it('has an erasure of the same name in any order, and another in another bucket', () => {
    const unit = parseUnit('user_id=a', config);
    const other = parseUnit('stable_id=b', config);
    const id = erasureId('bucket', [unit, other]);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(erasureId('bucket', [other, unit, unit])).toBe(id);
    expect(erasureId('another', [unit, other])).not.toBe(id);
    expect(erasureId('bucket', [parseUnit('stable_id=a', config), other])).not.toBe(id);
  });
});

describe('units', () => {
  const some = (...texts: string[]) => texts.map((text) => parseUnit(text, config));

  it('are counted once each, also two of the same value', () => {
    expect(distinctUnits(some('user_id=a', 'stable_id=a', 'userID=a'))).toHaveLength(2);
  });

  it('are a thousand at most', () => {
    const all = some(...Array.from({ length: 1_001 }, (_, i) => `user_id=u${i}`));
    expect(distinctUnits(all.slice(1))).toHaveLength(1_000);
    expect(() => distinctUnits(all)).toThrow(
      expect.objectContaining({ code: 'SLUICE_ERASE_UNITS_TOO_MANY' }),
    );
  });
});
