// Serverless prints the stack of whatever a file throws. Ours lead nowhere; the sentences are what helps.
module.exports = async (run) => {
  try {
    return await run();
  } catch (error) {
    if (typeof error.cure === 'string') error.stack = `${error.code}: ${error.message}\n${error.cure}`;
    throw error;
  }
};
