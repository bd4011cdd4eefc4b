import { expect, it } from '@jest/globals';
import { csvLine } from '../../../lib/base/csv.ts';

it('a line of CSV tells nothing from an empty text, and has quotes where a reader needs them', () => {
  const values = ['a', null, undefined, '', 'b,c', 'say "no"', 'd\re', 'f\ng', 7, false, { h: [1] }];
  expect(csvLine(values)).toBe('a,,,"","b,c","say ""no""","d\re","f\ng",7,false,"{""h"":[1]}"\n');
});
