import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { closestIssues } from '../../../lib/config/closestIssues.ts';

const relay = z.strictObject({ to: z.strictObject({ path: z.string(), days: z.number() }) });
const shapes = z.union([z.literal('none'), relay, z.array(z.string())]);

/** Codes and paths of what is told of a value. */
const told = (schema: z.ZodType, value: unknown) =>
  schema
    .safeParse(value)
    .error?.issues.flatMap(closestIssues)
    .map(({ code, path }) => [code, path.join('.')]);

describe('the issues of a value that no shape of a union fits', () => {
  it.each([
    {
      what: 'an object, which is no word',
      value: { relay: { to: { path: 1, days: 1 } } },
      issues: [['invalid_type', 'relay.to.path']],
    },
    { what: 'a word', value: { relay: 'all' }, issues: [['invalid_value', 'relay']] },
    { what: 'a list', value: { relay: ['a', 1] }, issues: [['invalid_type', 'relay.1']] },
    { what: 'none of a union', value: { relay: 'none', other: 1 }, issues: [['unrecognized_keys', '']] },
  ])('are those of the shape that it is meant to have: $what', ({ value, issues }) => {
    expect(told(z.strictObject({ relay: shapes }), value)).toEqual(issues);
  });

  it('are those of the shape with the fewest problems, and each unknown key is one', () => {
    const either = z.union([
      z.strictObject({ a: z.string() }),
      z.strictObject({ b: z.string(), c: z.string() }),
    ]);
    expect(told(either, { b: 'x' })).toEqual([['invalid_type', 'c']]);
    expect(told(either, { b: 'x', d: 1, e: 1 })).toEqual([
      ['invalid_type', 'c'],
      ['unrecognized_keys', ''],
    ]);
  });

  it('is the issue of the union if two shapes fit equally badly', () => {
    const either = z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })]);
    expect(told(either, {})).toEqual([['invalid_union', '']]);
  });

  it('are those of a union within a union', () => {
    const inner = z.strictObject({ to: z.union([z.literal('x'), z.strictObject({ day: z.number() })]) });
    expect(told(z.union([z.string(), inner]), { to: { day: 'x' } })).toEqual([['invalid_type', 'to.day']]);
  });
});
