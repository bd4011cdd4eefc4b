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

/** How often a page is looked at. */
const LOOK_MS = 25;

/** A page of the console in happy-dom: elements and scripts, without a layout. */
export interface OpenedPage {
  /** Goes to a page, e.g. `/live?user=ada`. */
  go(path: string): void;
  /** Resolves when the page has the text. */
  shows(text: string): Promise<void>;
  /** Resolves when an element fits the selector and has the text; clicks it. */
  click(selector: string, text: string): Promise<void>;
  /** Writes into a field as soon as there is one, as typing does. */
  type(selector: string, text: string): Promise<void>;
  /** Resolves when an expression is true in the page. */
  holds(expression: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens a console as a browser does. */
export async function openPage(address: string): Promise<OpenedPage> {
  const browser = new Browser({
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  const page = browser.newPage();
  await page.goto(address);
  const { window } = page.mainFrame;
  const { document } = window;
  const text = () => document.querySelector('main')?.textContent ?? '';
  const until = async <Found>(look: () => Found | undefined | false): Promise<Found> => {
    for (;;) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  const shows = async (wanted: string) => {
    await until(() => text().includes(wanted));
  };
  return {
    shows,
    go(path) {
      window.location.hash = `#${path}`;
    },
    async click(selector, wanted) {
      const all = () => [...document.querySelectorAll(selector)];
      const found = await until(() => all().find((one) => one.textContent.includes(wanted)));
      found.dispatchEvent(new window.MouseEvent('click', { bubbles: true, cancelable: true }));
    },
    async type(selector, wanted) {
      const field = await until(() => document.querySelector(selector) ?? undefined);
      Object.assign(field, { value: wanted });
      field.dispatchEvent(new window.Event('input', { bubbles: true }));
    },
    async holds(expression) {
      await until(() => page.evaluate(expression) === true);
    },
    close: () => browser.close(),
  };
}
