import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { decideHolds } from '../../lib/landing/hold/checkStreams.ts';
import { allHeld, holdsText, NO_HOLDS, readHolds } from '../../lib/landing/hold/StreamHolds.ts';
import type { StreamReadings } from '../../lib/landing/hold/streamAge.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { readStreamHolds, streamsHeldToo, streamsMeant } from '../../observe/facts/flow/holds.ts';
import { holdStreams, releaseStreams } from '../../operate/holds.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { cloudWatchService, MetricStore } from '../../packages/local-aws/src/cloudwatch/index.ts';
import { Secrets, secretsManagerService } from '../../packages/local-aws/src/secretsmanager/index.ts';
import { startServices } from '../../packages/local-aws/src/testing/index.ts';
import { LANDING_STREAM, landingStack } from '../harness/landingStack.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const NOW = Date.now();
const HOUR = 3_600_000;
const stack = { service: 'sluice', stage: 'prod' };
const directory = temporaryDirectory();

let secrets: Secrets;
let metrics: MetricStore;
let services: Awaited<ReturnType<typeof startServices>>;
let place: Parameters<typeof releaseStreams>[0];
beforeAll(async () => {
  const at = { partition: 'aws', region: 'us-east-1', account: '000000000000' };
  secrets = Secrets.open({ directory: `${directory.path}/secrets`, clock: realClock, ...at });
  secrets.ensure('sluice-prod-holds', { Name: 'sluice-prod-holds', SecretString: holdsText(NO_HOLDS) });
  metrics = MetricStore.open({ directory: `${directory.path}/metrics`, clock: realClock });
  services = await startServices([
    secretsManagerService({ secrets }),
    cloudWatchService({ metrics, clock: realClock, beforeReading: () => undefined }),
    landingStack(),
  ]);
  const { options } = services;
  const config = defineConfig({ bucket: 'acme-experiments' });
  place = { aws: options, config, stack, now: NOW, cloudwatch: new CloudWatchClient(options) };
});
beforeEach(() => releaseStreams(place, streamsHeldToo(place, { held: {} }), { force: true }));
afterAll(async () => {
  place.cloudwatch.destroy();
  await services.close();
  metrics.close();
  directory.remove();
});

/** Records arrived on a stream some hours ago, and it has delivered nothing since. */
const block = (name: string, hoursAgo: number) =>
  metrics.add([
    {
      at: NOW - hoursAgo * HOUR,
      values: [7],
      metric: {
        ...{ namespace: 'AWS/Firehose', name: 'IncomingRecords', unit: 'Count' },
        dimensions: [['DeliveryStreamName', name]],
      },
    },
  ]);

describe('streams that are released by hand', () => {
  it('are released, but for one that is late: the check releases it when it delivers', async () => {
    block(LANDING_STREAM, 3.5);
    await holdStreams(place, ['landing', 'events'], 'The key is being replaced.');
    const { held } = await releaseStreams(place, ['landing', 'events', 'quarantine']);
    expect(held).toEqual({
      landing: expect.objectContaining({
        ...{ by: 'check', until: 'delivery' },
        why: expect.stringMatching(
          /^It was released by hand while its oldest record had waited for 3\.[56] hours\.$/,
        ),
      }),
    });
    expect((await readStreamHolds(place)).held).toEqual(held);
    expect((await releaseStreams(place, ['landing'])).held).toEqual(held);
    expect((await releaseStreams(place, ['landing'], { force: true })).held).toEqual({});
  });
});

describe('a stream that the checkout does not have', () => {
  it('is released like the others, and stays held while it is late', async () => {
    const streams = streamsHeldToo(place, await holdStreams(place, ['landing-2', 'landing-3'], 'A test.'));
    expect(streams).toEqual(['landing', 'landing-2', 'landing-3']);
    expect(streamsMeant(streams, 'landing')).toEqual(['landing', 'landing-2', 'landing-3']);
    expect(streamsMeant(streams, 'landing-1')).toEqual(['landing']);
    expect(streamsMeant(streams, 'landing-4')).toEqual([]);
    block('sluice-prod-landing-3', 3.5);
    const { held } = await releaseStreams(place, streamsMeant(streams, 'landing-3'));
    expect(held).toMatchObject({ 'landing-2': { until: 'release' }, 'landing-3': { until: 'delivery' } });
    expect((await releaseStreams(place, streams, { force: true })).held).toEqual({});
  });
});

describe('what is written when it is lost which streams were held', () => {
  it('holds all of them until they deliver', () => {
    const lost = readHolds(holdsText(allHeld(tableKinds, NOW)));
    const well = { freshness: [300, 200], delivered: 9, undelivered: 0 };
    const late = { freshness: [9_000, 9_000, 9_000], delivered: 0, undelivered: 9_000 };
    const readings: StreamReadings = new Map([
      ['exposures', well],
      ['events', late],
      ['quarantine', well],
    ]);
    const { holds } = decideHolds(lost, readings, NOW);
    expect(holds.held).toEqual({ events: lost.held.events });
  });
});
