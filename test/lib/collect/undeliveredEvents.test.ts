import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { quarantineWriter } from '../../../lib/landing/quarantineWriter.ts';
import { StreamBreaker } from '../../../lib/landing/store/StreamBreaker.ts';
import { accepted, down, event, gate, refusedWith, withStream } from './requestCases.ts';
import { type Members, NOW, request, startCollector } from './startCollector.ts';

/** The counts of the table of events in a line of metrics. */
function countsOfEvents(line: Members): Members {
  return Object.fromEntries(Object.entries(line).filter(([name]) => name.startsWith('events_')));
}

describe('a request whose events cannot be stored', () => {
  it('is accepted if they are an object of their own', async () => {
    const { send, log, metrics, objects } = startCollector({
      parts: () => withStream(down),
    });
    expect(await send(request({ body: { events: [event, { ...event, value: 1 }, gate] } }))).toEqual(
      accepted,
    );
    expect(log).toMatchObject([
      {
        level: 'info',
        exposures_landed: 0,
        events_landed: 0,
        not_streamed: 'not_acknowledged: Gone',
        overflowed: 3,
      },
    ]);
    expect(log[0]).not.toHaveProperty('object_error');
    expect(objects.map(({ rows }) => rows)).toEqual([3]);
    expect(metrics).toMatchObject([
      { received: 3, overflowed: 3, exposures_overflowed: 1, events_overflowed: 2 },
    ]);
    expect(metrics[0]).not.toHaveProperty('events_landed');
  });

  const perhapsInStream = { events_overflowed: 1, events_not_delivered: 1 };
  it.each([
    {
      title: 'may be in the stream twice if a connection broke',
      error: 'ECONNRESET',
      failedCalls: 1,
      counts: { events_landed: 1, events_not_delivered: 1 },
    },
    {
      title: 'may be in the stream, too, if that did not answer',
      error: 'Gone',
      failedCalls: 2,
      counts: perhapsInStream,
    },
    {
      title: 'may be in the stream, too, if that was unavailable',
      error: 'ServiceUnavailableException',
      failedCalls: 2,
      counts: perhapsInStream,
    },
    {
      title: 'is not in a stream that has refused it',
      error: 'ThrottlingException',
      failedCalls: 2,
      counts: { events_overflowed: 1 },
    },
    {
      title: 'is not in a stream that its role may not use',
      error: 'AccessDeniedException',
      failedCalls: 2,
      counts: { events_overflowed: 1 },
    },
  ])('$title', async ({ error: name, failedCalls, counts }) => {
    let calls = 0;
    const failing = async () => {
      calls += 1;
      if (calls <= failedCalls)
        throw Object.assign(new Error('User: r is not authorized to perform: firehose:PutRecord'), { name });
    };
    const { send, metrics } = startCollector({ parts: () => withStream(failing) });
    expect(await send(request({ body: { events: [event] } }))).toEqual(accepted);
    expect(countsOfEvents(metrics[0] ?? {})).toEqual(counts);
  });

  it('are landed, and nowhere else, if the configuration has no stream', async () => {
    const { send, metrics } = startCollector({ parts: () => ({ stream: null }) });
    await send(request({ body: { events: [event] } }));
    expect(metrics.map(countsOfEvents)).toEqual([{ events_landed: 1 }]);
  });

  it('are nowhere else once the stream is not asked any more, as it has refused others', async () => {
    const putRecord = async () => {
      throw Object.assign(new Error(), { name: 'ThrottlingException' });
    };
    const breaker = new StreamBreaker({ clock: { now: () => NOW }, random: () => 0.5, log: () => {} });
    const { send, metrics } = startCollector({ parts: () => ({ stream: { putRecord, breaker } }) });
    for (let i = 0; i < 3; i += 1) await send(request({ body: { events: [event] } }));
    expect(breaker.isOpen).toBe(true);
    expect(metrics.map(countsOfEvents)).toEqual(Array(3).fill({ events_overflowed: 1 }));
  });

  it('is refused if the bucket fails too', async () => {
    const { send, log, metrics } = startCollector({
      parts: () => ({
        ...withStream(down),
        putObject: async () => {
          throw Object.assign(new Error('not authorized to perform: s3:PutObject'), { name: 'AccessDenied' });
        },
      }),
    });
    expect(await send(request({ body: { events: [event, gate] } }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
    expect(log).toMatchObject([
      {
        level: 'error',
        status: 503,
        not_streamed: 'not_acknowledged: Gone',
        overflowed: 0,
        object_error: 'AccessDenied: not authorized to perform: s3:PutObject',
        code: 'SLUICE_COLLECT_NOT_DELIVERED',
      },
    ]);
    expect(metrics).toMatchObject([
      // The stream may have it, and so may the bucket.
      { received: 2, refused_requests: 1, exposures_not_delivered: 2, events_not_delivered: 2 },
      { reason: 'SLUICE_COLLECT_NOT_DELIVERED', refused_requests: 1 },
    ]);
  });

  it('names the reason when no time was left', async () => {
    const { send, log } = startCollector({
      parts: (clock) => ({
        writeQuarantine: () => {
          clock.advance(2_500);
          return { documents: [], large: [] };
        },
      }),
    });
    expect(await send(request({ body: { events: [event, 7] } }))).toMatchObject(
      refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'),
    );
    expect(log).toMatchObject([{ not_streamed: 'not_acknowledged: OutOfTime', object_error: 'OutOfTime' }]);
  });

  it('says nothing of a record that is large by itself', async () => {
    const large = {
      events: Array.from({ length: 9 }, (_, i) => ({ ...event, value: `${i}${'x'.repeat(500_000)}` })),
    };
    const { send, log, metrics } = startCollector({ parts: () => ({ logSuccess: () => false }) });
    expect(await send(request({ body: large }))).toEqual(accepted);
    expect(log).toEqual([]);
    expect(metrics).toMatchObject([{ received: 9, events_landed: 9 }]);
  });

  const largeEvent = { events: [{ n: 'x'.repeat(1_100_000) }] };

  it('writes refused events that are too large for a row before their rows, within its time', async () => {
    const { send, large, rows } = startCollector();
    expect(await send(request({ body: largeEvent }))).toEqual(accepted);
    expect(large).toEqual([{ key: expect.stringMatching(/^quarantine-large\//), timeoutMs: 2_500 }]);
    expect(rows.quarantine).toMatchObject([{ raw_location: `s3://bucket/${large[0]?.key}` }]);
  });

  it('tries for a millisecond to write such an event when its time is up', async () => {
    const withinMs = 1_000;
    const { send, large } = startCollector({
      withinMs,
      parts: (clock) => ({
        writeQuarantine: (refused, context) => {
          clock.advance(withinMs);
          return quarantineWriter(defineConfig({ bucket: 'bucket' }))(refused, context);
        },
      }),
    });
    await send(request({ body: largeEvent }));
    expect(large.map(({ timeoutMs }) => timeoutMs)).toEqual([1]);
  });

  it.each<{ readonly what: string; readonly problem: unknown; readonly name: string }>([
    { what: 'an error', problem: new RangeError('full'), name: 'RangeError' },
    { what: 'a text that was thrown', problem: 'full', name: 'Error' },
  ])(
    'is refused if such an event cannot be written for $what, whose name is logged',
    async ({ problem, name }) => {
      const { send, log, rows } = startCollector({
        parts: () => ({ putQuarantineLarge: () => Promise.reject(problem) }),
      });
      expect(await send(request({ body: largeEvent }))).toMatchObject(
        refusedWith(503, 'SLUICE_COLLECT_NO_QUARANTINE'),
      );
      expect(log).toMatchObject([{ quarantine_error: name, code: 'SLUICE_COLLECT_NO_QUARANTINE' }]);
      expect(rows.quarantine).toEqual([]);
    },
  );

  it('is refused only once the writes beside one that failed have ended, too', async () => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    let calls = 0;
    const { send } = startCollector({
      parts: () => ({
        putQuarantineLarge: () => {
          calls += 1;
          if (calls === 1) return down();
          begun.resolve();
          return ended.promise;
        },
      }),
    });
    const [refused] = largeEvent.events;
    const answer = send(request({ body: { events: [refused, { ...refused, of: 2 }] } }));
    await begun.promise;
    const isAnswered = await Promise.race([answer.then(() => true), setImmediate(false)]);
    ended.resolve();
    expect(isAnswered).toBe(false);
    expect(await answer).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_NO_QUARANTINE'));
  });

  it('fails, and stops its timer, on an error of our own', async () => {
    const { send, alarms, log } = startCollector({
      parts: () => ({
        writeQuarantine: () => {
          throw new TypeError('ours');
        },
      }),
    });
    await expect(send(request({ body: { events: [7] } }))).rejects.toThrow(TypeError);
    expect(alarms.map(({ cleared }) => cleared)).toEqual([true]);
    expect(log).toEqual([]);
  });
});
