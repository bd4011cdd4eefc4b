import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { erasureId, parseUnit } from '../../../lib/erase/Unit.ts';
import { UnitMatcher } from '../../../lib/erase/UnitMatcher.ts';

const config = { unitIds: { companyID: 'company_id' } };
const matcher = (...texts: string[]) => new UnitMatcher(texts.map((text) => parseUnit(text, config)));

describe('a unit', () => {
  it.each([
    ['user_id=u-1', { type: 'userID', column: 'user_id', value: 'u-1' }],
    ['userID=a=b', { type: 'userID', column: 'user_id', value: 'a=b' }],
    ['stable_id= s', { type: 'stableID', column: 'stable_id', value: ' s' }],
    ['company_id=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['companyID=7', { type: 'companyID', column: 'company_id', value: '7' }],
    ['custom_ids.teamID=t', { type: 'teamID', column: null, value: 't' }],
  ])('is read from %j', (text, unit) => {
    expect(parseUnit(text, config)).toEqual(unit);
  });

  it.each([
    ['u-1', 'Expected <column>=<value>.'],
    ['=u-1', 'Expected <column>=<value>.'],
    ['user_id=', 'user_id: it has no value.'],
    ['user=u-1', 'expected user_id, stable_id, company_id or custom_ids.<type>.'],
    ['teamID=t', '"teamID" is no unit'],
    ['custom_ids.=t', '"custom_ids." is no unit'],
    ['user_id=a\nb', 'a control character'],
    ['user_id=\ud800', 'half a character'],
    [`user_id=${'x'.repeat(1_001)}`, 'got 1001 characters, expected at most 1000.'],
  ])('is refused for %j, without its value', (text, detail) => {
    const refused = () => parseUnit(text, config);
    expect(refused).toThrow(expect.objectContaining({ code: 'SLUICE_ERASE_UNIT_INVALID' }));
    expect(refused).toThrow(detail);
    expect(refused).not.toThrow(/u-1|x{9}/);
  });

  it('has an erasure of the same name in any order, and another in another bucket', () => {
    const [one, other] = [parseUnit('user_id=a', config), parseUnit('stable_id=b', config)];
    const id = erasureId('bucket', [one, other]);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(erasureId('bucket', [other, one, one])).toBe(id);
    expect(erasureId('another', [one, other])).not.toBe(id);
    expect(erasureId('bucket', [parseUnit('stable_id=a', config), other])).not.toBe(id);
  });
});

describe('a matcher', () => {
  it.each([
    ['user_id=u-1', { user_id: 'u-1' }, true],
    ['user_id=u-1', { user_id: 'U-1' }, false],
    ['user_id=u-1', { user_id: 'u-11', stable_id: 'u-1' }, false],
    ['user_id=7', { user_id: 7 }, true],
    ['company_id=c', { company_id: 'c' }, true],
    ['company_id=c', { custom_ids: '{"companyid":"c"}' }, true],
    ['custom_ids.teamID=t', { custom_ids: '{"teamID":"t"}' }, true],
    ['custom_ids.teamID=t', { custom_ids: '{"squadID":"t"}' }, false],
    // Beyond what a double holds.
    ['custom_ids.teamID=9007199254740993', { custom_ids: '{"teamID":9007199254740993}' }, true],
    ['custom_ids.teamID=9007199254740993', { custom_ids: '{"teamID":9007199254740992}' }, false],
    ['user_id=u-1', { user_id: 'x', company_metadata: '{"friend":"u-1"}' }, false],
  ])('of %s decides on the row %j: %j', (unit, row, expected) => {
    expect(matcher(unit).hasDocument('events', JSON.stringify(row))).toBe(expected);
  });

  it.each([
    ['{"events":[{"user":{"userID":"u-1"}}]}', true],
    ['{"events":[{"user":{"userID":"u-10"}}]}', false],
    // A row that failed conversion has JSON within its texts.
    [JSON.stringify({ user_object: '{"userID":"u-1"}' }), true],
    ['{"events":[{"user":{"userID":"u-1"', true],
    ['{"events":[{"user":{"userID":"xu-1"', false],
    ['user u-1-2', false],
    ['(u-1)', true],
  ])('looks for its unit in the refused text %j: %j', (raw, expected) => {
    const units = matcher('user_id=u-1');
    expect(units.hasRaw(raw, 'text')).toBe(expected);
    expect(units.hasRaw(gzipSync(raw).toString('base64'), 'base64')).toBe(expected);
    const row = { raw, raw_encoding: 'text' };
    expect(units.hasDocument('quarantine', JSON.stringify(row))).toBe(expected);
  });

  it('looks for bodies of quarantine that are objects of their own, and for messages that quote', () => {
    const units = matcher('user_id=u-1');
    const row = JSON.stringify({ raw: null, raw_location: 's3://bucket/quarantine-large/d/q' });
    expect(units.hasDocument('quarantine', row)).toBe(false);
    units.addLocation('s3://bucket/quarantine-large/d/q');
    expect(units.hasDocument('quarantine', row)).toBe(true);
    expect(units.hasDocument('quarantine', JSON.stringify({ detail: 'Cannot convert "u-1".' }))).toBe(true);
  });

  it('takes a row that cannot be read for that of a unit if it names one', () => {
    expect(matcher('user_id=u-1').hasDocument('events', '{"user_id":"u-1"')).toBe(true);
    expect(matcher('user_id=u-1').hasDocument('events', '{"user_id":"u-2"')).toBe(false);
  });
});
