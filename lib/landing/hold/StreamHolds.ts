import { defineErrorFamily } from '../../base/errors.ts';
import { isJsonObject, parseJson } from '../../base/json.ts';
import { isoTimestamp } from '../../base/time.ts';
import { parseStreamId, type StreamId } from '../../tables/streams.ts';

/**
 * Why a stream gets no rows. Firehose keeps what was put directly for 24 hours, then drops it
 * (https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html). So nothing more goes into a stream that is late.
 */
export interface Hold {
  /** When it began, ISO 8601. */
  readonly since: string;
  /** The check that runs every five minutes, or a person. */
  readonly by: 'check' | 'hand';
  /** One sentence. */
  readonly why: string;
  /** Who ends it: the first check that sees the stream deliver, or only a person. */
  readonly until: 'delivery' | 'release';
  /**
   * Whether the check puts a record without rows into the stream: one without anything to deliver cannot show that it delivers.
   */
  readonly probe: boolean;
  /** Since when it does, ISO 8601. */
  readonly probeSince?: string;
  /** When the oldest record that the stream had not delivered had arrived, as it was held, ISO 8601. Absent if unknown. */
  readonly oldest?: string;
}

/** A deployment that is being emptied, before its streams are removed or replaced: deleting a stream deletes what it holds. */
export interface Drain {
  /** When the intake was stopped, ISO 8601. */
  readonly since: string;
  /** Since when every look found nothing that waits, ISO 8601; null while something does. */
  readonly empty: string | null;
  /** The mark without which the plugin removes no stream: when that had been so for long enough, ISO 8601. */
  readonly drained: string | null;
}

/**
 * Which streams are held: the content of an object of its own. It is a secret in Secrets Manager, because what fails
 * together with delivery is the bucket and its key, or S3: there the flag could be neither written nor read. The collector
 * has a client for Secrets Manager already, for the keys, so its bundle does not grow, and CloudFormation removes a secret
 * with the stack, while it leaves a bucket that is not empty. It costs 0.40 USD a month, and nothing in it is secret.
 */
export interface StreamHolds {
  readonly held: Readonly<Partial<Record<StreamId, Hold>>>;
  /** When a stream was last released, ISO 8601. What waited until then had no try. */
  readonly released: Readonly<Partial<Record<StreamId, string>>>;
  /** While it is set, the collector takes no events: it answers 503. */
  readonly drain: Drain | null;
}

/** No stream is held, and none was. */
export const NO_HOLDS: StreamHolds = { held: {}, released: {}, drain: null };

/**
 * Reads the object: `{"held": {"landing-2": {"since", "by", "why", "until", "probe"}}, "released": {"landing": "…"}}`, and
 * `"drain": {"since", "empty", "drained"}` while the deployment is drained. A stream need not exist. It uses no schema library: the collector would bundle one for this alone.
 *
 * @throws HoldError `SLUICE_HOLD_UNREADABLE` if it is anything else. Readers then go on with what they know.
 */
export function readHolds(text: string): StreamHolds {
  const document = parseJson(text);
  if (!isJsonObject(document)) throw unreadable('It is not a JSON object.');
  const { held = {}, released = {}, drain = null, ...others } = document;
  const [other] = Object.keys(others);
  if (other !== undefined) throw unreadable(`It has a member ${JSON.stringify(other)}.`);
  if (!isJsonObject(held) || !isJsonObject(released)) throw unreadable('held or released is not an object.');
  const holds = entriesOf(held, readHold);
  const times = entriesOf(released, (stream, value) => readTime(`released.${stream}`, value));
  return { held: holds, released: times, drain: drain === null ? null : readDrain(drain) };
}

function entriesOf<Value>(
  object: Readonly<Record<string, unknown>>,
  read: (stream: StreamId, value: unknown) => Value,
): Partial<Record<StreamId, Value>> {
  const entries: Partial<Record<StreamId, Value>> = {};
  for (const [name, value] of Object.entries(object)) {
    const stream = parseStreamId(name);
    if (stream === null) throw unreadable(`There is no stream ${JSON.stringify(name)}.`);
    entries[stream] = read(stream, value);
  }
  return entries;
}

