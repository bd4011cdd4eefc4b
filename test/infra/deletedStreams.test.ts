import { describe, expect, it } from '@jest/globals';
import { resources } from '../../infra/resources.ts';
import {
  deletedStreams,
  removedStreams,
  requireDrained,
  requireRemovable,
  requireStreamEmpty,
} from '../../infra/serverless/requirements.ts';
import { formerStreamResources } from '../../infra/streams/formerStreams.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';
const ofStage = (stage: string, retentionDays: 30 | 60 = 30) => {
  const config = defineConfig({ bucket: 'acme-streams', formerStreams: true, logs: { retentionDays } });
  // As CloudFormation returns it, and as Serverless has it.
  return {
    Resources: JSON.parse(JSON.stringify(formerStreamResources({ config, service: 'sluice', stage }))),
  };
};
const deployed = ofStage('prod');
const ids = Object.keys(deployed.Resources).filter((id) => deployed.Resources[id].Type === STREAM);

describe('streams that a deployment deletes', () => {
  it('are none when it changes what CloudFormation changes in place', () => {
    expect(ids).toHaveLength(3);
    expect(deletedStreams(deployed, deployed)).toEqual([]);
    expect(deletedStreams(deployed, ofStage('prod', 60))).toEqual([]);
  });

  it('are those with another name, which it replaces, and those that it leaves out', () => {
    expect(deletedStreams(deployed, ofStage('staging'))).toEqual(ids);
    const [first = '', ...others] = ids;
    const { [first]: _, ...rest } = deployed.Resources;
    expect(deletedStreams(deployed, { Resources: rest })).toEqual([first]);
    const fromKinesis = {
      ...deployed.Resources[first].Properties,
      DeliveryStreamType: 'KinesisStreamAsSource',
    };
    const changed = { ...deployed.Resources, [first]: { Type: STREAM, Properties: fromKinesis } };
    expect(deletedStreams(deployed, { Resources: changed })).toEqual([first]);
    expect(others).toHaveLength(2);
  });

  it('are all of them when the stack is removed, and none of a stack without any', () => {
    expect(deletedStreams(deployed)).toEqual(ids);
    expect(deletedStreams({}, deployed)).toEqual([]);
  });

  it('are not those that CloudFormation retains: they go on delivering', () => {
    const { LandingStream } = resources({
      config: defineConfig({ bucket: 'acme-streams' }),
      service: 'sluice',
      stage: 'prod',
    }).Resources;
    const own = JSON.parse(JSON.stringify({ LandingStream }));
    expect(own.LandingStream.Type).toBe(STREAM);
    expect(deletedStreams({ Resources: own })).toEqual([]);
    expect(deletedStreams({ Resources: { ...deployed.Resources, ...own } }, deployed)).toEqual([]);
  });

  it('are refused until the stack is drained', () => {
    const refused = expect.objectContaining({
      code: 'SLUICE_CONFIG_NOT_DRAINED',
      detail: expect.stringContaining(ids.join(', ')),
    });
    expect(() => requireDrained(ids, null)).toThrow(refused);
    expect(() => requireDrained(ids, { drained: null })).toThrow(refused);
    requireDrained(ids, { drained: '2026-11-20T13:00:00.000Z' });
    requireDrained([], null);
  });
});

