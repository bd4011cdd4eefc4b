// Writes the pages of docs/ that are generated from code: npm run docs.
import { writeFileSync } from 'node:fs';
import { awsPage } from './docs/awsPage.ts';
import { consolePage } from './docs/consolePage.ts';
import { errorsPage } from './docs/errorsPage.ts';
import { tablesPage } from './docs/tablesPage.ts';

writeFileSync(new URL('../docs/tables.md', import.meta.url), tablesPage());
writeFileSync(new URL('../docs/aws.md', import.meta.url), awsPage());
writeFileSync(new URL('../docs/console.md', import.meta.url), consolePage());
writeFileSync(new URL('../docs/errors.md', import.meta.url), await errorsPage());
