// `npm run statsig`: a stand-in for Statsig on loopback, as the target of relay. It takes what SDKs log, prints a line for
// each request and keeps nothing. Ctrl-C takes it down. docs/relay.md, "Trying it locally".
import { parseArgs } from 'node:util';
import { untilInterrupted } from '../cli/terminal/interrupt.ts';
import { describeRequest } from './sdks/describeRequest.ts';
import { startStatsig } from './sdks/startStatsig.ts';
import { say } from './story/Story.ts';

const DEFAULT_PORT = '4710';

const { port } = parseArgs({ options: { port: { type: 'string', default: DEFAULT_PORT } } }).values;
const statsig = await startStatsig(Number(port), (request) => say(describeRequest(request)));
say(`A stand-in for Statsig takes events on ${statsig.url}, until Ctrl-C.`);
await untilInterrupted();
await statsig.close();
