import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { fillConsole } from '../console/fillConsole.ts';
import { LOOKS, openInBrowser, PAGES } from '../console/inBrowser.ts';
import { openLocalConsole } from '../console/openPage.ts';
import { preparePackages } from '../harness/nodePackages.ts';
import { hasBrowser } from '../harness/openBrowser.ts';
import { startObserved } from '../observe/startObserved.ts';

/** axe's report on a page. */
const reportSchema = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      help: z.string(),
      nodes: z.array(z.object({ target: z.array(z.unknown()), failureSummary: z.string().optional() })),
    }),
  ),
});

/** Findings that keep people out. */
const SERIOUS = ['serious', 'critical'];

/**
 * Checks every page of the console with axe-core, in light, dark and narrow: no serious finding.
 *
 * @param tell Receives each page and its findings; empty if there are none.
 * @returns Why nothing was tried; undefined if it was.
 */
export async function tryAxe(tell: (what: string, findings: string) => void): Promise<string | undefined> {
  if (!hasBrowser()) return 'there is no browser';
  const packages = preparePackages('test/clients/axe', 'axe-core');
  if ('missing' in packages) return packages.missing;
  const axe = readFileSync(join(packages.directory, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
  const observed = await startObserved(Date.parse('2026-11-20T10:00:00Z'));
  try {
    const { cloud } = observed;
    await fillConsole(observed);
    const console = await openLocalConsole(cloud);
    const { page, look, go, close } = await openInBrowser(console.address);
    try {
      for (const path of PAGES) {
        for (const appearance of LOOKS) {
          await look(appearance);
          await go(path);
          await page.evaluate(axe);
          const report = reportSchema.parse(await page.evaluate('axe.run(document)'));
          const serious = report.violations.filter(({ impact }) => SERIOUS.includes(impact ?? ''));
          tell(
            `${path} (${appearance.colorScheme}, ${appearance.width} px) has no serious finding of axe`,
            serious
              .map(
                ({ id, help, nodes }) =>
                  `${id}: ${help}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`,
              )
              .join('\n'),
          );
        }
      }
    } finally {
      await close();
      await console.close();
    }
  } finally {
    await observed.close();
  }
  return undefined;
}
