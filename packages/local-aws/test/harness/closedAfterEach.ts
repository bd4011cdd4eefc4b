import { afterEach } from '@jest/globals';

/** Notes what a test has opened, and how it is closed. @returns What was opened. */
type Opened = <Part>(part: Part, close: (part: Part) => unknown) => Part;

/** Closes what a test of a suite has opened once it has ended, passed or not, the last first. */
export function closedAfterEach(): Opened {
  const closings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closings.splice(0).toReversed()) await close();
  });
  return (part, close) => {
    closings.push(() => close(part));
    return part;
  };
}
