import { setTimeout as wait } from 'node:timers/promises';
import { requestBody, type SoakRequest } from './events.ts';

/** Statuses after which SDKs send a batch again; after others they drop it: docs/sdks.md. */
const RESENT = new Set([408, 500, 502, 503, 504, 522, 524, 599]);
/** Pauses between the tries of one request, milliseconds by the machine's clock. */
const PAUSES_MS = [5, 20, 80];
/** Connections to the collector. */
const CONNECTIONS = 8;

/** Outcome of a request: answered 202, dropped because of its status, or given up for now. */
type Outcome = 'accepted' | 'dropped' | 'unanswered';

/** A request with its outcome. */
export interface SentRequest extends SoakRequest {
  /** What became of it. */
  readonly outcome: Outcome;
}

/** Posts requests as SDKs do: again after what they send again, with the same body. */
export class Sender {
  readonly #url: string;

  /** @param collector Address of the collector. */
  constructor(collector: string) {
    this.#url = `${collector}/v1/rgstr`;
  }

  /** Sends requests, several at once. @param onSent Called with each as soon as it has ended. */
  async sendAll(requests: Iterable<SoakRequest>, onSent: (sent: SentRequest) => void): Promise<void> {
    const left = requests[Symbol.iterator]();
    const work = async () => {
      for (let next = left.next(); next.done !== true; next = left.next())
        onSent(await this.#send(next.value));
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  }

  /** Sends a request until it is answered or has been tried often enough. */
  async #send(request: SoakRequest): Promise<SentRequest> {
    const { body, headers } = requestBody(request);
    for (let tries = 1; ; tries += 1) {
      const status = await this.#post(body, headers);
      if (status === 202) return { ...request, outcome: 'accepted' };
      if (status !== undefined && !RESENT.has(status)) return { ...request, outcome: 'dropped' };
      const pauseMs = PAUSES_MS[tries - 1];
      if (pauseMs === undefined) return { ...request, outcome: 'unanswered' };
      await wait(pauseMs);
    }
  }

  /** The status; undefined when the connection ends without one. */
  async #post(body: Buffer, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
    try {
      const answer = await fetch(this.#url, { method: 'POST', body: new Uint8Array(body), headers });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return undefined;
    }
  }
}
