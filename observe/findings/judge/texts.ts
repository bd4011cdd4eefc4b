import { ANY_KEY } from '../../../lib/wire/keys/KeyGate.ts';
import type { SentGroup } from '../../facts/flow/loggedRequests.ts';
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

/** What is said behind a number of what has not happened within the last hour. */
export const QUIET_TEXT = '; none within the last hour';

/** `all`, or how many of them. @param kinds How many kinds there are. */
export function shareText(count: number, kinds: number): string {
  return kinds === 1 ? 'all' : `${count} of them`;
}

/** Says how many more days a finding is about than the one that it names. */
export function otherDays(count: number): string {
  return count < 2 ? '' : `; and ${count - 1} other ${count === 2 ? 'day' : 'days'}`;
}

/** Follows errors as they come: it runs until Ctrl-C, so it is the last of a finding's commands. */
export function tailErrors(commands: Place['commands']): string {
  return commands.sluice('tail', '--errors', '--last', '20');
}
