// Writes the pages of docs/ that are generated from code. npm run docs
// With --words it prints how many words the pages have that people read.
import { readFileSync, writeFileSync } from 'node:fs';
import { plainJsonSchema } from '../lib/protocols/plain/schema.ts';
import { awsPage, probePage } from './docs/awsPage.ts';
import { cliPage } from './docs/cliPage.ts';
import { configurationPage } from './docs/configurationPage.ts';
import { consoleApiPage, consolePage } from './docs/consolePage.ts';
import { doctorPage } from './docs/doctorPage.ts';
import { errorsPage } from './docs/errorsPage.ts';
import { ingestPage } from './docs/ingestPage.ts';
import { operatePage } from './docs/operatePage.ts';
import { tablesPage } from './docs/tablesPage.ts';
import { wordsByPage } from './docs/words.ts';

writeFileSync(new URL('../docs/reference/tables.md', import.meta.url), tablesPage());
writeFileSync(new URL('../docs/aws.md', import.meta.url), awsPage());
writeFileSync(new URL('../docs/reference/probe.md', import.meta.url), probePage());
writeFileSync(new URL('../docs/reference/cli.md', import.meta.url), cliPage());
writeFileSync(new URL('../docs/console.md', import.meta.url), consolePage());
writeFileSync(new URL('../docs/reference/console.md', import.meta.url), consoleApiPage());
const doctor = new URL('../docs/doctor.md', import.meta.url);
writeFileSync(doctor, doctorPage(readFileSync(doctor, 'utf8')));
const operate = new URL('../docs/operate.md', import.meta.url);
writeFileSync(operate, operatePage(readFileSync(operate, 'utf8')));
const ingest = new URL('../docs/ingest.md', import.meta.url);
writeFileSync(ingest, ingestPage(readFileSync(ingest, 'utf8')));
writeFileSync(new URL('../docs/reference/errors.md', import.meta.url), await errorsPage());
writeFileSync(new URL('../docs/reference/configuration.md', import.meta.url), configurationPage());
writeFileSync(
  new URL('../docs/plain.schema.json', import.meta.url),
  `${JSON.stringify(plainJsonSchema, null, 2)}\n`,
);

if (process.argv.includes('--words')) {
  const words = [...wordsByPage()];
  const all = words.reduce((sum, [, count]) => sum + count, 0);
  for (const [page, count] of [...words, ['in all', all] as const])
    process.stdout.write(`${String(count).padStart(6)}  ${page}\n`);
}
