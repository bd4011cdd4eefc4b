/** What jq made of one document: every output of the query, or its error message. */
export type JqOutcome = { readonly outputs: readonly unknown[] } | { readonly error: string };

/** What of jq-wasm's module is used. */
interface JqModule {
  raw(input: string, query: string, flags: readonly string[]): Promise<string>;
}

/** Name under which the documents reach the query; long enough that no query of a user's has it. */
const DOCUMENTS = 'sluice__documents';

/**
 * UTF-16 units of JSON for one call. A call costs a millisecond and blocks the event loop for as long as it
 * takes (about 3 MB/s); what it prints is copied once per byte, so larger calls get slower, not faster.
 */
const CALL_UNITS = 64 * 1024;

/**
 * The real jq, as WebAssembly, loaded at its first use.
 *
 * Documents are handed over in an argument, not on standard input: jq-wasm copies the whole rest of its input
 * for every byte that is read, which makes 3 MB take minutes. Arguments lie on a stack of 1 MiB, just enough
 * for the largest record that Firehose takes. Version: jq 1.8; Firehose runs 1.6, which knows fewer functions.
 */
export class Jq {
  #module: Promise<JqModule> | undefined;

  /** Compiles a query without running it; answers jq's message if that fails. */
  async check(query: string): Promise<string | undefined> {
    try {
      await this.#run('null', `if false then (${query}\n) else empty end`);
      return undefined;
    } catch (error) {
      return firstLine(error);
    }
  }

  /** Runs a query over documents, each valid JSON; one outcome each, in order. */
  async evaluate(query: string, documents: readonly string[]): Promise<JqOutcome[]> {
    const outcomes: JqOutcome[] = [];
    let start = 0;
    while (start < documents.length) {
      let end = start;
      let units = 0;
      do {
        units += documents[end]?.length ?? 0;
        end += 1;
      } while (end < documents.length && units + (documents[end]?.length ?? 0) <= CALL_UNITS);
      outcomes.push(...(await this.#evaluateCall(query, documents.slice(start, end))));
      start = end;
      // jq runs synchronously: requests get their turn between the calls.
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
    // One document that jq can't take (nested too deeply, say) must not fail its neighbours.
    const outcomes: JqOutcome[] = [];
    for (const document of documents) outcomes.push(...(await this.#evaluateCall(query, [document])));
    return outcomes;
  }

  async #run(documents: string, query: string): Promise<string> {
    this.#module ??= loadModule();
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
  // The package's own door shares one instance for good; a trap would break it for the rest of the process.
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
