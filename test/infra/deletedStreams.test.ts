import { describe, expect, it } from '@jest/globals';
import {
  deletedStreams,
  removedShards,
  requireDrained,
  requireNewOutOfRotation,
  requireShardEmpty,
  requireStreamEmpty,
} from '../../infra/serverless/requirements.ts';
import { streams, streamVariables } from '../../infra/streams/streams.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const STREAM = 'AWS::KinesisFirehose::DeliveryStream';
const ofStage = (stage: string, seconds = 300) => {
  const config = defineConfig({ bucket: 'acme-streams', buffering: { seconds } });
  // As CloudFormation returns it, and as Serverless has it.
  return { Resources: JSON.parse(JSON.stringify(streams({ config, service: 'sluice', stage }))) };
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

describe('one of several streams of a table', () => {
  const NOW = Date.UTC(2026, 10, 20, 12);
  const MINUTE = 60_000;
  const HOUR = 60 * MINUTE;
  const LONG_AGO = { now: NOW, updatedAt: NOW - HOUR };
  const ofShards = (shards: number, inRotation: number | null = null) => {
    const config = defineConfig({ bucket: 'acme-streams', streams: { events: { shards, inRotation } } });
    const { rotation } = streamVariables(config);
    const Environment = { Variables: { SLUICE_EVENTS_STREAM: rotation.events } };
    const writer = { Type: 'AWS::Lambda::Function', Properties: { Environment } };
    const own = JSON.parse(JSON.stringify(streams({ config, service: 'sluice', stage: 'prod' })));
    return { Resources: { ...own, CollectLambdaFunction: writer, RedriveLambdaFunction: writer } };
  };

  it('that a deployment removes is told, with whether rows are put on it; the first and a renamed one are not', () => {
    const name = (shard: number) => ({
      id: `EventsStreamShard${shard}`,
      name: `sluice-prod-events-${shard}`,
    });
    expect(removedShards(ofShards(3), ofShards(3, 1))).toEqual([]);
    expect(removedShards(ofShards(3), ofShards(1))).toEqual([
      { ...name(2), isInRotation: true },
      { ...name(3), isInRotation: true },
    ]);
    expect(removedShards(ofShards(3, 2), ofShards(1))).toEqual([
      { ...name(2), isInRotation: true },
      { ...name(3), isInRotation: false },
    ]);
    expect(removedShards(ofShards(3, 1), ofShards(2, 1))).toEqual([{ ...name(3), isInRotation: false }]);
    const { EventsStream: _, ...withoutFirst } = ofShards(1).Resources;
    expect(removedShards(ofShards(2, 1), { Resources: withoutFirst })).toEqual([]);
    expect(removedShards(ofShards(2, 1), { Resources: {} })).toEqual([]);
  });

  it('counts as one that gets rows while a function that may put them on it is not known', () => {
    const { RedriveLambdaFunction: _, ...rest } = ofShards(3, 1).Resources;
    const unread = { ...rest, RedriveLambdaFunction: { Type: 'AWS::Lambda::Function', Properties: {} } };
    for (const Resources of [rest, unread])
      expect(removedShards({ Resources }, ofShards(2, 1))).toMatchObject([{ isInRotation: true }]);
  });

  it('is not added and put into rotation at once: a deployment that failed would delete its rows', () => {
    const refused = (names: string) =>
      expect.objectContaining({ code: 'SLUICE_CONFIG_SHARD_IN_ROTATION', detail: `It adds ${names}.` });
    const add = (before: object, after: object) => () => requireNewOutOfRotation(before, after);
    const both = 'sluice-prod-events-2, sluice-prod-events-3';
    expect(add(ofShards(1), ofShards(3))).toThrow(refused(both));
    expect(add(ofShards(1), ofShards(3, 2))).toThrow(refused('sluice-prod-events-2'));
    expect(add(ofShards(2), ofShards(3))).toThrow(refused('sluice-prod-events-3'));
    for (const [before, after] of [
      [ofShards(1), ofShards(3, 1)],
      [ofShards(3, 1), ofShards(3)],
      [ofShards(3), ofShards(3)],
      [ofShards(2), ofShards(3, 2)],
      [ofShards(3), ofShards(1)],
    ] as const)
      add(before, after)();
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
  ])('is not removed when it %s', (_what, isInRotation, activity, why) => {
    const shard = { id: 'EventsStreamShard2', name: 'sluice-prod-events-2', isInRotation };
    expect(() => requireShardEmpty(shard, activity, LONG_AGO)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_SHARD_NOT_DRAINED',
        detail: expect.stringMatching(new RegExp(`^sluice-prod-events-2 .*${why}`)),
      }),
    );
    if (isInRotation) return;
    // Nor is a stream of a stack that was drained.
    expect(() => requireStreamEmpty(shard.name, activity, NOW)).toThrow(
      expect.objectContaining({ code: 'SLUICE_CONFIG_NOT_DRAINED', detail: expect.stringContaining(why) }),
    );
  });

  it('is not removed within forty minutes of the deployment that may have taken it out of rotation', () => {
    const shard = { id: 'EventsStreamShard2', name: 'sluice-prod-events-2', isInRotation: false };
    const unused = { freshness: [], undelivered: 0, last: null };
    expect(() => requireShardEmpty(shard, unused, { now: NOW, updatedAt: NOW - 39 * MINUTE })).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_SHARD_NOT_DRAINED',
        detail: expect.stringContaining('removed from 2026-11-20T12:01:00.000Z'),
      }),
    );
    requireShardEmpty(shard, unused, { now: NOW, updatedAt: NOW - 40 * MINUTE });
  });

  it('is removed when it has been empty for forty minutes', () => {
    const shard = { id: 'EventsStreamShard2', name: 'sluice-prod-events-2', isInRotation: false };
    const idle = { freshness: [0, 0], undelivered: 0 };
    const last = { at: NOW - 40 * MINUTE, isFollowed: true };
    requireShardEmpty(shard, { ...idle, last }, LONG_AGO);
    requireShardEmpty(shard, { ...idle, freshness: [], last: null }, LONG_AGO);
    requireStreamEmpty(shard.name, { ...idle, last }, NOW);
  });
});
