import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const EXECUTABLE = '/usr/bin/chromium';

/** Whether Debian's chromium is installed; when it is not, says so once on stderr, and what to do. */
export function hasBrowser(): boolean {
  if (existsSync(EXECUTABLE)) return true;
  process.stderr.write(
    `No ${EXECUTABLE}: nothing is tried in a real browser: js-client, the pages of the console. apt-get install chromium\n`,
  );
  return false;
}

/** A headless chromium that resolves no name but localhost and calls nobody of its own accord. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  });
}
