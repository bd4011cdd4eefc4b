import type { CommandLine } from '../terminal/commandLine.ts';

/** A `sluice` command for a person to run on the deployment of a command line. */
export async function targetedCommand(line: CommandLine, words: readonly string[]): Promise<string> {
  // Imported here: it loads the configuration's code, which help does not need.
  const [{ commandOptions }, { sluiceCommand }] = await Promise.all([
    import('./target.ts'),
    import('../../observe/commands.ts'),
  ]);
  return sluiceCommand(commandOptions(line), words);
}
