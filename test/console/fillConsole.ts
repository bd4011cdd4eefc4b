import { DAY_MS } from '../../lib/base/time.ts';

/** Fills a local cloud with a little of everything that the console shows, delivered and still in buffers. */
export async function fillConsole(observed: {
  readonly cloud: { flush(): Promise<unknown> };
  readonly clock: { now(): number };
  send(body: object): Promise<unknown>;
}): Promise<void> {
  const now = observed.clock.now();
  for (const back of [2, 1, 0]) {
    const time = now - back * DAY_MS;
    await observed.send({
      events: Array.from({ length: 40 }, (_, i) => ({
        eventName: 'statsig::config_exposure',
        user: { userID: `user-${back}-${i}` },
        time,
        metadata: {
          config: 'checkout_button',
          ruleID: i % 2 === 0 ? 'Control' : 'Test',
          reason: 'Network:Recognized',
        },
      })),
    });
    await observed.send({
      events: Array.from({ length: 12 }, (_, i) => ({
        eventName: i % 3 === 0 ? 'purchase' : 'page_view',
        value: i % 3 === 0 ? 12.5 : '/home',
        user: { userID: i === 0 ? 'ada' : `user-${back}-${i}` },
        time,
      })),
    });
  }
  await observed.send({ events: [{ user: { userID: 'nameless' } }, { eventName: 'seen', time: 'never' }] });
  await observed.cloud.flush();
  await observed.send({ events: [{ eventName: 'purchase', user: { userID: 'ada' }, value: 3 }] });
}
