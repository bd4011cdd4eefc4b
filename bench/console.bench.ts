import { setTimeout } from 'node:timers/promises';
import { openConsole } from '../console/index.ts';
import { defineConfig } from '../lib/config/defineConfig.ts';
import { openChromium } from './console/openChromium.ts';
import { startFeed } from './console/startFeed.ts';
import type { Bench, BenchRow } from './run.ts';

/** With `--full` an hour of 100 requests a second, otherwise a sixth of it. */
const REQUESTS = { usual: 60_000, full: 360_000 };
const SAMPLE_MS = 1_000;
const MEGABYTE = 1_048_576;

/** Records the longest time between two frames, and how often somebody would notice one. */
const RECORD_FRAMES = `(() => {
  window.longest = 0;
  window.slow = 0;
  let before = performance.now();
  const frame = (now) => {
    window.longest = Math.max(window.longest, now - before);
    if (now - before > 200) window.slow += 1;
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()`;

/** Presses Pause and Resume; how long it takes until the page shows that it is paused. */
const PAUSE = `(async () => {
  const button = document.querySelector('.tools button');
  const start = performance.now();
  button.click();
  while (button.getAttribute('aria-pressed') !== 'true') await new Promise(requestAnimationFrame);
  const took = performance.now() - start;
  button.click();
  return took;
})()`;

/**
 * The page Live in a real Chromium, while requests go through it as fast as it reads. `heap_mb` is
 * the page's JavaScript after garbage collection, `rss_mb` the most of the renderer process, of which a page without
 * anything has `empty_rss_mb`. `pause_ms` is the time from a click on Pause until the button says so.
 */
const bench: Bench = {
  name: 'console',
  async run({ full, at }) {
    const requests = full ? REQUESTS.full : REQUESTS.usual;
    const name = `${requests.toLocaleString('en-US')} requests in Live`;
    at(name);
    const feed = await startFeed(requests);
    const served = await openConsole({
      deployment: {
        config: defineConfig({ bucket: 'bench' }),
        stack: { service: 'sluice', stage: 'local' },
        isLocal: true,
        aws: {
          ...{ region: 'us-east-1', endpoint: feed.url },
          credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
        },
      },
      port: 0,
      mayWrite: true,
    });
    const page = await openChromium();
    try {
      const empty = page.residentBytes();
      await page.evaluate(`location.href = ${JSON.stringify(`${served.address}#/live`)}`);
      await until(async () => (await page.evaluate(`document.querySelector('.live') !== null`)) === true);
      const firstPaintMs = Number(
        await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime`),
      );
      await page.evaluate(RECORD_FRAMES);
      const start = performance.now();
      const pauses: number[] = [];
      let peak = 0;
      while (feed.read() < requests) {
        await setTimeout(SAMPLE_MS);
        peak = Math.max(peak, page.residentBytes());
        pauses.push(Number(await page.evaluate(PAUSE)));
      }
      const seconds = (performance.now() - start) / 1_000;
      const row = (metric: string, value: number, unit: string): BenchRow => ({
        case: name,
        ...{ metric, value, unit },
      });
      return [
        row('first_paint', firstPaintMs, 'ms'),
        row('requests_per_s', requests / seconds, '1/s'),
        row('heap_mb', (await page.heapBytes()) / MEGABYTE, 'MB'),
        row('rss_mb', peak / MEGABYTE, 'MB'),
        row('empty_rss_mb', empty / MEGABYTE, 'MB'),
        row('pause', pauses.toSorted((a, b) => a - b)[pauses.length >> 1] ?? Number.NaN, 'ms'),
        row('longest_frame', Number(await page.evaluate('window.longest')), 'ms'),
        row('frames_above_200_ms', Number(await page.evaluate('window.slow')), '1'),
      ];
    } finally {
      await page.close();
      await served.close();
      feed.close();
    }
  },
};
export default bench;

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await setTimeout(50);
}
