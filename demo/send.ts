// `npm run send`: two real SDKs post to a collector, and each of their requests is printed as `npm run statsig` prints what
// reaches it. docs/relay.md, "Trying it locally". Exits 1 if a request was not accepted.
import { parseArgs } from 'node:util';
import { describeRequest } from './sdks/describeRequest.ts';
import { startUnreliableGateway } from './sdks/startUnreliableGateway.ts';
import { runDriver } from './story/runDriver.ts';
import { say } from './story/Story.ts';

const { collector, users } = parseArgs({
  options: {
    collector: { type: 'string', default: 'http://127.0.0.1:4700' },
    users: { type: 'string', default: '5' },
  },
}).values;
const gateway = await startUnreliableGateway(collector);
try {
  const settings = { collector: gateway.url, users: Number(users) };
  const reports = [
    await runDriver('driveNodeCore.ts', { ...settings, key: 'secret-demo', userPrefix: 'member' }),
    await runDriver('driveJsClient.ts', { ...settings, key: 'client-demo', userPrefix: 'visitor' }),
  ];
  for (const post of gateway.posts) say(describeRequest(post));
  const rows = reports.flatMap(({ byDay }) => Object.values(byDay));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  const accepted = gateway.posts.filter(({ collected }) => collected === 202).length;
  say(
    `${accepted} of ${gateway.posts.length} requests were accepted. The SDKs logged ${sum(rows.map(({ exposures }) => exposures))} exposures and ${sum(rows.map(({ events }) => events))} events.`,
  );
  process.exitCode = accepted === gateway.posts.length ? 0 : 1;
} finally {
  await gateway.close();
}
