import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isColoured, paint, readColourChoice } from '../../../cli/terminal/colour.ts';
import { callMain } from '../../harness/callMain.ts';

const terminal = { isTTY: true };
const pipe = {};
const ESCAPE = '\u001b[';

describe('colour', () => {
  it.each([
    [terminal, undefined, {}, true],
    [pipe, undefined, {}, false],
    [terminal, undefined, { NO_COLOR: '1' }, false],
    [terminal, undefined, { NO_COLOR: '' }, true],
    [terminal, undefined, { TERM: 'dumb' }, false],
    [pipe, undefined, { FORCE_COLOR: '1' }, true],
    [pipe, undefined, { FORCE_COLOR: '' }, true],
    [terminal, undefined, { FORCE_COLOR: '0' }, false],
    [terminal, undefined, { FORCE_COLOR: 'false' }, false],
    [pipe, undefined, { FORCE_COLOR: '1', TERM: 'dumb' }, true],
    [terminal, undefined, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [pipe, 'always', { NO_COLOR: '1', TERM: 'dumb' }, true],
    [terminal, 'never', { FORCE_COLOR: '1' }, false],
  ] as const)('on %j with %j and %j: %j', (stream, choice, env, expected) => {
    expect(isColoured(stream, choice, env)).toBe(expected);
  });

  it('is chosen anywhere in the command line before --, the last word counting', () => {
    expect(readColourChoice(['--no-color', 'doctor'])).toEqual({ argv: ['doctor'], choice: 'never' });
    expect(readColourChoice(['query', '--color', '--no-color', 'x'])).toEqual({
      argv: ['query', 'x'],
      choice: 'never',
    });
    expect(readColourChoice(['query', '--', '--color'])).toEqual({
      argv: ['query', '--', '--color'],
      choice: undefined,
    });
  });

  it('only adds to a text', () => {
    const text = [
      'PROBLEM      bucket           exists',
      '    SLUICE_FINDING_X: no.',
      '      $ aws s3 mb s3://x',
      'warning      alarms           notify',
      'ok           streams          deliver',
      'not checked  tables           exist',
      'table  rows',
      '-----  ----',
      'ok        1',
      'Split: MISMATCH. p = 0.',
      'Something needs attention.',
    ].join('\n');
    const painted = paint(text, 'report');
    expect(stripVTControlCharacters(painted)).toBe(text);
    const lines = painted.split('\n');
    expect(lines.map((line) => line.includes(ESCAPE))).toEqual([
      ...[true, false, true, true, true, true],
      ...[true, false, true, true, true],
    ]);
    expect(lines[0]).toMatch(/^\S*31mPROBLEM/);
    expect(lines[3]).toMatch(/^\S*33mwarning/);
    expect(lines[4]).toMatch(/^\S*32mok/);
    expect(lines[6]).toMatch(/^\S*1mtable {2}rows/);
  });
});

describe('a command', () => {
  afterEach(() => callMain(['--help', '--no-color']));

  it('has colours in help and errors with --color or FORCE_COLOR, and none elsewhere', async () => {
    const help = await callMain(['help', 'query']);
    expect(help.stdout).not.toContain(ESCAPE);
    for (const answer of [
      await callMain(['help', 'query', '--color']),
      await callMain(['help', 'query'], { env: { FORCE_COLOR: '1' } }),
    ]) {
      expect(answer.stdout).toContain(`${ESCAPE}1mUsage:`);
      expect(stripVTControlCharacters(answer.stdout)).toBe(help.stdout);
    }
    expect((await callMain(['strat', '--color'])).stderr).toMatch(/^\S*31mSLUICE_USAGE_UNKNOWN_COMMAND/);
    expect((await callMain(['strat'], { env: { NO_COLOR: '1' } })).stderr).not.toContain(ESCAPE);
  });

  it('has none in JSON, and escapes those of others', async () => {
    const json = await callMain(['strat', '--json', '--color']);
    expect(json.stdout).not.toContain('\u001b');
    expect(JSON.parse(json.stdout).error.code).toBe('SLUICE_USAGE_UNKNOWN_COMMAND');
    const forged = await callMain(['\u001b[32mok\u001b[0m', '--color']);
    expect(forged.stderr).toContain('\\u001b[32mok');
  });
});