function readHold(stream: StreamId, value: unknown): Hold {
  if (!isJsonObject(value)) throw unreadable(`held.${stream} is not an object.`);
  const { by, why, until, probe } = value;
  if (by !== 'check' && by !== 'hand') throw unreadable(`held.${stream}.by is neither check nor hand.`);
  if (until !== 'delivery' && until !== 'release')
    throw unreadable(`held.${stream}.until is neither delivery nor release.`);
  if (typeof why !== 'string' || typeof probe !== 'boolean')
    throw unreadable(`held.${stream}.why is not a text, or its probe neither true nor false.`);
  const time = (name: string) => readTime(`held.${stream}.${name}`, value[name]);
  return {
    ...{ since: time('since'), by, why, until, probe },
    ...(value['probeSince'] === undefined ? {} : { probeSince: time('probeSince') }),
    ...(value['oldest'] === undefined ? {} : { oldest: time('oldest') }),
  };
}

function readDrain(value: unknown): Drain {
  if (!isJsonObject(value)) throw unreadable('drain is not an object.');
  const time = (name: string) => {
    const text = value[name] ?? null;
    return text === null ? null : readTime(`drain.${name}`, text);
  };
  return {
    since: readTime('drain.since', value['since']),
    empty: time('empty'),
    drained: time('drained'),
  };
}

function readTime(name: string, value: unknown): string {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value)))
    throw unreadable(`${name} is not a time.`);
  return value;
}

function unreadable(detail: string): Error {
  return new HoldError('SLUICE_HOLD_UNREADABLE', detail);
}

/** The text of the object. */
export function holdsText({ drain, ...holds }: StreamHolds): string {
  return JSON.stringify(drain === null ? holds : { ...holds, drain });
}

/** Holds a stream. One that is held already stays so since it was, by the new reason. */
export function withHold(holds: StreamHolds, stream: StreamId, hold: Hold): StreamHolds {
  const since = holds.held[stream]?.since ?? hold.since;
  return { ...holds, held: { ...holds.held, [stream]: { ...hold, since } } };
}

/** Releases a stream. @param now Epoch milliseconds. */
export function withoutHold(holds: StreamHolds, stream: StreamId, now: number): StreamHolds {
  if (holds.held[stream] === undefined) return holds;
  const { [stream]: _, ...held } = holds.held;
  return { ...holds, held, released: { ...holds.released, [stream]: isoTimestamp(now) } };
}

/** Forgets streams that do not exist: they were removed, and one of the same name may be made again. */
export function withoutStrangers(holds: StreamHolds, streams: readonly StreamId[]): StreamHolds {
  const known = new Set<string>(streams);
  const { held, released } = holds;
  if ([...Object.keys(held), ...Object.keys(released)].every((stream) => known.has(stream))) return holds;
  const those = <Value>(entries: Readonly<Partial<Record<StreamId, Value>>>): typeof entries =>
    Object.fromEntries(Object.entries(entries).filter(([stream]) => known.has(stream)));
  return { ...holds, held: those(held), released: those(released) };
}

/**
 * The holds to write when the list of held streams is lost: all streams are held until they deliver. The next check
 * releases a healthy stream, and a late one gets no rows until then.
 *
 * @param streams Every stream of the deployment.
 * @param now Epoch milliseconds.
 */
export function allHeld(streams: readonly StreamId[], now: number): StreamHolds {
  const why = 'It is not known whether it was held.';
  const hold = { since: isoTimestamp(now), by: 'check', why, until: 'delivery', probe: false } as const;
  return streams.reduce((all, stream) => withHold(all, stream, hold), NO_HOLDS);
}

/** Stops the intake. A drain that has begun goes on, with the mark that it has. @param now Epoch milliseconds. */
export function withDrain(holds: StreamHolds, now: number): StreamHolds {
  return holds.drain === null
    ? { ...holds, drain: { since: isoTimestamp(now), empty: null, drained: null } }
    : holds;
}

/**
 * Notes what a look has found. When nothing has waited for `settleMs`, the deployment is marked as drained; as soon as
 * something waits again, the mark is gone. A drain that was cancelled meanwhile stays so.
 *
 * @param now Epoch milliseconds.
 */
