import { shellCommand } from '../lib/base/text.ts';
import { DAY_MS } from '../lib/base/time.ts';

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

/** Days that commands show without `--days`, and at most. */
export const SHOWN_DAYS = { usual: 14, most: 366 } as const;

/** Hours of quarantine that are counted without `--hours`, and at most: 90 days. */
export const QUARANTINE_HOURS = { usual: 24, most: 2_160 } as const;

/** What a command that shows days needs to show one. @param now Epoch milliseconds. */
export function daysWords(day: string | undefined, now: number): readonly string[] {
  const days = day === undefined ? 0 : Math.ceil((now - Date.parse(day)) / DAY_MS) + 1;
  return days > SHOWN_DAYS.usual ? ['--days', `${Math.min(days, SHOWN_DAYS.most)}`] : [];
}
