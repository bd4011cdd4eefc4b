import { counted, MOST_NAMED, numbered } from '../../../lib/base/text.ts';
import { DAY_MS, HOUR_MS, type UtcDay } from '../../../lib/base/time.ts';
import { ANY_KEY } from '../../../lib/schema/AcceptedKey.ts';
import { type DayRange, dayRanges } from '../../../lib/views/curatedDays.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import type { SentGroup } from '../../facts/flow/logged/loggedRequests.ts';
import type { Place } from './place.ts';

/** Who sends requests. */
interface Sender {
  /** Type and version of the SDK; null if the requests do not say. */
  readonly sdk: string | null;
  /** Label of the key; null without one. */
  readonly key: string | null;
}

/** ` from js-client 3.1 with the key web`; without the key where all are accepted, as its label names none. */
export function fromText({ sdk, key }: Sender): string {
  const fromSdk = sdk === null ? '' : ` from ${sdk}`;
  const withKey = key === null || key === ANY_KEY ? '' : ` with the key ${key}`;
  return `${fromSdk}${withKey}`;
}

/** {@link fromText}; in words if the sender names neither. */
export function senderText(sender: Sender): string {
  const stated = sender.key === ANY_KEY ? 'no client' : 'neither client nor key';
  return fromText(sender) || ` from a sender that states ${stated}`;
}

/** The sender of something, and the time at which it was sent. */
export function sentText(sent: SentGroup): string {
  return `${senderText(sent)}, first ${sent.first}, last ${sent.last}`;
}

/** Milliseconds from one run of a schedule to the next. */
const SCHEDULE_MS = { hourly: HOUR_MS, daily: DAY_MS } as const;

/**
 * `about 6 hours late`, of a schedule that is late by an hour at least.
 *
 * @param last When the last run began, ISO 8601: to the hour, so that the hours are whole ones.
 * @param now Epoch milliseconds.
 */
export function lateText(last: string, schedule: keyof typeof SCHEDULE_MS, now: number): string {
  const late = (now - Date.parse(last) - SCHEDULE_MS[schedule]) / HOUR_MS;
  return `about ${counted(Math.floor(late), 'hour')} late`;
}

/** What is said behind a number of what has not happened within the last hour. */
export const QUIET_TEXT = '; none within the last hour';

/** `all with`, of one `with`, or `7 of them with`. @param kinds How many kinds there are. */
export function shareWith(count: number, kinds: number): string {
  if (kinds > 1) return `${numbered(count)} of them with`;
  return count === 1 ? 'with' : 'all with';
}

/** Says how many more days a finding is about than the one that it names. */
export function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}

/** Days that commands of a finding are of. */
export interface CommandDays {
  /** Their newest ranges, as many as there are commands at most. */
  readonly ranges: readonly DayRange[];
  /** Ends a detail: of how many days they are, and what shows all. Empty where the detail names all days and the commands are of all. */
  readonly left: string;
}

/**
 * The days that commands are of, and what is said where these are not all.
 *
 * @param days All days that the finding is about.
 * @param all The command that shows all of them.
 * @param named The days of the commands. Default: all.
 */
export function commandDays(days: readonly UtcDay[], all: string, named = days): CommandDays {
  const ranges = dayRanges(named).slice(0, MOST_COMMANDS);
  const within = days.filter((day) => ranges.some(({ from, to }) => day >= from && day <= to)).length;
  const cut = ` The commands are of ${within} of ${days.length} days: once these are settled, they are of the next ones.`;
  return { ranges, left: within === days.length ? allDays(days, all) : `${cut} ${shownBy(all)}` };
}

/** Ends a detail that does not name all days: what shows all; empty of others. @param all The command that shows all of them. */
export function allDays(days: readonly UtcDay[], all: string): string {
  return days.length <= MOST_NAMED ? '' : ` ${shownBy(all)}`;
}

/** What shows all days, as a sentence. */
function shownBy(command: string): string {
  return `\`${command}\` shows all days.`;
}

/** Follows errors as they come: it runs until Ctrl-C, so it is the last of a finding's commands. */
export function tailErrors(commands: Place['commands']): string {
  return commands.sluice('tail', '--errors', '--last', '20');
}
