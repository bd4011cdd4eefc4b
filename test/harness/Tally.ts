/**
 * What judges that aren't ours say. Each finding is a line, and the last line is `N passed, N failed, N not asked`. The exit
 * code is 1 when something failed and, with `--require`, when a judge could not be asked.
 */
export class Tally {
  readonly #total = { passed: 0, failed: 0, notAsked: 0 };

  /** Prints a line. */
  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** Tells of a finding, and counts it. @param detail What is told of one that has failed. */
  tell(what: string, hasPassed: boolean, detail: string): void {
    this.add({ passed: hasPassed ? 1 : 0, failed: hasPassed ? 0 : 1 });
    this.say(hasPassed ? `ok ${what}` : `not ok ${what}\n${detail.trim()}`);
  }

  /** Adds what another program counted. */
  add({ passed, failed }: { readonly passed: number; readonly failed: number }): void {
    this.#total.passed += passed;
    this.#total.failed += failed;
  }

  /** Names judges that can't be asked. */
  leaveOut(judges: readonly string[], why: string): void {
    this.#total.notAsked += judges.length;
    this.say(`not asked: ${judges.join(', ')}: ${why}.`);
  }

  /** Asks a judge. An error is a failure, and the next judge is asked. */
  async ask(judge: string, ask: () => void | Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      this.tell(`${judge} is asked`, false, error instanceof Error ? String(error.stack) : String(error));
    }
  }

  /** Prints the last line, and sets the exit code. */
  close(): void {
    const { passed, failed, notAsked } = this.#total;
    const isRequired = process.argv.includes('--require');
    this.say(`${passed} passed, ${failed} failed, ${notAsked} not asked`);
    process.exitCode = failed === 0 && !(isRequired && notAsked > 0) ? 0 : 1;
  }
}
