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

/**
 * Milliseconds between two looks at a page, so few that a click comes before the page's next frame, and how often it is looked at: less
 * than a test's own limit.
 */
const LOOK_MS = 1;
const MOST_LOOKS = 100_000;

/** A page of the console that a test uses as a person does. */
export interface OpenPage {
  /** Resolves when an element of a selector has the text. @param selector Default: the page without its top, `main`. */
  shows(text: string, selector?: string): Promise<void>;
  /** Goes to a page, e.g. `/live?user=ada`. */
  go(path: string): void;
  /** Clicks the first element of a selector that has a text. */
  click(selector: string, text: string): Promise<void>;
  /** Enters a text into a field. */
  type(selector: string, text: string): Promise<void>;
  /** Resolves when an expression is true in the page. */
  holds(expression: string): Promise<void>;
  /** The texts of the elements of a selector as they are now. */
  texts(selector: string): readonly string[];
  close(): Promise<void>;
}

/** Opens a console as a browser does, in happy-dom: elements and scripts, without a layout. */
export async function openPage(address: string): Promise<OpenPage> {
  const browser = new Browser({
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  const page = browser.newPage();
  await page.goto(address);
  const { window } = page.mainFrame;
  const { document } = window;
  const shownText = () => document.querySelector('main')?.textContent ?? '';
  const elementWith = (selector: string, text: string) =>
    [...document.querySelectorAll(selector)].find(({ textContent }) => textContent.includes(text));
  /** Looks again and again until something is there. @param what What it is, for the error. */
  const until = async <Found>(what: string, look: () => Found | undefined | false): Promise<Found> => {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const found = look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    throw new Error(`${window.location.hash} lacks ${what}. It shows: ${shownText()}`);
  };
  return {
    async shows(text, selector = 'main') {
      await until(`${selector} with ${text}`, () => elementWith(selector, text));
    },
    go(path) {
      window.location.hash = `#${path}`;
    },
    async click(selector, text) {
      const element = await until(`${selector} with ${text}`, () => elementWith(selector, text));
      element.dispatchEvent(new window.MouseEvent('click', { bubbles: true, cancelable: true }));
    },
    async type(selector, text) {
      const field = await until(selector, () => document.querySelector(selector) ?? undefined);
      Object.assign(field, { value: text });
      field.dispatchEvent(new window.Event('input', { bubbles: true }));
    },
    async holds(expression) {
      await until(expression, () => page.evaluate(expression) === true);
    },
    texts: (selector) => [...document.querySelectorAll(selector)].map(({ textContent }) => textContent),
    close: () => browser.close(),
  };
}
