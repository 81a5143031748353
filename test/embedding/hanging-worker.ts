/** A program that runs and never reports that it is ready. */
process.on('message', () => {});
