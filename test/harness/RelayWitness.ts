import { type Manner, type Recorded, type RecordingTarget, taken } from './recordingTarget.ts';
import type { StoryCloud } from './storyCloud.ts';

/** Longer than the pause between two runs over what waits in the bucket, milliseconds. */
const NEXT_RUN_MS = 301_000;
const DAY_MS = 86_400_000;
const AT_ONCE = 4;
/** Posts of one request before its sender gives up. */
const POSTS_AT_MOST = 20;
const PASSES_AT_MOST = 30;

/** Values of a body that goes by way of the bucket: eleven of them do not fit a message, each fits a row. */
const LARGE_EVENTS = 11;
const LARGE_VALUE = 'x'.repeat(100_000);

/** A fault. It ends before what arrived is counted. */
export interface RelayFault {
  readonly name: string;
  /** Body of `POST /_sluice/faults`. Default: no faults. */
  readonly faults?: object;
  /** How the target answers. Default: it takes everything. */
  readonly target?: Manner;
  /** Whether the target has a request then, whatever it answers. Default false. */
  readonly takes?: boolean;
  /** Whether its answer says so. Default false. */
  readonly tells?: boolean;
  /** Whether the target keeps relay waiting, so that what waits is not tried again before it ends. Default false. */
  readonly isSlow?: boolean;
  /** Whether bodies go by way of the bucket. Default false. */
  readonly isLarge?: boolean;
  /** Days for which the target is away. Default 0. */
  readonly daysDown?: number;
}

/** Counts of the requests under one fault. */
export interface RelayAccount {
  readonly fault: string;
  /** How often faults other than the target's struck. */
  readonly struck: number;
  readonly requests: number;
  /** How often they were sent to the collector. */
  readonly posts: number;
  /** Requests that were answered 202. */
  readonly accepted: number;
  /** Accepted requests that the target has confirmed. */
  readonly relayed: number;
  /** Requests that the target got. */
  readonly tries: number;
  /** How often it took a request that it had. */
  readonly doubled: number;
  /** Accepted requests that are not relayed, and whose answer was counted by `RelayNotKept`. */
  readonly told: number;
  /** Accepted requests that are neither relayed nor counted in `told`. */
  readonly lost: number;
  /** Copies that wait still, in the queue and in the bucket. */
  readonly left: number;
  /** Median of the times of posts, milliseconds. */
  readonly p50: number;
}

/** Sends requests to a local cloud with relay, and counts what became of each at its target. */
export class RelayWitness {
  readonly #world: StoryCloud;
  readonly #target: RecordingTarget;

  constructor(world: StoryCloud, target: RecordingTarget) {
    this.#world = world;
    this.#target = target;
  }

  /** Sends requests under a fault, ends it, waits until nothing is left to relay, and counts. */
  async account(fault: RelayFault, count: number): Promise<RelayAccount> {
    const { name, faults = {}, isLarge = false, isSlow = false, daysDown = 0 } = fault;
    const world = this.#world;
    const target = this.#target;
    const names = Array.from({ length: count }, (_, i) => `${name} ${i}`);
    const had = new Map<string, number>();
    const said = new Set<string>();
    let tries = 0;
    const behave = (manner: Manner, isTaken: boolean, isSaid: boolean) =>
      target.behave((response, request) => {
        const id = nameOf(request);
        tries += 1;
        if (isTaken) had.set(id, (had.get(id) ?? 0) + 1);
        if (isSaid) said.add(id);
        manner(response, request);
      });
    const { target: manner, takes = false, tells = false } = fault;
    if (manner === undefined) behave(taken, true, true);
    else behave(manner, takes, tells);
    if (daysDown > 0) await target.goDown();
    const before = target.recorded.length;
    await world.setFaults(faults);
    const posts = await this.#postAll(names, isLarge);
    if (manner !== undefined) await target.received(before + 1);
    if (!isSlow) await world.cloud.flush();
    for (let day = 0; day < daysDown; day += 1) {
      await world.jump(DAY_MS);
      await world.cloud.flush();
    }
    const struck = await world.struck();
    await world.clearFaults();
    if (daysDown > 0) await target.comeUp();
    behave(taken, true, true);
    const left = await this.#drain();
    const accepted = names.filter((one) => posts.some(({ of, status }) => of === one && status === 202));
    const relayed = accepted.filter((one) => said.has(one));
    const told = this.#toldOf(posts).filter((one) => !said.has(one));
    return {
      fault: name,
      struck: sum(struck),
      requests: names.length,
      posts: posts.length,
      accepted: accepted.length,
      relayed: relayed.length,
      tries,
      doubled: sum([...had.values()].map((times) => times - 1)),
      told: told.length,
      lost: accepted.length - relayed.length - told.length,
      left,
      p50: posts.map(({ ms }) => ms).toSorted((a, b) => a - b)[posts.length >> 1] ?? Number.NaN,
    };
  }

