import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { readLocalLive } from '../../../observe/live/localLive.ts';
import { listen } from '../../harness/listen.ts';

const deployment = {
  stack: { service: 'sluice', stage: 'local' },
  config: defineConfig({ bucket: 'own' }),
};

describe('a follower of the local cloud', () => {
  /** A feed that never answers. */
  const feed = createServer();
  afterAll(() => {
    feed.closeAllConnections();
    feed.close();
  });

  it('stops waiting when nobody waits for the answer', async () => {
    const localControl = await listen(feed);
    const gone = new AbortController();
    const asked = once(feed, 'request');
    const waiting = readLocalLive(
      { ...deployment, localControl, signal: gone.signal },
      { after: 'x', waitMs: 25_000 },
    );
    await asked;
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('says when the local cloud cannot be read', async () => {
    const away = { ...deployment, localControl: 'http://127.0.0.1:1' };
    await expect(readLocalLive(away, {})).rejects.toMatchObject({ code: 'SLUICE_OBSERVE_LOCAL_UNREADABLE' });
  });
});
