import { expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { gateOf, readGate } from '../../../observe/live/gate.ts';
import { requestsAnsweredBy } from '../../harness/answering.ts';
import { metricClient } from '../../harness/metricClient.ts';
import { slowDeployment } from '../slowDeployment.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

const deployment = {
  config: defineConfig({ bucket: 'acme' }),
  localControl: undefined,
  stack: { service: 'sluice', stage: 'prod' },
  aws: { region: 'eu-west-1' },
  isLocal: false,
};

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

it('the command that lets a refused key in is of the deployment', () => {
  const { text } = gateOf({ code: 'SLUICE_KEY_UNKNOWN' }, deployment);
  expect(text).toContain('`sluice keys add --stage prod --region eu-west-1`');
});

const DAY = 'statsig/statsig_forwarded_events/statsig_forwarded_events/2026-11-20/';
const STACK = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><Outputs><member>
  <OutputKey>CollectorUrl</OutputKey><OutputValue>https://api1.execute-api.eu-west-1.amazonaws.com</OutputValue>
</member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

/** The gate of a deployment that had these counts a minute ago, and has a file of its tables or none. */
async function readGateOf(counts: Readonly<Record<string, number>>, hasFile = false) {
  const { deployment: open } = slowDeployment({
    config: { ...deployment.config, bucket: 'own' },
    now: NOW,
    objects: new Map(),
    ...(hasFile ? { folders: [DAY], files: [`${DAY}a.parquet`] } : {}),
  });
  const points = Object.entries(counts).map(([name, count]) => [name, [[NOW - MINUTE_MS, count]]] as const);
  const requestHandler = requestsAnsweredBy(() => ({ status: 200, text: STACK }));
  try {
    return await readGate({
      ...open,
      aws: { ...open.aws, requestHandler },
      cloudwatch: metricClient(Object.fromEntries(points)),
    });
  } finally {
    open.close();
  }
}

const LANDED = { 'events_landed Sum collect prod': 1 };
const REFUSED = { 'refused_requests Sum collect prod SLUICE_KEY_MISSING': 1 };
const GATEWAY = { 'Count Sum api1': 1 };

it.each([
  { what: 'without a request is that none has come', counts: {}, gate: 'no_request', code: null },
  { what: 'of preflights alone is these', counts: GATEWAY, gate: 'preflight_only', code: null },
  {
    what: 'that refused all requests is the code',
    counts: { ...GATEWAY, ...REFUSED },
    gate: 'refused',
    code: 'SLUICE_KEY_MISSING',
  },
  {
    what: 'that stored nothing is the code',
    counts: { 'refused_requests Sum collect prod SLUICE_KEYS_UNAVAILABLE': 1 },
    gate: 'refused',
    code: 'SLUICE_KEYS_UNAVAILABLE',
  },
  {
    what: 'whose first events landed is accepted, although others were refused',
    counts: { ...GATEWAY, ...REFUSED, ...LANDED },
    gate: 'accepted',
    code: null,
  },
  {
    what: 'whose first events overflowed, as the stream did not take them, is accepted',
    counts: { 'overflowed Sum collect prod': 1 },
    gate: 'accepted',
    code: null,
  },
  {
    what: 'whose first events were kept in quarantine is accepted',
    counts: { 'quarantined Sum collect prod': 1 },
    gate: 'accepted',
    code: null,
  },
])('the gate of a deployment $what', async ({ counts, gate, code }) => {
  expect(await readGateOf(counts)).toMatchObject({ gate, code });
});

it('a deployment of which a table has a file has no gate', async () => {
  expect(await readGateOf(LANDED, true)).toBeNull();
});
