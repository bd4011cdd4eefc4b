import { type Backoff, backoffMs } from './retry.ts';
import type { Clock } from './time.ts';

/** Dependencies of a breaker. */
export interface BreakerPorts {
  /** The time at which pauses begin and end. */
  readonly clock: Clock;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Gets a line when the breaker opens and when it closes. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** When a breaker opens, and when it lets a call through. */
interface BreakerSettings {
  /** Members of its log lines, in front of `state`: the event and what it is about. */
  readonly line: Readonly<Record<string, unknown>>;
  /** Calls in a row that must fail to open it. */
  readonly calls: number;
  /** Pauses between probes. They double with every probe that fails. */
  readonly pauses: Pick<Backoff, 'baseMs' | 'capMs'>;
}

/**
 * The memory of one execution environment of something that does not answer. It opens after some calls in a row that failed.
 * While it is open no call is made, except one from time to time as a probe; the first probe that succeeds closes it.
 */
export class Breaker {
  readonly #settings: BreakerSettings;
  readonly #ports: BreakerPorts;
  /** Calls in a row that failed. */
  #failures = 0;
  #probes = 0;
  #openedAt = 0;
  #probeAt = 0;
  #code = '';

  constructor(settings: BreakerSettings, ports: BreakerPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Whether the last calls failed. */
  get isOpen(): boolean {
    return this.#probes > 0;
  }

  /** Calls in a row that failed; 0 after one that succeeded. */
  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds until a call may be made; 0 while it is closed. */
  get msUntilProbe(): number {
    return this.isOpen ? Math.max(0, this.#probeAt - this.#ports.clock.now()) : 0;
  }

  /** The error code of the last call that failed. */
  get code(): string {
    return this.#code;
  }

  /**
   * Whether a call may be made now. While the breaker is open that is one call, and no other until the next pause is
   * over.
   */
  admit(): boolean {
    if (!this.isOpen) return true;
    const now = this.#ports.clock.now();
    if (now < this.#probeAt) return false;
    // A probe that never ends, because its environment was frozen, is followed by another.
    this.#probeAt = now + this.#pauseMs();
    return true;
  }

  /** Takes note of a call. @param code The error code of one that failed; null: it succeeded. */
  answered(code: string | null): void {
    const { clock, log } = this.#ports;
    const now = clock.now();
    const { line } = this.#settings;
    if (code === null) {
      const { isOpen } = this;
      this.#failures = 0;
      this.#probes = 0;
      if (isOpen) log({ level: 'info', ...line, state: 'closed', open_ms: now - this.#openedAt });
      return;
    }
    this.#code = code;
    this.#failures += 1;
    if (this.#failures < this.#settings.calls) return;
    if (!this.isOpen) {
      this.#openedAt = now;
      log({ level: 'warn', ...line, state: 'open', code });
    }
    this.#probes += 1;
    this.#probeAt = now + this.#pauseMs();
  }

  /** Half of the bound and a random part of the other half, so that environments do not probe together. */
  #pauseMs(): number {
    const { baseMs, capMs } = this.#settings.pauses;
    const half = { baseMs: baseMs / 2, capMs: capMs / 2 };
    const bound = backoffMs(Math.max(1, this.#probes), () => 1, half);
    return bound + backoffMs(Math.max(1, this.#probes), this.#ports.random, half);
  }
}
