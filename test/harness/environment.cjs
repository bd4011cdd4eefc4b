// Jest runs each suite in a realm of its own, in which it compiles every module again, its own and the AWS SDK's among
// them: a sixth of the processors' time. Here a worker keeps what V8 has compiled. A module is the same if its path and
// its text are.
const vm = require('node:vm');
const { TestEnvironment } = require('jest-environment-node');

const { compileFunction, Script, SourceTextModule } = vm;

/** Scripts of CommonJS modules by their paths. A script that has run has its functions compiled, too. */
const scripts = new Map();
/** What V8 can make ES modules of, by their paths. */
const modules = new Map();

vm.compileFunction = (code, parameters, options) => {
  const { filename, parsingContext } = options;
  // Only a function that is compiled by itself can import, or begin with `#!`.
  if (parsingContext === undefined || /^#!|\bimport\s*\(/.test(code))
    return compileFunction(code, parameters, options);
  const text = `(function (${parameters.join(', ')}) {${code}\n})`;
  let kept = scripts.get(filename);
  if (kept?.text !== text) {
    kept = { text, script: new Script(text, { filename }) };
    scripts.set(filename, kept);
  }
  return kept.script.runInContext(parsingContext);
};

vm.SourceTextModule = class extends SourceTextModule {
  constructor(text, options) {
    const kept = modules.get(options.identifier);
    if (kept?.text === text) super(text, { ...options, cachedData: kept.data });
    else {
      super(text, options);
      modules.set(options.identifier, { text, data: this.createCachedData() });
    }
  }
};

module.exports = TestEnvironment;
