import { afterEach, describe, expect, it } from '@jest/globals';
import { clearProgress, writeNote, writeProgress } from '../../../cli/terminal/output.ts';
import { openProgress } from '../../../cli/terminal/progress.ts';

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

  it('is nothing in a pipe, on a dumb terminal, and with --json', () => {
    setTerminal(undefined);
    const inPipe = openProgress({ values: {} });
    inPipe.show('Waiting');
    inPipe.end();
    setTerminal(80);
    const besideJson = openProgress({ values: { json: true } });
    besideJson.show('Waiting');
    besideJson.end();
    process.env['TERM'] = 'dumb';
    writeProgress('Waiting');
    clearProgress();
    expect(written).toBe('');
  });
});
