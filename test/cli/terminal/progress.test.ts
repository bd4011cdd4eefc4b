import { afterEach, describe, expect, it } from '@jest/globals';
import { writeNote } from '../../../cli/terminal/output.ts';
import { elapsed, openProgress } from '../../../cli/terminal/progress.ts';

const stream = process.stderr;
const before = {
  isTTY: stream.isTTY,
  columns: stream.columns,
  write: stream.write,
  TERM: process.env['TERM'],
};
let written = '';

/** stderr as a terminal with so many columns, or as a pipe. */
function setTerminal(columns: number | undefined): void {
  written = '';
  process.env['TERM'] = 'xterm';
  Object.assign(stream, {
    isTTY: columns !== undefined,
    columns,
    write: (chunk: unknown) => {
      written += String(chunk);
      return true;
    },
  });
}
afterEach(() => {
  const { TERM, ...own } = before;
  Object.assign(stream, own);
  if (TERM === undefined) delete process.env['TERM'];
  else process.env['TERM'] = TERM;
});

const ERASE = '\r\u001b[2K';

describe('progress', () => {
  it('is one line that is written over, shorter than the terminal, and removed before anything else', () => {
    setTerminal(20);
    const progress = openProgress({ values: {} });
    progress.show('Waiting for 3 days');
    progress.show('Waiting for 31 days: 30 loaded');
    writeNote('A note.\n');
    progress.show('Nearly\nthere\u001b[31m');
    progress.end();
    progress.end();
    expect(written).toBe(
      [
        `${ERASE}Waiting for 3 days`,
        `${ERASE}Waiting for 31 day…`,
        `${ERASE}A note.\n`,
        `${ERASE}Nearly\\nthere\\u001…`,
        ERASE,
      ].join(''),
    );
  });

  it.each([
    { where: 'in a pipe', columns: undefined, term: 'xterm', values: {} },
    { where: 'on a dumb terminal', columns: 80, term: 'dumb', values: {} },
    { where: 'with --json', columns: 80, term: 'xterm', values: { json: true } },
  ])('is nothing $where', ({ columns, term, values }) => {
    setTerminal(columns);
    process.env['TERM'] = term;
    const progress = openProgress({ values });
    progress.show('Waiting');
    progress.end();
    expect(written).toBe('');
  });
});

it.each([
  { ms: 1_499, text: '' },
  { ms: 1_500, text: '2 s' },
  { ms: 59_499, text: '59 s' },
  { ms: 59_500, text: '1 min 0 s' },
  { ms: 185_000, text: '3 min 5 s' },
])('the time of a progress that began $ms ms ago is "$text"', ({ ms, text }) => {
  expect(elapsed(ms)).toBe(text);
});
