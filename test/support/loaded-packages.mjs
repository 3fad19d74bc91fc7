/** Loaded with `--import`: says on standard error, when the process ends, which packages it loaded. */
import { registerHooks } from 'node:module';

const packages = new Set();

registerHooks({
  load(url, context, next) {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
    if (name !== undefined) packages.add(name);
    return next(url, context);
  },
});

process.on('exit', () => process.stderr.write(`loaded: ${[...packages].join(' ')}\n`));
