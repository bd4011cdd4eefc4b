import { expect, it } from '@jest/globals';
import { countOption, stageOption } from '../../../cli/terminal/commandLine.ts';

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
