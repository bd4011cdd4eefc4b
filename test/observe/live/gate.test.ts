import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { gateOf, readGate } from '../../../observe/live/gate.ts';
import { metricClient } from '../../harness/metricClient.ts';
import { slowDeployment } from '../slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

const deployment = { config: defineConfig({ bucket: 'acme' }), localControl: undefined };

it.each([
  {
    what: 'with its cause and cure',
    code: 'SLUICE_KEY_MISSING',
    text: expect.stringMatching(/^Refused with SLUICE_KEY_MISSING: \S.+\. \S.+\.$/),
  },
  {
    what: 'alone, if a later version has written it',
    code: 'SLUICE_OF_A_LATER_VERSION',
    text: 'Refused with SLUICE_OF_A_LATER_VERSION.',
  },
])('the gate of a refused request has its code $what', ({ code, text }) => {
  expect(gateOf({ code }, deployment)).toEqual({ gate: 'refused', code, text });
});

it.each([
  { what: 'landed', metric: 'events_landed Sum collect prod' },
  { what: 'overflowed, as the stream did not take them', metric: 'overflowed Sum collect prod' },
  { what: 'were kept in quarantine', metric: 'quarantined Sum collect prod' },
])('the gate of a deployment whose first events $what is accepted', async ({ metric }) => {
  const { config } = deployment;
  const { deployment: open } = slowDeployment({
    config: { ...config, bucket: 'own' },
    now: NOW,
    objects: new Map(),
  });
  try {
    const cloudwatch = metricClient({ [metric]: [[NOW - 60_000, 1]] });
    expect(await readGate({ ...open, cloudwatch })).toMatchObject({ gate: 'accepted' });
  } finally {
    open.close();
  }
});
