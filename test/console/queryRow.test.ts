import { expect, it } from '@jest/globals';
import { isNumberType, rowJson } from '../../console/page/texts/queryRow.ts';

it('a row is JSON with all of its columns, and JSON texts as they were sent', () => {
  const columns = [{ name: 'id' }, { name: 'id' }, { name: 'body' }, { name: 'note' }, { name: 'none' }];
  const body = '{"2":12345678901234567890,"1":1.0}';
  expect(rowJson(columns, ['7', '8', body, '{x', null])).toBe(
    `{"id":"7","id":"8","body":${body},"note":"{x","none":null}`,
  );
});

it.each(['bigint', 'UINTEGER', 'UTINYINT', 'decimal(10,2)', 'DOUBLE'])('%s is a type of numbers', (type) => {
  expect(isNumberType(type)).toBe(true);
});

it.each(['BIGINT[]', 'varchar', 'interval', 'DECIMAL(10,2)[]'])('%s is no type of numbers', (type) => {
  expect(isNumberType(type)).toBe(false);
});
