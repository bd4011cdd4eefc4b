import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { commands } from '../../../cli/main.ts';
import { questions } from '../../../cli/probe/questions.ts';
import { routes } from '../../../console/api/routes.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { awsPage, probePage } from '../../../scripts/docs/awsPage.ts';
import { cliPage } from '../../../scripts/docs/cliPage.ts';
import { configurationPage } from '../../../scripts/docs/configurationPage.ts';
import { consoleApiPage, consolePage } from '../../../scripts/docs/consolePage.ts';
import { errorFamilies, errorsPage } from '../../../scripts/docs/errorsPage.ts';
import { ingestPage } from '../../../scripts/docs/ingestPage.ts';
import { tablesPage } from '../../../scripts/docs/tablesPage.ts';

describe('docs/reference/tables.md', () => {
  it('is what `npm run docs` generates', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'tables.md'), 'utf8')).toBe(tablesPage());
  });

  it('has text in every cell', () => {
    const rows = tablesPage()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const empty = rows.filter((row) => / \|\s+\|/.test(row) || row.includes('| `` |'));
    expect([rows.length > 150, empty]).toEqual([true, []]);
  });
});

describe('docs/aws.md and docs/reference/probe.md', () => {
  it('are what `npm run docs` generates', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'aws.md'), 'utf8')).toBe(awsPage());
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'probe.md'), 'utf8')).toBe(probePage());
  });

  it('have the expectation, evidence, certainty and cure of every question', () => {
    const rows = probePage()
      .split('\n')
      .filter((line) => line.startsWith('| `SLUICE_PROBE_'));
    expect(rows.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(questions.map(({ code }) => code));
    expect(rows.filter((row) => row.split(' | ').length !== 5 || / \|\s+\|/.test(row))).toEqual([]);
  });
});

describe('docs/reference/configuration.md', () => {
  it('is what `npm run docs` generates', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'configuration.md'), 'utf8')).toBe(
      configurationPage(),
    );
  });
});

describe('docs/ingest.md', () => {
  it('has the tables that `npm run docs` generates', () => {
    const page = readFileSync(join(repositoryRoot, 'docs', 'ingest.md'), 'utf8');
    expect(page).toBe(ingestPage(page));
  });
});

describe('docs/reference/cli.md', () => {
  const page = cliPage();

  it('is what `npm run docs` generates', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'cli.md'), 'utf8')).toBe(page);
  });

  it('has every command and every option, with text in every cell', () => {
    const headings = [...page.matchAll(/^### sluice (\S+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(commands.map(({ name }) => name));
    for (const { name, options } of commands) {
      const section = page.split(`### sluice ${name}\n`)[1]?.split('\n### ')[0] ?? '';
      for (const option of Object.keys(options))
        expect(section).toMatch(new RegExp(`^\\| \`--${option}[\` ]`, 'm'));
    }
    expect(page.split('\n').filter((line) => / \|\s+\|/.test(line))).toEqual([]);
  });
});

describe('docs/console.md and docs/reference/console.md', () => {
  const page = consoleApiPage();

  it('are what `npm run docs` generates', () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'console.md'), 'utf8')).toBe(consolePage());
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'console.md'), 'utf8')).toBe(page);
  });

  it('list every call with the meaning of each parameter', () => {
    const rows = page.split('\n').filter((line) => /^\| `(GET|POST) /.test(line));
    expect(rows.length).toBe(routes.length);
    expect(rows.filter((row) => row.split(' | ').length !== 3 || /`\w+`(;| \|)/.test(row))).toEqual([]);
  });
});

describe('docs/reference/errors.md', () => {
  it('is what `npm run docs` generates', async () => {
    expect(readFileSync(join(repositoryRoot, 'docs', 'reference', 'errors.md'), 'utf8')).toBe(
      await errorsPage(),
    );
  });

  it('has every code of every family exactly once', async () => {
    const codes = (await errorFamilies()).flatMap(({ entries }) => Object.keys(entries));
    const rows = [...(await errorsPage()).matchAll(/^\| `(SLUICE_\w+)` \|/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(100);
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
    expect(rows).toEqual(expect.arrayContaining(codes));
  });
});
