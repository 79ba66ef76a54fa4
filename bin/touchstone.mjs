#!/usr/bin/env node
// Entry of the command line. Runs the compiled package when it is there, the TypeScript sources otherwise.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `touchstone needs Node 22.18 or newer, this is ${process.versions.node}. ` +
      'In the repository use "npm start" or "npm run touchstone -- …": npm ci brings Node 24 along.\n',
  );
  process.exit(1);
}
const compiled = new URL('../dist/cli/main.js', import.meta.url);
const source = new URL('../src/cli/main.ts', import.meta.url);
const { main } = await import((existsSync(source) ? source : compiled).href);
process.exitCode = await main(process.argv.slice(2));
