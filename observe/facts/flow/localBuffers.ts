import * as z from 'zod';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { type Deployment, ObserveError } from '../../deployment.ts';
import { documentOf } from './documentOf.ts';

/** Documents that one search returns. */
const MOST_DOCUMENTS = 1_000;

const answer = z.object({
  documents: z.array(z.object({ arrivedAt: z.string(), document: z.string() })),
  more: z.boolean(),
});

/** A row in the buffer of the stream. */
export interface BufferedRow {
  readonly kind: TableKind;
  /** When the stream accepted it, ISO 8601. */
  readonly arrivedAt: string;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Rows of buffers. */
export interface BufferedRows {
  readonly rows: readonly BufferedRow[];
  /** Whether there are more than these. */
  readonly hasMore: boolean;
}

/**
 * The rows in the stream's buffer that contain a text. Only the local cloud can tell: docs/local.md, "Control".
 *
 * @returns Undefined for a deployment.
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function searchBuffers(
  { localControl }: Pick<Deployment, 'localControl'>,
  contains: string,
): Promise<BufferedRows | undefined> {
  if (localControl === undefined) return undefined;
  const url = new URL('/_sluice/buffers', localControl);
  const body = JSON.stringify({ contains, most: MOST_DOCUMENTS });
  const parsed = await fetch(url, { method: 'POST', body })
    .then((response) => response.json())
    .then((json: unknown) => answer.parse(json))
    .catch((error: unknown) => {
      throw new ObserveError('SLUICE_OBSERVE_LOCAL_UNREADABLE', `${url}.`, { cause: error });
    });
  const rows = parsed.documents.flatMap(({ arrivedAt, document }) => {
    const found = documentOf(document);
    const row = found === null ? undefined : parseJson(found.text);
    return found !== null && isJsonObject(row) && document.includes(contains)
      ? [{ kind: found.kind, arrivedAt, row }]
      : [];
  });
  return { rows, hasMore: parsed.more };
}

const status = z.object({
  collector: z.string(),
  pending: z.array(z.object({ documents: z.number(), oldestArrival: z.string() })),
});
const faults = z.object({ faults: z.array(z.unknown()) });

/** The status that the local cloud reports. */
export interface LocalState {
  /** Where SDKs post. */
  readonly collector: string;
  /** Requests in the stream's buffer, and when the oldest was accepted, ISO 8601. */
  readonly buffered: { readonly count: number; readonly oldest: string | null };
  /** Faults that are set. */
  readonly faults: number;
}

/**
 * The state of the local cloud.
 *
 * @returns Undefined for a deployment.
 * @throws ObserveError `SLUICE_OBSERVE_LOCAL_UNREADABLE`.
 */
export async function readLocalState({
  localControl,
}: Pick<Deployment, 'localControl'>): Promise<LocalState | undefined> {
  if (localControl === undefined) return undefined;
  const get = async (name: string): Promise<unknown> => (await fetch(new URL(name, localControl))).json();
  try {
    const [now, set] = await Promise.all([get('/_sluice/status'), get('/_sluice/faults')]);
    const { collector, pending } = status.parse(now);
    const [oldest = null] = pending.map(({ oldestArrival }) => oldestArrival).sort();
    const buffered = { count: pending.reduce((sum, { documents }) => sum + documents, 0), oldest };
    return { collector, buffered, faults: faults.parse(set).faults.length };
  } catch (error) {
    throw new ObserveError('SLUICE_OBSERVE_LOCAL_UNREADABLE', `${localControl}.`, { cause: error });
  }
}
