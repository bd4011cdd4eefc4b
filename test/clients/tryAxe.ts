import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { fillConsole } from '../console/fillConsole.ts';
import { openLocalConsole, openPage } from '../console/openPage.ts';
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

/** Routes that need an example to show; all other pages are in the navigation. */
const EXAMPLES = [
  '/trace?id=ada',
  '/experiments?name=checkout_button',
  '/tables?table=statsig_forwarded_events',
];

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
    const { page, go, close } = await openPage(console.address);
    try {
      await page.waitForSelector('nav.side a');
      const listed = await page.$$eval('nav.side a', (links) =>
        links.map((one) => one.getAttribute('href') ?? ''),
      );
      for (const path of [...listed.map((href) => href.slice(1)), ...EXAMPLES]) {
        for (const look of ['light', 'dark', 'narrow'] as const) {
          await page.emulateMedia({ colorScheme: look === 'dark' ? 'dark' : 'light' });
          await page.setViewportSize(
            look === 'narrow' ? { width: 360, height: 740 } : { width: 1_280, height: 860 },
          );
          await go(path);
          await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined);
          await page.evaluate(axe);
          const report = reportSchema.parse(await page.evaluate('axe.run(document)'));
          const serious = report.violations.filter(({ impact }) => SERIOUS.includes(impact ?? ''));
          tell(
            `${path} (${look}) has no serious finding of axe`,
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