export function withLook(
  holds: StreamHolds,
  now: number,
  { isEmpty, settleMs }: { readonly isEmpty: boolean; readonly settleMs: number },
): StreamHolds {
  const { drain } = holds;
  if (drain === null) return holds;
  const empty = isEmpty ? (drain.empty ?? isoTimestamp(now)) : null;
  const isSettled = empty !== null && now - Date.parse(empty) >= settleMs;
  const drained = isSettled ? (drain.drained ?? isoTimestamp(now)) : null;
  if (empty === drain.empty && drained === drain.drained) return holds;
  return { ...holds, drain: { ...drain, empty, drained } };
}

/** One sentence for people. */
export function drainText({ since, drained }: Drain): string {
  return `no events are taken since ${since}${drained === null ? '' : `, and nothing waits since ${drained}: it can be removed`}.`;
}

/** Lets the intake go on. */
export function withoutDrain(holds: StreamHolds): StreamHolds {
  return holds.drain === null ? holds : { ...holds, drain: null };
}

/** The object in its store. */
export interface HoldStore {
  /** Its text, and which version it is. */
  read(): Promise<{ readonly text: string; readonly version: string }>;
  /** Writes a new text if `version` is still the current one. Otherwise it changes nothing and returns false. */
  replace(text: string, version: string): Promise<boolean>;
}

/** Attempts to change what others change at the same time. */
const ATTEMPTS = 5;

/**
 * Changes which streams are held.
 *
 * @param edit Is called again with newer holds when somebody else was faster. If it returns what it got, nothing is written.
 * @returns The holds after the change.
 * @throws HoldError `SLUICE_HOLD_BUSY`, `SLUICE_HOLD_UNREADABLE`; what the store throws.
 */
export async function changeHolds(
  store: HoldStore,
  edit: (holds: StreamHolds) => StreamHolds | Promise<StreamHolds>,
): Promise<StreamHolds> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { text, version } = await store.read();
    const before = readHolds(text);
    const after = await edit(before);
    if (after === before || (await store.replace(holdsText(after), version))) return after;
  }
  throw new HoldError('SLUICE_HOLD_BUSY');
}

/** Errors about streams that are held. */
export const HoldError = defineErrorFamily('system', {
  SLUICE_HOLD_UNREADABLE: {
    cause:
      'The secret that says which streams are held is damaged. Sluice goes on with the list that it read last.',
    cure: 'Run the command that `sluice doctor` prints. It writes that all streams are held until they deliver, as nobody knows which were: the next check releases those that are well.',
  },
  SLUICE_HOLD_UNAVAILABLE: {
    cause:
      'The list of held streams could not be read. Sluice goes on with the list that it read last, or with none.',
    cure: "No action is needed for a passing error. If it persists, check Secrets Manager and the function's permission to read the secret.",
  },
  SLUICE_HOLD_METRICS_INCOMPLETE: {
    cause: "CloudWatch did not answer with all values of Firehose's metrics. Held streams stay as they were.",
    cure: 'No action is needed for a passing error: the next check asks again. If it persists, look at the health of CloudWatch in the region, and hold streams by hand: `sluice hold`.',
  },
  SLUICE_HOLD_BUSY: {
    cause: 'Others changed the list of held streams at the same time.',
    cure: 'Run the command again.',
  },
  SLUICE_HOLD_DRAIN_CANCELLED: {
    cause: 'The drain was cancelled while this command waited: the deployment takes events.',
    cure: 'Run `sluice drain` again when the stack is to be removed after all.',
  },
  SLUICE_HOLD_MISSING: {
    cause: 'There is no secret that says which streams are held.',
    cure: 'Deploy version 0.3 or later first, and use the same --stage and --region.',
  },
  SLUICE_HOLD_REFUSED: {
    cause:
      'AWS denied access to the secret that says which streams are held, or to the metrics of the streams.',
    cure: 'Use credentials that allow secretsmanager:GetSecretValue, PutSecretValue and UpdateSecretVersionStage on the secret, and to release streams cloudwatch:GetMetricData.',
  },
  SLUICE_HOLD_ENVIRONMENT_INVALID: {
    cause: 'An environment variable of the check of streams is missing or empty.',
    cure: 'Deploy again: serverless.yml sets it.',
  },
  SLUICE_HOLD_INVOCATION_UNKNOWN: {
    cause: 'The check of streams was invoked with neither queue messages nor the input of its schedule.',
    cure: 'To check the streams by hand, invoke it with {"sluice":"check"}.',
  },
});
