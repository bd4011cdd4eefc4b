import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../../lib/base/time.ts';
import { defineConfig } from '../../../../../lib/config/defineConfig.ts';
import type { Config } from '../../../../../lib/schema/config.ts';
import { readMainSender } from '../../../../../observe/facts/flow/logged/mainSender.ts';
import { stackOf, startLogs } from '../../../startLogs.ts';

const started = await startLogs();
afterAll(() => started.close());

describe('who sent a spike', () => {
  const config = defineConfig({ bucket: 'acme', logs: { successes: 0.1 } });
  const asked = { stack: stackOf('prod'), isLocal: false, config };
  const spike = { what: 'requests', hour: 999, usual: 1, day: 999 } as const;
  /** Who sent most since now. */
  const senderOf = (
    what: 'requests' | 'events' | 'ignored',
    more: { isLocal?: boolean; config?: Config } = {},
  ) =>
    readMainSender(
      { ...asked, logs: started.client, ...more },
      { ...spike, what, first: started.isoNow(), last: started.isoNow() },
    );
  beforeAll(() => {
    const write = started.collectLog();
    const line = (key: string, more: object = {}) => write({ key, sdk: `${key} 1`, events: 1, ...more });
    line('before');
    started.wait(10);
    for (let i = 0; i < 3; i += 1) line('web');
    for (let i = 0; i < 20; i += 1) line('old', { status: 401 });
    line('batch', { events: 500 });
    line('left', { events: 30, counted: { event_filtered: 20, exposure_filtered: 10 } });
    // As every line of the log that the collector always writes, it stands for itself alone.
    for (let i = 0; i < 10; i += 1) line('copied', { relay: 'not_kept' });
  });

  it('is who sent most requests, of which a sampled line stands for as many as it was drawn from', async () => {
    expect(await senderOf('requests')).toEqual({ key: 'web', sdk: 'web 1', share: 3 / 8 });
  });

  it('is who sent most until the spike ended', async () => {
    const last = started.isoNow();
    const first = new Date(started.clock.now() - 10 * MINUTE_MS).toISOString();
    expect(await readMainSender({ ...asked, logs: started.client }, { ...spike, first, last })).toMatchObject(
      {
        key: 'web',
        share: 1 / 3,
      },
    );
  });

  it('is who sent most events', async () => {
    expect(await senderOf('events')).toMatchObject({ key: 'batch' });
  });

  it('is who sent most events that the lists leave out', async () => {
    expect(await senderOf('ignored')).toEqual({ key: 'left', sdk: 'left 1', share: 1 });
  });

  it('is who has most lines in the local cloud, whose log is not sampled', async () => {
    expect(await senderOf('requests', { isLocal: true })).toMatchObject({ key: 'old' });
  });

  it('is nobody without a spike, and where successes are not logged', async () => {
    expect(await readMainSender({ ...asked, logs: started.client }, undefined)).toBeNull();
    const unlogged = defineConfig({ bucket: 'acme', logs: { successes: 0 } });
    expect(await senderOf('requests', { config: unlogged })).toBeNull();
  });
});
