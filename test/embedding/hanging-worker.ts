/** A program that lives and never says that it is ready. */
process.on('message', () => {});
