import { collectPlan } from '../lib/collect/CollectPlan.ts';
import { collectBatch } from '../lib/collect/collectBatch.ts';
import type { ConfigInput } from '../lib/config/configSchema.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import { decodeBody } from '../lib/statsig/decodeBody.ts';

const sender = {
  keyHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  clientTimes: [String(Date.UTC(2026, 10, 20, 7, 32))],
  sessionId: null,
  sdkType: null,
  sdkVersion: null,
  receivedAt: Date.UTC(2026, 10, 20, 7, 32, 0, 123),
};

/** Makes what turns gzip bodies into documents, as the collector with some configuration does. */
export function collectBodyWith(input: Partial<ConfigInput> = {}) {
  const plan = collectPlan(
    defineConfig({
      bucket: 'bench',
      unitIds: { companyID: 'company_id' },
      experiments: ['homepage_hero', 'experiment_1', 'experiment_2'],
      ...input,
    }),
  );
  return (body: Uint8Array) => {
    const { text } = decodeBody(body, { contentEncoding: 'gzip', statsigEncoded: false });
    return collectBatch(text, sender, plan);
  };
}
