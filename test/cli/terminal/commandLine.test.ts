import { describe, expect, it } from '@jest/globals';
import {
  commandWithActions,
  countOption,
  daysOption,
  oneOf,
  readCommandLine,
  stageOption,
} from '../../../cli/terminal/commandLine.ts';

const line = (values: Readonly<Record<string, string>>) => ({ values, positionals: [] });

it.each([
  { text: '2', count: 2 },
  { text: '5', count: 5 },
  { text: undefined, count: 4 },
])('$text is the number $count of 2 to 5, usually 4', ({ text, count }) => {
  expect(countOption(line(text === undefined ? {} : { n: text }), 'n', { usual: 4, least: 2, most: 5 })).toBe(
    count,
  );
});

it.each(['1', '6', '', '2.5', '-3', '1e0', '3 '])('"%s" is no number of 2 to 5', (n) => {
  const read = () => countOption(line({ n }), 'n', { usual: 4, least: 2, most: 5 });
  expect(read).toThrow(expect.objectContaining({ code: 'SLUICE_USAGE_OPTIONS' }));
});

it('an empty stage is none, as of a variable that is not set', () => {
  expect(stageOption(line({ stage: '' }))).toBeUndefined();
  expect(stageOption(line({ stage: 'dev-2' }))).toBe('dev-2');
});

it.each(['dev/2', '/dev', 'dev\n', '..'])('%j is no stage', (stage) => {
  expect(() => stageOption(line({ stage }))).toThrow('expected letters, digits and -');
});

describe('days from one to another', () => {
  const first = '2026-11-19';
  const second = '2026-11-20';
  const third = '2026-11-21';

  it.each([
    { what: 'none without options', values: {}, days: undefined },
    { what: 'one without a last one', values: { from: first }, days: [first] },
    { what: 'one that is the first and the last', values: { from: first, to: first }, days: [first] },
    { what: 'at most so many', values: { from: first, to: second }, days: [first, second] },
  ])('are $what', ({ values, days }) => {
    expect(daysOption(line(values), 2)).toEqual(days);
  });

  it.each([
    { what: 'too many', values: { from: first, to: third }, said: 'got 3 days, expected at most 2 days' },
    { what: 'in the wrong order', values: { from: second, to: first }, said: '2026-11-20 is after --to' },
    { what: 'without a first one', values: { to: first }, said: '--to without --from' },
    { what: 'no days', values: { from: '2026-11-31' }, said: '--from: got 2026-11-31' },
  ])('are refused if they are $what', ({ values, said }) => {
    expect(() => daysOption(line(values), 2)).toThrow(said);
  });
});

it('values are listed by "or" if there are two of them', () => {
  expect([oneOf(['a']), oneOf(['a', 'b']), oneOf(['a', 'b', 'c'])]).toEqual([
    'a',
    'a or b',
    'one of a, b, c',
  ]);
});

it.each([
  {
    what: 'all values if they are few',
    values: ['red', 'green'],
    said: 'expected red or green. Did you mean red?',
  },
  {
    what: 'the nearest alone if they are many',
    values: ['red', 'green', 'blue', 'white', 'black'],
    said: 'which is not a valid value. Did you mean red?',
  },
])('a value that an option does not take is refused with $what', ({ values, said }) => {
  const options = { colour: { type: 'string', help: '', values } } as const;
  expect(() => readCommandLine({ options }, ['--colour', 'rde'])).toThrow(`--colour: got "rde", ${said}`);
});

it.each(['constructor', '__proto__', 'toString'])(
  '%s is no action, though every object has it',
  async (name) => {
    const actions = { list: { summary: '', options: [], run: async () => 0 } };
    const command = commandWithActions({ name: 'x', summary: '', options: {}, examples: [], actions });
    await expect(command.run({ values: {}, positionals: [name] })).rejects.toThrow(
      `Got "${name}". Expected list.`,
    );
    expect(await command.run({ values: {}, positionals: ['list'] })).toBe(0);
  },
);