describe('a stream of release 0.2', () => {
  const NOW = Date.UTC(2026, 10, 20, 12);
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const LONG_AGO = { now: NOW, updatedAt: NOW - HOUR };
  const writer = (...streams: readonly string[]) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Environment: { Variables: Object.fromEntries(streams.map((Ref, i) => [`STREAM_${i}`, { Ref }])) },
    },
  });
  const COLLECT = 'CollectLambdaFunction';
  const upgraded = { Resources: { ...deployed.Resources, [COLLECT]: writer('LandingStream') } };
  const without = { Resources: { [COLLECT]: writer('LandingStream') } };

  it('that a deployment removes is told, with whether rows are put on it; a renamed one is not', () => {
    const told = (isUsed: boolean) =>
      ['exposures', 'events', 'quarantine'].map((name, i) => ({
        ...{ id: ids[i], name: `sluice-prod-${name}`, isUsed },
      }));
    expect(removedStreams(upgraded, upgraded)).toEqual([]);
    expect(removedStreams(upgraded, without)).toEqual(told(false));
    const old = { Resources: { ...upgraded.Resources, [COLLECT]: writer(...ids) } };
    expect(removedStreams(old, without)).toEqual(told(true));
    const redriven = { Resources: { ...upgraded.Resources, RedriveLambdaFunction: writer(...ids) } };
    expect(removedStreams(redriven, without)).toEqual(told(true));
    expect(removedStreams(upgraded, ofStage('staging'))).toEqual([]);
  });

  it('counts as one that gets rows while it is not known what the collector puts on', () => {
    const unread = { Resources: { ...deployed.Resources, [COLLECT]: { Type: 'AWS::Lambda::Function' } } };
    for (const one of [deployed, unread])
      expect(removedStreams(one, without)).toMatchObject(Array(3).fill({ isUsed: true }));
  });

  it.each([
    ['gets rows', true, { freshness: [], undelivered: 0, last: null }, 'gets rows'],
    ['has unknown metrics', false, undefined, 'metrics that are not known'],
    ['holds a record', false, { freshness: [0, 61, 0], undelivered: 0, last: null }, 'waited for 2 minutes'],
    [
      'is blocked',
      false,
      { freshness: [], undelivered: 7_200, last: { at: NOW - 2 * HOUR, isFollowed: false } },
      'for 120 minutes',
    ],
    [
      'got its last record in the minute of its last delivery, and is blocked since',
      false,
      { freshness: [], undelivered: 0, last: { at: NOW - 2 * HOUR, isFollowed: false } },
      'got records until 2026-11-20T10:00:00.000Z, and delivered nothing after them',
    ],
    [
      'got a record lately',
      false,
      { freshness: [], undelivered: 0, last: { at: NOW - 39 * MINUTE, isFollowed: true } },
      'removed from 2026-11-20T12:01:00.000Z',
    ],
  ])('is not removed when it %s', (_what, isUsed, activity, why) => {
    const stream = { id: 'EventsStream', name: 'sluice-prod-events', isUsed };
    expect(() => requireRemovable(stream, activity, LONG_AGO)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_FORMER_STREAMS_IN_USE',
        detail: expect.stringMatching(new RegExp(`^sluice-prod-events .*${why}`)),
      }),
    );
    if (isUsed) return;
    // The same holds for a stream of a stack that was drained.
    expect(() => requireStreamEmpty(stream.name, activity, NOW)).toThrow(
      expect.objectContaining({ code: 'SLUICE_CONFIG_NOT_DRAINED', detail: expect.stringContaining(why) }),
    );
  });

  it('is not removed within forty minutes of the deployment that may have taken it out of use', () => {
    const stream = { id: 'EventsStream', name: 'sluice-prod-events', isUsed: false };
    const unused = { freshness: [], undelivered: 0, last: null };
    expect(() => requireRemovable(stream, unused, { now: NOW, updatedAt: NOW - 39 * MINUTE })).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_FORMER_STREAMS_IN_USE',
        detail: expect.stringContaining('removed from 2026-11-20T12:01:00.000Z'),
      }),
    );
    requireRemovable(stream, unused, { now: NOW, updatedAt: NOW - 40 * MINUTE });
  });

  it('is removed when it has been empty for forty minutes', () => {
    const stream = { id: 'EventsStream', name: 'sluice-prod-events', isUsed: false };
    const idle = { freshness: [0, 0], undelivered: 0 };
    const last = { at: NOW - 40 * MINUTE, isFollowed: true };
    requireRemovable(stream, { ...idle, last }, LONG_AGO);
    requireRemovable(stream, { ...idle, freshness: [], last: null }, LONG_AGO);
    requireStreamEmpty(stream.name, { ...idle, last }, NOW);
  });
});
