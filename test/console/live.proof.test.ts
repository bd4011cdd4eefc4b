import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type Console, openConsole } from '../../console/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { openBrowser } from '../harness/openBrowser.ts';
import { startShop } from '../harness/startShop.ts';
import { startObserved } from '../observe/startObserved.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

describeInBrowser('the pages Live and Trace', () => {
  let observed: Awaited<ReturnType<typeof startObserved>>;
  let served: Console;
  let opened: OpenedPage;
  beforeAll(async () => {
    observed = await startObserved(Date.now());
    served = await openLocalConsole(observed.cloud);
  }, 120_000);
  beforeEach(async () => {
    opened = await openPage(served.address);
  }, 120_000);
  afterEach(async () => {
    expect(opened.complaints).toEqual([]);
    await opened.close();
  });
  afterAll(async () => {
    await served.close();
    await observed.close();
  });

  const event = (eventName: string, more: object = {}) => ({
    ...{ eventName, user: { userID: 'ada' }, time: observed.clock.now() },
    ...more,
  });
  const text = () => opened.page.locator('main').textContent();
  /** The texts of the rows of Live, newest first. */
  const rows = () => opened.page.locator('.live tbody tr').allInnerTexts();
  /** Resolves once Live has so many rows. */
  const untilRows = async (count: number) => {
    const deadline = performance.now() + 20_000;
    while ((await rows()).length !== count)
      if (performance.now() > deadline) throw new Error(`${(await rows()).length} rows, expected ${count}.`);
  };
  const follows = () => opened.page.waitForSelector('text=/Following|Nothing has come/');

  it('say what to do when nothing has come, and show what comes', async () => {
    await opened.go('/live');
    await follows();
    expect(await text()).toContain(`${observed.cloud.collector}/v1/`);
    await observed.send({ events: [event('first')] });
    await opened.page.waitForSelector('.live >> text=first');
    const shown = await rows();
    expect(shown.join('\n')).toMatch(/event\s+first\s+ada/);
  }, 120_000);

  it('follow an event of a real SDK to its journey and its row', async () => {
    const [browser, shop] = await Promise.all([openBrowser(), startShop()]);
    try {
      await opened.go('/live');
      await follows();
      const visitor = await browser.newPage();
      await visitor.goto(shop.page('visitor-7', observed.cloud.collector));
      await visitor.waitForFunction('window.client !== undefined');
      await visitor.evaluate(
        `client.logEvent('click', 3, { button: 'buy' }); client.getExperiment('checkout_button'); client.flush()`,
      );
      const row = opened.page.locator('.live tr', { hasText: 'click' });
      await row.waitFor();
      expect(await row.textContent()).toMatch(/eventclickvisitor-7javascript-client 3\./);
      await opened.page.locator('.live tr', { hasText: 'checkout_button' }).first().waitFor();
      await row.getByRole('link').click();
      await opened.page.waitForSelector('.badge >> text=buffered');
      await opened.page.waitForSelector('.journey >> text=accepted by the stream: it is in its buffer');
      await observed.cloud.flush();
      // The page looks again by itself.
      await opened.page.waitForSelector('.badge >> text=/^queryable$/');
      await opened.page.waitForSelector('text=in the views product_events');
      const columns = await opened.page.locator('.columns').textContent();
      expect(columns).toMatch(/company_metadata\{"button":"buy"\}/);
      expect(columns).toMatch(/user_idvisitor-7/);
      expect(await opened.screenshots('trace')).toEqual([]);
    } finally {
      await browser.close();
      await shop.close();
    }
  }, 120_000);

  it('show an event soon after its 202', async () => {
    await opened.go('/live');
    await follows();
    const times: number[] = [];
    for (let i = 0; i < 10; i += 1) {
      await observed.send({ events: [event(`soon-${i}`)] });
      const answered = performance.now();
      await opened.page.waitForSelector(`.live >> text=soon-${i}`);
      times.push(Math.round(performance.now() - answered));
    }
    process.stderr.write(`Live shows an event ${times.sort((a, b) => a - b).join(', ')} ms after its 202.\n`);
    expect(times[5]).toBeLessThan(3_000);
  }, 120_000);

  it('are filtered by what the address says, and by what is typed', async () => {
    const exposure = event('statsig::config_exposure', { metadata: { config: 'hero', ruleID: 'r1' } });
    await observed.send({ events: [event('wanted'), event('other'), exposure, event('')] });
    await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await opened.go('/live?event=wanted');
    await opened.page.waitForSelector('.live >> text=wanted');
    expect(await rows()).toHaveLength(1);
    await opened.page.getByLabel('Event', { exact: true }).fill('');
    await opened.page.getByLabel('Experiment or gate').fill('he*');
    await opened.page.waitForSelector('.live >> text=hero');
    await untilRows(1);
    expect(await opened.page.evaluate('location.hash')).toBe('#/live?experiment=he*');
    await opened.go('/live?errors=true');
    await opened.page.waitForSelector('.live >> text=SLUICE_KEY_MISSING');
    const problems = await rows();
    expect(problems.join('\n')).toContain('SLUICE_EVENT_NO_NAME');
    expect(problems.join('\n')).not.toContain('wanted');
    await opened.go('/live?user=nobody');
    await opened.page.waitForSelector('text=Nothing has come that fits the filters.');
  }, 120_000);

  it('stand still while they are paused, page back, and go on', async () => {
    const burst = async (name: string) => {
      const events = Array.from({ length: 180 }, (_, i) => event(`${name}-${i}`));
      await observed.send({ events });
    };
    await opened.go('/live?only=rows&event=pause*');
    await follows();
    await burst('pause-a');
    await opened.page.waitForSelector('text=180 entries');
    await opened.page.getByRole('button', { name: 'Pause' }).click();
    const before = await rows();
    expect(before).toHaveLength(150);
    await burst('pause-b');
    await opened.page.getByRole('button', { name: 'Resume: 180 new' }).waitFor();
    expect(await rows()).toEqual(before);
    await opened.page.getByRole('button', { name: 'Older' }).click();
    await untilRows(30);
    expect((await rows()).at(-1)).toContain('pause-a-0');
    await opened.page.getByRole('button', { name: /^Resume/ }).click();
    await opened.page.waitForSelector('.live >> text=pause-b-179');
    // While somebody scrolls, nothing moves.
    await opened.page.evaluate(`document.querySelector('.live').scrollTop = 300`);
    await opened.page.getByRole('button', { name: 'Resume' }).waitFor();
  }, 120_000);

  it('show hostile contents as text', async () => {
    const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
    const controls = 'a\u001b[31mb\u202ec\u0000d';
    const large = 'y'.repeat(1_000_000);
    await opened.go('/live?only=rows&user=mallory');
    await follows();
    const hostile = { user: { userID: 'mallory' } };
    await observed.send({
      events: [event(markup, { ...hostile, metadata: { markup } }), event(controls, hostile)],
    });
    await observed.send({ events: [event('large', { ...hostile, metadata: { large } })] });
    await observed.send({ events: [event(large, hostile)] });
    // All rows: one that comes in moves those below it away from a click.
    await untilRows(4);
    const shown = (await rows()).join('\n');
    expect(shown).toContain(markup);
    expect(shown).toContain('a\\u001b[31mb\\u202ec\\u0000d');
    for (const name of ['large', markup]) {
      await opened.go('/live?only=rows&user=mallory');
      await untilRows(4);
      await opened.page.locator('.live tr', { hasText: name }).first().getByRole('link').click();
      await opened.page.waitForSelector('.columns');
      expect(await opened.page.locator('.columns').textContent()).toContain(
        name === 'large' ? 'Show all 1,000,012 characters' : '<img src=x onerror=',
      );
    }
    await opened.go(`/trace?id=${encodeURIComponent(markup)}`);
    await opened.page.waitForSelector('.badge >> text=nowhere');
    expect(await text()).toContain(markup);
    expect(await opened.page.evaluate('window.hacked')).toBeUndefined();
    expect(await opened.page.evaluate('document.images.length')).toBe(0);
  }, 120_000);

  it('of a deployment, show no contents, and read nothing before the price is known', async () => {
    const { cloud } = observed;
    const deployed = await openConsole({
      deployment: {
        config: cloud.config,
        stack: { service: 'sluice', stage: 'local' },
        isLocal: false,
        aws: { ...observed.options },
      },
      port: 0,
    });
    const elsewhere = await openPage(deployed.address);
    const { page } = elsewhere;
    try {
      await elsewhere.go('/live');
      await page.waitForSelector('text=No contents are shown.');
      await observed.send({ events: [event('secret')] });
      await page.waitForSelector('.live >> text=1 event');
      expect(await page.locator('.live').textContent()).not.toContain('secret');
      await cloud.flush();
      await elsewhere.go('/trace?id=ada&since=2026-01-01');
      await page.waitForSelector('text=SLUICE_TRACE_TOO_EXPENSIVE');
      expect(await page.locator('.problem').textContent()).toMatch(/At most \$0\.0\d+/);
      await page.getByRole('link', { name: 'Search for that price' }).click();
      await page.waitForSelector('text=the newest first');
      expect(await page.locator('main').textContent()).toMatch(/Athena read [\d.]+ KB, for at most \$0/);
      expect(elsewhere.complaints).toEqual([]);
    } finally {
      await elsewhere.close();
      await deployed.close();
    }
  }, 120_000);

  it('fit windows of every width, light and dark', async () => {
    await observed.control('POST', 'faults', { firehose: [{ fault: 'failCalls', calls: 2 }] });
    const sdk = { 'statsig-sdk-type': 'py-server', 'statsig-sdk-version': '0.40.0' };
    const exposure = event('statsig::config_exposure', {
      metadata: { config: 'checkout_button', ruleID: 'r1' },
    });
    await observed.send({ events: [event('purchase'), exposure, event('')] }, sdk);
    await observed.send({ events: [event('statsig::diagnostics'), event('page_view')] }, sdk);
    await observed.send({ events: [] }, { 'statsig-api-key': 'nonsense' });
    await opened.go('/live');
    await opened.page.waitForSelector('.live >> text=SLUICE_KEY_MISSING');
    expect(await opened.screenshots('live')).toEqual([]);
    await opened.go('/trace');
    await opened.page.getByLabel('Event, user or request ID').fill('ada');
    await opened.page.getByRole('button', { name: 'Search' }).click();
    await opened.page.waitForSelector('text=the newest first');
    expect(await opened.screenshots('trace-user')).toEqual([]);
  }, 120_000);
});
