import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Console } from '../../console/index.ts';
import { describeInBrowser } from '../harness/describeInBrowser.ts';
import { type RecordingTarget, recordingTarget, status, taken } from '../harness/recordingTarget.ts';
import { relayCloud } from '../harness/relayCloud.ts';
import { type OpenedPage, openLocalConsole, openPage } from './openPage.ts';

describeInBrowser('the page Now of a deployment with relay', () => {
  let target: RecordingTarget;
  let world: Awaited<ReturnType<typeof relayCloud>>;
  let console: Console;
  let opened: OpenedPage;
  beforeAll(async () => {
    target = await recordingTarget();
    world = await relayCloud({ url: target.url });
    await world.warmUp();
    console = await openLocalConsole(world.cloud);
    opened = await openPage(console.address);
  }, 120_000);
  afterAll(async () => {
    await opened?.close();
    await console?.close();
    await world?.close();
    await target.close();
  });

  const fact = (name: string) =>
    opened.page
      .locator('.card', { hasText: 'Relay' })
      .locator('dl.facts > div', { hasText: name })
      .locator('dd');
  const send = async (eventName: string) =>
    expect(
      await world.post({ body: JSON.stringify({ events: [{ eventName, user: { userID: 'u' } }] }) }),
    ).toBe(202);

  it('shows what waits, what was refused and why, and that it catches up', async () => {
    await opened.go('/');
    await fact('requests waiting').getByText('0', { exact: true }).waitFor();
    expect(await fact('refused').textContent()).toBe('0');

    const arrived = target.recorded.length;
    target.behave(status(503));
    await send('waits');
    await target.received(arrived + 1);
    await opened.go('/health');
    await opened.go('/');
    await fact('requests waiting').getByText('1', { exact: true }).waitFor();

    target.behave(status(401));
    await world.advance(3_600_000);
    await target.received(arrived + 2);
    await world.cloud.flush();
    await opened.go('/health');
    await opened.page.getByText('SLUICE_STATUS_RELAY_REFUSED').first().waitFor();
    await opened.go('/');
    await fact('refused with 401').getByText('1, oldest').waitFor();
    await opened.page.getByText('refused by the target of relay').waitFor();
    expect(await opened.screenshots('now-relay')).toEqual([]);

    target.behave(taken);
    await send('taken');
    await target.received(arrived + 3);
    expect(await fact('requests waiting').textContent()).toBe('0');
  });
});
