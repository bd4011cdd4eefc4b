import { shellCommand } from '../lib/base/text.ts';

/** Commands that are not about a deployment. */
const TARGETLESS = /^(npx )?sluice (explain|init|start|test)\b/;

/**
 * A `sluice` command for a person to run on the deployment that the text is about. Without these
 * options, a command is about the local cloud.
 *
 * @param target Options that name the deployment: `deploymentOptions` of observe/target.ts.
 */
export function sluiceCommand(target: readonly string[], words: readonly string[]): string {
  return shellCommand(['npx', 'sluice', ...words, ...target]);
}

/**
 * Gives each `sluice …` and `npx sluice …` between backquotes these options, unless it has some.
 *
 * @param target As of {@link sluiceCommand}.
 */
export function targetCommands(text: string, target: readonly string[]): string {
  return text.replace(/`((?:npx )?sluice [a-z][^`]*)`/g, (quoted, command: string) =>
    target.length === 0 || TARGETLESS.test(command) || / --(local|stage|help)\b/.test(command)
      ? quoted
      : `\`${command} ${shellCommand(target)}\``,
  );
}
