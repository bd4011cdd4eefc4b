import { PassThrough } from 'node:stream';
import { expect, it } from '@jest/globals';
import { confirm } from '../../../cli/terminal/confirm.ts';

/** What `confirm` makes of what is typed. @param isTerminal Whether keys such as Ctrl-C are read. */
function answered(typed: string, isTerminal: boolean): Promise<boolean> {
  const input = new PassThrough();
  const output = Object.assign(new PassThrough(), { isTTY: isTerminal });
  const answer = confirm('Make it?', { input, output });
  input.write(typed);
  if (!isTerminal) input.end();
  return answer;
}

it.each(['y\n', ' YES \n'])('%j goes on', async (typed) => {
  expect(await answered(typed, false)).toBe(true);
});

it.each([
  ['a line without a word', '\n', false],
  ['another word', 'yesterday\n', false],
  ['the end of the input', '', false],
  ['Ctrl-C', '\u0003', true],
  ['Ctrl-D', '\u0004', true],
])('%s does not', async (_, typed, isTerminal) => {
  expect(await answered(typed, isTerminal)).toBe(false);
});
