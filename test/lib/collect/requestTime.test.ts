import { describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../../lib/base/time.ts';
import type { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { accepted, event, Gone, gate, refusedWith, withStream } from './requestCases.ts';
import { NOW, request, type Sent, startCollector } from './startCollector.ts';

describe('the time of a request', () => {
  const never = <Value>() => new Promise<Value>(() => {});
  const body = { events: [event] };
  const groupsTaking = (ms: number) => async (clock: ManualClock) => {
    clock.advance(ms);
    return 'none' as const;
  };

  const readings = [
    { withinMs: 2_500, mostMs: 1_500 },
    { withinMs: 1_000, mostMs: 500 },
  ];
  it.each(readings)('of $withinMs ms allows to read events for $mostMs ms', async ({ withinMs, mostMs }) => {
    const { send, rows } = startCollector({ withinMs, readGroups: groupsTaking(mostMs) });
    expect(await send(request({ body }))).toEqual(accepted);
    expect(rows.events).toHaveLength(1);
  });

  it.each(readings)('of $withinMs ms refuses after more than $mostMs ms', async ({ withinMs, mostMs }) => {
    const ms = mostMs + 1;
    const { send, log, rows } = startCollector({ withinMs, readGroups: groupsTaking(ms) });
    expect(await send(request({ body }))).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_OUT_OF_TIME'));
    expect(rows.events).toEqual([]);
    expect(log).toMatchObject([{ code: 'SLUICE_COLLECT_OUT_OF_TIME', ms }]);
  });

  it.each<{ readonly what: string; readonly sent: Sent; readonly ms: number }>([
    { what: 'an SDK that says nothing', sent: {}, ms: 2_600 },
    {
      what: 'another SDK',
      sent: { headers: { 'statsig-sdk-type': 'js-client' }, timeEpoch: NOW - 600 },
      ms: 2_600,
    },
    { what: 'the Go SDK', sent: { headers: { 'statsig-sdk-type': 'go-sdk' } }, ms: 1_900 },
    { what: 'the Go SDK after 600 ms', sent: { query: 'st=go-sdk', timeEpoch: NOW - 600 }, ms: 1_300 },
    { what: 'the Go SDK with a clock ahead', sent: { query: 'st=go-sdk', timeEpoch: NOW + 50 }, ms: 1_900 },
    { what: 'the Go SDK after a day', sent: { query: 'st=go-sdk', timeEpoch: NOW - DAY_MS }, ms: 1_000 },
  ])('is limited by an alarm that its answer stops: $what', async ({ sent, ms }) => {
    const { send, alarms } = startCollector();
    expect(await send(request({ body, ...sent }))).toEqual(accepted);
    // The other alarms belong to the calls.
    expect(alarms[0]).toMatchObject({ ms, cleared: true });
  });

  it('is never longer for the Go SDK than the function has', async () => {
    const { send, alarms } = startCollector({ withinMs: 300 });
    await send(request({ body, query: 'st=go-sdk' }));
    expect(alarms[0]).toMatchObject({ ms: 400 });
  });

  it('is none when the function has none left', async () => {
    const { send, alarms } = startCollector({ withinMs: -500 });
    await send(request({ body }));
    expect(alarms[0]).toMatchObject({ ms: 0 });
  });

  it('becomes shorter once the body says that the Go SDK sent it', async () => {
    const { send, alarms } = startCollector({ readGroups: groupsTaking(10) });
    await send(request({ body: { ...body, statsigMetadata: { sdkType: 'go-sdk' } } }));
    // The second alarm is set ten milliseconds later.
    expect(alarms.slice(0, 2)).toMatchObject([
      { ms: 2_600, cleared: true },
      { ms: 1_890, cleared: true },
    ]);
  });

  it('ends it with 503 when the alarm rings, although the stream hangs', async () => {
    const { send, alarms, log, metrics } = startCollector({ parts: () => withStream(never) });
    const answer = send(request({ body: { events: [event, gate, 7] } }));
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    alarms[0]?.ring();
    expect(await answer).toMatchObject(refusedWith(503, 'SLUICE_COLLECT_NOT_DELIVERED'));
    expect(log).toMatchObject([{ level: 'error', code: 'SLUICE_COLLECT_NOT_DELIVERED', events: 3 }]);
    expect(metrics).toMatchObject([
      {
        received: 3,
        refused_requests: 1,
        exposures_not_delivered: 1,
        events_not_delivered: 1,
        quarantine_not_delivered: 1,
      },
      { reason: 'SLUICE_COLLECT_NOT_DELIVERED', refused_requests: 1 },
    ]);
    expect(alarms[0]?.cleared).toBe(true);
  });

  it('of the Go SDK leaves some for an object when the stream hangs', async () => {
    let storedAt = 0;
    const { send } = startCollector({
      parts: (clock) => ({
        ...withStream(async (_record, timeoutMs) => {
          clock.advance(timeoutMs);
          throw new Gone();
        }),
        putObject: async () => {
          storedAt = clock.now();
        },
      }),
    });
    expect(await send(request({ body, headers: { 'statsig-sdk-type': 'go-sdk' } }))).toEqual(accepted);
    expect(storedAt - NOW).toBe(900);
  });

  describe('of a request that is answered while groups are read', () => {
    const sent = request({ path: '/v1/rgstr_e' });

    it('includes that reading', async () => {
      const read = Promise.withResolvers<'none'>();
      let isAnswered = false;
      const { send, log, alarms } = startCollector({ readGroups: () => read.promise });
      const answer = send(sent).then(() => {
        isAnswered = true;
      });
      await new Promise(setImmediate);
      expect(log).toMatchObject([{ status: 202 }]);
      expect(isAnswered).toBe(false);
      expect(alarms[0]?.cleared).toBe(false);
      read.resolve('none');
      await answer;
      expect(alarms[0]?.cleared).toBe(true);
    });

    it('ends when the alarm rings', async () => {
      const { send, alarms } = startCollector({ readGroups: never });
      const answer = send(sent);
      await new Promise(setImmediate);
      alarms[0]?.ring();
      expect(await answer).toEqual(accepted);
    });
  });
});
