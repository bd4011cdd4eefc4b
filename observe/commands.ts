import { shellCommand } from '../lib/base/text.ts';

/** Commands that are not about a deployment, or choose it in another way: `sluice query` reads this machine. */
const PLACELESS = /^npx sluice (completion|customer|init|query|start|test)\b/;

/**
 * A `sluice` command for a person to run on the deployment that the text is about. Without its place, a command is about
 * the stage `dev` in AWS.
 *
 * @param place Options that name the deployment: `deploymentOptions` of observe/deployment.ts.
 */
export function sluiceCommand(place: readonly string[], words: readonly string[]): string {
  return shellCommand(['npx', 'sluice', ...words, ...place]);
}

/**
 * Gives each `npx sluice …` between backquotes its place, unless it names one.
 *
 * @param place As of {@link sluiceCommand}.
 */
export function placeCommands(text: string, place: readonly string[]): string {
  return text.replace(/`(npx sluice [^`]+)`/g, (quoted, command: string) =>
    place.length === 0 || PLACELESS.test(command) || /(^| )--(local|stage)\b/.test(command)
      ? quoted
      : `\`${command} ${shellCommand(place)}\``,
  );
}
