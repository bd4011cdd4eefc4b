/** The result of jq for one document: every output of the query, or its error message. */
export type JqOutcome = { readonly outputs: readonly unknown[] } | { readonly error: string };

/** The used part of jq-wasm's module. */
interface JqModule {
  raw(input: string, query: string, flags: readonly string[]): Promise<string>;
}

/** Name of the variable with the documents; long enough that no user's query contains it. */
const DOCUMENTS = 'local_aws__documents';

/** UTF-16 units of JSON in one call, which blocks the event loop at about 3 MB/s. */
const CALL_UNITS = 64 * 1024;
/** Documents in one call: jq-wasm copies all its output for every further byte, so many documents at once are slow. */
const CALL_DOCUMENTS = 100;
/** Bytes that a call leaves on jq's stack besides its arguments; 3.4 KB was measured. */
const CALL_STACK_BYTES = 4500;
/** Bytes of jq's stack of 1 MiB that may be used before a new instance replaces it. */
const STACK_BYTES = 900_000;

/**
 * The real jq, as WebAssembly, loaded on first use. The version is 1.8; Firehose runs 1.6, which has fewer
 * functions.
 *
 * Documents are passed in an argument, not on standard input: jq-wasm copies the whole remaining input for every byte
 * it reads, so 3 MB would take minutes. Arguments are on the stack, which has room for the largest record that Firehose
 * accepts, but calls never free theirs. An overflow would silently overwrite jq's data and produce wrong answers before
 * anything fails. So each instance's stack use is counted, and a full instance is replaced.
 */
export class Jq {
  #module: Promise<JqModule> | undefined;
  #stackUsed = 0;
  /** Calls run one at a time: each must restore the process's exit code. */
  #last: Promise<unknown> = Promise.resolve();

  /** Compiles a query without running it. Returns jq's message if that fails. */
  async check(query: string): Promise<string | undefined> {
    try {
      await this.#run('null', `if false then (${query}\n) else empty end`);
      return undefined;
    } catch (error) {
      return firstLine(error);
    }
  }

  /** Runs a query over documents, each valid JSON. Returns one outcome each, in order. */
  async evaluate(query: string, documents: readonly string[]): Promise<JqOutcome[]> {
    const outcomes: JqOutcome[] = [];
    let start = 0;
    while (start < documents.length) {
      let end = start;
      let units = 0;
      do {
        units += documents[end]?.length ?? 0;
        end += 1;
      } while (
        end < documents.length &&
        end - start < CALL_DOCUMENTS &&
        units + (documents[end]?.length ?? 0) <= CALL_UNITS
      );
      outcomes.push(...(await this.#evaluateCall(query, documents.slice(start, end))));
      start = end;
      // jq runs synchronously: requests are handled between the calls.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return outcomes;
  }

  async #evaluateCall(query: string, documents: readonly string[]): Promise<JqOutcome[]> {
    try {
      const text = await this.#run(
        `[${documents.join(',')}]`,
        `[$${DOCUMENTS}[] | try [${query}\n] catch {error: (if type == "string" then . else tojson end)}]`,
      );
      const results: unknown = JSON.parse(text);
      if (Array.isArray(results) && results.length === documents.length) return results.map(toOutcome);
      if (documents.length === 1) return [{ error: 'The query ended without an answer.' }];
    } catch (error) {
      if (documents.length === 1) return [{ error: firstLine(error) }];
    }
    // A document that jq can't process (nested too deeply, for example) must not fail its neighbours.
    const outcomes: JqOutcome[] = [];
    for (const document of documents) outcomes.push(...(await this.#evaluateCall(query, [document])));
    return outcomes;
  }

  #run(documents: string, query: string): Promise<string> {
    const answer = this.#last.then(() => this.#runNow(documents, query));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #runNow(documents: string, query: string): Promise<string> {
    const needed = Buffer.byteLength(documents) + Buffer.byteLength(query) + CALL_STACK_BYTES;
    if (this.#module === undefined || this.#stackUsed + needed > STACK_BYTES) {
      this.#module = loadModule();
      this.#stackUsed = 0;
    }
    this.#stackUsed += needed;
    const loaded = await this.#module;
    const exitCode = process.exitCode;
    try {
      return await loaded.raw('null', query, ['-c', '--argjson', DOCUMENTS, documents]);
    } catch (error) {
      // After a trap inside WebAssembly every later call fails as well.
      this.#module = undefined;
      throw error;
    } finally {
      // jq-wasm sets the whole process's exit code to jq's.
      process.exitCode = exitCode;
    }
  }
}

async function loadModule(): Promise<JqModule> {
  // The package's own entry point shares one instance, and a trap would break it for the rest of the process.
  const { default: instantiate } = await import('jq-wasm/dist/build/jq.js');
  const loaded: JqModule = await instantiate();
  return loaded;
}

function toOutcome(result: unknown): JqOutcome {
  if (Array.isArray(result)) return { outputs: result };
  const message: unknown =
    typeof result === 'object' && result !== null && 'error' in result ? result.error : undefined;
  return { error: typeof message === 'string' ? message : 'The query failed.' };
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? '').trim();
}
