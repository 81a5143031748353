// Refuses a Node that is too old for the set-up, in one line. Uses no modern syntax, so that every Node can parse it.
var nodeMajorMin = 20;

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    'Node ' + process.versions.node + ' is too old: install Node ' + nodeMajorMin + ' or newer, and run this again.',
  );
  process.exitCode = 1;
} else {
  import('./setup/launch.mjs').then((launcher) => launcher.launch(process.argv.slice(2)));
}
