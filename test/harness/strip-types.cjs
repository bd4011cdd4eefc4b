// Jest sees TypeScript exactly as Node runs it: types stripped in place, nothing compiled, lines unmoved.
const { stripTypeScriptTypes } = require('node:module');

module.exports = {
  process(source) {
    return { code: stripTypeScriptTypes(source) };
  },
};
