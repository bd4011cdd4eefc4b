import { errorCode, SluiceError } from '../../lib/base/errors.ts';
import { unreadKind } from '../../observe/answerKinds.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import type { LiveRequest } from '../../observe/facts/flow/liveEntries.ts';
import type { Gate } from '../../observe/live/gate.ts';

/** What says how far requests come, and what shows it. */
interface GatePorts {
  /** Reads how far the first event has come; null once a table has had a file. */
  read(): Promise<Gate | null>;
  /** The gate that a request has reached. */
  gateOf(request: LiveRequest): Gate;
  /** Shows a sentence. */
  show(sentence: string): void;
}

/**
 * Says where the first event of a deployment stops, each place once, until an event has come through or the identity may not
 * read it.
 */
export class GateNotes {
  readonly #ports: GatePorts;
  /** `unread`: nothing is known yet, so that nothing is said of requests. `over`: nothing is said any more. */
  #state: 'unread' | 'known' | 'over' = 'unread';
  /** Sentences that were shown. */
  readonly #shown = new Set<string>();

  constructor(ports: GatePorts) {
    this.#ports = ports;
  }

  /**
   * Reads the gate and says it. An error is said, too, and the next look asks again, unless it is a denial.
   *
   * @throws What is neither of AWS nor a SluiceError: a defect, or the reason of a signal.
   */
  async look(): Promise<void> {
    if (this.#state === 'over') return;
    try {
      const gate = await this.#ports.read();
      this.#state = gate === null ? 'over' : 'known';
      if (gate !== null) this.#say(gate.text);
    } catch (error) {
      if (!(error instanceof SluiceError) && explainAwsError(error) === undefined) throw error;
      const isDenied = unreadKind(error) === 'denied';
      if (isDenied) this.#state = 'over';
      const next = isDenied ? 'It is not asked for again.' : 'It is asked for again.';
      this.#say(`Where requests stop could not be read: ${errorCode(error)}. ${next}`);
    }
  }

  /** Says the gate that a request has reached, once a look has found that nothing has come through. */
  onRequest(request: LiveRequest): void {
    if (this.#state === 'known') this.#say(this.#ports.gateOf(request).text);
  }

  #say(sentence: string): void {
    if (this.#shown.has(sentence)) return;
    this.#shown.add(sentence);
    this.#ports.show(sentence);
  }
}
