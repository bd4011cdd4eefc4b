import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { metabaseQuestions, textColumns } from '../../../cli/connect/metabaseGuide.ts';
import { owoxQuestions } from '../../../cli/connect/owoxGuide.ts';
import { assignmentSource, metricSource } from '../../../cli/connect/statsigGuide.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { queryCost, usd } from '../../../observe/prices.ts';

/** Configuration of the pages' examples. */
const config = defineConfig({ bucket: 'acme-experiments', unitIds: { companyID: 'company_id' } });

const docs = join(repositoryRoot, 'docs');
const pageOf = (name: string) => readFileSync(join(docs, `${name}.md`), 'utf8');
const sqlOf = (page: string) => [...page.matchAll(/```sql\n([\s\S]*?)\n```/g)].map(([, sql]) => sql);

describe('the pages of Statsig, OWOX and Metabase', () => {
  it('contain the SQL that sluice connect prints', () => {
    expect(sqlOf(pageOf('statsig'))).toEqual([assignmentSource(config).sql, metricSource(config).sql]);
    for (const [name, questions] of [
      ['owox', owoxQuestions(config)],
      ['metabase', metabaseQuestions(config)],
    ] as const) {
      const page = pageOf(name);
      expect(sqlOf(page)).toEqual(questions.map(({ sql }) => sql));
      for (const { name: question, about } of questions) expect(page).toContain(`**${question}.** ${about}`);
    }
  });

  it("state the cost of Metabase's scans", () => {
    const page = pageOf('metabase');
    const texts = textColumns(config);
    expect(page).toContain(`have ${texts} text columns`);
    for (const [label, bytes] of [
      ['next to nothing', 0],
      ['100 MB', 1e8],
      ['1 GB', 1e9],
      ['10 GB', 1e10],
    ] as const) {
      const once = texts * queryCost(bytes);
      expect(page).toContain(`| ${label} | ${usd(once)} | ${usd(30 * once)} |`);
    }
  });

  it.each(['statsig', 'owox', 'metabase'])('%s.md links to existing files and headings', (name) => {
    const links = [...pageOf(name).matchAll(/\]\((?!https:)([^)]+)\)/g)].map(([, link = '']) => link);
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? join(docs, `${name}.md`) : join(docs, file);
      expect([link, existsSync(path)]).toEqual([link, true]);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replaceAll(/[^a-z0-9 -]/g, '')
          .replaceAll(' ', '-'),
      );
      expect(headings).toContain(anchor);
    }
  });
});
