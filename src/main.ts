import { requireNode } from './boot/required-node.js';

requireNode();
// Only now, because all that is imported above is loaded before anything here runs.
const { useCompileCache } = await import('./boot/compile-cache.js');
useCompileCache();
// And this only now, because what is compiled before the cache is in use is not kept in it.
const { runService } = await import('./boot/run-service.js');

await runService();
