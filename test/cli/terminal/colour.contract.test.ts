import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Look, paint } from '../../../cli/terminal/colour.ts';
import { callMain } from '../../harness/callMain.ts';
import { sluice } from '../../harness/runProgram.ts';

/** A stream that has colours. */
const terminal = Object.assign(Object.create(process.stdout), { isTTY: true, getColorDepth: () => 4 });
const ESCAPE = '\u001b[';
/** What a command prints into a pipe. */
const help = await callMain(['query', '--help']);

describe('the colours of a report', () => {
  it('are those of severities, commands, headers of tables and the verdict, and change no character', () => {
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
      'Something needs attention.',
    ].join('\n');
    const painted = paint(text, 'report', terminal);
    expect(stripVTControlCharacters(painted)).toBe(text);
    const lines = painted.split('\n');
    const plain = lines.filter((line) => !line.includes(ESCAPE));
    expect(plain).toEqual(['    SLUICE_FINDING_X: no.', '-----  ----']);
    expect(lines[0]).toMatch(/^\S*31mPROBLEM/);
    expect(lines[3]).toMatch(/^\S*33mwarning/);
    expect(lines[4]).toMatch(/^\S*32mok/);
    expect(lines[6]).toMatch(/^\S*1mtable {2}rows/);
  });
});

describe('the colours of other texts', () => {
  /** What has a colour in a text, with the digits of its colour or weight. */
  const coloured = (text: string, look: Look) => {
    const painted = paint(text, look, terminal);
    expect(stripVTControlCharacters(painted)).toBe(text);
    // 22 and 39 end a weight and a colour.
    const parts = painted.split(ESCAPE).slice(1);
    const begun = parts.map((part) => /^(\d+)m(.*)$/s.exec(part)?.slice(1) ?? []);
    return begun.filter(([digits, words]) => words !== '' && digits !== '22' && digits !== '39');
  };

  it('of a calendar are those of marks that stand alone', () => {
    expect(coloured('acme/a✓  ✓  ✗  ·  !\n✓ loaded', 'calendar')).toEqual([
      ['32', '✓'],
      ['31', '✗'],
      ['31', '!'],
    ]);
  });

  it('of a table are those of its head, and of no words of a report', () => {
    expect(coloured('name  n\n----  -\nPROBLEM 1', 'table')).toEqual([['1', 'name  n']]);
  });

  it('of an error are those of the code with which it begins', () => {
    expect(coloured('SLUICE_X: no.\n  SLUICE_Y: see SLUICE_Z: there.', 'error')).toEqual([
      ['31', 'SLUICE_X'],
    ]);
  });
});

describe('a command', () => {
  beforeAll(() => {
    process.env['FORCE_COLOR'] = '1';
  });
  afterAll(() => {
    delete process.env['FORCE_COLOR'];
  });

  it('has none in a pipe', () => {
    expect(help.stdout).toContain('Usage:');
    expect(help.stdout).not.toContain(ESCAPE);
  });

  it('has colours in help with FORCE_COLOR', async () => {
    const painted = await sluice('query', '--help');
    expect(painted.stdout).toContain(`${ESCAPE}1mUsage:`);
    expect(stripVTControlCharacters(painted.stdout)).toBe(help.stdout);
  });

  it('has none with NO_COLOR beside FORCE_COLOR, and says nothing about it', async () => {
    process.env['NO_COLOR'] = '1';
    try {
      const { stdout, stderr } = await sluice('query', '--help');
      expect(stdout).not.toContain(ESCAPE);
      expect(stderr).toBe('');
    } finally {
      delete process.env['NO_COLOR'];
    }
  });

  it('has none in JSON, and escapes those of others', async () => {
    const json = await sluice('\u001b[32mok\u001b[0m', '--json');
    expect(json.stdout).not.toContain('\u001b');
    expect(JSON.parse(json.stdout).error.code).toBe('SLUICE_USAGE_UNKNOWN_COMMAND');
    expect(json.stderr).toMatch(/^\S*31mSLUICE_USAGE_UNKNOWN_COMMAND/);
    expect(json.stderr).toContain('\\u001b[32mok');
  });
});
