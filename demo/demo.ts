// `npm run demo`: the whole story in one command. Real SDKs post to the local cloud over three days, a customer drops
// files and corrects them; what they say they sent is held against what landed. Exits 1 if any figure is off.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeNote } from '../cli/output.ts';
import { utcDay } from '../lib/base/time.ts';
import { configFile, loadConfig } from '../lib/config/loadConfig.ts';
import { repositoryRoot } from '../local/dataDirectory.ts';
import { startCloud } from '../local/startCloud.ts';
import { emptyDataDirectory } from '../packages/local-aws/src/index.ts';
import { Customer } from './story/Customer.ts';
import { CatalogWitness } from './story/catalogWitness.ts';
import { Checks, heading, type Story, say } from './story/Story.ts';
import { tellDrops } from './story/tellDrops.ts';
import { tellEvents } from './story/tellEvents.ts';
import { tellExport } from './story/tellExport.ts';

const startedAt = Date.now();
const data = dataDirectory();
const file = useDemoConfig();
const config = await loadConfig(file);

heading('1. The local cloud');
const cloud = await startCloud({
  port: 0,
  edgePort: 0,
  data,
  onPackaging: () => say('Packaging changed functions (a few seconds, once) …'),
});
say(`collector  ${cloud.collector}`);
say(`edge       ${cloud.edge}   every AWS service that it needs, over its own protocol`);

const checks = new Checks();
const witness = new CatalogWitness(cloud.edge);
let ended = '';
try {
  ended = await tell({ cloud, config, checks, witness, today: utcDay(startedAt) });
} finally {
  witness.close();
  await cloud.close();
}

heading('The audit');
for (const problem of checks.failed) say(`✗ ${problem}`);
say(
  `${checks.passed} figures agree, ${checks.failed.length} are off; ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`,
);
say(`The data stays: npx sluice query "show tables" --data ${relative(process.cwd(), data) || data}`);
say(
  `It ends two nights ahead, at ${ended}. To go on with it (docs/local.md), start it and move its clock there:`,
);
say(`curl -f -X POST http://127.0.0.1:4566/_sluice/clock -d '{"now":"${ended}"}'`);
process.exitCode = checks.failed.length === 0 ? 0 : 1;

/** Answers when the story ends, by the local cloud's clock. */
async function tell(story: Story): Promise<string> {
  const { exposures } = await tellEvents(story);
  const account = config.sources[0]?.owner ?? '';
  const customer = await Customer.open(cloud.edge, account);
  try {
    const end = await tellDrops(story, customer);
    await tellExport(story, customer, exposures);
    return end;
  } finally {
    customer.close();
  }
}

/** `.sluice/demo`, emptied; or what `--data` names, which must be empty: it may be anything. */
function dataDirectory(): string {
  const { data: given } = parseArgs({ options: { data: { type: 'string' } } }).values;
  if (given !== undefined) {
    if (existsSync(given) && readdirSync(given).length > 0) {
      writeNote(`--data ${given}: expected an empty directory, or none.\n`);
      process.exit(2);
    }
    return resolve(given);
  }
  const own = join(repositoryRoot, '.sluice', 'demo');
  emptyDataDirectory(own);
  return own;
}

/** Lets everything in this process and below go by the demo's configuration, which is made of the user's. */
function useDemoConfig(): string {
  const demo = join(repositoryRoot, 'demo', 'sluice.config.ts');
  const own = configFile(repositoryRoot, process.env);
  if (own !== demo) process.env['SLUICE_OWN_CONFIG'] = own;
  process.env['SLUICE_CONFIG'] = demo;
  return demo;
}
