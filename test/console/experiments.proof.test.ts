import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { experimentSpecs } from '../harness/experimentSpecs.ts';
import { hasBrowser } from '../harness/openBrowser.ts';
import { startObserved } from '../observe/startObserved.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

const DAY_MS = 86_400_000;
const HOSTILE = '<img src=x onerror="document.title=1">';
const LONG = 'long '.repeat(20_000);
const now = Date.now();

const directory = mkdtempSync(join(tmpdir(), 'sluice-console-experiments-'));
const before = process.env['SLUICE_CONFIG'];
let observed: Awaited<ReturnType<typeof startObserved>>;
let open: Console;
let browser: OpenedPage;

beforeAll(async () => {
  const file = join(directory, 'sluice.config.ts');
  const from = JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'));
  const config = JSON.stringify({
    bucket: 'acme-console',
    unitIds: { companyID: 'company_id' },
    timeWindow: { pastDays: 30 },
    experiments: [
      { name: 'homepage_hero', split: { hero_control: 1, hero_video: 1, hero_carousel: 1 } },
      { name: 'checkout_button', split: { Control: 50, Test: 50 } },
      'pricing_page',
    ],
  });
  writeFileSync(file, `import { defineConfig } from ${from};\nexport default defineConfig(${config});\n`);
  process.env['SLUICE_CONFIG'] = file;
  observed = await startObserved(now);
  await driveSdk();
  for (const body of [...exposures(), ...events()]) expect((await observed.send(body)).status).toBe(202);
  await observed.cloud.flush();
  open = await openLocalConsole(observed.cloud);
  if (hasBrowser()) browser = await openPage(open.address);
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await open?.close();
  await observed?.close();
  if (before === undefined) delete process.env['SLUICE_CONFIG'];
  else process.env['SLUICE_CONFIG'] = before;
  rmSync(directory, { recursive: true, force: true });
});

