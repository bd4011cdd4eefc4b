/** A Friday noon, by the local cloud's clock: statements that ask for today have one answer. */
export const NOW = '2026-11-20T12:00:00.000Z';

const at = (time: string) => Date.parse(`2026-11-${time}Z`);

const users = {
  u1: { userID: 'u1', country: 'DE', custom: { plan: 'pro' }, customIDs: { companyID: 'acme' } },
  u2: { userID: 'u2', country: 'US', custom: { plan: 'free' } },
  u3: { userID: 'u3', country: 'DE', custom: { plan: 'free' } },
  u4: { userID: 'u4' },
  tester: { userID: 'tester', statsigEnvironment: { tier: 'staging' } },
};

const exposed = (time: string, user: keyof typeof users, ruleID: string) => ({
  eventName: 'statsig::config_exposure',
  time: at(time),
  user: users[user],
  metadata: { config: 'checkout_button', ruleID, reason: 'Network:Recognized' },
});

/**
 * Four users in `checkout_button`, of whom u4 saw both groups; u1 also passed a gate; a tester of staging, whom no view
 * shows.
 */
export const exposures: readonly object[] = [
  exposed('18T09:00:00.000', 'u1', 'control'),
  exposed('18T21:30:00.000', 'u2', 'treatment'),
  exposed('19T10:15:30.250', 'u3', 'treatment'),
  exposed('20T08:00:00.000', 'u4', 'control'),
  exposed('20T11:00:00.000', 'u4', 'treatment'),
  exposed('20T11:30:00.000', 'tester', 'treatment'),
  {
    eventName: 'statsig::gate_exposure',
    time: at('18T09:00:01.000'),
    user: users.u1,
    metadata: { gate: 'new_nav', gateValue: 'true', ruleID: 'everyone', reason: 'Network:Recognized' },
  },
];

/** Three purchases of 64.75 in all, two page views, and one event whose value is not a number. */
export const productEvents: readonly object[] = [
  {
    eventName: 'page_view',
    time: at('18T09:05:00.000'),
    user: users.u1,
    metadata: { url: 'https://shop.example/hats?page=1' },
  },
  {
    eventName: 'purchase',
    value: 19.5,
    time: at('18T09:10:00.000'),
    user: users.u1,
    metadata: { sku: 'hat-7' },
  },
  {
    eventName: 'page_view',
    time: at('19T10:20:00.000'),
    user: users.u3,
    metadata: { url: 'https://shop.example/shoes' },
  },
  {
    eventName: 'purchase',
    value: 40,
    time: at('19T22:00:00.000'),
    user: users.u2,
    metadata: { sku: 'shoe-12' },
  },
  {
    eventName: 'purchase',
    value: 5.25,
    time: at('20T07:00:00.000'),
    user: users.u3,
    metadata: { sku: "it's a sock" },
  },
  { eventName: 'add_to_cart', value: 'three', time: at('20T11:05:00.000'), user: users.u4 },
];

/** Not an event: it goes to quarantine. */
export const refused: readonly object[] = [{ eventName: 5 }];

/** An event that an SDK sends again after a timeout: the same event, which the views show once. */
export const resent: readonly object[] = exposures.slice(0, 1);
