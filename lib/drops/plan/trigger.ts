import * as z from 'zod';
import { claim, type HeldClaim } from '../../base/claim.ts';
import { defineErrorFamily } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import type { ObjectStore } from '../../base/ObjectStore.ts';
import type { TaskQueue } from '../../base/queue.ts';
import { type Clock, isUtcDay, type UtcDay } from '../../base/time.ts';
import { type DatasetKind, datasetKinds } from '../../schema/kinds.ts';
import { triggerKey } from '../../tables/ledgerKeys.ts';
import { MAX_BODY_LENGTH, MAX_DAYS, MAX_SOURCES, TRIGGER_PAUSE_MS } from '../limits.ts';
import type { PlanRequestInput } from './messageBodies.ts';

/** Why `POST /v1/mark_data_ready_dwh` is refused. */
export const TriggerError = defineErrorFamily('user', {
  SLUICE_TRIGGER_KEY_NOT_SECRET: {
    cause: 'This is a client key, which anyone can read in an app.',
    cure: 'Send a secret-… key in the header STATSIG-API-KEY.',
  },
  SLUICE_TRIGGER_KEY_NO_SOURCES: {
    cause: 'This key names no sources, and there is more than one.',
    cure: 'Add the key again with `sluice keys add --sources <name>`, or name `sources` beside it in the configuration.',
  },
  SLUICE_TRIGGER_BODY_INVALID: {
    cause: 'The body does not say which data is ready.',
    cure: 'Send {"datestamps": ["2026-11-19"], "type": "events"} as JSON; type is events, metrics, exposures or table, and sources a list of names, if it is not all.',
  },
  SLUICE_TRIGGER_NO_DATASET: {
    cause: 'This key may not start a dataset of this type in these sources.',
    cure: 'Compare `sources` with the sources of the key, and `type` with the kinds of their datasets.',
  },
  SLUICE_TRIGGER_TOO_SOON: {
    cause: 'Each source can be started at most once in ten minutes.',
    cure: 'Send the request again after the time in Retry-After. The schedule also finds the data by itself.',
  },
});

/** Errors that keep the trigger from starting anything, although the request is valid. */
export const TriggerFailure = defineErrorFamily('system', {
  SLUICE_TRIGGER_FAILED: {
    cause: 'The ingest could not be started.',
    cure: 'Send the request again. Nothing was started, and the attempt does not count.',
  },
});

/** A day that a customer reports. */
const day = z.string('a day, YYYY-MM-DD').refine(isUtcDay, 'a day, YYYY-MM-DD');
const sourceName = z
  .string('the name of a source')
  .min(1, 'the name of a source')
  .max(64, 'the name of a source');
/** Statsig's own example sends one day as a string: https://docs.statsig.com/data-warehouse-ingestion/introduction */
const oneOrMany = <Item extends z.ZodType<string>>(item: Item, most: number, what: string) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' ? [value] : value),
      z.array(item, what).min(1, what).max(most, what),
    )
    .transform((values) => [...new Set(values)]);

/** The messages say what is expected. What was sent may be a key, and is shown in no answer and no log. */
const schema = z.strictObject(
  {
    datestamps: oneOrMany(day, MAX_DAYS, `a day, YYYY-MM-DD, or a list of 1 to ${MAX_DAYS}`),
    type: z.enum(datasetKinds, 'events, metrics, exposures or table'),
    sources: oneOrMany(
      sourceName,
      MAX_SOURCES,
      `the name of a source, or a list of 1 to ${MAX_SOURCES}`,
    ).optional(),
  },
  'datestamps, type and perhaps sources, and no other member',
);

/** The data that a customer reports as ready. */
interface ReadyRequest {
  /** The reported days, in order. */
  readonly days: readonly UtcDay[];
  /** The kind of the data. Datasets of other kinds are not started. */
  readonly kind: DatasetKind;
  /** Names of sources; undefined for all that have such datasets. */
  readonly sources: readonly string[] | undefined;
}

/**
 * Reads the body of `POST /v1/mark_data_ready_dwh`.
 *
 * @throws TriggerError `SLUICE_TRIGGER_BODY_INVALID`, naming the invalid members.
 */
