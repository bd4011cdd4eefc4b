import { describe, expect, it } from '@jest/globals';
import { commands } from '../../../cli/main.ts';
import { commandHelp, overview } from '../../../cli/terminal/help.ts';
import { callMain } from '../../harness/callMain.ts';

const pages = commands.map(commandHelp);

describe('help', () => {
  it('has 80 columns, but for examples and words that would be cut', () => {
    for (const page of [...pages, overview(commands)])
      expect(
        page
          .replace(/\nExamples:[\s\S]*$/, '')
          .split('\n')
          .filter((line) => line.length > 80 && line.trim().includes(' ')),
      ).toEqual([]);
  });

  it('says which actions an option is of', async () => {
    const { stdout } = await callMain(['ingest', 'backfill', '--help']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('Usage: sluice ingest status | explain |');
    expect(stdout).toContain(' keep|empty ');
    expect(stdout).toMatch(/\n {2}backfill +Load days again, even if they have not changed\.\n/);
    expect(stdout).toMatch(/ {2}--dry-run +run, backfill, accept: /);
  });

  it.each(commands.map(({ name }) => name))('of %s shows how it is used', async (name) => {
    const help = await callMain([name, '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`\nUsage: sluice ${name} `);
  });

  it('is not asked for by what follows --', async () => {
    expect((await callMain(['trace', '--', '--help', 'x'])).stderr).toContain('SLUICE_USAGE_ARGUMENTS');
  });
});
