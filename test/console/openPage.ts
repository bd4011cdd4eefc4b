import { Browser } from 'happy-dom';
import { openLocalConsole as openConsoleOf } from '../../cli/aws/localConsole.ts';
import type { Console, ConsoleOptions } from '../../console/index.ts';
import type { Cloud } from '../../local/startCloud.ts';

/** The console of a local cloud, on any free port. */
export function openLocalConsole(
  cloud: Cloud,
  options: Partial<Pick<ConsoleOptions, 'mayWrite' | 'token' | 'allowedHosts'>> = {},
): Promise<Console> {
  return openConsoleOf(cloud, { port: 0, ...options });
}

/** How often a page is looked at, and how often at most: less than a test's own limit. */
const LOOK_MS = 25;
const MOST_LOOKS = 7_000;

/** Opens a console as a browser does, in happy-dom: elements and scripts, without a layout. */
export async function openPage(address: string) {
  const browser = new Browser({
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  const page = browser.newPage();
  await page.goto(address);
  const { window } = page.mainFrame;
  const { document } = window;
  const text = () => document.querySelector('main')?.textContent ?? '';
  const until = async <Found>(wanted: string, look: () => Found | undefined | false): Promise<Found> => {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`${window.location.hash} lacks ${wanted}. It shows: ${text()}`);
  };
  const shows = async (wanted: string) => {
    await until(wanted, () => text().includes(wanted));
  };
  return {
    /** Resolves when the page has the text. */
    shows,
    /** Goes to a page, e.g. `/live?user=ada`. */
    go(path: string) {
      window.location.hash = `#${path}`;
    },
    async click(selector: string, wanted: string) {
      const all = () => [...document.querySelectorAll(selector)];
      const found = await until(`${selector} with ${wanted}`, () =>
        all().find((element) => element.textContent.includes(wanted)),
      );
      found.dispatchEvent(new window.MouseEvent('click', { bubbles: true, cancelable: true }));
    },
    async type(selector: string, wanted: string) {
      const field = await until(selector, () => document.querySelector(selector) ?? undefined);
      Object.assign(field, { value: wanted });
      field.dispatchEvent(new window.Event('input', { bubbles: true }));
    },
    /** Resolves when an expression is true in the page. */
    async holds(expression: string) {
      await until(expression, () => page.evaluate(expression) === true);
    },
    close: () => browser.close(),
  };
}
