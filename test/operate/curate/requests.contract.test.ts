import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../lib/base/time.ts';
import type { Deployment } from '../../../observe/deployment.ts';
import { requestCuration, requestRebuild } from '../../../operate/curate/requests.ts';
import { type Operated, startOperated } from '../startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

/** A request for days that nobody may ask for. */
const daysRefused = (request: Promise<unknown>) =>
  expect(request).rejects.toMatchObject({ code: 'SLUICE_DAYS_INVALID' });

describe('a request to curate days again', () => {
  const range = { from: '2026-11-20', to: '2026-11-21', kinds: ['events'] } as const;

  it('is not sent in a dry run, which tells tables and days', async () => {
    expect(await requestRebuild(deployment, { ...range, dryRun: true })).toEqual({
      dryRun: true,
      asked: [{ kind: 'events', table: 'curated_events', from: '2026-11-20', to: '2026-11-21', days: 2 }],
    });
    expect(await operated.requests('curate-plan')).toEqual([]);
  });

  it('names kinds and days', async () => {
    await requestRebuild(deployment, { ...range, dryRun: false });
    expect(await operated.requests('curate-plan')).toEqual([
      { sluice: 'curate', asked: 'rebuild', kinds: ['events'], days: ['2026-11-20', '2026-11-21'] },
    ]);
  });

  it('is sent in messages of 31 days', async () => {
    await requestRebuild(deployment, { ...range, from: '2026-10-21', dryRun: false });
    const asked = { sluice: 'curate', asked: 'rebuild', kinds: ['events'] };
    expect(await operated.requests('curate-plan')).toEqual([
      { ...asked, days: Array.from({ length: 31 }, (_, i) => addDays('2026-10-21', i)) },
      { ...asked, days: ['2026-11-21'] },
    ]);
  });

  it('has no day that is too young to be curated', async () => {
    await daysRefused(requestRebuild(deployment, { ...range, dryRun: false, to: '2026-11-22' }));
  });
});

it.each([
  { what: 'a request to curate days again', request: requestRebuild },
  { what: 'a request to curate days that have changed', request: requestCuration },
])('$what is refused with `curate: false`', async ({ request }) => {
  const off = { ...deployment, config: { ...deployment.config, curate: false } };
  const days = { from: '2026-11-20', to: '2026-11-21', kinds: ['events'], dryRun: true } as const;
  await expect(request(off, days)).rejects.toMatchObject({ code: 'SLUICE_CURATE_OFF' });
});
