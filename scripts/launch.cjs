// Refuses a Node that is too old for the set-up, in one line. Every Node must be able to read this file: no modern syntax.
var nodeMajorMin = 20;

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    'Node ' + process.versions.node + ' is too old: install Node ' + nodeMajorMin + ' or newer, and run this again.',
  );
  process.exitCode = 1;
} else {
  import('./setup/launch.mjs').then((launcher) => launcher.launch(process.argv.slice(2)));
}