export function readReadyRequest(text: string): ReadyRequest {
  if (text.length > MAX_BODY_LENGTH)
    throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', `It has more than ${MAX_BODY_LENGTH} characters.`);
  const body = parseJson(text);
  if (body === undefined) throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', describeInvalidJson(text));
  const result = schema.safeParse(body);
  if (!result.success) {
    const wrong = result.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the body'}: expected ${message}.`,
    );
    throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', wrong.join(' '));
  }
  const { datestamps, type, sources } = result.data;
  return { days: datestamps.sort(), kind: type, sources };
}

/** Why a body is not JSON, in a sentence. */
function describeInvalidJson(text: string): string {
  if (text.trim() === '') return 'It is empty.';
  // The first byte of gzip, which a gateway that treats the body as text keeps.
  return text.startsWith('\u001f') ? 'It is compressed: send it uncompressed.' : 'It is not JSON.';
}

/**
 * Takes a source's turn until an instant; null if it is taken. Throws the errors of the store.
 */
type TakeTurn = (source: string, until: number) => Promise<HeldClaim | null>;

/** Turns as claims in a bucket. */
export function turns(store: ObjectStore, clock: Clock): TakeTurn {
  return (source, until) => claim(store, clock, triggerKey(source), until);
}

/** The ports of {@link startSources}. */
export interface StartPorts {
  /** Takes the turn of a source, so that it is not started again within ten minutes. */
  readonly takeTurn: TakeTurn;
  /** The plan's queue. */
  readonly requests: TaskQueue;
  /** The time at which a turn ends. */
  readonly clock: Clock;
}

/** The part of a source that is needed to start it. */
export interface StartableSource {
  /** The name of the source. */
  readonly name: string;
  /** The kinds of its datasets. */
  readonly datasets: readonly { readonly kind: DatasetKind }[];
}

/** Sources that were started, and sources that must wait. */
export interface StartResult {
  /** Names of sources that were started. */
  readonly started: readonly string[];
  /** Names of sources that were started within the last ten minutes. */
  readonly tooSoon: readonly string[];
}

/**
 * The sources that a key may start: those that it names. A key without names may start the only source. With several
 * sources it may start none, as it could belong to an app or another customer.
 *
 * @throws TriggerError `SLUICE_TRIGGER_KEY_NO_SOURCES`
 */
export function startableSources(
  sources: readonly StartableSource[],
  named: readonly string[] | undefined,
): readonly StartableSource[] {
  if (named !== undefined) return sources.filter(({ name }) => named.includes(name));
  if (sources.length > 1) throw new TriggerError('SLUICE_TRIGGER_KEY_NO_SOURCES');
  return sources;
}

/**
 * Starts the plan of some days at once, for each source that was not started within ten minutes. A start that fails does not
 * count.
 *
 * @param sources The sources that the caller may start. Others are treated as unknown.
 * @throws TriggerError `SLUICE_TRIGGER_NO_DATASET`
 */
export async function startSources(
  { takeTurn, requests, clock }: StartPorts,
  sources: readonly StartableSource[],
  { days, kind, sources: names }: ReadyRequest,
): Promise<StartResult> {
  const ofKind = sources.filter(({ datasets }) => datasets.some((dataset) => dataset.kind === kind));
  const missing = names?.filter((name) => !ofKind.some((source) => source.name === name)) ?? [];
  const wanted = ofKind.filter(({ name }) => names === undefined || names.includes(name));
  if (missing.length > 0 || wanted.length === 0)
    throw new TriggerError('SLUICE_TRIGGER_NO_DATASET', `${[kind, ...missing].join(', ')}.`);

  const taken = new Map<string, HeldClaim>();
  try {
    for (const { name } of wanted) {
      const turn = await takeTurn(name, clock.now() + TRIGGER_PAUSE_MS);
      if (turn !== null) taken.set(name, turn);
    }
    const started = [...taken.keys()];
    if (started.length > 0) {
      const request: PlanRequestInput = {
        sluice: 'plan',
        sources: started,
        kind,
        days: [...days],
        asked: 'triggered',
      };
      await requests.send([JSON.stringify(request)]);
    }
    return { started, tooSoon: wanted.map(({ name }) => name).filter((name) => !taken.has(name)) };
  } catch (error) {
    // A turn that can't be given back ends by itself.
    await Promise.allSettled([...taken.values()].map((turn) => turn.release()));
    throw error;
  }
}
