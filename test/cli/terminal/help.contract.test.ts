import { describe, expect, it } from '@jest/globals';
import { commands } from '../../../cli/main.ts';
import { commandHelp, overview } from '../../../cli/terminal/help.ts';
import { callMain } from '../../harness/callMain.ts';

const pages = commands.flatMap((command) =>
  [undefined, ...Object.keys(command.actions ?? {})].map((action) => commandHelp(command, action)),
);

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
