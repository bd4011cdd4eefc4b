// `npm run test:clients`: the clients of docs/readers.md and examples/dbt against the local cloud, and axe-core on every page
// of the console. `npm run test:clients -- axe` runs this one only. A client that can't be installed is named; with
// `--require` it fails the run. The last line is `N passed, N failed, N not asked`.
import { Tally } from '../harness/Tally.ts';
import { tryAthena } from './tryAthena.ts';
import { tryAxe } from './tryAxe.ts';
import { tryDbt } from './tryDbt.ts';

const tally = new Tally();
const parts = { athena: tryAthena, dbt: tryDbt, axe: tryAxe };
const asked = process.argv.slice(2).filter((name) => name !== '--require');
const unknown = asked.filter((name) => !Object.hasOwn(parts, name));
for (const name of unknown) tally.tell(name, false, `is none of ${Object.keys(parts).join(', ')}`);
const isAsked = (name: string) => asked.length === 0 || asked.includes(name);

for (const [name, tryIt] of Object.entries(parts)) {
  if (!isAsked(name)) continue;
  await tally.ask(name, async () => {
    const untried = await tryIt((what, findings) => tally.tell(what, findings === '', findings));
    if (untried !== undefined) tally.leaveOut([name], untried);
  });
}
tally.close();
