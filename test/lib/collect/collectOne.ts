import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import type { Sender } from '../../../lib/collect/rows/sender.ts';
import { type CollectedBatch, collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { LandedRow } from '../../../lib/landing/store/encodeLines.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';

/** When the batch arrives. */
export const now = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
/** The configuration of these suites. */
export const input: ConfigInput = {
  bucket: 'test',
  unitIds: { companyID: 'company_id', 'Team-ID': 'team_id' },
  experiments: ['homepage_hero'],
};
/** A sender whose clock is right, but for the 20 ms that the request takes. */
export const sender: Sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [String(now - 20)],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: now,
};

/** A row of a table by its columns, and its day as `ds`. */
type Row = Record<string, unknown>;

/** What came of a batch, with its rows as JSON documents. */
interface CollectedDocuments extends Omit<CollectedBatch, 'rows'> {
  /** The rows of both tables, each with its day as its last member. */
  readonly documents: Readonly<Record<ForwardedKind, readonly string[]>>;
}

/** What came of a batch, with its rows parsed. */
interface CollectedRows extends CollectedDocuments {
  /** Rows of exposures. */
  readonly exposures: Row[];
  /** Rows of custom events. */
  readonly rows: Row[];
}

/** Collects a text. */
export function collectDocuments(...batch: Parameters<typeof collectBatch>): CollectedDocuments {
  const { rows, ...collected } = collectBatch(...batch);
  const jsonOf = (list: readonly LandedRow[]) =>
    list.map(({ day, json }) => `${json.slice(0, -1)},"ds":"${day}"}`);
  return { ...collected, documents: { exposures: jsonOf(rows.exposures), events: jsonOf(rows.events) } };
}

/** Collects a body: a text, or what is sent as JSON. */
export function collect(
  body: unknown,
  { config = {}, ...from }: Partial<Sender> & { config?: Partial<ConfigInput> } = {},
): CollectedRows {
  const plan = collectPlan(defineConfig({ ...input, ...config }));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const collected = collectDocuments(text, { ...sender, ...from }, plan);
  const rows = (documents: readonly string[]): Row[] => documents.map((document) => JSON.parse(document));
  return {
    ...collected,
    exposures: rows(collected.documents.exposures),
    rows: rows(collected.documents.events),
  };
}
/** A batch of one event that happens now. */
export const collectOne = (event: object, batch: object = {}, options = {}): CollectedRows =>
  collect({ events: [{ time: now, ...event }], ...batch }, options);
/** The row of one exposure. */
export const exposure = (name: string, metadata: object, more: object = {}): Row =>
  collectOne({ eventName: `statsig::${name}_exposure`, metadata, ...more }).exposures[0] ?? {};
