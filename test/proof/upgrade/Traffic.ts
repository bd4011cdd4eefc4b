import { setTimeout as pause } from 'node:timers/promises';
import type { ReleaseAccount } from './ReleaseAccount.ts';

/** Names of what traffic sends hold this word, and nothing else's does. */
export const TRAFFIC = 'traffic';

/** Before a request is sent again, ms. */
const RETRY_MS = 20;

/** A client that posts without a pause, and sends again what was not answered 202, as SDKs do. */
export class Traffic {
  readonly #account: ReleaseAccount;
  readonly #accepted: number[];
  #running = true;
  #loop: Promise<void>;
  /** Answers other than 202, and connections that failed, by what they were. */
  readonly failures = new Map<string, number>();
  /** Numbers of events that were sent more than once, because an answer did not arrive. */
  readonly sentAgain = new Set<number>();

  private constructor(account: ReleaseAccount, accepted: number[]) {
    this.#account = account;
    this.#accepted = accepted;
    this.#loop = this.#run();
  }

  /** @param accepted Numbers of events that were accepted before; events of this client are added. */
  static start(account: ReleaseAccount, accepted: number[]): Traffic {
    return new Traffic(account, accepted);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  /** Resolves after `count` more requests were accepted. */
  async accepts(count: number): Promise<void> {
    const until = this.#accepted.length + count;
    while (this.#accepted.length < until) await Promise.race([this.#loop, pause(RETRY_MS)]);
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const number = (this.#accepted.at(-1) ?? 0) + 1;
      const body = JSON.stringify(trafficBody(number, this.#account.clock.now()));
      // The same body each time: so has an SDK's retry.
      while (!(await this.#isAccepted(body))) {
        this.sentAgain.add(number);
        await pause(RETRY_MS);
      }
      this.#accepted.push(number);
    }
  }

  async #isAccepted(body: string): Promise<boolean> {
    const answer = await this.#account.post('/v1/rgstr', body).then(
      async (response) => {
        await response.arrayBuffer();
        return String(response.status);
      },
      (error: unknown) => (error instanceof Error ? error.message : 'unknown'),
    );
    if (answer === '202') return true;
    this.failures.set(answer, (this.failures.get(answer) ?? 0) + 1);
    return false;
  }
}

/** An event and an exposure with a number of their own. */
function trafficBody(number: number, time: number): object {
  const user = { userID: `${TRAFFIC}-${number}`, customIDs: { companyID: `${TRAFFIC}-company` } };
  return {
    statsigMetadata: { sdkType: 'javascript-client', sdkVersion: '3.33.5', stableID: `${TRAFFIC}-stable` },
    events: [
      { eventName: `${TRAFFIC}_event`, value: number, user, time, metadata: { sku: 's' } },
      {
        eventName: 'statsig::config_exposure',
        user,
        time,
        metadata: {
          config: `${TRAFFIC}_experiment`,
          ruleID: number % 2 === 0 ? 'even' : 'odd',
          reason: 'Network',
        },
        secondaryExposures: [],
      },
    ],
  };
}
