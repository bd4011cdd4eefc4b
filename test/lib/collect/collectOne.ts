import type { Sender } from '../../../lib/collect/rows/batchParts.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { LandedRow } from '../../../lib/landing/store/encodeLines.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

/** When the batch arrives. */
export const now = Date.UTC(2026, 10, 20, 7, 32, 0, 123);
export const input: ConfigInput = {
  bucket: 'test',
  unitIds: { companyID: 'company_id', 'Team-ID': 'team_id' },
  experiments: ['homepage_hero'],
};
export const sender: Sender = {
  keyHash: 'a'.repeat(64),
  clientTimes: [String(now - 20)],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: now,
};

type Row = Record<string, unknown>;

/** Collects a text; documents are the rows, each with its day as its last member. */
export function collectDocuments(...batch: Parameters<typeof collectBatch>) {
  const { rows, ...collected } = collectBatch(...batch);
  const jsonOf = (list: readonly LandedRow[]) =>
    list.map(({ day, json }) => `${json.slice(0, -1)},"ds":"${day}"}`);
  return { ...collected, documents: { exposures: jsonOf(rows.exposures), events: jsonOf(rows.events) } };
}

/** Collects a body; rows are the documents, parsed again. */
export function collect(
  body: unknown,
  { config = {}, ...from }: Partial<Sender> & { config?: Partial<ConfigInput> } = {},
) {
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
export const collectOne = (event: object, batch: object = {}, options = {}) =>
  collect({ events: [{ time: now, ...event }], ...batch }, options);
/** The row of one exposure. */
export const exposure = (name: string, metadata: object, more: object = {}) =>
  collectOne({ eventName: `statsig::${name}_exposure`, metadata, ...more }).exposures[0] ?? {};