  /** Lets the collector find out that queue and bucket are well again: after a fault it does not ask them for some seconds. */
  async recover(): Promise<void> {
    await this.#world.advance(60_000);
    await this.#postAll(
      Array.from({ length: 2 * AT_ONCE }, (_, i) => `recovery ${i}`),
      false,
    );
    await this.#drain();
  }

  async #postAll(names: readonly string[], isLarge: boolean): Promise<Post[]> {
    const queue: string[] = [...names];
    const posts: Post[] = [];
    const sender = async () => {
      for (let of = queue.shift(); of !== undefined; of = queue.shift()) {
        for (let tries = 0; tries < POSTS_AT_MOST; tries += 1) {
          const post = await this.#post(of, isLarge);
          posts.push(post);
          if (post.status === 202) break;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    return posts;
  }

  async #post(of: string, isLarge: boolean): Promise<Post> {
    const values = isLarge ? Array.from({ length: LARGE_EVENTS }, () => LARGE_VALUE) : ['1'];
    const body = JSON.stringify({ events: values.map((value) => ({ eventName: of, value })) });
    const headers = { 'statsig-api-key': 'client-witness' };
    const startedAt = performance.now();
    const took = () => performance.now() - startedAt;
    try {
      const answer = await fetch(`${this.#world.cloud.collector}/v1/rgstr`, {
        method: 'POST',
        headers,
        body,
      });
      await answer.arrayBuffer();
      const requestId = answer.headers.get('apigw-requestid');
      return { of, status: answer.status, requestId, ms: took() };
    } catch {
      // The connection was cut.
      return { of, status: 0, requestId: null, ms: took() };
    }
  }

  /** Requests that were accepted by an answer without a copy, which the metric counts. */
  #toldOf(posts: readonly Post[]): readonly string[] {
    const lines = this.#world.logs().split('\n');
    const told = lines.filter((line) => line.includes('"RelayNotKept":1'));
    const ids = new Set(told.map((line) => /"request_id":"([^"]+)"/.exec(line)?.[1]));
    return posts
      .filter(({ status, requestId }) => status === 202 && requestId !== null && ids.has(requestId))
      .map(({ of }) => of);
  }

  /** Passes until nothing waits. @returns What waits still. */
  async #drain(): Promise<number> {
    for (let passes = 0; ; passes += 1) {
      await this.#world.cloud.flush();
      const left = await this.#waiting();
      if (left === 0 || passes === PASSES_AT_MOST) return left;
      await this.#world.advance(NEXT_RUN_MS);
    }
  }

  /** An object without a message is of a request that was counted as not kept. */
  async #waiting(): Promise<number> {
    return this.#world.messages('relay');
  }
}

/** One try of a sender. */
interface Post {
  /** Name of the request. */
  readonly of: string;
  /** 0 without an answer. */
  readonly status: number;
  readonly requestId: string | null;
  readonly ms: number;
}

/** The name of a request is the name of its first event. */
function nameOf({ body }: Recorded): string {
  const { events }: { events: { eventName: string }[] } = JSON.parse(body.toString());
  return events[0]?.eventName ?? '';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}
