import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commands } from '../../../cli/main.ts';
import { commandHelp, overview } from '../../../cli/terminal/help.ts';
import { fitReport, wrapCommand, wrapLines } from '../../../cli/terminal/wrap.ts';
import { callMain } from '../../harness/callMain.ts';

/** Lines that are wider than a terminal, but for those with one word alone, which would be cut. */
function tooWide(text: string, width: number): readonly string[] {
  return text.split('\n').filter((line) => line.length > width && / /.test(line.trim().replace(/ \\$/, '')));
}

const pages = commands.flatMap((command) =>
  [undefined, ...Object.keys(command.actions ?? {})].map((action) => ({ command, action })),
);

describe('help', () => {
  it('is no wider than the terminal, of every command and action', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pages),
        fc.integer({ min: 40, max: 200 }),
        ({ command, action }, width) => {
          expect(tooWide(commandHelp(command, action, width), width)).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
    for (let width = 40; width <= 200; width += 1)
      expect(tooWide(overview(commands, width), width)).toEqual([]);
  });

  it('has 80 columns where no terminal is', async () => {
    const widest = (text: string) => Math.max(...text.split('\n').map(({ length }) => length));
    expect(widest((await callMain(['--help'])).stdout)).toBe(widest(overview(commands, 80)));
    expect(tooWide((await callMain(['help', 'start'])).stdout, 80)).toEqual([]);
  });

  it('of an action has its summary, its options and the shared ones', async () => {
    const { stdout } = await callMain(['help', 'ingest', 'backfill']);
    expect(stdout).toMatch(
      /^Load days again, even if they have not changed\.\n\nUsage: sluice ingest backfill /,
    );
    for (const option of ['source', 'from', 'dry-run', 'stage', 'json'])
      expect(stdout).toContain(`  --${option}`);
    for (const option of ['days', 'rows']) expect(stdout).not.toContain(`  --${option}`);
    expect(stdout).toContain('sluice ingest backfill --source acme');
    expect(stdout).not.toContain('sluice ingest run');
    for (const args of [
      ['ingest', 'backfill', '--help'],
      ['ingest', 'backfill', 'help'],
    ])
      expect(await callMain(args)).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each(commands.map(({ name }) => name))('%s help prints what --help prints', async (name) => {
    const help = await callMain([name, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(await callMain([name, 'help'])).toEqual(help);
    expect(await callMain(['help', name])).toEqual(help);
  });

  it('refuses an action that is none', async () => {
    const { code, stderr } = await callMain(['help', 'ingest', 'statsu']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('Did you mean status?')]);
  });

  it('is not asked for by what follows --', async () => {
    expect((await callMain(['trace', '--', '--help', 'x'])).stderr).toContain('SLUICE_USAGE_ARGUMENTS');
  });
});

describe('an example in help', () => {
  it('is the same command for a shell, however it is broken', () => {
    const examples = commands.flatMap((one) => one.examples.filter((line) => /^sluice [^|<>]*$/.test(line)));
    expect(examples.length).toBeGreaterThan(50);
    const widths = [40, 57, 80];
    const words = (script: string) =>
      execFileSync('bash', ['-c', `sluice() { printf '%s\\0' "$@"; printf '\\n\\0'; }\n${script}`], {
        encoding: 'utf8',
      });
    const whole = words(widths.flatMap(() => examples).join('\n'));
    const broken = words(
      widths.flatMap((width) => examples.map((line) => wrapCommand(line, width, '').join('\n'))).join('\n'),
    );
    // Within quotes there is only SQL and prose, where white space is white space.
    expect(broken.split('\0').map((word) => (word === '\n' ? word : word.replace(/\s+/g, ' ')))).toEqual(
      whole.split('\0').map((word) => (word === '\n' ? word : word.replace(/\s+/g, ' '))),
    );
  });
});

describe('a wrapped text', () => {
  const word = fc.stringMatching(/^[a-z.,$]{1,20}$/);

  it('has all words in their order, and no line that could be shorter', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 10, max: 90 }), (words, width) => {
        const lines = wrapLines(words.join(' '), width, { first: '* ' });
        expect(
          lines
            .join(' ')
            .split(/ +/)
            .filter((one) => one !== ''),
        ).toEqual(['*', ...words]);
        expect(
          lines.filter((line) => line.length > width && line.trim().replace('* ', '').includes(' ')),
        ).toEqual([]);
      }),
    );
  });

  it('of a report keeps commands and tables, and hangs below the last column', () => {
    const command = `      $ aws ${'x '.repeat(60)}y`;
    const table = ['name           n  other', '-------------  -  ------------'].join('\n');
    const finding = `PROBLEM      bucket  ${'all its settings are as expected '.repeat(3).trim()}`;
    const detail = `    SLUICE_X: ${'the cause is this '.repeat(6).trim()}`;
    const fitted = fitReport([command, table, finding, detail].join('\n'), 60).split('\n');
    expect(fitted[0]).toBe(command);
    expect(fitted.slice(1, 3).join('\n')).toBe(table);
    expect(fitted.slice(3)).toEqual([
      'PROBLEM      bucket  all its settings are as expected all',
      '                     its settings are as expected all its',
      '                     settings are as expected',
      '    SLUICE_X: the cause is this the cause is this the cause',
      '      is this the cause is this the cause is this the cause',
      '      is this',
    ]);
    expect(fitReport(detail, 200)).toBe(detail);
  });
});
