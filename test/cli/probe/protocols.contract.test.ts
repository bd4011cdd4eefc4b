import { describe, expect, it } from '@jest/globals';
import { openProbe } from '../../../cli/probe/openProbe.ts';
import { runProbe } from '../../../cli/probe/runProbe.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

describe('a probe of a deployment', () => {
  it("that does not take Statsig's protocol is refused by name, before anything is sent", async () => {
    const collector = 'http://127.0.0.1:1';
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const context = await openProbe(
      {
        ...{ stack: { service: 'sluice', stage: 'prod' }, isLocal: false },
        aws: { region: 'eu-west-1', credentials },
        config: defineConfig({ bucket: 'bucket', protocols: ['growthbook', 'plain'] }),
      },
      collector,
    );
    const run = { id: '0123abcd', collector, key: 'client-1', time: Date.UTC(2026, 10, 20) };
    await expect(runProbe(context, run, { keep: false, onProgress: () => {} })).rejects.toMatchObject({
      code: 'SLUICE_PROBE_PROTOCOL',
      detail: 'It has growthbook, plain.',
    });
    context.close();
  });
});
