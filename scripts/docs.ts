// Writes what is generated from code: pages of docs/, and the type of the configuration. npm run docs
import { readFileSync, writeFileSync } from 'node:fs';
import { awsPage } from './docs/awsPage.ts';
import { cliPage } from './docs/cliPage.ts';
import { configInput } from './docs/configInput.ts';
import { configurationPage } from './docs/configurationPage.ts';
import { consolePage } from './docs/consolePage.ts';
import { doctorPage } from './docs/doctorPage.ts';
import { errorsPage } from './docs/errorsPage.ts';
import { tablesPage } from './docs/tablesPage.ts';

writeFileSync(new URL('../docs/tables.md', import.meta.url), tablesPage());
writeFileSync(new URL('../docs/aws.md', import.meta.url), awsPage());
writeFileSync(new URL('../docs/cli.md', import.meta.url), cliPage());
writeFileSync(new URL('../docs/console.md', import.meta.url), consolePage());
const doctor = new URL('../docs/doctor.md', import.meta.url);
writeFileSync(doctor, doctorPage(readFileSync(doctor, 'utf8')));
writeFileSync(new URL('../docs/errors.md', import.meta.url), await errorsPage());
writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage());
writeFileSync(new URL('../lib/schema/fields/ConfigInput.ts', import.meta.url), configInput());
