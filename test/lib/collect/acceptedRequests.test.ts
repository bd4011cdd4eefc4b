import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { Collector } from '../../../lib/collect/answer.ts';
import { ManualClock } from '../../../packages/local-aws/src/base/index.ts';
import { accepted, down, event, gate, ofCollector, withStream } from './requestCases.ts';
import { KEY, NOW, request, type Sent, startCollector } from './startCollector.ts';

describe('an accepted request', () => {
  const odd = [{ eventName: '' }, { eventName: 'statsig::diagnostics' }, { eventName: 'f' }];
  const body = {
    events: [event, event, gate, ...odd],
    statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.1.0' },
  };

  it('is logged in one line with all of its counts', async () => {
    const { send, log } = startCollector();
    expect(await send(request({ body }))).toEqual(accepted);
    expect(log).toEqual([
      {
        level: 'info',
        event: 'collect',
        status: 202,
        key: 'any',
        body_bytes: 322,
        decoded_bytes: 322,
        sdk: 'js-client 3.1.0',
        events: 6,
        duplicates: 1,
        counted: { 'statsig::diagnostics': 1 },
        noted: { time_missing: 1 },
        refused: { SLUICE_EVENT_NO_NAME: 1 },
        exposures_landed: 1,
        events_landed: 3,
        quarantined: 1,
        calls: 1,
        billed_bytes: 5_120,
        ms: 0,
      },
    ]);
  });

  it('puts refused events on the day on which it came, although they are stored after midnight', async () => {
    const { send, rows } = startCollector({
      clock: new ManualClock(Date.parse('2026-11-20T23:59:59.999Z')),
      // Between its arrival and its rows.
      readGroups: async (clock) => {
        clock.advance(1);
        return 'none';
      },
    });
    expect(await send(request({ body: { events: [{ eventName: '' }] } }))).toEqual(accepted);
    expect(rows.quarantine).toMatchObject([{ received_at: '2026-11-20T23:59:59.999Z', ds: '2026-11-20' }]);
  });

  it('says its hour in each line of its record, so that the writer need not look into rows', async () => {
    const records: Uint8Array[] = [];
    const { send } = startCollector({
      parts: () => withStream(async (record) => void records.push(record)),
    });
    await send(request({ body }));
    const lines = records.flatMap((record) => gunzipSync(record).toString().trim().split('\n'));
    expect(lines.map((line) => JSON.parse(line).hour)).toEqual(Array(5).fill('2026-11-20T07'));
  });

  it('has only the fields of every request in its log line if it has no events', async () => {
    const { send, log, rows, metrics } = startCollector();
    await send(request({ body: { events: [] } }));
    expect(Object.keys(log[0] ?? {}).join(' ')).toBe(
      'level event status key body_bytes decoded_bytes sdk events exposures_landed events_landed quarantined calls billed_bytes ms',
    );
    expect(rows).toEqual({ exposures: [], events: [], quarantine: [] });
    expect(metrics).toEqual([{ ...ofCollector, received: 0, latency_ms: 0 }]);
  });

  it('is counted by table, and what is ignored by name, in one line of metrics with its latency', async () => {
    const { send, metrics } = startCollector({
      readGroups: async (clock) => {
        clock.advance(70);
        return 'none';
      },
    });
    await send(request({ body }));
    expect(metrics).toEqual([
      {
        ...ofCollector,
        latency_ms: 70,
        ignored_as: { 'statsig::diagnostics': 1 },
        received: 6,
        exposures_landed: 1,
        events_landed: 3,
        quarantined: 1,
        ignored: 1,
      },
    ]);
  });

  it('says in its log line how far the clock of the sender is behind', async () => {
    const { send, log } = startCollector();
    await send(request({ body, headers: { 'statsig-client-time': String(NOW - 40) } }));
    expect(log).toMatchObject([{ clock_skew_ms: 40 }]);
  });

  it('says in its log line when bytes of the body were repaired', async () => {
    const { send, log } = startCollector();
    const bytes = Buffer.concat([Buffer.from('{"events":[],"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    await send({ ...request({}), isBase64Encoded: true, body: bytes.toString('base64') });
    expect(log).toMatchObject([{ status: 202, repaired_utf8: true, body_bytes: 21, decoded_bytes: 21 }]);
  });

  describe('that is not sampled', () => {
    const unsampled = { logSuccess: () => false };
    /** The log of a collector after requests. */
    async function logOf(sent: readonly Sent[], ports: Partial<Collector> = {}) {
      const { send, log } = startCollector({ parts: () => ({ ...unsampled, ...ports }) });
      for (const one of sent) await send(request(one));
      return log;
    }

    it('is not logged, and has its metrics', async () => {
      const { send, log, metrics } = startCollector({ parts: () => unsampled });
      await send(request({ body: { events: [event, { eventName: 'statsig::diagnostics' }] } }));
      expect(log).toEqual([]);
      expect(metrics).toMatchObject([{ received: 2, events_landed: 1, ignored: 1 }]);
    });

    it('is logged if an event is refused', async () => {
      const log = await logOf([{ body: { events: [7] } }]);
      expect(log).toMatchObject([{ refused: { SLUICE_EVENT_NOT_AN_OBJECT: 1 } }]);
    });

    it.each([
      {
        what: 'it has a number that is NaN',
        sent: { body: '{"events":[{"eventName":"a","value":NaN}]}' },
        line: { status: 202, noted: { not_a_number: 1 } },
      },
      {
        what: 'the sender counts its times in seconds',
        sent: { body: { events: [{ ...event, time: Math.floor(NOW / 1_000) }] } },
        line: { status: 202, key: 'any', noted: { before_2000: 1 } },
      },
    ])('is logged if $what', async ({ sent, line }) => {
      expect(await logOf([sent])).toMatchObject([line]);
    });

    it('is logged if the stream does not take it', async () => {
      const log = await logOf([{ body: { events: [event] } }], withStream(down));
      expect(log).toMatchObject([{ status: 202, overflowed: 1 }]);
    });

    it('is logged if the clock of the sender is off by 55 minutes or more', async () => {
      const log = await logOf(
        [-3_300_000, 3_300_000, -3_299_999, 3_299_999].map((ms) => ({
          body: { events: [{ ...event, time: NOW + ms }] },
          headers: { 'statsig-client-time': String(NOW + ms) },
        })),
      );
      expect(log.map((line) => line['clock_skew_ms'])).toEqual([3_300_000, -3_300_000]);
    });
  });

  it('has in rows, quarantine and log the SDK of its headers, the session of its query and what its key says', async () => {
    const sha256 = hash('sha256', KEY);
    const { send, rows, log } = startCollector({
      keys: [{ label: 'web', sha256, environment: 'staging', kinds: ['events'] }],
    });
    const headers = { 'statsig-sdk-type': 'go-sdk', 'statsig-sdk-version': '1.2.3' };
    // The key is read from the query where the header is empty.
    const withoutKey = { ...headers, 'statsig-api-key': '' };
    await send(
      request({ body: { events: [event, gate] }, headers: withoutKey, query: `k=${KEY}&sid=session` }),
    );
    expect(rows.events).toMatchObject([
      {
        environment: 'staging',
        session_id: 'session',
        sdk_type: 'go-sdk',
        sdk_version: '1.2.3',
        received_at: '2026-11-20T07:32:00.123Z',
      },
    ]);
    expect(rows.quarantine).toMatchObject([
      {
        reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED',
        key_label: 'web',
        key_environment: 'staging',
        sdk_type: 'go-sdk',
        sdk_version: '1.2.3',
        path: '/v1/rgstr',
      },
    ]);
    expect(log).toMatchObject([{ key: 'web', sdk: 'go-sdk 1.2.3' }]);
  });
});

describe('an error report of an SDK', () => {
  it.each(['/v1/sdk_exception', '/v1/rgstr_e'])('on %s is counted and not read', async (path) => {
    const { send, log, metrics } = startCollector();
    expect(await send(request({ path, body: 'not JSON' }))).toEqual(accepted);
    expect(log).toEqual([
      { level: 'info', event: 'collect', status: 202, key: 'any', counted: { exception_report: 1 }, ms: 0 },
    ]);
    expect(metrics).toEqual([
      { ...ofCollector, latency_ms: 0, ignored_as: { exception_report: 1 }, received: 1, ignored: 1 },
    ]);
  });
});
