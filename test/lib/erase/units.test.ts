import { describe, expect, it } from '@jest/globals';
import { distinctUnits, erasureId, parseUnit } from '../../../lib/erase/Unit.ts';

const config = { unitIds: { companyID: 'company_id' } };

describe('a unit', () => {
  it.each([
    ['user_id=user-1', { type: 'userID', column: 'user_id', value: 'user-1' }],
    ['userID=a=b', { type: 'userID', column: 'user_id', value: 'a=b' }],
    ['stable_id=a s', { type: 'stableID', column: 'stable_id', value: 'a s' }],
    ['company_id=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['companyID=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['custom_ids.teamID=t', { type: 'teamID', column: null, value: 't' }],
    [`user_id=${'x'.repeat(1_000)}`, { type: 'userID', column: 'user_id', value: 'x'.repeat(1_000) }],
  ])('is read from %j', (text, unit) => {
    expect(parseUnit(text, config)).toEqual(unit);
  });

  it.each([
    ['user-1', 'Expected <column>=<value>.'],
    ['=user-1', 'Expected <column>=<value>.'],
    ['user_id=', 'user_id: it has no value.'],
    ['u=x', '"u" is not a unit'],
    ['user=user-1', 'expected user_id, stable_id, company_id or custom_ids.<type>.'],
    ['teamID=t', '"teamID" is not a unit'],
    ['custom_ids.=t', '"custom_ids." is not a unit'],
    ['stable_id= u-1', 'white space at its beginning or end'],
    ['user_id=u-1\u00a0', 'white space at its beginning or end'],
    ['user_id=a\nb', 'a control character'],
    ['user_id=\ud800', 'half a character'],
    [`user_id=${'x'.repeat(1_001)}`, 'got 1001 characters, expected at most 1000.'],
  ])('is refused for %j, without its value', (text, detail) => {
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
