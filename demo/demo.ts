// `npm run demo`: shows everything in one command. Real SDKs post to the local cloud over three days, and a customer
// delivers files and corrects them. What was sent is compared with what was stored. Exits 1 if any figure differs.
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeNote } from '../cli/terminal/output.ts';
import { utcDay } from '../lib/base/time.ts';
import { configFile, loadConfig } from '../lib/config/loadConfig.ts';
import { LOCAL_STAGE } from '../lib/schema/stages.ts';
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
const config = await loadConfig(file, LOCAL_STAGE);

heading('1. The local cloud');
const cloud = await startCloud({
  port: 0,
  edgePort: 0,
  data,
  onPackaging: () => say('Packaging changed functions (a few seconds, once) …'),
});
say(`collector  ${cloud.collector}`);
say(`edge       ${cloud.edge}   every AWS service that Sluice needs, with its own protocol`);

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
  `${checks.passed} figures agree, ${checks.failed.length} differ; ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`,
);
say(`The data is kept: npx sluice query "show tables" --data ${relative(process.cwd(), data) || data}`);
say(
  `The demo ends two nights later, at ${ended}. To continue with its data (docs/local.md), start the local cloud and set its clock:`,
);
say(`curl -f -X POST http://127.0.0.1:4566/_sluice/clock -d '{"now":"${ended}"}'`);
process.exitCode = checks.failed.length === 0 ? 0 : 1;

/** Runs all parts. @returns The time of the local cloud at the end. */
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

/** `.sluice/demo`, emptied; or the directory of `--data`, which must be empty because it may hold anything. */
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

/** Sets the demo's configuration, which is based on the user's, for this process and its children. */
function useDemoConfig(): string {
  const demo = join(repositoryRoot, 'demo', 'sluice.config.ts');
  const own = configFile(repositoryRoot, process.env);
  if (own !== demo) process.env['SLUICE_OWN_CONFIG'] = own;
  process.env['SLUICE_CONFIG'] = demo;
  return demo;
}
