import { assertNoArguments, type Command, didYouMean, oneOf, UsageError } from '../terminal/commandLine.ts';
import { completionScript, SHELLS } from '../terminal/completion.ts';
import { writeNote, writeOut } from '../terminal/output.ts';

/**
 * `sluice completion`: a script that completes the command in a shell.
 *
 * @param commands All commands, this one included.
 */
export function completion(commands: () => readonly Command[]): Command {
  return {
    name: 'completion',
    summary:
      'Print a script that completes sluice in your shell: commands, actions, options, values, stages.',
    usage: `sluice completion ${SHELLS.join('|')}`,
    options: {},
    words: SHELLS,
    examples: [
      'npx sluice completion bash > ~/.sluice-completion.bash',
      'npx sluice completion zsh > ~/.sluice-completion.zsh',
      'npx sluice completion fish > ~/.config/fish/completions/sluice.fish',
    ],
    async run({ positionals }) {
      const [word, ...more] = positionals;
      const shell = SHELLS.find((one) => one === word);
      if (shell === undefined)
        throw new UsageError(
          'SLUICE_USAGE_ARGUMENTS',
          `Expected ${oneOf(SHELLS)}.${didYouMean(word ?? '', SHELLS)}`,
        );
      assertNoArguments(more);
      writeOut(completionScript(shell, { commands: commands(), stages: await stages() }));
      return 0;
    },
  };
}

/** The stages that `--stage` can name. A configuration that can't be loaded only leaves out its own. */
async function stages(): Promise<readonly string[]> {
  const [{ configFile, listStages }, { repositoryRoot }, { LOCAL_STAGE }, { ConfigError }] =
    await Promise.all([
      import('../../lib/config/loadConfig.ts'),
      import('../../local/dataDirectory.ts'),
      import('../../lib/schema/stages.ts'),
      import('../../lib/config/ConfigError.ts'),
    ]);
  try {
    return [...(await listStages(configFile(repositoryRoot, process.env))), LOCAL_STAGE];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    writeNote(`--stage completes ${LOCAL_STAGE} only: ${error.code} is wrong with the configuration.\n`);
    return [LOCAL_STAGE];
  }
}