/** Exposures of a real Statsig SDK, and the specs that it had, pulled: `prices` is split 70, 20, 10. */
async function driveSdk(): Promise<void> {
  const specs = JSON.stringify(experimentSpecs('running', now - DAY_MS));
  const server: Server = createServer((_, response) => response.end(specs));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const settings = {
    specsUrl: `http://127.0.0.1:${port}/v2/download_config_specs`,
    logEventUrl: `${observed.cloud.collector}/v1/log_event`,
    users: Array.from({ length: 300 }, (_, i) => `sdk-user-${i}`),
    experiments: ['prices'],
    gates: ['new_checkout'],
    layers: {},
  };
  const script = join(repositoryRoot, 'test', 'harness', 'driveExperiments.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Server Core reports its failures to Statsig, whatever its options: the proxy keeps these reports on this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  await text(child.stdout);
  server.close();
  const file = join(directory, 'specs.json');
  writeFileSync(file, specs);
  expect((await observed.sluice('groups', 'pull', '--specs', file)).code).toBe(0);
}

/** Nine days of an experiment that loses units of one group, and of one that does not. */
function exposures(): object[] {
  const exposure = (config: string, ruleID: string, userID: string, back: number, more: object = {}) => ({
    eventName: 'statsig::config_exposure',
    user: { userID, ...(back % 2 === 0 ? { customIDs: { companyID: `company of ${userID}` } } : {}) },
    time: now - back * DAY_MS - 60_000,
    metadata: { config, ruleID, rulePassed: 'true', reason: 'Network:Recognized' },
    ...more,
  });
  const days = Array.from({ length: 9 }, (_, i) => 8 - i);
  const grown = (base: number, back: number) => base + (((9 - back) * 7) % 11);
  const fill = (config: string, groups: Readonly<Record<string, number>>) =>
    days.map((back) => ({
      events: Object.entries(groups).flatMap(([group, base]) =>
        Array.from({ length: grown(base, back) }, (_, i) =>
          exposure(config, group, `${group}-${back}-${i}`, back),
        ),
      ),
    }));
  return [
    ...fill('homepage_hero', { hero_control: 50, hero_video: 33, hero_carousel: 49 }),
    ...fill('checkout_button', { Control: 60, Test: 63 }),
    {
      events: [
        // Three units see the other group, too, and two exposures have no userID.
        ...[0, 1, 2].map((i) => exposure('checkout_button', 'Test', `Control-0-${i}`, 0, { time: now })),
        ...[0, 1].map((i) => ({
          ...exposure('checkout_button', 'Test', '', 0),
          user: { customIDs: { companyID: `c${i}` } },
        })),
        ...Array.from({ length: 20 }, (_, i) => exposure(HOSTILE, HOSTILE, `hostile-${i}`, 1)),
        // No name of Statsig is that long: it is left out, and its group is cut.
        exposure(LONG, 'control', 'long', 1),
        exposure(HOSTILE, LONG, 'long', 1),
      ],
    },
  ];
}

function events(): object[] {
  const event = (eventName: string, back: number, i: number, value: unknown, metadata: object) => ({
    ...{ eventName, value, metadata, user: { userID: `user-${i}` } },
    time: now - back * DAY_MS - i * 1_000,
  });
  return [6, 5, 4, 3, 2, 1, 0].map((back) => ({
    events: [
      ...Array.from({ length: 40 }, (_, i) => event('page_view', back, i, null, { path: `/p/${i}` })),
      ...Array.from({ length: 20 }, (_, i) =>
        event('add_to_cart', back, i, 12.5 + i, {
          sku: `sku-${i}`,
          quantity: back <= 2 && i % 3 === 0 ? String(i) : i,
          ...(back <= 3 ? { list: 'search' } : {}),
        }),
      ),
      ...Array.from({ length: back === 6 ? 3 : 0 }, (_, i) => event('Add To Cart', back, i, null, {})),
      ...Array.from({ length: back >= 5 ? 15 : 0 }, (_, i) => event('newsletter', back, i, null, {})),
      ...(back === 0
        ? [event(HOSTILE, 0, 1, HOSTILE, { [HOSTILE]: HOSTILE }), event(LONG, 0, 1, LONG, { [LONG]: LONG })]
        : []),
    ],
  }));
}

const main = async () => (await browser.page.textContent('main')) ?? '';
/** The text of a table's row. */
const row = async (name: string) => {
  const found = browser.page.locator('tbody tr', {
    has: browser.page.getByRole('link', { name, exact: true }),
  });
  return (await found.first().textContent()) ?? '';
};

describeInBrowser('the page Experiments', () => {
  it('shows in the list which split is off and which is right, without opening each', async () => {
    await browser.go('/experiments');
    await browser.page.waitForSelector('tbody tr');
    expect(await row('homepage_hero')).toMatch(/mismatch.*hero_video/);
    expect(await row('checkout_button')).toMatch(/as expected.*Control \d+ · Test \d+/);
    // The SDK's decisions, by the shares of the specs that were pulled.
    expect(await row('prices')).toMatch(/as expected.*Control \d+ · Test \d+/);
    expect(await browser.page.textContent('[role=alert]')).toContain('One split is off');
    expect(await main()).toContain(
      'In the configuration, but without exposures in these days: pricing_page.',
    );
    expect(await browser.screenshots('experiments')).toEqual([]);
  }, 120_000);

  it('says in words what is wrong with a planted mismatch', async () => {
    await browser.page.getByRole('link', { name: 'homepage_hero' }).last().click();
    await browser.page.waitForSelector('.verdict');
    const verdict = (await browser.page.textContent('.verdict')) ?? '';
    expect(verdict).toContain('The split is off: do not use the results yet');
    expect(verdict).toMatch(/hero_video has \d+ units, \d+ fewer than the \d+ expected: \d/);
    expect(verdict).toMatch(/chance hardly ever makes such a difference \(up to 1 in [\d,]+/);
    expect(await browser.page.locator('.plot canvas').count()).toBe(1);
    expect(
      await browser.page.getByRole('table', { name: 'New units of each group' }).locator('tbody tr').count(),
    ).toBe(9);
    expect(await browser.screenshots('experiment-mismatch')).toEqual([]);
  }, 120_000);

  it('shows a right split as right, with crossovers and units, and keeps the choice of the unit in the address', async () => {
    await browser.go('/experiments?name=checkout_button');
    await browser.page.waitForSelector('.verdict.good');
    expect(await browser.page.textContent('.verdict')).toContain('The split is as expected');
    expect(await main()).toContain('3 units');
    expect(await main()).toMatch(/2 exposures \(0\.\d %\) have no user_id/);
    await browser.page.getByRole('button', { name: 'New each day' }).click();
    await browser.screenshots('experiment');
    await browser.page.getByLabel('Units by').selectOption('company_id');
    await browser.page.locator('.intro', { hasText: 'units by company_id' }).waitFor();
    expect(browser.page.url()).toContain('unit=company_id');
  }, 120_000);

  it('shows a gate, and expects equal shares when it is asked to', async () => {
    await browser.go('/experiments?kind=gate');
    await browser.page.waitForSelector('tbody tr');
    expect(await row('new_checkout')).toContain('gate');
    // A filter that changes keeps the focus.
    await browser.page.getByLabel('Show').focus();
    await browser.page.getByLabel('Show').selectOption('all');
    await browser.page.getByRole('link', { name: 'checkout_button' }).first().waitFor();
    expect(await browser.page.evaluate('document.activeElement.value')).toBe('all');
    await browser.page.getByRole('link', { name: 'new_checkout' }).click();
    await browser.page.waitForSelector('.verdict');
    expect(await main()).toContain('halfOfUsers:Pass');
  }, 120_000);

  it('shows hostile names as text', async () => {
    await browser.go('/experiments');
    await browser.page.waitForSelector('tbody tr');
    await browser.page.getByRole('link', { name: HOSTILE }).click();
    await browser.page.waitForSelector('.verdict');
    expect(await browser.page.textContent('h1')).toBe(HOSTILE);
    expect(await browser.page.locator('main img').count()).toBe(0);
    expect((await main()).length).toBeLessThan(5_000);
    await browser.page.getByRole('button', { name: 'Expect equal shares' }).click();
    await browser.page.locator('.verdict', { hasText: 'Expected by equal shares' }).waitFor();
    expect(browser.complaints).toEqual([]);
  }, 120_000);

  it('says what to do when nothing is there', async () => {
    await browser.go('/experiments?environment=nowhere');
    await browser.page.waitForSelector('.empty');
    expect(await main()).toContain('Other environments have exposures: production.');
    await browser.go('/experiments?name=homepage_her');
    await browser.page.waitForSelector('[role=alert]');
    expect(await main()).toContain('Did you mean homepage_hero?');
  }, 120_000);
});

describeInBrowser('the page Names', () => {
  it('warns of a property whose type changed, and of what is new, similar or stopped', async () => {
    await browser.go('/names');
    await browser.page.waitForSelector('.warnings');
    const warnings = (await browser.page.textContent('.warnings')) ?? '';
    const day = new Date(now - 2 * DAY_MS).toISOString().slice(0, 10);
    expect(warnings).toMatch(
      new RegExp(`type changedadd_to_cart · quantity.*since ${day} it is also string`),
    );
    expect(warnings).toContain('similar namesadd_to_cartAlso written "Add To Cart"');
    expect(warnings).toContain('stoppednewsletter');
    expect(warnings).toContain('new propertyadd_to_cart · list');
    expect(warnings).toContain(`new event${HOSTILE}`);
    expect(await row('page_view')).toContain('280');
    expect(await browser.screenshots('names')).toEqual([]);
  }, 120_000);

  it('opens an event with its properties and their types', async () => {
    await browser.page.getByRole('link', { name: 'add_to_cart' }).last().click();
    await browser.page.waitForSelector('.figures');
    const quantity = browser.page.locator('tbody tr', { hasText: 'quantity' });
    expect(await quantity.textContent()).toMatch(/quantitytype changednumber 85 %, string 15 %/);
    expect(browser.page.url()).toContain('event=add_to_cart');
    expect(await browser.screenshots('name')).toEqual([]);
  }, 120_000);

  it('shows hostile names and properties as text', async () => {
    await browser.go('/names');
    await browser.page.waitForSelector('tbody tr');
    await browser.page.getByRole('link', { name: HOSTILE }).last().click();
    await browser.page.waitForSelector('.figures');
    expect(await browser.page.textContent('h1')).toBe(HOSTILE);
    expect(await browser.page.locator('tbody').first().textContent()).toContain(HOSTILE);
    await browser.go('/names?search=long');
    await browser.page
      .getByRole('link', { name: /^(long )+/ })
      .first()
      .waitFor();
    expect((await main()).length).toBeLessThan(5_000);
    expect(await browser.page.locator('main img').count()).toBe(0);
    expect(browser.complaints).toEqual([]);
  }, 120_000);
});
