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
  { what: 'a line without a word', typed: '\n', isTerminal: false },
  { what: 'another word', typed: 'yesterday\n', isTerminal: false },
  { what: 'the end of the input', typed: '', isTerminal: false },
  { what: 'Ctrl-C', typed: '\u0003', isTerminal: true },
  { what: 'Ctrl-D', typed: '\u0004', isTerminal: true },
])('$what does not', async ({ typed, isTerminal }) => {
  expect(await answered(typed, isTerminal)).toBe(false);
});

it('nothing is read after the answer', async () => {
  const input = new PassThrough();
  const answer = confirm('Make it?', { input, output: new PassThrough() });
  input.write('y\n');
  await answer;
  expect(input.isPaused()).toBe(true);
});
