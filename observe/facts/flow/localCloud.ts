import * as z from 'zod';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import { sum } from '../../../lib/base/sum.ts';
import { type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { type Deployment, ObserveError } from '../../deployment.ts';

/** A row that the stream of the local cloud accepted. */
interface StreamedRow {
  /** The table that the row is of. */
  readonly kind: TableKind;
  /** The row, by column. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** The row of a document that the stream accepted, as local/startCloud.ts writes it; null for any other text. */
export function streamedRow(document: string): StreamedRow | null {
  const { table, row } =
    z.object({ table: z.enum(tableKinds), row: z.unknown() }).safeParse(parseJson(document)).data ?? {};
  return table !== undefined && isJsonObject(row) ? { kind: table, row } : null;
}

/** The status of an answer to a cursor that is none of the feed's. */
const REFUSED = 400;
/** Milliseconds for which an answer is awaited: the local cloud answers late while it runs functions and queries. */
const ANSWERED_WITHIN_MS = 10_000;

/** How the local cloud is asked. */
interface LocalQuestion extends Pick<RequestInit, 'method' | 'body'> {
  /** Milliseconds that the answer takes by itself, which are awaited besides. Default 0. */
  readonly waitMs?: number;
  /** Milliseconds for which an answer is awaited. Default ten seconds. */
  readonly limitMs?: number;
  /** Ends the question. Default: nothing does. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks the control API of the local cloud: docs/local.md, "Control".
 *
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`, also without an answer in time; `SLUICE_OBSERVE_CURSOR_UNKNOWN`.
 */
export async function askLocal<Answer extends z.ZodType>(
  localControl: string,
  name: string,
  schema: Answer,
  { waitMs = 0, limitMs = ANSWERED_WITHIN_MS, signal: ended, ...init }: LocalQuestion = {},
): Promise<z.output<Answer>> {
  const url = new URL(`/_sluice/${name}`, localControl);
  const limit = AbortSignal.timeout(waitMs + limitMs);
  const signal = ended === undefined ? limit : AbortSignal.any([ended, limit]);
  try {
    const response = await fetch(url, { ...init, signal });
    if (response.status === REFUSED) throw new ObserveError('SLUICE_OBSERVE_CURSOR_UNKNOWN');
    return schema.parse(await response.json());
  } catch (error) {
    if (error instanceof ObserveError) throw error;
    const detail = `${url.origin}${url.pathname}.`;
    throw new ObserveError('SLUICE_OBSERVE_LOCAL_UNREADABLE', detail, { cause: error });
  }
}

/** Documents that one search returns. */
const MOST_DOCUMENTS = 1_000;

/** What a search of the buffers answers. */
const found = z.object({
  documents: z.array(z.object({ arrivedAt: z.string(), document: z.string() })),
  more: z.boolean(),
});

/** Rows in the stream's buffer that contain a text. */
interface BufferedRows {
  /** The rows, each with the time when the stream accepted it, ISO 8601. */
  readonly rows: readonly (StreamedRow & { readonly arrivedAt: string })[];
  /** Whether there are more than one search returns. */
  readonly hasMore: boolean;
}

/**
 * The rows in the stream's buffer that contain a text.
 *
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function searchBuffers(localControl: string, contains: string): Promise<BufferedRows> {
  const body = JSON.stringify({ contains, most: MOST_DOCUMENTS });
  const { documents, more } = await askLocal(localControl, 'buffers', found, { method: 'POST', body });
  const rows = documents.flatMap(({ arrivedAt, document }) => {
    const streamed = streamedRow(document);
    return streamed === null ? [] : [{ ...streamed, arrivedAt }];
  });
  return { rows, hasMore: more };
}

/** What the control API says of the stream. */
const status = z.object({
  collector: z.string(),
  startedAt: z.string(),
  pending: z.array(z.object({ documents: z.number(), oldestArrival: z.string() })),
});
/** The faults that are set. */
const faults = z.object({ faults: z.array(z.object({ left: z.union([z.number(), z.literal('all')]) })) });

/** The status that the local cloud reports. */
export interface LocalState {
  /** The address that SDKs post to. */
  readonly collector: string;
  /** When it was started, by its clock, ISO 8601. */
  readonly startedAt: string;
  /** Requests in the stream's buffer, and when the oldest was accepted, ISO 8601. */
  readonly buffered: { readonly count: number; readonly oldest: string | null };
  /** Faults that are set and not used up. */
  readonly faults: number;
}

/**
 * The state of the local cloud; undefined for a deployment.
 *
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function readLocalState({
  localControl,
}: Pick<Deployment, 'localControl'>): Promise<LocalState | undefined> {
  if (localControl === undefined) return undefined;
  const [{ collector, startedAt, pending }, set] = await Promise.all([
    askLocal(localControl, 'status', status),
    askLocal(localControl, 'faults', faults),
  ]);
  const [oldest = null] = pending.map(({ oldestArrival }) => oldestArrival).sort();
  const buffered = { count: sum(pending.map(({ documents }) => documents)), oldest };
  return { collector, startedAt, buffered, faults: set.faults.filter(({ left }) => left !== 0).length };
}
