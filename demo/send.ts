// `npm run send`: two real SDKs post to a collector, and the script prints how much they logged. It exits 1 if anything
// was not accepted.
import { parseArgs } from 'node:util';
import { sum } from '../lib/base/sum.ts';
import { runDriver } from './story/runDriver.ts';
import { say } from './story/Story.ts';

const { collector, users } = parseArgs({
  options: {
    collector: { type: 'string', default: 'http://127.0.0.1:4700' },
    users: { type: 'string', default: '5' },
  },
}).values;
const settings = { collector, users: Number(users) };
const reports = [
  await runDriver('driveNodeCore.ts', { ...settings, key: 'secret-demo', userPrefix: 'member' }),
  await runDriver('driveJsClient.ts', { ...settings, key: 'client-demo', userPrefix: 'visitor' }),
];
const rows = reports.flatMap(({ byDay }) => Object.values(byDay));
const exposures = sum(rows.map((row) => row.exposures));
const events = sum(rows.map((row) => row.events));
say(`The SDKs logged ${exposures} exposures and ${events} events.`);
