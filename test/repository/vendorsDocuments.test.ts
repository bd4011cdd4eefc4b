import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';

const FOLDER = 'docs/appendix';
const page = readFileSync(join(repositoryRoot, FOLDER, 'documents.md'), 'utf8');

/** The rows of each section: what the document says, and what Sluice does, with where it does it. */
const rows = page.split(/^## /m).flatMap((section) =>
  [...section.matchAll(/^\| (?!the document says|---)(.*) \|$/gm)].map(([, row = '']) => {
    const [says = '', sluice = ''] = row.split(' | ');
    return { section: section.split('\n')[0] ?? '', says, sluice };
  }),
);

/** A declaration, or a member of a schema or object. */
function declares(text: string, symbol: string): boolean {
  return (
    new RegExp(`^(export )?(async )?(function\\*?|const|class|interface|type) ${symbol}\\b`, 'm').test(
      text,
    ) || new RegExp(`^\\s+${symbol}(:|\\()`, 'm').test(text)
  );
}

describe('docs/appendix/documents.md', () => {
  it('says of each statement whether it is met, or differs and why', () => {
    expect(rows.length).toBeGreaterThan(20);
    const unclear = rows.filter(
      ({ sluice }) => !/^\*\*met\*\*/.test(sluice) && !/^\*\*differs\*\*: .{20,} \(\[/.test(sluice),
    );
    expect(unclear).toEqual([]);
  });

  it('has a place for each, and every symbol is in its file', () => {
    const lost = rows.flatMap(({ says, sluice }) => {
      const links = [...sluice.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].map(([, label = '', target = '']) => ({
        label,
        target,
      }));
      const isLost = ({ label, target }: { label: string; target: string }) => {
        if (/^https:|\.md(#|$)/.test(target)) return false;
        const file = join(repositoryRoot, FOLDER, target);
        const [, symbol] = /^`(\w+)`$/.exec(label) ?? [];
        return symbol === undefined || !existsSync(file) || !declares(readFileSync(file, 'utf8'), symbol);
      };
      return links.length === 0 || links.some(isLost) ? [`${says}: ${sluice}`] : [];
    });
    expect(lost).toEqual([]);
  });
});
